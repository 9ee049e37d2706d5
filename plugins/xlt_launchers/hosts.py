"""Processes that execute jobs one after another: a new one has to import everything first."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from xlt_cli.api import Job

PATIENCE = 10.0
"""Seconds that a process without a job has to end."""


@dataclass
class Host:
    """A process that executes jobs.

    Attributes:
        environment: the variables that it has beside this process's.
    """

    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]

    def begin(self, job: Job) -> None:
        """Asks it for a job. If it has died, that shows when its end is looked for."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(job.request.encode() + b"\n")
            self.process.stdin.flush()

    def has_done(self) -> bool:
        """Whether it says that its job has ended well."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], 0)[0]:
            return False
        return bool(self.process.stdout.readline())  # nothing where it has died


@dataclass
class Hosts:
    """The processes that have no job just now.

    Args:
        command: starts one; without it, each job has a process of its own.
    """

    command: Sequence[str]
    idle: list[Host] = field(default_factory=list)

    def take(self, job: Job, environment: Mapping[str, str], log: IO[bytes]) -> Host | None:
        """A process for a job, a new one if none of the idle ones has its environment.

        None where jobs are not executed so.

        Args:
            log: what a new process says before it has a job.
        """
        if not self.command or not job.request:
            return None
        for host in list(self.idle):
            if host.process.poll() is not None:
                self._end(host)
            elif host.environment == environment:
                self.idle.remove(host)
                return host
        if self.idle:  # it would stand beside more processes than there are slots
            self._end(self.idle[0])
        process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C is for this process, which passes it on
        )
        return Host(process, environment)

    def give_back(self, host: Host) -> None:
        """Its job has ended well: it may have another."""
        self.idle.append(host)

    def end(self) -> None:
        """Ends all that are idle; they close their devices themselves."""
        for host in self.idle:
            assert host.process.stdin is not None
            host.process.stdin.close()
        for host in list(self.idle):
            self._end(host)

    def _end(self, host: Host) -> None:
        self.idle.remove(host)
        close(host.process)
        try:
            host.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            host.process.kill()
            host.process.wait()


def close(process: subprocess.Popen[bytes]) -> None:
    """Closes the pipes to a process; without its input it ends."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
