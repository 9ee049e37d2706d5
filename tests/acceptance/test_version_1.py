"""Runs and archives of version 1 are found, read and continued under the names that they have."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

SAMPLES = Path(__file__).parent.parent / "version_1"
FINISHED, INTERRUPTED = "finished-s1-325bf04b", "interrupted-s3-c3ec5829"


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to work in: paths in its specs are relative."""
    folder = tmp_path / "samples"
    shutil.copytree(SAMPLES, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(xlt: Any) -> Callable[..., Any]:
    """Runs a command that must succeed."""

    def succeed(*arguments: object) -> Any:
        result = xlt(*arguments)
        assert result.exit_code == 0, result.output
        return result

    return succeed


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_finished_run_is_done_before(samples: Path, run: Callable[..., Any]) -> None:
    model = samples / "runs" / FINISHED / "stages/1/model"
    before = contents(model)
    result = run("train", "finished.yaml", "--device", "cpu", "--json")
    assert f"{FINISHED}: done before" in result.stderr or json.loads(result.stdout)
    (outcome,) = json.loads(result.stdout)
    assert Path(outcome["run"]).name == FINISHED
    assert sorted(path.name for path in (samples / "runs").glob("[!.]*")) == [FINISHED, INTERRUPTED]
    assert contents(model) == before
    cells = sorted((samples / "runs" / FINISHED / "evaluations").glob("*/cells.jsonl"))
    assert [len(path.read_text("utf-8").splitlines()) for path in cells] == [2, 9]


def test_an_interrupted_run_goes_on_and_ends_as_one_that_was_not(
    samples: Path, run: Callable[..., Any]
) -> None:
    result = run("train", "interrupted.yaml", "--device", "cpu")
    assert "stage 1 (pawsx): done before" in result.stderr
    assert "stage 2 (pawsx): continues from step 45" in result.stderr
    run("train", "interrupted.yaml", "--device", "cpu", "--runs-dir", "whole")
    (whole,) = (samples / "whole").glob("[!.]*")
    there = samples / "runs" / INTERRUPTED
    for name in ("stages/1/model/model.safetensors", "stages/0/model/model.safetensors"):
        # The sample was begun on another machine, whose last bits may be others.
        expected, found = load_file(whole / name), load_file(there / name)
        assert list(found) == list(expected)
        for key, tensor in expected.items():
            torch.testing.assert_close(found[key], tensor, rtol=1e-3, atol=1e-5)
    assert sorted(path.name for path in (samples / "runs").glob("[!.]*")) == [FINISHED, INTERRUPTED]


def test_runs_and_eval_read_them(samples: Path, run: Callable[..., Any]) -> None:
    rows = {row["run"]: row for row in json.loads(run("runs", "--json").stdout)}
    assert rows[FINISHED]["state"] == "done"
    assert rows[INTERRUPTED]["state"] == "interrupted"
    assert len(rows[FINISHED]["evaluations"]) == 2
    predictions = samples / "runs" / FINISHED / "evaluations"
    before = {path: path.stat().st_mtime_ns for path in predictions.rglob("*.gz")}
    found = json.loads(run("eval", FINISHED, "--device", "cpu", "--json").stdout)
    assert [sorted(result["languages"]) for result in found] == [["de", "en", "fr"], ["de", "en"]]
    assert {path: path.stat().st_mtime_ns for path in predictions.rglob("*.gz")} == before


def test_an_archive_gives_the_report_that_it_gave(samples: Path, run: Callable[..., Any]) -> None:
    result = run("reproduce", "robust-xlt", "--from", "archive", "--json")
    then = json.loads((samples / "report" / "report.json").read_text("utf-8"))
    now = json.loads(result.stdout)
    for task, before in zip(now["tasks"], then["tasks"], strict=True):
        assert list(task["methods"]) == list(before["methods"])
        for method, found in task["methods"].items():
            kept = before["methods"][method]["figures"]
            assert found["figures"].keys() == kept.keys()
            for cell, figure in found["figures"].items():  # intervals are computed as of now
                assert figure["value"] == kept[cell]["value"]
                assert figure["low"] <= figure["value"] <= figure["high"]
    assert [run["run"] for run in now["runs"]] == [run["run"] for run in then["runs"]]


def test_a_run_that_trained_in_bf16_is_another_one_on_a_cpu(
    samples: Path, run: Callable[..., Any]
) -> None:
    sessions = samples / "runs" / INTERRUPTED / "environment.jsonl"
    sessions.write_text(sessions.read_text("utf-8").replace('"fp32"', '"bf16"'), "utf-8")
    short = ["train", "interrupted.yaml", "--device", "cpu", "--json"]
    (outcome,) = json.loads(run(*short).stdout)
    assert Path(outcome["run"]).name != INTERRUPTED
    assert (samples / "runs" / INTERRUPTED / "stages/1/checkpoints/step-00000045").is_dir()
