"""The events of a launcher as JSON lines: `jobs.jsonl` in the runs directory."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xlt_cli.api import Event, Failed, JobEvent, Memory, Retried
from xlt_cli.runs import atomic

FILE = "jobs.jsonl"

NAMES = {"Finished": "done", "Waiting": "waits"}
"""What events are called; the others by their class, in small letters."""


def append(root: Path, event: Event) -> None:
    """Notes down an event of a job."""
    if not isinstance(event, JobEvent):
        return
    job = event.job
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event": _name(event),
        "run": job.directory.name,
        "job": job.number,
        "point": job.label,
        "seed": job.seed,
    }
    with contextlib.suppress(OSError):  # a full disk: the runs themselves say so
        atomic.append_line(root / FILE, {**line, **_own(event), **event.about})


def _name(event: JobEvent) -> str:
    if isinstance(event, Failed | Retried) and event.out_of_memory:
        return "out of memory"
    return NAMES.get(type(event).__name__, type(event).__name__.lower())


def _own(event: JobEvent) -> dict[str, Any]:
    """The fields of an event, as JSON has them; without those that the launcher does not know."""
    own: dict[str, Any] = {}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        unknown = value is None or value == Memory()
        if unknown or field.name in ("job", "about", "again", "out_of_memory"):
            continue
        if field.name == "peak":
            own |= dataclasses.asdict(value)
        else:
            own["reason" if field.name == "why" else field.name] = value
    return own
