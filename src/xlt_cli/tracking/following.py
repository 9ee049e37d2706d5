"""Copying a run's records to trackers as they are written, each of them once.

RUN/trackers.json says of each tracker what it calls the run and how many records of each stage it
has. A stage that goes on from a checkpoint writes records again; those are not sent again. The
number is kept before a record is sent, so that after a kill a point may be missing, and none is
there twice.
"""

from __future__ import annotations

import contextlib
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from xlt_cli.errors import UserError
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.tracking.choice import chosen
from xlt_cli.tracking.opening import new_id, opened, settings_of

FILE = "trackers.json"
_ABOUT = ("kind", "stage", "step", "language", "averaged", "constant")
_NAME = re.compile(r"[^\w\-./ :]")
"""What not all trackers take in a name."""


@dataclass
class Follower:
    """The trackers of one run at work.

    Attributes:
        sent: of each tracker: `id`, and `records` by stage.
        seen: records of each stage that have been written, as far as it is known.
    """

    run: Run
    warn: Callable[[str], None]
    trackers: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)

    def start(self, names: Sequence[str]) -> None:
        """Opens trackers, and sends what they lack; those that do not open are left out."""
        self.sent = atomic.read_json(self.run.path / FILE) or {}
        for name in names:
            self._guarded(name, partial(self._open, name))
        self._catch_up()

    def record(self, record: Mapping[str, Any]) -> None:
        """Sends a record of training, which was just written, to the trackers that lack it."""
        if self.trackers:
            with self._stopping_nothing():
                self._record(record)

    def results(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Sends the figures of evaluations, and records of stages that others have trained."""
        if self.trackers:
            with self._stopping_nothing():
                self._catch_up()
                self._results(results)

    def _catch_up(self) -> None:
        self.seen.clear()
        for record in self.run.curve if self.trackers else ():
            self._record(record)
        self.seen.clear()

    def _record(self, record: Mapping[str, Any]) -> None:
        stage = int(record["stage"])
        if stage not in self.seen:
            self.seen[stage] = self._place(stage, record)
        self.seen[stage] += 1
        values, step = _values(record), self._before(stage) + int(record["step"])
        for name in list(self.trackers):
            records = self.sent[name]["records"]
            if records.get(str(stage), 0) < self.seen[stage]:
                records[str(stage)] = self.seen[stage]
                self._guarded(name, partial(self._send, name, values, step))

    def _results(self, results: Sequence[Mapping[str, Any]]) -> None:
        values: dict[str, float] = {}
        for result in results:
            test = f"{result['task']}-{result['split']}"
            for language, figures in result["languages"].items():
                values |= _figures(f"{test}/{language}", figures)
            for group, figures in result["averages"].items():
                values |= _figures(f"{test}/average-{group}", figures)
        step = self._before(len(self.run.spec.stages))
        for name in list(self.trackers):
            if values and not self.sent[name].get("results"):
                self.sent[name]["results"] = True
                self._guarded(name, partial(self._send, name, values, step))

    def finish(self) -> None:
        """Closes the trackers."""
        for name in list(self.trackers):
            self._guarded(name, self.trackers[name].finish)

    def _open(self, name: str) -> None:
        known = self.sent.get(name, {})
        tracker, key = opened(name, self.run, known.get("id") or new_id(name), bool(known))
        self.trackers[name] = tracker
        if not known:
            self.sent[name] = {"id": key, "records": {}}
            if name == "tensorboard":
                tracker.log({"settings": _as_table(settings_of(self.run))}, step=0)
            else:
                tracker.store_init_configuration(settings_of(self.run))
            self._keep()

    def _send(self, name: str, values: dict[str, float], step: int) -> None:
        self._keep()
        self.trackers[name].log(values, step=step)

    def _keep(self) -> None:
        atomic.write_json(self.run.path / FILE, self.sent)

    def _guarded(self, name: str, call: Callable[[], Any]) -> None:
        """Calls a tracker; one that fails is not called again. What it prints goes to stderr."""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                call()
        except Exception as error:
            said = (str(error).strip().splitlines() or [""])[0]
            self.trackers.pop(name, None)
            self.warn(
                f"the tracker '{name}' failed and is left out; the run goes on without it: "
                f"{type(error).__name__}: {said}"
            )

    @contextlib.contextmanager
    def _stopping_nothing(self) -> Iterator[None]:
        """Gives all trackers up where what is sent cannot be read."""
        try:
            yield
        except Exception as error:
            self.trackers.clear()
            self.warn(f"trackers are left out from here on: {type(error).__name__}: {error}")

    def _place(self, stage: int, record: Mapping[str, Any]) -> int:
        """How many records of a stage stand in its file before this one."""
        return [each for each in self.run.curve if each["stage"] == stage].index(dict(record))

    def _before(self, stage: int) -> int:
        """Updates of the stages before one."""
        results = (
            atomic.read_json(self.run.stage(index) / "result.json") or {} for index in range(stage)
        )
        return sum(int(result.get("steps", 0)) for result in results)


@contextlib.contextmanager
def following(run: Run, is_main: bool, warn: Callable[[str], None]) -> Iterator[Follower]:
    """Follows a run with the trackers of this process, until the block ends.

    A tracker that is unknown or not installed is said here, and stops nothing; commands refuse it.
    """
    follower, names = Follower(run, warn), list[str]()
    try:
        names = chosen() if is_main else []
    except UserError as error:
        warn(f"{error.what}: the run goes on without trackers ({error.hint})")
    if names:
        with follower._stopping_nothing():
            follower.start(names)
    try:
        yield follower
    finally:
        follower.finish()


def _values(record: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a record by their names: `train/loss`, `dev/en/accuracy`."""
    kind = record["kind"]
    begin = f"dev/{record['language']}" if kind == "dev" else str(kind)
    values = {
        _name(f"{begin}/{name}"): float(value)
        for name, value in record.items()
        if name not in _ABOUT and isinstance(value, int | float) and math.isfinite(value)
    }
    return {**values, "stage": float(record["stage"] + 1)}


def _figures(begin: str, figures: Mapping[str, Any]) -> dict[str, float]:
    return {
        _name(f"test/{begin}/{name}"): float(found["value"])
        for name, found in figures.items()
        if isinstance(found, dict) and math.isfinite(found.get("value", math.nan))
    }


def _name(name: str) -> str:
    return _NAME.sub("-", name)


def _as_table(settings: Mapping[str, Any]) -> str:
    rows = [f"| {name} | {value} |" for name, value in settings.items()]
    return "\n".join(["| setting | value |", "| --- | --- |", *rows])
