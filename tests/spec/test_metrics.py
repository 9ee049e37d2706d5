"""Metrics of a spec: what they do to names, and what tasks may name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.errors import UserError
from xlt_cli.registry.faults import fault
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import ResolvedExperiment, resolution
from xlt_cli.spec.identity import identity
from xlt_cli.spec.source import read

Load = Callable[..., ResolvedExperiment]
SPEC = (
    "encoder: mbert\ndevice: cpu\nstages:\n- task: {task}\n  {dev}\nevaluations:\n- {evaluation}\n"
)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def resolved(dev: str = "", evaluation: str = "split: test", task: str = "xnli") -> Any:
        path = tmp_path / "spec.yaml"
        path.write_text(SPEC.format(dev=dev, evaluation=evaluation, task=task), "utf-8")
        return resolution.resolve(read(path))

    return resolved


def name(experiment: ResolvedExperiment) -> str:
    return identity(experiment.spec, 1)


def test_metrics_of_an_evaluation_name_neither_another_run_nor_other_cells(load: Load) -> None:
    plain = load()
    for written in ("metrics: weighted_f1", "metric: macro_f1", "metric: weighted_f1"):
        other = load(evaluation=written)
        assert name(other) == name(plain)
        places = {
            Store.open(Path("nowhere"), one.evaluations[0].spec).path for one in (plain, other)
        }
        assert len(places) == 1


def test_metrics_of_dev_name_another_run_unless_they_are_the_default(load: Load) -> None:
    names = {
        name(load(dev=f"dev: {{{written}}}"))
        for written in (
            "metric: macro_f1",
            "metric: weighted_f1",
            "metrics: [weighted_f1]",
            "metric: accuracy",  # that of the task
            "split: dev",
        )
    }
    assert len(names) == 4
    assert name(load(dev="dev: {metric: accuracy}")) == name(load())


def test_what_is_resolved_can_be_opened_again(load: Load) -> None:
    first = load(dev="dev: {metric: weighted_f1}", evaluation="metrics: weighted_f1")
    again = resolution.reopen(type(first.spec).model_validate(first.spec.model_dump(mode="json")))
    assert again.stages[0].dev is not None
    assert again.stages[0].dev.metrics.main == "weighted_f1"
    (evaluation,) = again.evaluations
    assert (evaluation.metrics.main, len(evaluation.metrics.extra)) == ("accuracy", 1)
    assert name(again) == name(first)


def test_what_a_task_names_is_computed_and_changes_no_name(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_tasks.news import MasakhaNews

    found = load(task="masakhanews")
    (metric,) = found.evaluations[0].metrics.extra
    assert (metric.name, found.evaluations[0].metrics.main) == ("weighted_f1", "macro_f1")
    monkeypatch.setattr(MasakhaNews, "metrics", ())
    without = load(task="masakhanews")
    assert not without.evaluations[0].metrics.extra
    assert name(without) == name(found)


def test_a_task_may_have_an_extra_metric_as_its_main_one(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_tasks.news import MasakhaNews

    monkeypatch.setattr(MasakhaNews, "metric", "weighted_f1")
    assert fault("task", "masakhanews", MasakhaNews) == ""
    found = load(task="masakhanews", dev="dev: {metric: weighted_f1}")
    assert found.stages[0].dev is not None
    assert found.stages[0].dev.metrics.main == found.evaluations[0].metrics.main == "weighted_f1"
    monkeypatch.setattr(MasakhaNews, "metrics", ())
    assert "is not a metric of the problem" in fault("task", "masakhanews", MasakhaNews)


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (("wieghted_f1",), "did you mean 'weighted_f1'?"),
        ("weighted_f1", "not a tuple of names"),
        ((1,), "not a tuple of names"),
    ],
)
def test_a_task_that_names_no_metric_is_an_error(
    load: Load, monkeypatch: pytest.MonkeyPatch, metrics: Any, said: str
) -> None:
    from xlt_tasks.news import MasakhaNews

    monkeypatch.setattr(MasakhaNews, "metrics", metrics)
    if why := fault("task", "masakhanews", MasakhaNews):
        assert said in why
        return
    with pytest.raises(UserError) as caught:
        load(task="masakhanews")
    assert said in str(caught.value)
