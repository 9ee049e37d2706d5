"""An interrupted run goes on, and ends exactly as one that was never interrupted."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from acceptance_tools import Desk, kill, last_step, wait_for, wait_for_step
from safetensors.torch import load_file

from xlt_cli.training import checkpoints, loop


def content(run: Path) -> dict[str, bytes]:
    """What must be the same to the last bit: metrics, predictions, results, weights."""
    names = ["stages/0/metrics.jsonl", "stages/0/result.json", "stages/0/model/model.safetensors"]
    files = [run / name for name in names]
    files += sorted(run.glob("evaluations/*/predictions/*"))
    files += sorted(run.glob("evaluations/*/results.*"))
    return {str(file.relative_to(run)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Shared between the tests of this module; filled by the first that needs it."""
    return {}


def reference(desk: Desk, cache: dict[str, Any]) -> dict[str, bytes]:
    if not cache:
        code, _, err = desk.xlt("train", desk.write(), runs="whole")
        assert code == 0, err
        cache.update(content(desk.run("whole")))
    return cache


def test_killed_at_several_moments_it_ends_bit_identical(
    desk: Desk, uninterrupted: dict[str, Any]
) -> None:
    expected = reference(desk, uninterrupted)
    spec = desk.write()
    for moment in (7, 28, 42):
        kill(desk.start_until(moment, "train", spec))
    process = desk.start("train", spec)
    wait_for_step(desk, process, 49)
    kill(process)  # wherever it is by now
    code, _, err = desk.xlt("train", spec)
    assert code == 0, err
    assert "continues from step" in err
    assert content(desk.run()) == expected


def test_a_long_stage_has_checkpoints_although_none_are_asked_for(
    desk: Desk, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage,) = desk.spec["stages"]
    alone = {"dev": None, "checkpoint_every": None, "evaluate_every": None, "epochs": 1}
    spec = desk.write(stages=[{**stage, **alone, "batch_size": 2}])
    steps: list[int] = []
    save = checkpoints.save

    def noted(stage: Path, model: Any, optimizer: Any, position: Any, *others: Any) -> None:
        steps.append(position.step)
        save(stage, model, optimizer, position, *others)

    monkeypatch.setattr(checkpoints, "save", noted)
    for seconds, expected in ((600.0, []), (0.0, [10, 20])):
        monkeypatch.setattr(loop, "LONGEST", seconds)
        steps.clear()
        result = xlt("train", spec, "--runs-dir", desk.path / f"runs-{seconds}")
        assert result.exit_code == 0, result.output
        assert steps == expected
    assert content(desk.run("runs-0.0")) == content(desk.run("runs-600.0"))


def test_killed_while_evaluating_it_evaluates_only_what_is_missing(
    desk: Desk, uninterrupted: dict[str, Any]
) -> None:
    expected = reference(desk, uninterrupted)
    spec = desk.write()
    process = desk.start("train", spec)
    cells = "runs/*/evaluations/*/cells.jsonl"
    wait_for(lambda: any("\n" in path.read_text() for path in desk.path.glob(cells)), process)
    kill(process)
    (predictions,) = desk.path.glob("runs/*/evaluations/*/predictions")
    before = {path: path.stat().st_mtime_ns for path in predictions.glob("*.parquet")}
    finished = json.loads((predictions.parent / "cells.jsonl").read_text().splitlines()[0])
    code, _, err = desk.xlt("train", spec)
    assert code == 0, err
    assert "done before" in err
    first = predictions / f"{finished['first']}.parquet"
    assert first.stat().st_mtime_ns == before[first]
    assert content(desk.run()) == expected


def test_a_truncated_checkpoint_is_never_picked(desk: Desk, uninterrupted: dict[str, Any]) -> None:
    expected = reference(desk, uninterrupted)
    spec = desk.write()
    kill(desk.start_until(35, "train", spec))
    damaged = last_step(desk.run())
    weights = desk.run() / f"stages/0/checkpoints/step-{damaged:08d}/model/model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    code, _, err = desk.xlt("train", spec)
    assert code == 0, err
    assert f"continues from step {damaged}" not in err
    assert content(desk.run()) == expected


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_interrupted_politely_it_says_so_and_goes_on(
    desk: Desk, uninterrupted: dict[str, Any], number: int, code: int
) -> None:
    expected = reference(desk, uninterrupted)
    spec = desk.write()
    process = desk.start_until(14, "train", spec)
    _, err = kill(process, number)
    assert process.returncode == code, err
    assert "continues where it stopped" in err
    assert "Traceback" not in err
    assert json.loads((desk.run() / "status.json").read_text())["state"] == "cancelled"
    assert desk.xlt("train", spec)[0] == 0
    assert content(desk.run()) == expected


def test_two_processes_on_one_run_the_second_says_so_and_stops(desk: Desk) -> None:
    spec = desk.write()
    first = desk.start_until(7, "train", spec)
    code, _, err = desk.xlt("train", spec)
    assert code == 2
    assert f"is working on this run (pid {first.pid} on " in err
    assert first.poll() is None
    kill(first)


def test_a_finished_run_is_not_run_again(desk: Desk) -> None:
    stages = [{**desk.spec["stages"][0], "epochs": 1}]
    spec = desk.write(stages=stages)
    assert desk.xlt("train", spec)[0] == 0
    before = content(desk.run())
    times = {path: path.stat().st_mtime_ns for path in desk.run().rglob("*.gz")}
    code, out, err = desk.xlt("train", spec)
    assert code == 0
    assert "done before" in err
    assert "zero-shot average" in out
    assert content(desk.run()) == before
    assert {path: path.stat().st_mtime_ns for path in desk.run().rglob("*.gz")} == times


def test_other_data_under_the_same_path_are_refused(desk: Desk, tiny_data: Path) -> None:
    folder = desk.path / "data"
    shutil.copytree(tiny_data, folder)
    stage = {**desk.spec["stages"][0], "epochs": 1, "task": {"name": "pawsx", "path": "data"}}
    spec = desk.write(stages=[stage])
    assert desk.xlt("train", spec)[0] == 0
    path = folder / "pawsx" / "test-de.tsv"
    path.write_text(path.read_text("utf-8").replace("die", "DIE"), "utf-8")
    code, _, err = desk.xlt("eval", desk.run().name)
    assert code == 2
    assert "has changed since this run began" in err


def test_an_average_is_that_of_its_steps_and_survives_a_kill(desk: Desk) -> None:
    """At a constant rate, a shorter stage ends where a longer one passes."""
    stage = {**desk.spec["stages"][0], "schedule": "constant", "warmup": 0}
    stage.update(checkpoint_every=3, evaluate_every=8)
    weights = []
    for steps in (8, 16, 24):
        spec = desk.write(stages=[{**stage, "max_steps": steps, "select": "last"}], evaluations=[])
        code, _, err = desk.xlt("train", spec, runs=f"to-{steps}")
        assert code == 0, err
        weights.append(load_file(desk.run(f"to-{steps}") / "stages/0/model/model.safetensors"))
    spec = desk.write(stages=[{**stage, "max_steps": 24, "select": "average"}], evaluations=[])
    assert desk.xlt("train", spec, runs="whole")[0] == 0
    found = load_file(desk.run("whole") / "stages/0/model/model.safetensors")
    for name, weight in found.items():
        expected = torch.stack([part[name].double() for part in weights]).mean(0)
        torch.testing.assert_close(weight.double(), expected, rtol=1e-5, atol=1e-6)
    kill(desk.start_until(18, "train", spec))
    code, _, err = desk.xlt("train", spec)
    assert code == 0, err
    assert "mean of the weights at 3 steps" in err
    assert content(desk.run()) == content(desk.run("whole"))
