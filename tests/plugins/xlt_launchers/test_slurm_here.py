"""The launcher `slurm` on a running Slurm; `scripts/slurm-here.sh up` starts one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from xlt_cli.api import Event, Failed, Job, Manifest, Retried, Said, Started
from xlt_cli.testing import LauncherSuite
from xlt_cli.testing.jobs import Jobs
from xlt_launchers.slurm import Slurm


def why_not() -> str:
    """Why the tests cannot run here; empty if they can."""
    if shutil.which("sinfo") is None:
        return "Slurm is not installed (apt-get install slurm-wlm munge)"
    sinfo = subprocess.run(["sinfo", "-h"], capture_output=True, timeout=60)
    return "" if sinfo.returncode == 0 else "no Slurm answers (scripts/slurm-here.sh up)"


WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


class TestSlurm(LauncherSuite):
    @pytest.fixture
    def plugin(self) -> Slurm:
        pytest.importorskip("submitit")
        return Slurm()

    @pytest.fixture
    def jobs(self, tmp_path: Path) -> Jobs:
        return Jobs(tmp_path)


SCRIPT = """\
import json, sys
from pathlib import Path

answer, once = Path(sys.argv[1]), Path(sys.argv[2])
if not once.exists():
    once.touch()
    sys.stdin.read()  # a pipe that is closed with the process around this one
    sys.exit(1)
answer.write_text(json.dumps({"error": ""}))
"""


def job(folder: Path, number: int) -> Job:
    """A job that does not end by itself when it is started for the first time."""
    place, answer = folder / f"run-{number}", folder / f"{number}.json"
    place.mkdir()
    command = (sys.executable, "-I", "-S", "-c", SCRIPT, str(answer), str(place / "once"))
    return Job(number, f"j{number}", "base", 1, place, command, place / "log", answer, "cpu")


def launch(folder: Path, strike: Callable[[str], object]) -> list[Event]:
    """What is told of a job that is struck as soon as it is at work.

    Args:
        strike: gets what Slurm calls the job.
    """
    events: list[Event] = []

    def tell(event: Event) -> None:
        events.append(event)
        if isinstance(event, Started) and not event.again:
            wait_for(lambda: (folder / "run-1" / "once").exists())
            strike(event.about["slurm"])
        elif isinstance(event, Retried):  # Slurm waits two minutes before it starts it again
            (name,) = {event.about["slurm"] for event in events if isinstance(event, Started)}
            now = ["scontrol", "update", f"JobId={name}", "StartTime=now"]
            wait_for(lambda: subprocess.run(now, capture_output=True, timeout=60).returncode == 0)

    Slurm().launch(Manifest(folder / "manifest.json", folder, (job(folder, 1),)), tell)
    return [event for event in events if not isinstance(event, Said)]


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def slurm(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_job_that_is_queued_again_goes_on(tmp_path: Path) -> None:
    events = launch(tmp_path, lambda name: slurm("scontrol", "requeue", name))
    assert [type(e).__name__ for e in events] == ["Started", "Retried", "Started", "Finished"]
    assert isinstance(events[2], Started)
    assert events[2].again == "again"


def test_a_job_whose_time_is_nearly_over_goes_on_in_another(tmp_path: Path) -> None:
    warn = ("scancel", "--signal=USR2")  # as `--signal` does before the end of the time
    events = launch(tmp_path, lambda name: slurm(*warn, name))
    assert [type(e).__name__ for e in events] == ["Started", "Retried", "Started", "Finished"]


def test_a_cancelled_job_has_failed(tmp_path: Path) -> None:
    events = launch(tmp_path, lambda name: slurm("scancel", name))
    assert [type(e).__name__ for e in events] == ["Started", "Failed"]
    assert isinstance(events[1], Failed)
    assert "was cancelled" in events[1].error


@pytest.mark.skipif(not os.environ.get("XLT_KILL_SLURMD"), reason="XLT_KILL_SLURMD is not set")
def test_a_job_of_a_lost_node_goes_on(tmp_path: Path) -> None:
    def lose(name: str) -> None:
        """Kills slurmd and all that it has started, and starts it again when that was noticed."""
        daemon = Path("/var/spool/slurm-here/slurmd.pid").read_text("utf-8").strip()
        theirs = [p for p in psutil.process_iter() if p.name() == "slurmstepd"]
        theirs += [child for process in theirs for child in process.children(recursive=True)]
        os.kill(int(daemon), signal.SIGKILL)
        for process in theirs:
            with contextlib.suppress(psutil.Error):
                process.kill()
        wait_for(lambda: "down" in slurm("sinfo", "-h", "-o", "%T"))
        slurm("slurmd")

    events = launch(tmp_path, lose)
    assert [type(e).__name__ for e in events] == ["Started", "Retried", "Started", "Finished"]
