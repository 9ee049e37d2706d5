"""What submitit runs on the machine of a job."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xlt_launchers.carry import Carrier

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission


class Submitted:
    """Runs the command of a job; submitit stores it in a file and calls it on the machine."""

    def __init__(self, command: Sequence[str], log: str, answer: str) -> None:
        self.command, self.log, self.answer = tuple(command), log, answer

    def __call__(self) -> None:
        if "SLURM_JOB_ID" not in os.environ:
            self._carrier = Carrier()
            self._carrier.carry(self.command, self.log, self.answer, {})
            return
        # Slurm signals the command as well as this process: it need not be told of an interruption
        # at once, and must not end by the signal that says that its time is nearly over.
        self._carrier = Carrier(delay=1.0)
        command = ("/bin/sh", "-c", 'trap "" USR1 USR2; exec "$@"', "sh", *self.command)
        self._carrier.carry(command, self.log, self.answer, {"slurm": _name(os.environ)})

    def checkpoint(self) -> DelayedSubmission:
        """Stops the run when its time is nearly over; submitit then queues this again."""
        from submitit.helpers import DelayedSubmission

        self._carrier.stop()
        return DelayedSubmission(Submitted(self.command, self.log, self.answer))


def _name(environment: os._Environ[str]) -> str:
    """What squeue calls the job."""
    array, task = (environment.get(f"SLURM_ARRAY_{what}_ID") for what in ("JOB", "TASK"))
    return f"{array}_{task}" if array else environment["SLURM_JOB_ID"]
