"""Jobs that a queue runs elsewhere: handing them over, hearing of them, handing them over again.

What a job has come to is read from the records that its process leaves (`carry`). The queue is
asked only what no record says: that a job was cancelled, or has ended without a record because its
machine is lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Interrupted,
    Manifest,
    Retried,
    Said,
    Started,
    Stopping,
)
from xlt_launchers.carry import BEGAN, ENDED, record
from xlt_launchers.queue import Queue, Standing, Task

MOST_LOST = 3
"""How often a job that has ended without a result is handed over again before it fails."""

MOST_TAKEN = 30
"""How often one whose former process still works on the run is handed over again."""

TAKEN_PAUSE = 10.0
"""Seconds between two of these times."""

PATIENCE = 60.0
"""Seconds that interrupted jobs have to end by themselves."""


STOPPED = "its process was stopped: it was preempted, out of time, or its machine was lost"


class Dispatcher:
    """The jobs that wait here and those in the queue."""

    def __init__(self, manifest: Manifest, queue: Queue, tell: Callable[[Event], None]) -> None:
        self.queue, self.tell = queue, tell
        self.keep_going, self.further = manifest.keep_going, manifest.further
        self.waiting = {job.number: Task(job) for job in manifest.jobs}
        self.out: dict[int, Task] = {}
        self.over = False
        self._asked, self._every = 0.0, queue.shortest

    def work(self) -> None:
        """Runs all jobs; after a failure no more are started, unless it is to keep going."""
        pause = 0.02
        while True:
            self._hand_over()
            if not self.out and not self.waiting:
                return
            if self._read_records() | self._ask_queue():
                pause, self._every = 0.02, self.queue.shortest
            else:
                time.sleep(pause)
                pause = min(1.5 * pause, self.queue.shortest)

    def stop(self) -> None:
        """Interrupts what is in the queue and waits for its end; a second Ctrl-C does not wait."""
        if not self.out:
            return
        try:
            self._read_records()
            begun = tuple(task.job for task in self.out.values() if task.begun)
            if begun:
                self.tell(Stopping(begun))
            end, again = time.monotonic() + PATIENCE, 0.0
            left = list(self.out)
            while left and time.monotonic() < end:
                if time.monotonic() >= again:
                    self.queue.cancel(left)
                    again = time.monotonic() + 2.0
                standings = self.queue.standings(left)
                left = [n for n in left if standings.get(n, _RUNS).state in ("waits", "runs")]
                time.sleep(0.1 if left else 0.0)
            self.queue.end(left)
        finally:
            for task in self.out.values():
                if task.begun:
                    self.tell(Interrupted(task.job))
            self.out.clear()

    # -------------------------------------------------------------------- handing over

    def _hand_over(self) -> None:
        """Hands over what there are slots for; jobs of one directory one after another."""
        free = self.queue.at_once - len(self.out) - len(self.waiting)
        if free > 0 and not self.over:
            self.waiting |= {job.number: Task(job) for job in self.further(free)}
        busy = {task.job.directory for task in self.out.values()}
        now, chosen = time.monotonic(), list[Task]()
        for task in self.waiting.values():
            if len(self.out) + len(chosen) >= self.queue.slots:
                break
            if task.job.directory not in busy and task.not_before <= now:
                busy.add(task.job.directory)
                chosen.append(task)
        for task in chosen:
            del self.waiting[task.job.number]
            task.gone_since = None
            self.out[task.job.number] = task  # before it is: an interruption takes it back
        if chosen:
            said = self.queue.submit([task.job for task in chosen])
            if said:
                self.tell(Said(chosen[0].job, said))
            self._asked = time.monotonic()

    # -------------------------------------------------------------------------- hearing

    def _read_records(self) -> bool:
        """Tells what new records say; whether there are any."""
        names = self._names()
        heard = self._read_beginnings(names)
        for task in list(self.out.values()):
            place = record(task.job.answer, ENDED, task.attempts)
            if not task.begun or place.name not in names[place.parent]:
                continue
            content = _read(place)
            if content and self._has_answered(task, content["code"], names[place.parent]):
                heard = True
                self._settle(task, content["code"], content["seconds"])
        return heard

    def _has_answered(self, task: Task, code: int, names: set[str]) -> bool:
        """Whether a command that has ended has left its answer, or will not do so any more.

        On NFS the answer may be seen later than the exit code.
        """
        if task.job.answer.name in names or code not in (0, 1, 2):
            return True
        task.ended_since = task.ended_since or time.monotonic()
        return time.monotonic() >= task.ended_since + self.queue.grace

    def _read_beginnings(self, names: Mapping[Path, set[str]]) -> bool:
        """Tells which jobs have begun; whether there are any."""
        heard = False
        for task in self.out.values():
            place = record(task.job.answer, BEGAN, task.attempts + 1)
            while place.name in names[place.parent]:
                heard = True
                if task.begun:
                    self.tell(Retried(task.job, STOPPED))
                task.attempts += 1
                task.begun, task.gone_since, task.ended_since = True, None, None
                again = "again" if task.attempts > 1 else ""
                self.tell(Started(task.job, again, about=_read(place) or {}))
                place = record(task.job.answer, BEGAN, task.attempts + 1)
        return heard

    def _names(self) -> dict[Path, set[str]]:
        """The files of the folders of records; one listing costs less than many looks."""
        return {
            folder: _names(folder) for folder in {t.job.answer.parent for t in self.out.values()}
        }

    def _ask_queue(self) -> bool:
        """Asks the queue, now and then; whether anything was new."""
        if not self.out or time.monotonic() < self._asked + self._every:
            return False
        attempts = {number: task.attempts for number, task in self.out.items()}
        standings = self.queue.standings(list(self.out))
        self._asked = time.monotonic()
        self._every = min(1.5 * self._every, self.queue.longest)
        heard = self._read_records()
        for number, standing in standings.items():
            # What was said of one that has begun in the meantime is not true any more.
            if number in self.out and self.out[number].attempts == attempts[number]:
                heard |= self._hear(self.out[number], standing)
        return heard

    def _hear(self, task: Task, standing: Standing) -> bool:
        """Acts on what the queue says of a job; whether it was new."""
        if standing.state == "waits" and task.begun:
            task.begun = False
            self.tell(Retried(task.job, standing.why or STOPPED))
            return True
        if standing.state in ("waits", "runs"):
            task.gone_since = None
            return False
        task.gone_since = task.gone_since or time.monotonic()
        if standing.state == "gone" and time.monotonic() < task.gone_since + self.queue.grace:
            self._every = self.queue.shortest  # its record may be on its way
            return False
        if standing.state == "failed":
            self._fail(task, standing.why, standing.out_of_memory)
        else:
            self._again(task, standing.why)
        return True

    def _settle(self, task: Task, code: int, seconds: float) -> None:
        """Tells what a job ended with."""
        job, ended = task.job, task.job.ended(code)
        if not ended.error:
            del self.out[job.number]
            self._forget(task)
            self.tell(Finished(job, seconds, ended.peak))
        elif ended.taken and task.attempts > 1 and task.taken < MOST_TAKEN:
            task.taken += 1
            self._put_back(task, ended.error, TAKEN_PAUSE)
        else:
            self._fail(
                task,
                ended.error,
                ended.out_of_memory,
                ended.taken,
                seconds=seconds,
                peak=ended.peak,
            )

    def _again(self, task: Task, why: str) -> None:
        """Hands a job over again that has ended without a result, if it was not lost too often."""
        task.lost += 1
        if task.lost > MOST_LOST:
            self._fail(task, why)
        else:
            self._put_back(task, why)

    def _put_back(self, task: Task, why: str, pause: float = 0.0) -> None:
        """Lets a job wait here once more."""
        del self.out[task.job.number]
        if self.over:
            return
        if task.begun:
            self.tell(Retried(task.job, why))
        task.begun, task.not_before = False, time.monotonic() + pause
        self.waiting[task.job.number] = task

    def _fail(
        self, task: Task, error: str, short: bool = False, taken: bool = False, **more: Any
    ) -> None:
        """Tells of a failure; takes everything back that has not begun if it is to stop."""
        del self.out[task.job.number]
        if not (self.keep_going or taken or self.over):
            self.over = True
            self.waiting.clear()
            self._withdraw()
        self._forget(task)
        self.tell(Failed(task.job, error, short, **more))

    def _withdraw(self) -> None:
        """Takes back the jobs that have not begun; one that begins in the meantime is told of."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._read_beginnings(self._names())
            numbers = [number for number, task in self.out.items() if not task.begun]
            if not numbers:
                return
            standings = self.queue.standings(numbers)
            states = {number: standings.get(number, _RUNS).state for number in numbers}
            self.queue.cancel([number for number in numbers if states[number] == "waits"])
            self._read_beginnings(self._names())
            for number in numbers:
                if states[number] in ("gone", "lost", "failed") and not self.out[number].begun:
                    del self.out[number]
            time.sleep(0.05)

    def _forget(self, task: Task) -> None:
        """Removes the records of a job that has ended: there may be thousands."""
        for attempt in range(1, task.attempts + 1):
            for what in (BEGAN, ENDED):
                with contextlib.suppress(OSError):
                    record(task.job.answer, what, attempt).unlink(missing_ok=True)


_RUNS = Standing("runs")


def _names(folder: Path) -> set[str]:
    with contextlib.suppress(OSError):
        return set(os.listdir(folder))
    return set()


def _read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(path.read_text("utf-8"))
        return content if isinstance(content, dict) else None
    return None
