"""The ledger of a sweep: what was planned, and each attempt at a run, as lines that are only added.

    RUNS/.ledger/NAME/WRITER.jsonl    NAME is that of the spec

Each process that starts runs writes a file of its own, to which no other process ever writes, so
that no lock is needed and no append has to be atomic, also on NFS: it suffices that a file that was
synced is seen by others that open it afterwards. A torn last line is dropped when it is read.

The ledger says what was tried and why it failed. Whether a run is done, its own directory says.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlt_cli.api import Event, Failed, JobEvent, Memory, Retried
from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import now

FOLDER = ".ledger"

NAMES = {"Finished": "done", "Waiting": "waits"}
"""What events are called; the others by their class, in small letters."""

PLANNED = "planned"
LEFT = "left"
"""Of an attempt: another process works on the run, which is left to it."""

STOPPED = "stopped early"
"""Of an attempt: a search has stopped it."""

ENDS = ("done", "failed", "interrupted", STOPPED, LEFT)


@dataclass
class Writer:
    """Adds lines to the ledgers of a runs directory, in files of this process's own."""

    root: Path
    _own: str = field(
        default_factory=lambda: f"{platform.node()}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
    )

    def add(self, name: str, line: Mapping[str, Any]) -> None:
        """Adds a line to the ledger of a spec's name, on the disk before this returns."""
        path = self.root / FOLDER / name / self._own
        with contextlib.suppress(OSError):  # a full disk: the runs themselves say so
            atomic.append_line(path, {"time": now(), **line})

    def note(self, planned: PlannedRun, run: str, event: str, **about: Any) -> None:
        """Adds what happened to a run."""
        line = {"event": event, "run": run, "point": planned.label, "seed": planned.seed}
        self.add(str(planned.spec.name), {**line, **about})

    def note_event(self, planned: PlannedRun, event: JobEvent, ended: str = "") -> None:
        """Adds an event of a launcher.

        Args:
            ended: what it is called instead, where the event does not say it: `LEFT`, `STOPPED`.
        """
        name = ended or _name(event)
        about = {"job": event.job.number, **_own(event), **event.about}
        self.note(planned, event.job.directory.name, name, **about)


@dataclass(frozen=True)
class Ledger:
    """What the ledger of a spec's name says.

    Attributes:
        plans: what was planned, the newest last.
        events: of each run, in order.
    """

    plans: Sequence[Mapping[str, Any]] = ()
    events: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, name: str) -> Ledger:
        """Reads all files of a ledger; there may be none."""
        lines = [
            line
            for path in sorted((root / FOLDER / name).glob("*.jsonl"))
            for line in atomic.read_lines(path)
            if isinstance(line, dict) and isinstance(line.get("time"), str)
        ]
        lines.sort(key=lambda line: line["time"])  # those of one writer stay in order
        events = defaultdict(list)
        for line in lines:
            if isinstance(line.get("run"), str):
                events[line["run"]].append(line)
        plans = [line for line in lines if line.get("event") == PLANNED]
        plans.sort(key=lambda line: line.get("number", 0))
        return cls(plans, dict(events))

    def last(self, run: str) -> Mapping[str, Any]:
        """The last event of a run that says how it stands; empty if nothing was tried."""
        of_run = self.events.get(run, ())
        standing = [line for line in of_run if line["event"] in (*ENDS[:-1], "started")]
        return standing[-1] if standing else {}

    def attempts(self, run: str) -> int:
        """How often a run was started, without the times when it was another process's."""
        names = [line["event"] for line in self.events.get(run, ())]
        return names.count("started") - names.count(LEFT)


class Ledgers(dict[str, Ledger]):
    """The ledgers of a runs directory by the names of specs; each is read when it is asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def __missing__(self, name: str) -> Ledger:
        self[name] = Ledger.read(self.root, name)
        return self[name]


def _name(event: Event) -> str:
    if isinstance(event, Retried) and event.out_of_memory:
        return "out of memory"
    return NAMES.get(type(event).__name__, type(event).__name__.lower())


def _own(event: JobEvent) -> dict[str, Any]:
    """The fields of an event, as JSON has them; without those that the launcher does not know."""
    own: dict[str, Any] = {}
    for each in dataclasses.fields(event):
        value = getattr(event, each.name)
        unknown = value is None or value == Memory()
        if unknown or each.name in ("job", "about", "again", "out_of_memory"):
            continue
        if each.name == "peak":
            own |= dataclasses.asdict(value)
        else:
            own["reason" if each.name == "why" else each.name] = value
    if isinstance(event, Failed) and event.out_of_memory:
        own["out_of_memory"] = True
    return own
