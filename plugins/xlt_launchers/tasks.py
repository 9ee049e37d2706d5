"""Jobs that wait, and jobs at work in a process of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlt_cli.api import Job, Memory, UserError
from xlt_launchers.hosts import Host, Hosts


@dataclass
class Task:
    """A job that waits, or is at work.

    Attributes:
        failed_as_guess: it ran out of memory when its need was a guess.
        failed_as_measured: it did so when its need was measured.
        alone: how it is started: with its place for itself.
        why: what it was last said to wait for.
        stopped: how often its process was ended because it did not report.
    """

    job: Job
    failed_as_guess: bool = False
    failed_as_measured: bool = False
    alone: bool = False
    why: str = ""
    stopped: int = 0

    @property
    def again(self) -> str:
        """Of which kind a repeated start is; empty for the first."""
        if self.alone:
            return "again, alone"
        return "again" if self.failed_as_guess or self.stopped else ""


@dataclass
class Worker:
    """A job in its process.

    Attributes:
        host: the process, where it executes several jobs.
        guessed: its need was a guess when it was started.
        heard: its last report.
        silence: the seconds since then, as far as this process was at work itself.
    """

    task: Task
    places: Sequence[str]
    guessed: bool
    process: subprocess.Popen[bytes]
    began: float
    host: Host | None = None
    heard: float | None = None
    silence: float = 0.0

    def listen(self, seconds: float) -> None:
        """Notices whether the process has reported.

        Until its first report it imports what it needs, which may take minutes: only the time in
        which it is stopped counts.

        Args:
            seconds: since the last look. Of a long pause, in which this process or the machine was
                stopped too, only a second counts.
        """
        reported = self.task.job.reported()
        begins = reported is None and not _is_stopped(self.process.pid)
        silent = reported == self.heard and not begins
        self.silence = self.silence + min(seconds, 1.0) if silent else 0.0
        self.heard = reported

    @property
    def use(self) -> Memory:
        """What it holds now, as far as it has said so."""
        return self.task.job.use() or Memory()

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return round(time.monotonic() - self.began, 1)


def _is_stopped(pid: int) -> bool:
    import psutil

    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    return False


def start(
    task: Task,
    places: Sequence[str],
    guessed: bool,
    environment: Mapping[str, str],
    hosts: Hosts,
) -> Worker:
    """Starts a job, in a process that is there or in a new one, which ends when this one does.

    Raises:
        UserError: the run's directory cannot be made or written.
    """
    job = task.job
    try:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        output = job.log.open("ab")
    except OSError as error:
        raise UserError(
            f"cannot write into the run's directory: {error.strerror}", str(job.directory)
        ) from None
    with output as log:
        host = hosts.take(job, environment, log)
        if host is not None:
            host.begin(job)
            return Worker(task, places, guessed, host.process, time.monotonic(), host)
        process = subprocess.Popen(
            [*job.command, "--attached"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C is for this process, which passes it on
        )
    return Worker(task, places, guessed, process, time.monotonic())
