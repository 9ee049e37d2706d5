"""Checkpoints that a thread writes: full disks and interrupts end a run as they always did."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk
from test_resume import content

from xlt_cli.training import checkpoints


@pytest.fixture
def spec(desk: Desk) -> Path:
    return desk.write(stages=[{**desk.spec["stages"][0], "epochs": 2}], evaluations=[])


@pytest.mark.parametrize("step", [7, 28], ids=["before another", "the last"])
def test_a_full_disk_ends_the_run_as_such(
    spec: Path, step: int, desk: Desk, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, steps = checkpoints.save, []

    def full(stage: Path, model: Any, optimizer: Any, position: Any, *others: Any) -> None:
        steps.append(position.step)
        if position.step >= step:
            raise OSError(28, "No space left on device")
        save(stage, model, optimizer, position, *others)

    monkeypatch.setattr(checkpoints, "save", full)
    result = xlt("train", spec, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 2, result.output
    assert steps[-1] == step
    assert "the disk is full" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_until_the_checkpoint_is_whole(
    spec: Path, number: int, desk: Desk, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert xlt("train", spec, "--runs-dir", desk.path / "whole").exit_code == 0
    save = checkpoints.save

    def interrupted(stage: Path, model: Any, optimizer: Any, position: Any, *more: Any) -> None:
        if position.step == 7:
            os.kill(os.getpid(), number)
            time.sleep(0.3)
        save(stage, model, optimizer, position, *more)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "save", interrupted)
        result = xlt("train", spec, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 130, result.output
    found = checkpoints.latest(desk.run() / "stages" / "0")
    assert found is not None
    assert found[1].step == 7
    result = xlt("train", spec, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    assert "continues from step 7" in result.output
    assert content(desk.run()) == content(desk.run("whole"))
