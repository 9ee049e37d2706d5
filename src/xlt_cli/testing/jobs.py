"""Jobs that take a moment: small scripts in place of runs, which note when they begin and end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from xlt_cli.api import Job, Manifest

SCRIPT = """\
import os, sys, time

name, notes, says, code, lasts, answer, alone, *attached = sys.argv[1:]
assert attached in ([], ["--attached"]), attached

def note(what):
    with open(f"{notes}.{what}", "a") as file:
        file.write(f"{os.getpid()}\\n")

try:
    note("began")
    print(f"{name} is at work", flush=True)
    os.mkdir(alone)
    time.sleep(float(lasts))
    if says:
        with open(answer, "w") as file:
            file.write(says)
except KeyboardInterrupt:
    code = "130"
finally:
    note("ended")
os.rmdir(alone)
sys.exit(int(code))
"""
"""It imports next to nothing, so that many of them take a moment."""


class Jobs:
    """Makes jobs in a folder, and tells what became of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = folder / "nötes of jobs"
        self.notes.mkdir()

    def job(
        self,
        number: int,
        error: str = "",
        code: int = 0,
        lasts: float = 0.02,
        directory: str = "",
    ) -> Job:
        """A job.

        Args:
            error: what it says that it failed with.
            code: what it exits with; if it is not 0 without an error, it leaves no answer.
            lasts: seconds of its work.
            directory: of its run, by default one of its own.
        """
        place = self.folder / (directory or f"run-{number}")
        answer = self.folder / f"{number}.json"
        name = f"job-{number}"
        alone = self.folder / f"{place.name}.busy"
        says = json.dumps({"error": error}) if error or not code else ""
        words = (str(self.notes / name), says, str(code), str(lasts), str(answer), str(alone))
        command = (sys.executable, "-I", "-S", "-c", SCRIPT, name, *words)
        log = place / "output.log"
        return Job(number, name, name, number, place, command, log, answer, "cpu", "suite")

    def manifest(self, *jobs: Job, keep_going: bool = True, **further: Any) -> Manifest:
        """Their manifest; `further` may be given."""
        path = self.folder / "manifest.json"
        return Manifest(path, self.folder, jobs, keep_going, **further)

    def began(self, job: Job) -> int:
        """How often a job was begun."""
        return len(self.pids(job))

    def pids(self, job: Job) -> list[int]:
        """The processes that it was begun in."""
        return self._noted(job, "began")

    def ended(self, job: Job) -> int:
        """How often it came to its end, also by an interruption."""
        return len(self._noted(job, "ended"))

    def _noted(self, job: Job, what: str) -> list[int]:
        path = self.notes / f"{job.id}.{what}"
        return [int(pid) for pid in path.read_text("utf-8").split()] if path.exists() else []
