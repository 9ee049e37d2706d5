"""What runs jobs elsewhere, as the dispatcher sees it: Slurm, or a cluster of Ray."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xlt_cli.api import Job


@dataclass(frozen=True)
class Standing:
    """What a queue says of a job.

    Attributes:
        state: `waits`, `runs`, `gone` (it has ended, and its records, which may come later, say
            what it came to), `lost` (it has ended without a result), `failed` (it could not be run,
            or was cancelled, and is not to be run again).
        why: the reason, if it is gone, lost or has failed.
    """

    state: str
    why: str = ""
    out_of_memory: bool = False


class Queue(ABC):
    """What runs jobs elsewhere.

    Attributes:
        slots: how many jobs may be in the queue at the same time.
        at_once: how many of them can be at work, so that a search is asked for further ones.
        shortest, longest: seconds between two questions about standings, while something happens
            and after a long time without.
        grace: seconds that a record may come later than the end of its job (NFS).
    """

    slots: int
    at_once: int
    shortest: ClassVar[float] = 0.5
    longest: ClassVar[float] = 30.0
    grace: ClassVar[float] = 60.0

    @abstractmethod
    def submit(self, jobs: Sequence[Job]) -> str:
        """Hands jobs over; returns what to tell the user of it, or nothing."""

    @abstractmethod
    def standings(self, numbers: Sequence[int]) -> Mapping[int, Standing]:
        """What is known of jobs by their numbers; one that is missing is not known now."""

    @abstractmethod
    def cancel(self, numbers: Sequence[int]) -> None:
        """Interrupts jobs, and takes back those that have not begun.

        It may be called again for the same jobs.
        """

    def end(self, numbers: Sequence[int]) -> None:  # noqa: B027  (not all can)
        """Ends jobs that an interruption has not ended."""


@dataclass
class Task:
    """A job that waits here, or is in the queue.

    Attributes:
        attempts: how often its process has begun, as far as the events say.
        begun: whether it is at work, as far as the events say.
        gone_since: when the queue was first heard to have no process of it any more.
        ended_since: when its exit code was first seen without its answer.
        not_before: when it may be handed over again.
    """

    job: Job
    attempts: int = 0
    begun: bool = False
    lost: int = 0
    taken: int = 0
    gone_since: float | None = None
    ended_since: float | None = None
    not_before: float = 0.0
