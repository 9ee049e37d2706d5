"""A resolved experiment: live plugins, each built once, and nothing left open."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import pytest
from spec_tools import SMALLEST, WriteSpec

from xlt_cli.api import Plugin, Task
from xlt_cli.registry import guard
from xlt_cli.spec import ExperimentSpec, building
from xlt_cli.spec.checks import check_inputs
from xlt_cli.spec.resolution import reopen, resolve
from xlt_cli.spec.seen_languages import seen_in
from xlt_cli.spec.source import read
from xlt_cli.spec.trained import Trained

RICH = """\
encoder: e5-small-q4
stages:
- task: mini-pawsx
- task: mini-pawsx
  languages: [German, fr]
  perturbation: [word-dropout, adversarial, random-perturbation]
  dev: {languages: de, limit: 3}
evaluations:
- {}
- {languages: [es], smoothing: {noise: {name: random-perturbation, distribution: gaussian}}}
"""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many instances of each plugin are made."""
    counted: Counter[str] = Counter()

    def make(plugin: type[Plugin], params: Any) -> Any:
        counted[plugin.name] += 1
        return guard.make(plugin, params)

    monkeypatch.setattr(building, "make", make)
    return counted


def test_each_plugin_is_built_once(write_spec: WriteSpec, made: Counter[str]) -> None:
    source = read(write_spec(RICH.replace("[word-dropout, ", "[")))
    experiment = resolve(source)
    check_inputs(experiment, source)
    Trained.of(experiment)
    # Two stages and two evaluations have a task each; one stage and the smoothing have noise.
    # Each evaluation has a condition.
    assert made == {
        "e5-small-q4": 1,
        "mini-pawsx": 4,
        "adversarial": 1,
        "random-perturbation": 2,
        "clean": 1,
        "smoothing": 1,
    }


def test_nothing_is_left_open(write_spec: WriteSpec) -> None:
    experiment = resolve(read(write_spec(RICH)))
    first, second = experiment.stages
    assert (first.languages, first.dev and first.dev.languages) == (("en",), ("en",))
    assert second.languages == ("de", "fr")
    assert second.dev is not None
    assert (second.dev.split, second.dev.languages, second.dev.limit) == ("dev", ("de",), 3)
    assert [(plugin.name, share) for plugin, share in second.perturbations] == [
        ("word-dropout", 1.0),
        ("adversarial", 0.5),
        ("random-perturbation", 0.5),
    ]
    plain, smoothed = experiment.evaluations
    assert isinstance(plain.task, Task)
    (clean,), (condition,) = plain.conditions, smoothed.conditions
    assert (clean.name, condition.name) == ("clean", "smoothing")
    noise: Any = condition.parts["noise"]
    assert noise.gaussian
    assert set(seen_in(experiment)) == {"en", "de", "fr"}


@pytest.mark.parametrize("text", [SMALLEST, RICH])
def test_a_stored_spec_opens_as_the_experiment_that_it_was(
    text: str, write_spec: WriteSpec
) -> None:
    experiment = resolve(read(write_spec(text)))
    stored = experiment.spec.model_dump_json()
    again = reopen(ExperimentSpec.model_validate_json(stored))
    assert again.spec.model_dump_json() == stored
    for one, other in zip(experiment.stages, again.stages, strict=True):
        assert (one.languages, one.dev) == (other.languages, other.dev)
        assert one.task.params == other.task.params
        assert [(p.params, share) for p, share in one.perturbations] == [
            (p.params, share) for p, share in other.perturbations
        ]
    assert [e.task.params for e in experiment.evaluations] == [
        e.task.params for e in again.evaluations
    ]


def test_two_experiments_share_no_plugin(write_spec: WriteSpec) -> None:
    """A plugin may keep state while a run lasts."""
    source = read(write_spec(RICH))
    one, other = resolve(source), resolve(source)
    assert one.stages[1].perturbations[1][0] is not other.stages[1].perturbations[1][0]
    assert one.stages[0].task is not one.stages[1].task


def test_an_experiment_is_frozen(write_spec: WriteSpec) -> None:
    experiment = resolve(read(write_spec(SMALLEST)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment.stages = ()  # type: ignore[misc]


def test_a_run_whose_earlier_task_is_gone_still_states_its_training(write_spec: WriteSpec) -> None:
    spec = resolve(read(write_spec(RICH))).spec
    spec.stages[0].task.name = "a-task-that-is-gone"
    trained = Trained.stored(spec)
    assert [stage and stage.task.name for _, stage in trained.stages] == [None, "mini-pawsx"]
    assert trained.languages == {"en", "de", "fr"}
