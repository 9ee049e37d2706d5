"""A plugin that changes a default: what was computed with the former one is not taken for another.

Names leave out what is at its default, so both trainings would have one name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.errors import RunError
from xlt_cli.problems import Prediction
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.making import create, planned
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import ExperimentSpec, resolution

SOURCE = """
from xlt_tasks.xnli import Xnli

class Plugin(Xnli):
    name = "theirs"

    class Params(Xnli.Params):
        share: float = {share}
"""
SPEC = "name: a\nencoder: mbert\nprecision: fp32\nstages:\n- task: {{name: theirs{more}}}\n"

Load = Callable[..., ExperimentSpec]


@pytest.fixture
def load(install: Callable[..., Path], tmp_path: Path) -> Load:
    """A spec, resolved with the plugin's default as it is at a time."""

    def read(share: float, more: str = "") -> ExperimentSpec:
        module = f"theirs_{str(share).replace('.', '_')}"
        for path in tmp_path.glob("site-*/*.dist-info/entry_points.txt"):
            path.write_text("", "utf-8")
        points = {"xlt.tasks": {"theirs": f"{module}:Plugin"}}
        if (tmp_path / f"site-{module}").exists():
            (info,) = (tmp_path / f"site-{module}").glob("*.dist-info")
            (info / "entry_points.txt").write_text(
                f"[xlt.tasks]\ntheirs = {module}:Plugin\n", "utf-8"
            )
            registry.clear()
        else:
            install(module, points, {module: SOURCE.format(share=share)})
        path = tmp_path / "a.yaml"
        path.write_text(SPEC.format(more=more), "utf-8")
        return resolution.load(path)

    return read


def make(root: Path, spec: ExperimentSpec) -> Any:
    return create(root, spec, 1, "", [])


def test_a_run_of_the_former_default_is_not_taken_for_one_of_the_new(
    load: Load, tmp_path: Path
) -> None:
    run = make(tmp_path / "runs", load(0.1))
    before = run.record
    with pytest.raises(RunError, match="a plugin has changed its defaults since") as caught:
        make(tmp_path / "runs", load(0.2))
    assert "stages.0.task.share was 0.1 and is 0.2" in caught.value.hint
    with pytest.raises(RunError, match="changed its defaults"):
        planned(tmp_path / "runs", load(0.2), 1)
    assert run.record == before


def test_the_former_value_written_out_goes_on_with_the_former_run(
    load: Load, tmp_path: Path
) -> None:
    run = make(tmp_path / "runs", load(0.1))
    assert make(tmp_path / "runs", load(0.2, ", share: 0.1")).path == run.path


def test_the_default_as_it_was_is_the_run(load: Load, tmp_path: Path) -> None:
    run = make(tmp_path / "runs", load(0.1))
    load(0.2)
    assert make(tmp_path / "runs", load(0.1)).path == run.path
    assert make(tmp_path / "runs", load(0.1, ", share: 0.1")).path == run.path


def test_cells_of_the_former_default_are_not_those_of_the_new(load: Load, tmp_path: Path) -> None:
    def opened(spec: ExperimentSpec) -> Store:
        return Store.open(tmp_path, spec.evaluations[0], "weights")

    former = opened(load(0.1))
    former.write(Cell(("en", "en")), [Prediction("1", "a", "a")])
    assert opened(load(0.1)).done() == [Cell(("en", "en"))]
    with pytest.raises(RunError, match="changed its defaults since"):
        opened(load(0.2))
    assert opened(load(0.2, ", share: 0.1")).path == former.path
    assert opened(load(0.3, ", share: 0.2")).done() == []


def test_a_damaged_record_of_an_evaluation_is_written_again(load: Load, tmp_path: Path) -> None:
    store = Store.open(tmp_path, load(0.1).evaluations[0], "weights")
    store.write(Cell(("en", "en")), [Prediction("1", "a", "a")])
    store.write_summary({}, "")
    before = (store.path / "evaluation.json").read_bytes()
    (store.path / "evaluation.json").write_bytes(before.replace(b"test", b"dev"))
    assert not store.summarised()
    store.write_summary({}, "")
    assert store.summarised()
    assert (store.path / "evaluation.json").read_bytes() == before
