"""What a launcher does, on the screen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Hint,
    Interrupted,
    Job,
    JobEvent,
    Retried,
    Said,
    Started,
    Stopping,
    Waiting,
)
from xlt_cli.console.progress import Bar, Reporter


class Screen:
    """Shows events: a line for each, and a bar over the jobs.

    Args:
        root: the runs directory, as the user wrote it.

    Attributes:
        best: the best run so far, in words; empty where none has ended or they cannot be compared.
    """

    def __init__(self, reporter: Reporter, root: Path, count: int) -> None:
        self.reporter, self.root, self.count = reporter, root, count
        self.best = ""
        self._running: dict[int, Job] = {}
        self._failed = 0
        self._bar = Bar()

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """The bar, for as long as jobs are at work."""
        with self.reporter.bar("runs", self.count, "runs") as self._bar:
            yield

    def show(self, event: Event, how: str = "", taken: bool = False) -> None:
        """Says one event.

        Args:
            how: a job has ended; default: done.
            taken: it says that a job has failed, because another process works on its run.
        """
        if isinstance(event, Stopping):
            self.reporter.say(f"interrupting {len(event.jobs)} runs ...")
        elif isinstance(event, Hint):
            self.reporter.warn(event.text)
        elif isinstance(event, JobEvent):
            name = event.job.directory.name
            if taken and isinstance(event, Failed):
                self.reporter.say(f"{name}: {event.error}; it is left to that process")
            else:
                self._say(event, event.job, name, how or "done")
            self._move(event)

    def _say(self, event: JobEvent, job: Job, run: str, how: str) -> None:
        count = f"[{job.number}/{self.count}]"
        title = f"{job.label or 'run'} seed {job.seed}"
        match event:
            case Started():
                again = f" ({event.again})" if event.again else ""
                self.reporter.say(f"{count} {title} -> {self.root / run}{again}")
            case Waiting():
                self.reporter.say(f"{count} {title} waits: {event.why}")
            case Said():
                self.reporter.say(f"{count} {run}: {event.text}")
            case Finished():
                took = f", {event.seconds:,.0f} s" if event.seconds is not None else ""
                self.reporter.say(f"{count} {run}: {how}{took}")
            case Retried():
                how = "ran out of memory" if event.out_of_memory else "failed"
                self.reporter.warn(f"{run} {how} and will be continued later: {event.error}")
            case Failed():
                log = self.root / run / job.log.name
                said = f"\n  its output: {log}" if job.log.exists() else ""
                self.reporter.warn(f"{run} failed: {event.error}{said}")

    def _move(self, event: JobEvent) -> None:
        """Moves the bar."""
        number = event.job.number
        if isinstance(event, Started):
            self._running[number] = event.job
        elif isinstance(event, Finished | Failed | Retried | Interrupted):
            self._running.pop(number, None)
        self._failed += isinstance(event, Failed)
        if isinstance(event, Started | Finished | Failed):
            self._bar.advance(0 if isinstance(event, Started) else 1, 0, self._note)

    def _note(self) -> str:
        """The jobs at work, failures, the best run so far and the memory of GPUs in use."""
        jobs = list(self._running.values())  # the screen is drawn by a thread of its own
        parts = [f"running {', '.join(str(job.number) for job in jobs) or 'none'}"]
        parts += [f"{self._failed} failed"] if self._failed else []
        parts += [f"best {self.best}"] if self.best else []
        uses = [use.gpu for job in jobs if (use := job.use()) is not None]
        parts += [f"{sum(uses) / 10**9:.1f} GB of GPUs"] if any(uses) else []
        return "; ".join(parts)
