"""A launcher: the last job first, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Interrupted,
    Job,
    Launcher,
    Manifest,
    Started,
    Stopping,
)


class Backwards(Launcher):
    """Klingons begin with the end."""

    api_version = 1
    name = "backwards"
    summary = "runs the jobs one after another, the last one first"
    on_this_machine = True

    def launch(self, manifest: Manifest, tell: Callable[[Event], None]) -> None:
        jobs = list(manifest.jobs)
        while jobs or (jobs := list(manifest.further(1))):
            job = jobs.pop()
            tell(Started(job))
            ended = job.ended(self._wait(job, tell))
            tell(Failed(job, ended.error) if ended.error else Finished(job))
            if ended.error and not manifest.keep_going:
                return

    def _wait(self, job: Job, tell: Callable[[Event], None]) -> int:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        with job.log.open("ab") as log:
            process = subprocess.Popen(
                [*job.command, "--attached"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        with process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                tell(Stopping((job,)))
                process.send_signal(signal.SIGINT)
                process.wait()
                tell(Interrupted(job))
                raise
