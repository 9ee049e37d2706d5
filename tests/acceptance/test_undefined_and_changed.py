"""Rows that changed after they were predicted, and rows for which a metric is not defined."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from acceptance_tools import call, trained_on_samples

SPEC = """
encoder: {name: hf, model: encoder}
stages:
  - {task: {name: pawsx, path: data}, epochs: 1, batch_size: 16}
evaluations:
  - languages: [en, de]
max_length: 48
device: cpu
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_on_samples(tmp_path_factory.mktemp("trained"), "one.yaml", SPEC)


@pytest.fixture
def work(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def reverse(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(reversed(lines)), "utf-8")


FAULTS = [
    (reverse, "de: its rows have changed since they were predicted"),
    (Path.unlink, "de: its rows can no longer be read (the task 'pawsx' has no 'de'"),
    (lambda path: path.write_text("no columns\n"), "de: its rows can no longer be read (1 column"),
]


@pytest.mark.parametrize(("harm", "said"), FAULTS)
def test_figures_of_other_languages_are_those_of_the_rows_that_were_predicted(
    work: Path, harm: Callable[[Path], object], said: str
) -> None:
    (path,) = work.glob("runs/*/evaluations/*/results.json")
    before = json.loads(path.read_text("utf-8"))
    harm(work / "data" / "pawsx" / "test-de.tsv")
    result = call("eval", "one-s1", "--languages", "fr")
    assert result.exit_code == 0, result.output
    after = json.loads(path.read_text("utf-8"))
    assert set(after["languages"]) == {"en", "de", "fr"}
    assert after["languages"]["de"] == before["languages"]["de"]
    assert after["data"]["de"] == before["data"]["de"]
    assert any(note.startswith(said) for note in after["notes"]), after["notes"]
    assert not any(note.startswith("de: its rows") for note in before["notes"])
    assert "de" not in result.stdout.split()  # it was not asked for


def test_a_changed_language_that_is_left_out_does_not_stop_a_run(work: Path) -> None:
    (run,) = work.glob("runs/one-s1-*")
    (path,) = run.glob("evaluations/*/results.json")
    status = json.loads((run / "status.json").read_text("utf-8"))
    (run / "status.json").write_text(json.dumps({**status, "state": "error"}), "utf-8")
    path.unlink()  # killed before its figures were written
    reverse(work / "data" / "pawsx" / "test-de.tsv")
    (work / "one.yaml").write_text(SPEC.replace("[en, de]", "[en]"), "utf-8")
    result = call("train", "one.yaml", "-q")
    assert result.exit_code == 0, result.output
    results = json.loads(path.read_text("utf-8"))
    fingerprints = json.loads((run / "fingerprints.json").read_text("utf-8"))
    recorded = [v["sha256"] for key, v in fingerprints.items() if key.endswith("/test/de")]
    assert [results["data"]["de"]["sha256"]] == recorded


def test_a_changed_language_that_is_asked_for_is_refused(work: Path) -> None:
    reverse(work / "data" / "pawsx" / "test-de.tsv")
    result = call("eval", "one-s1", "--languages", "de")
    assert result.exit_code == 2
    assert "has changed since this run began" in result.output


def test_a_language_without_a_defined_metric_does_not_stop_others(work: Path) -> None:
    numbers = work / "numbers"
    numbers.mkdir()
    for split, language, step in (("train", "en", 1), ("test", "en", 1), ("test", "de", 0)):
        lines = (f"the cat {split} {i} {language}\tthe dog\t{i * step % 5}\n" for i in range(12))
        (numbers / f"{split}-{language}.tsv").write_text("".join(lines), "utf-8")
    task = "{name: text-regression, path: numbers, texts: 2}"
    spec = f"""
encoder: {{name: hf, model: encoder}}
stages:
  - {{task: {task}, epochs: 1, dev: null}}
max_length: 32
device: cpu
"""
    (work / "numbers.yaml").write_text(spec, "utf-8")
    refused = call("train", "numbers.yaml", "-q")
    assert refused.exit_code == 2
    assert "not defined for the rows of 'de'" in refused.output
    result = call("eval", "numbers-s1", "--languages", "en", "--stress", "typos:0.5")
    assert result.exit_code == 0, result.output
    (path,) = work.glob("runs/numbers-s1-*/evaluations/*/results.json")
    results = json.loads(path.read_text("utf-8"))
    assert set(results["languages"]) == {"en"}
    assert "de: left out, as 'spearman' is not defined for its rows" in results["notes"]
    (work / "numbers.yaml").write_text(spec + "evaluations: [{languages: [en]}]\n", "utf-8")
    result = call("train", "numbers.yaml", "-q")
    assert result.exit_code == 0, result.output


def test_a_metric_that_is_undefined_on_dev_neither_selects_nor_stops(work: Path) -> None:
    for split, step in (("train", 1), ("dev", 0)):
        lines = (f"the cat {split} {i}\t{i * step % 5}\n" for i in range(12))
        (work / f"{split}-en.tsv").write_text("".join(lines), "utf-8")
    spec = """
encoder: {name: hf, model: encoder}
stages:
  - task: {name: text-regression, path: ., texts: 1}
    epochs: 3
    batch_size: 6
    patience: 1
evaluations: []
device: cpu
max_length: 32
"""
    (work / "flat.yaml").write_text(spec, "utf-8")
    result = call("train", "flat.yaml", "-q")
    assert result.exit_code == 0, result.output
    assert "no step is the best, as spearman on dev en was never a number" in result.output
    (path,) = work.glob("runs/flat-s1-*/stages/0/result.json")
    found = json.loads(path.read_text("utf-8"))
    assert (found["steps"], found["selected_step"], found["stopped_early"]) == (6, 6, False)
    assert found["rule"] == "last step, as spearman on dev en was never a number"
    spec += "sweep: {grid: {stages.0.batch_size: [4, 6]}}\nseeds: [1, 2]\n"
    (work / "flat.yaml").write_text(spec.replace("epochs: 3", "epochs: 1"), "utf-8")
    ranked = call("sweep", "flat.yaml", "-q")
    assert ranked.exit_code == 0, ranked.output
    pruned = call("runs", "prune", "--keep", "best", "--dry-run")
    assert pruned.output.count("has no score on dev to be compared by") == 5
