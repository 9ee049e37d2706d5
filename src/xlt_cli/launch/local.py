"""Runs one after another in this process."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli import between_runs
from xlt_cli.compute.importing import importing
from xlt_cli.compute.processes import is_first_process
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import RunTaken
from xlt_cli.launch.finished import FinishedRuns
from xlt_cli.launch.jobs import Further, Outcome, PlannedRun, what_failed
from xlt_cli.launch.ledger import LEFT, STOPPED, Writer
from xlt_cli.launch.limits import OutOfTime, StoppedEarly
from xlt_cli.launch.upcoming import Upcoming
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create, planned
from xlt_cli.spec.resolution import reopen

if TYPE_CHECKING:
    from xlt_cli.compute.runtime import Runtime

LOOKS = 0.5
"""Seconds between two questions which runs a search stops."""


def run_jobs(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    plain: bool = False,
    restore: bool = False,
) -> list[Outcome]:
    """Runs jobs in order. `plain` turns the fast path off.

    With `restore`, runs whose weights were pruned are trained again.

    Raises:
        Whatever a job raises.
    """
    outcomes: list[Outcome] = []
    maker = _Maker(root, reporter, plain, restore)
    with terminated_as_interrupted(), _keeping_for(len(jobs)):
        for job, count in zip(jobs, counts(len(jobs)), strict=True):
            outcomes.append(Outcome(job, *maker.make(job, count)))
    return outcomes


def run_sweep(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool,
    writer: Writer,
    more: Further | None = None,
) -> list[Outcome]:
    """Runs jobs in order; a failure is said when it happens, and noted down.

    Args:
        more: gives further jobs after these, one at a time, and is told what becomes of them.

    Returns:
        The outcomes of the jobs that were started: of all, unless one failed and it was not to
        `keep_going`, or there was no more time.
    """
    outcomes: list[Outcome] = []
    maker = _Maker(root, reporter, plain)
    total = len(jobs) + (more.total if more else 0)
    upcoming = None if more else Upcoming(jobs, root)  # a search may go on from any stage
    with terminated_as_interrupted(), contextlib.suppress(OutOfTime), _keeping_for(total):
        for number, job in enumerate(_every(jobs, more), start=1):
            count = f"[{number}/{max(number, total)}] " if total > 1 else ""
            outcome = _attempt(job, count, maker, writer, more)
            outcomes.append(outcome)
            if more is not None:
                more.ended(outcome)
            if upcoming is not None and not outcome.error:
                upcoming.ended(job)
            if outcome.error and not outcome.taken and not keep_going:
                break
    return outcomes


def _keeping_for(runs: int) -> contextlib.AbstractContextManager[None]:
    """What runs share is kept where there are several."""
    return between_runs.keeping() if runs > 1 else contextlib.nullcontext()


def _every(jobs: Sequence[PlannedRun], more: Further | None) -> Iterator[PlannedRun]:
    """The jobs, then further ones as long as there are any."""
    yield from jobs
    while more is not None and (further := more.next(1)):
        yield from further


def _attempt(
    job: PlannedRun,
    count: str,
    maker: _Maker,
    writer: Writer,
    more: Further | None,
) -> Outcome:
    """What becomes of a job; a failure is said."""
    reporter = maker.reporter
    known = maker.read_again(job, count)
    if known is not None:  # nothing is started that could be noted down
        return Outcome(job, *known)
    run = planned(maker.root, job.spec, job.seed)
    try:
        with stopped_early(job, more), noted(writer, job, run.name):
            return Outcome(job, *maker.look_or_make(job, count))
    except RunTaken as error:
        reporter.say(f"{count}{run.name}: {error.what}; it is left to that process")
        return Outcome(job, run, [], error.what, taken=True)
    except StoppedEarly:
        reporter.say(f"{count}{run.name}: stopped early")
        return Outcome(job, run, [], stopped=True)
    except Exception as error:
        reporter.warn(f"{run.name} failed: {what_failed(error)}")
        return Outcome(job, run, [], what_failed(error))


@contextlib.contextmanager
def stopped_early(job: PlannedRun, more: Further | None) -> Iterator[None]:
    """Raises StoppedEarly in the block when a search stops the run that this process makes."""
    if more is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: object) -> None:
        raise StoppedEarly("by a search")

    def ask(run: PlannedRun) -> None:
        if run is job:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with asking_to_stop(more, ask):
            yield
    finally:
        signal.signal(signal.SIGUSR1, before)


@contextlib.contextmanager
def asking_to_stop(more: Further, ask: Callable[[PlannedRun], None]) -> Iterator[None]:
    """Calls `ask` with runs that a search stops, from a thread, as long as the block lasts."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOKS):
            for run in more.to_stop():
                if not over.is_set():
                    ask(run)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def noted(writer: Writer, job: PlannedRun, run: str) -> Iterator[None]:
    """Notes down that a run is started, and how it ends."""
    if not is_first_process():
        yield
        return
    writer.note(job, run, "started", pid=os.getpid(), host=platform.node())
    began = time.monotonic()

    def ended(event: str, **about: str) -> None:
        writer.note(job, run, event, seconds=round(time.monotonic() - began, 1), **about)

    try:
        yield
    except Exception as error:
        ended(LEFT if isinstance(error, RunTaken) else "failed", error=what_failed(error))
        raise
    except BaseException as error:
        ended(STOPPED if isinstance(error, StoppedEarly) else "interrupted")
        raise
    ended("done")


def counts(total: int) -> list[str]:
    """What stands before the title of each of several jobs."""
    return [f"[{number}/{total}] " if total > 1 else "" for number in range(1, total + 1)]


class _Maker:
    """Makes the runs of a command, one after another; each can use rows that the one before it has
    loaded."""

    def __init__(self, root: Path, reporter: Reporter, plain: bool, restore: bool = False) -> None:
        self.root, self.reporter = root, reporter
        self.plain, self.restore = plain, restore
        self._rows, self._finished = RowStore(), FinishedRuns(root)

    def make(self, job: PlannedRun, count: str) -> tuple[Run, list[dict[str, Any]]]:
        """Performs a job; its run, and the results of its evaluations."""
        return self.read_again(job, count) or self.look_or_make(job, count)

    def read_again(self, job: PlannedRun, count: str) -> tuple[Run, list[dict[str, Any]]] | None:
        """The same of a run that was done before and has not changed since."""
        if self.restore:
            return None
        return read_again(self._finished, job, self.reporter, count)

    def look_or_make(self, job: PlannedRun, count: str) -> tuple[Run, list[dict[str, Any]]]:
        """The same of any other run."""
        run, runtime = prepare(job, self.root, self.plain)
        self.reporter.say(f"{count}{job.title} -> {run.path}")
        self._rows = self._rows.of_next_run()
        with self._finished.looking_at(job, run) as given:
            results = perform(job, run, runtime, self.reporter, self.restore, self._rows)
            given.append(results)
        return run, results


def read_again(
    finished: FinishedRuns, job: PlannedRun, reporter: Reporter, count: str = ""
) -> tuple[Run, list[dict[str, Any]]] | None:
    """A run that was done before and has not changed since, and its results; says what making it
    would say."""
    known = finished.read(job)
    if known is not None:
        run = known[0]
        reporter.say(f"{count}{job.title} -> {run.path}")
        reporter.say(f"{run.name}: done before")
    return known


def prepare(job: PlannedRun, root: Path, plain: bool) -> tuple[Run, Runtime]:
    """Takes hold of the device, and makes the run's directory where it is not there."""
    with importing():  # here rather than in `perform`, which holds the rows
        from xlt_cli.launch import pipeline  # noqa: F401
        from xlt_cli.launch.computing import start

        runtime = start(job.spec.device, job.spec.precision, plain)
    if runtime.is_main:
        create(root, job.spec, job.seed, job.text, job.overrides)
    runtime.wait()  # the other processes find it made
    return create(root, job.spec, job.seed, job.text, job.overrides), runtime


def perform(
    job: PlannedRun,
    run: Run,
    runtime: Runtime,
    reporter: Reporter,
    restore: bool = False,
    rows: RowStore | None = None,
) -> list[dict[str, Any]]:
    """Trains and evaluates one run; returns the results of its evaluations.

    Args:
        rows: where its rows are loaded to; a new store by default.
    """
    from xlt_cli.launch.pipeline import run_experiment

    return run_experiment(run, reopen(job.spec), runtime, reporter, restore, rows)


@contextlib.contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """A polite kill (Slurm, docker stop) leaves the run as Ctrl-C does: cancelled, resumable."""

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
