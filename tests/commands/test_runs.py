"""`xlt runs` on directories that are not as they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from xlt_cli.analysis.summary import counted, summarise
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store

Cli = Callable[..., Result]


@pytest.mark.parametrize("folder", ["none", "[odd]"])
def test_no_runs_is_said_with_what_makes_one(xlt: Cli, tmp_path: Path, folder: str) -> None:
    result = xlt("runs", "--runs-dir", tmp_path / folder)
    assert result.exit_code == 0
    assert result.stdout == f"no runs in {tmp_path / folder}; `xlt train SPEC` makes one\n"
    assert json.loads(xlt("runs", "--runs-dir", tmp_path / folder, "--json").stdout) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"identity": 1}\n\x00'])
def test_a_damaged_run_is_listed_beside_the_others(xlt: Cli, tmp_path: Path, content: str) -> None:
    for name, text in (("bad", content), ("good", '{"identity": "x", "seed": 3}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text, "utf-8")
    rows = {r["run"]: r for r in json.loads(xlt("runs", "--runs-dir", tmp_path, "--json").stdout)}
    assert (rows["bad"]["state"], rows["bad"]["seed"]) == ("damaged", None)
    assert rows["bad"]["message"]
    assert (rows["good"]["state"], rows["good"]["seed"]) == ("created", 3)
    assert "damaged" in xlt("runs", "--runs-dir", tmp_path).stdout


def evaluated(run: Run, answers: dict[str, str | None], old: bool) -> None:
    """Stores an evaluation in which the model gives one answer in a language, or is right (None).

    Args:
        old: of a version that said nothing of collapsed runs.
    """
    problem = SequenceClassification(("0", "1"))
    store, cells = Store(run.evaluations / "pawsx-test-01234567"), {}
    for language, answer in answers.items():
        golds = [str(i % 2) for i in range(20)]
        rows = [Prediction(f"t-{i}", gold, answer or gold) for i, gold in enumerate(golds)]
        store.write((language, language), rows)
        cells[language, language] = counted(problem, rows)
    found = summarise(problem, "accuracy", cells, ["en"], True).as_dict()
    if old:
        del found["collapsed"], found["warnings"]
    about = {"task": "pawsx", "split": "test", "limit": None}
    atomic.write_json(store.path / "results.json", {**about, **found})


def a_run(folder: Path, constant: bool | None) -> Run:
    """A finished run with one evaluation on dev."""
    from xlt_cli.spec import ExperimentSpec

    spec = ExperimentSpec.model_validate(
        {"encoder": "mbert", "stages": [{"task": "nowhere", "languages": ["en"]}]}
    )
    run = Run(folder)
    atomic.write_json(
        run.path / "run.json", {"identity": "x", "seed": 1, "spec": spec.model_dump(mode="json")}
    )
    line: dict[str, Any] = {"kind": "dev", "stage": 0, "step": 9, "language": "en", "accuracy": 0.5}
    atomic.append_line(
        run.stage(0) / "metrics.jsonl", line if constant is None else {**line, "constant": constant}
    )
    atomic.write_json(run.stage(0) / "result.json", {"selected_step": 9})
    return run


@pytest.mark.parametrize("old", [True, False])
def test_figures_of_collapsed_runs_are_marked(xlt: Cli, tmp_path: Path, old: bool) -> None:
    evaluated(a_run(tmp_path / "sound", False), {"en": None, "de": "1"}, old)
    evaluated(a_run(tmp_path / "fallen", None), {"en": "0", "de": None}, old)
    evaluated(a_run(tmp_path / "on-dev", True), {"en": None, "de": None, "fr": None}, old)
    rows = {r["run"]: r for r in json.loads(xlt("runs", "--runs-dir", tmp_path, "--json").stdout)}
    collapsed = {name: row["evaluations"][0]["collapsed"] for name, row in rows.items()}
    assert collapsed == {"sound": False, "fallen": True, "on-dev": True}
    assert {name: row["collapsed_on_dev"] for name, row in rows.items()} == {
        "sound": False,
        "fallen": None,
        "on-dev": True,
    }
    assert rows["on-dev"]["evaluations"][0]["zero_shot_languages"] == 2
    text = xlt("runs", "--runs-dir", tmp_path).stdout
    lines = {line.split()[0]: line.split() for line in text.splitlines()}
    assert lines["sound"][4:] == ["100.0", "50.0", "1"]
    assert lines["fallen"][2] == lines["on-dev"][2] == "†"
    assert lines["fallen"][5:] == ["50.0†", "100.0†", "1"]
    assert lines["on-dev"][5:] == ["100.0†", "100.0†", "2"]
    assert text.splitlines()[-1] == "† collapsed: the model gives one answer to every row"


def test_a_search_that_collapsed_is_marked_without_an_evaluation(xlt: Cli, tmp_path: Path) -> None:
    a_run(tmp_path / "on-dev", True)
    assert "created †" in xlt("runs", "--runs-dir", tmp_path).stdout


def test_old_figures_without_their_predictions_are_listed(xlt: Cli, tmp_path: Path) -> None:
    run = a_run(tmp_path / "fallen", None)
    evaluated(run, {"en": "0", "de": "0"}, old=True)
    for path in run.path.rglob("*.jsonl.gz"):
        path.unlink()
    assert "damaged" not in xlt("runs", "--runs-dir", tmp_path).stdout
