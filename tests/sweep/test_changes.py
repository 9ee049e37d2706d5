"""A sweep whose spec was changed: runs may be added, and none may go without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.launch.ledger import FOLDER
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse
from xlt_cli.sweep.changes import changes, record
from xlt_cli.sweep.plan import points

SPEC = """\
name: quick
encoder: mbert
device: cpu
seeds: {seeds}
max_length: {length}
stages:
  - task: pawsx
    learning_rate: {rate}
evaluations: {evaluations}
sweep:
  grid:
    stages.0.batch_size: {sizes}
"""


def sweep(**given: Any) -> tuple[ExperimentSpec, list[PlannedRun]]:
    usual = {"seeds": [1, 2], "length": 64, "rate": 0.01, "sizes": [8, 16], "evaluations": "[]"}
    text = SPEC.format(**usual | given)
    source = Source(parse(text, Path("spec.yaml")), text)
    jobs = [
        PlannedRun(point.spec, seed, text, [], point.label)
        for point in points(source)
        for seed in point.spec.seeds
    ]
    return resolve(source).spec, jobs


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    record(tmp_path, *sweep())
    return tmp_path


def test_a_new_sweep_and_the_same_one_have_no_changes(tmp_path: Path) -> None:
    assert changes(tmp_path, *sweep()) == ""
    for _ in range(2):
        record(tmp_path, *sweep())
        assert changes(tmp_path, *sweep()) == ""
    (file,) = (tmp_path / FOLDER / "quick").iterdir()  # noted down once
    assert len(file.read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    "given", [{"seeds": [1, 2, 3]}, {"sizes": [8, 16, 32]}, {"evaluations": "[{split: dev}]"}]
)
def test_runs_and_evaluations_may_be_added(begun: Path, given: dict[str, Any]) -> None:
    assert changes(begun, *sweep(**given)) == ""
    record(begun, *sweep(**given))
    # From then on the larger sweep is the one that must stay.
    assert bool(changes(begun, *sweep())) is ("evaluations" not in given)


def test_the_fields_that_changed_and_the_runs_that_are_gone_are_named(begun: Path) -> None:
    said = changes(begun, *sweep(rate=0.02, length=32, seeds=[1]))
    assert said.splitlines()[:4] == [
        "4 of 4 runs are planned no more; what has changed:",
        "  stages.0.learning_rate: 0.01 -> 0.02",
        "  seeds: [1, 2] -> [1]",
        "  max_length: 64 -> 32",
    ]
    assert "stages.0.batch_size=8 seed 2" in said
    assert "2 of 4 runs" in changes(begun, *sweep(seeds=[1]))
    assert "[8, 16] -> [16]" in changes(begun, *sweep(sizes=[16]))


def test_another_name_is_another_sweep(begun: Path) -> None:
    spec, jobs = sweep(rate=0.02)
    renamed = [
        PlannedRun(job.spec.model_copy(update={"name": "other"}), job.seed, "", [], job.label)
        for job in jobs
    ]
    assert changes(begun, spec.model_copy(update={"name": "other"}), renamed) == ""


def test_long_lists_are_cut(tmp_path: Path) -> None:
    record(tmp_path, *sweep(seeds=list(range(60))))
    said = changes(tmp_path, *sweep(seeds=[100]))
    assert "120 of 120 runs" in said
    assert "  and 100 more" in said
    assert len(said.splitlines()) < 30
