"""Events that a launcher reports; they are shown on the terminal and written to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xlt_cli.api.jobs import Job, Memory


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        about: additional information for the ledger (a process, a machine), as JSON values.
    """

    about: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class Stopping(Event):
    """The launcher was interrupted and waits for its jobs to end."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Hint(Event):
    """Advice to the user that concerns no single job."""

    text: str


@dataclass(frozen=True)
class JobEvent(Event):
    """Something that happened to a job."""

    job: Job


@dataclass(frozen=True)
class Started(JobEvent):
    """A job has been started; for a repeated start, `again` states its kind."""

    again: str = ""


@dataclass(frozen=True)
class Waiting(JobEvent):
    """A job is waiting, for example for memory."""

    why: str


@dataclass(frozen=True)
class Said(JobEvent):
    """A line of progress."""

    text: str


@dataclass(frozen=True)
class Interrupted(JobEvent):
    """A job was stopped together with the launcher; the same command continues it."""


@dataclass(frozen=True)
class Finished(JobEvent):
    """A job is done; `seconds` is how long it took."""

    seconds: float | None = None
    peak: Memory = Memory()  # noqa: RUF009  (frozen)


@dataclass(frozen=True)
class Failed(JobEvent):
    """A job has failed and is not started again."""

    error: str
    out_of_memory: bool = False
    seconds: float | None = None
    peak: Memory = Memory()  # noqa: RUF009  (frozen)


@dataclass(frozen=True)
class Retried(JobEvent):
    """An attempt has failed, and the job will be continued from its last checkpoint."""

    error: str
    out_of_memory: bool = False
    seconds: float | None = None
    peak: Memory = Memory()  # noqa: RUF009  (frozen)
