"""`xlt runs` on directories that are not as they should be."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store

Cli = Callable[..., Result]


@pytest.mark.parametrize("folder", ["none", "[odd]"])
def test_no_runs_is_said_with_what_makes_one(xlt: Cli, tmp_path: Path, folder: str) -> None:
    result = xlt("runs", "--runs-dir", tmp_path / folder)
    assert result.exit_code == 0
    assert result.stdout == f"no runs in {tmp_path / folder}; `xlt train SPEC` starts one\n"
    assert json.loads(xlt("runs", "--runs-dir", tmp_path / folder, "--json").stdout) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"identity": 1}\n\x00'])
def test_a_damaged_run_is_listed_beside_the_others(xlt: Cli, tmp_path: Path, content: str) -> None:
    for name, text in (("bad", content), ("good", '{"identity": "x", "seed": 3}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text, "utf-8")
    rows = {r["run"]: r for r in json.loads(xlt("runs", "--runs-dir", tmp_path, "--json").stdout)}
    assert (rows["bad"]["state"], rows["bad"]["seed"]) == ("damaged", None)
    assert rows["bad"]["message"]
    assert (rows["good"]["state"], rows["good"]["seed"]) == ("pending", 3)
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
        store.write(Cell((language, language)), rows)
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
    blocks = {block.split()[0]: block for block in re.split(r"\n(?=\w)", text)}
    assert "trained on 100.0, zero-shot (1) 50.0" in blocks["sound"]
    assert "†" not in blocks["sound"]
    assert blocks["fallen"].split()[2] == blocks["on-dev"].split()[2] == "†"
    assert "trained on 50.0†, zero-shot (1) 100.0†" in blocks["fallen"]
    assert "trained on 100.0†, zero-shot (2) 100.0†" in blocks["on-dev"]
    assert text.splitlines()[-1] == "† collapsed: the model gives one answer to every row"


def test_a_search_that_collapsed_is_marked_without_an_evaluation(xlt: Cli, tmp_path: Path) -> None:
    a_run(tmp_path / "on-dev", True)
    assert "pending †" in xlt("runs", "--runs-dir", tmp_path).stdout


def test_old_figures_without_their_predictions_are_listed(xlt: Cli, tmp_path: Path) -> None:
    run = a_run(tmp_path / "fallen", None)
    evaluated(run, {"en": "0", "de": "0"}, old=True)
    for path in run.path.rglob("predictions/*"):
        path.unlink()
    assert "damaged" not in xlt("runs", "--runs-dir", tmp_path).stdout


LONG = "a-name-of-a-run-that-is-longer-than-a-narrow-terminal-is-wide-and-then-some-s1-0123456789ab"


def listed(
    root: Path, name: str, score: float, *overrides: str, created: str = "", **spec: Any
) -> Run:
    """A finished run with a score on dev."""
    run = a_run(root / name, False)
    record = run.record
    record["spec"]["stages"][0] |= spec
    record["spec"]["sweep"] = {
        "points": [
            {"name": "RS-DA", "stages.0.perturbation": "synonyms"},
            {"name": "both", "stages.0.perturbation": "synonyms", "stages.0.epochs": 2},
            {"stages.0.epochs": 9},
        ],
        "grid": {},
    }
    about = {"name": "exp", "created": created, "overrides": list(overrides)}
    atomic.write_json(run.path / "run.json", record | about)
    run.set_state("success")
    result = {"dev_score": score, "dev_languages": ["en"], "steps": 12, "oracle": False}
    atomic.write_json(run.stage(0) / "result.json", {"selected_step": 9, **result})
    return run


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Runs of three methods and two tasks."""
    method = [{"name": "synonyms"}, {"name": "adversarial"}]
    sets = ["stages.0.perturbation=synonyms", "stages.0.epochs=2"]
    listed(tmp_path, LONG, 0.7, *sets, created="2025-01-02T03:04:05", perturbation=method)
    listed(tmp_path, "b", 0.9, "stages.0.epochs=9", created="2025-01-03", task={"name": "away"})
    run = listed(tmp_path, "c", 0.8, created="2025-01-01")
    (run.stage(0) / "model").mkdir()
    (run.stage(0) / "model/model.safetensors").write_bytes(b"x" * 123_456)
    return tmp_path


def names(xlt: Cli, root: Path, *options: str) -> list[str]:
    result = xlt("runs", "--json", "--runs-dir", root, *options)
    assert result.exit_code == 0, result.stderr
    return [row["run"] for row in json.loads(result.stdout)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--sort", "date"], ["c", LONG, "b"]),
        (["--sort", "name"], [LONG, "b", "c"]),
        (["--sort", "dev"], ["b", "c", LONG]),
        (["--sort", "size", "--name", "c"], ["c"]),
        (["--task", "away"], ["b"]),
        (["--method", "adversarial"], [LONG]),
        (["--method", "ERM", "--sort", "name"], ["b", "c"]),
        (["--state", "done", "--name", "a-name"], [LONG]),
        (["--state", "failed"], []),
    ],
)
def test_the_list_is_sorted_and_filtered(
    xlt: Cli, three: Path, options: list[str], expected: list[str]
) -> None:
    assert names(xlt, three, *options) == expected


def test_a_state_that_no_run_can_have_is_refused(xlt: Cli, three: Path) -> None:
    result = xlt("runs", "--runs-dir", three, "--state", "success")
    assert result.exit_code == 2
    assert "'done'" in result.stderr


def test_the_largest_and_the_best_in_other_languages_come_first(xlt: Cli, three: Path) -> None:
    assert names(xlt, three, "--sort", "size")[0] == "c"
    evaluated(Run(three / "b"), {"en": None, "de": "0"}, False)
    evaluated(Run(three / LONG), {"en": None, "de": None}, False)
    assert names(xlt, three, "--sort", "zero-shot") == [LONG, "b", "c"]


def test_a_run_says_what_it_is(xlt: Cli, three: Path) -> None:
    rows = {r["run"]: r for r in json.loads(xlt("runs", "--json", "--runs-dir", three).stdout)}
    row = rows[LONG]
    assert (row["encoder"], row["tasks"]) == ("mbert", ["nowhere"])
    assert row["methods"] == ["synonyms + adversarial"]
    assert (row["point"], rows["b"]["point"], rows["c"]["point"]) == ("both", "", "")
    assert row["overrides"] == ["stages.0.perturbation=synonyms", "stages.0.epochs=2"]
    assert (row["dev"]["score"], row["dev"]["steps"]) == (0.7, 12)
    assert rows["c"]["bytes"] > 123_456 > row["bytes"] > 0


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_no_name_is_cut_on_a_narrow_terminal(
    xlt: Cli, three: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = xlt("runs", "--runs-dir", three).stdout.splitlines()
    assert any(line.startswith(f"{LONG}  done  2025-01-02 03:04") for line in lines)
    assert "  point: both" in lines


def test_runs_imports_no_torch_(three: Path) -> None:
    program = (
        "import sys; from typer.testing import CliRunner; from xlt_cli.cli import app;"
        f"print(CliRunner().invoke(app, ['runs', '--runs-dir', {str(three)!r}]).exit_code,"
        "[m for m in ('torch', 'transformers', 'datasets', 'scipy', 'sklearn')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0 []\n"
