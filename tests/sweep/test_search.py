"""The searches that ship: every method has as many settings, and none looks at a test set."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli import shipped
from xlt_cli.spec.identity import identity
from xlt_cli.spec.source import read
from xlt_cli.sweep.plan import points

SEARCHES = sorted((shipped.experiments() / "robust-xlt" / "search").glob("*.yaml"))


def test_there_is_one_for_each_task_and_method() -> None:
    methods = ("adversarial", "erm", "recipes", "rs-da", "rs-rp")
    wanted = [f"{task}-{method}.yaml" for task in ("pawsx", "xnli") for method in methods]
    assert {path.name for path in SEARCHES} == {
        *wanted,
        "pawsx-second.yaml",
        "pawsx-recipes-second.yaml",
    }


@pytest.mark.parametrize("path", SEARCHES, ids=lambda path: path.name)
def test_a_search_has_its_settings_and_looks_at_english_dev_alone(path: Path) -> None:
    found = points(read(path))
    recipes = "recipes" in path.name
    settings = {"pawsx-recipes": 13, "pawsx-second": 4 * 3}.get(path.stem, 8)
    assert len({identity(point.spec, 1) for point in found}) == len(found) == settings
    for point in found:
        (stage,) = point.spec.stages
        assert (point.spec.evaluations, point.spec.seeds) == ([], [1])
        assert stage.task.name == path.name.partition("-")[0]
        assert stage.limit == {"pawsx": None, "xnli": 30_000}[stage.task.name]
        assert stage.dev is not None
        assert (stage.dev.split, stage.dev.languages, stage.dev.limit) == ("dev", ["en"], None)
        assert stage.languages == ["en"]
        assert stage.select == "best" or recipes
        assert (point.spec.encoder.name, stage.batch_size) == ("e5-small-q4", 64)


@pytest.mark.parametrize("task", ["pawsx", "xnli"])
def test_the_recipes_share_the_comparisons_runs(task: str) -> None:
    """Their spec states the paper's methods again, and must state the same."""
    own, shared = (
        [
            identity(point.spec, 1)
            for point in points(read(shipped.experiments() / folder / f"{task}-e5-small-q4.yaml"))
        ]
        for folder in ("robust-xlt-recipes", "robust-xlt")
    )
    assert own[: len(shared)] == shared
    assert len(own) == len(shared) + 2
