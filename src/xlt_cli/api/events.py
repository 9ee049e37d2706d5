"""What a launcher tells while it works: to a terminal, to a file, to whoever listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xlt_cli.api.jobs import Job, Memory


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        about: what else the launcher knows of it, for the record (a process, a place); JSON values.
    """

    about: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class Stopping(Event):
    """The launcher was interrupted and waits for the end of its jobs."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class JobEvent(Event):
    """Something that happened to a job."""

    job: Job


@dataclass(frozen=True)
class Started(JobEvent):
    """A job has been started; `again` says of which kind a repeated start is."""

    again: str = ""


@dataclass(frozen=True)
class Waiting(JobEvent):
    """A job waits, for memory for instance."""

    why: str


@dataclass(frozen=True)
class Said(JobEvent):
    """A line of progress."""

    text: str


@dataclass(frozen=True)
class Interrupted(JobEvent):
    """A job was stopped with the launcher; the same command goes on with it."""


@dataclass(frozen=True)
class Finished(JobEvent):
    """A job is done, after so many seconds."""

    seconds: float | None = None
    peak: Memory = Memory()  # noqa: RUF009  (frozen)


@dataclass(frozen=True)
class Failed(JobEvent):
    """A job has failed, and is not started again."""

    error: str
    out_of_memory: bool = False
    seconds: float | None = None
    peak: Memory = Memory()  # noqa: RUF009  (frozen)


@dataclass(frozen=True)
class Retried(JobEvent):
    """An attempt has failed, and the job is to go on later from its last checkpoint."""

    error: str
    out_of_memory: bool = False
    seconds: float | None = None
    peak: Memory = Memory()  # noqa: RUF009  (frozen)
