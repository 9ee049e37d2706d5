"""What stands beside the bar of a sweep."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from xlt_cli.api import Failed, Finished, Interrupted, Job, Started
from xlt_cli.console.launching import Screen
from xlt_cli.console.progress import Reporter


def job(folder: Path, number: int) -> Job:
    place = folder / f"run-{number}"
    return Job(number, f"j{number}", "base", 1, place, (), place / "log", folder / f"{number}.json")


def test_the_bar_says_what_runs_what_failed_what_is_best_and_what_gpus_hold(tmp_path: Path) -> None:
    file = io.StringIO()
    screen = Screen(Reporter(console=Console(file=file, width=200)), tmp_path, 3)
    jobs = [job(tmp_path, number) for number in (1, 2, 3)]
    with screen.shown():
        for one in jobs:
            screen.show(Started(one))
        assert screen._note() == "running 1, 2, 3"
        for one, gpu in zip(jobs, (3, 4, 0), strict=True):
            use = {"ram": 1, "gpu": gpu * 10**9}
            one.answer.with_name(f"{one.answer.name}.memory").write_text(json.dumps(use))
        assert screen._note() == "running 1, 2, 3; 7.0 GB of GPUs"
        screen.show(Failed(jobs[0], "no"))
        screen.best = "dev 81.2 (base seed 1)"
        screen.show(Interrupted(jobs[2]))
        assert screen._note() == "running 2; 1 failed; best dev 81.2 (base seed 1); 4.0 GB of GPUs"
        screen.show(Finished(jobs[1], 2.0))
    assert screen._note() == "running none; 1 failed; best dev 81.2 (base seed 1)"
    assert "run-1 failed: no" in file.getvalue()
