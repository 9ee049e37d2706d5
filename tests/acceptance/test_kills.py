"""Sweeps whose drivers and workers are killed and stopped: every run is done once, as if nothing
had happened. `benchmarks/kills.py` does the same at many random moments."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from acceptance_tools import Desk, alive, ledger, wait_for

from xlt_cli.runs.directory import Run

STALE = {"XLT_STALE_AFTER": "1.5"}


def results(desk: Desk, runs: str) -> dict[str, bytes]:
    """What must be the same whatever happened, by the run's name."""
    names = ("stages/0/metrics.jsonl", "stages/0/result.json", "evaluations/*/results.json")
    files = [path for name in names for path in (desk.path / runs).glob(f"*/{name}")]
    return {str(path.relative_to(desk.path / runs)): path.read_bytes() for path in files}


def workers(desk: Desk) -> list[int]:
    """The processes that hold a run and are at work."""
    places = [Run(path.parent).place for path in (desk.path / "runs").glob("*/holder.json")]
    holders = [place.holder for place in places]
    return [one.pid for one in holders if one and alive(one.pid) and not one.is_stopped()]


def test_every_run_is_done_once_whatever_is_killed_or_stopped(desk: Desk) -> None:
    stages = [{**desk.spec["stages"][0], "max_steps": 20, "evaluate_every": 10}]
    grid = {"stages.0.learning_rate": [1e-3, 2e-3, 3e-3]}
    spec = desk.write(stages=stages, sweep={"grid": grid})
    code, _, err = desk.xlt("sweep", spec, "--jobs", 2, runs="whole")
    assert code == 0, err
    random.seed(4)
    stopped: list[int] = []

    def start() -> Any:
        return desk.start("sweep", spec, "--jobs", 2, **STALE)

    def strike(process: Any, number: int, driver: bool = False) -> None:
        wait_for(lambda: bool(workers(desk)) or process.poll() is not None, process)
        time.sleep(random.uniform(0, 0.3))
        for pid in [process.pid] if driver else workers(desk)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                stopped.extend([pid] * (number == signal.SIGSTOP))

    first = start()
    strike(first, signal.SIGSTOP)  # its driver ends it, and goes on
    strike(first, signal.SIGKILL)
    strike(first, signal.SIGSTOP)
    strike(first, signal.SIGKILL, driver=True)  # nobody is left to look after the one that stopped
    first.communicate(timeout=120)
    second = start()
    _, err = second.communicate(timeout=200)
    assert second.returncode == 0, err
    for pid in stopped:  # one that was replaced is not there to go on writing
        assert not alive(pid)
    assert results(desk, "runs") == results(desk, "whole")
    assert len(results(desk, "runs")) == 9
    for path in (desk.path / "runs").glob("*/evaluations/*/cells.jsonl"):
        cells = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert len({json.dumps([cell["first"], cell["second"]]) for cell in cells}) == len(cells)
    assert {line["run"] for line in ledger(desk) if line["event"] == "done"} == {
        path.parent.name for path in Path(desk.path / "whole").glob("*/run.json")
    }
