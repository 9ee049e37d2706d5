"""Runs one after another in this process."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.compute.processes import is_first_process
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import RunTaken
from xlt_cli.launch.jobs import Outcome, PlannedRun, what_failed
from xlt_cli.launch.ledger import LEFT, Writer
from xlt_cli.launch.limits import OutOfTime
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create, planned
from xlt_cli.spec.resolution import reopen

if TYPE_CHECKING:
    from xlt_cli.compute.runtime import Runtime


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
    rows = RowStore()
    with terminated_as_interrupted():
        for job, count in zip(jobs, _counts(len(jobs)), strict=True):
            rows = rows.of_next_run()
            outcomes.append(Outcome(job, *_run(job, count, root, reporter, plain, restore, rows)))
    return outcomes


def run_sweep(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool,
    writer: Writer,
) -> list[Outcome]:
    """Runs jobs in order; a failure is said when it happens, and noted down.

    Returns:
        The outcomes of the jobs that were started: of all, unless one failed and it was not to
        `keep_going`, or there was no more time.
    """
    outcomes: list[Outcome] = []
    rows = RowStore()
    with terminated_as_interrupted(), contextlib.suppress(OutOfTime):
        for job, count in zip(jobs, _counts(len(jobs)), strict=True):
            run, rows = planned(root, job.spec, job.seed), rows.of_next_run()
            try:
                with noted(writer, job, run.name):
                    made = _run(job, count, root, reporter, plain, rows=rows)
            except RunTaken as error:
                reporter.say(f"{count}{run.name}: {error.what}; it is left to that process")
                outcomes.append(Outcome(job, run, [], error.what, taken=True))
            except Exception as error:
                reporter.warn(f"{run.name} failed: {what_failed(error)}")
                outcomes.append(Outcome(job, run, [], what_failed(error)))
                if not keep_going:
                    break
            else:
                outcomes.append(Outcome(job, *made))
    return outcomes


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
    except BaseException:
        ended("interrupted")
        raise
    ended("done")


def _counts(total: int) -> list[str]:
    """What stands before the title of each of several jobs."""
    return [f"[{number}/{total}] " if total > 1 else "" for number in range(1, total + 1)]


def _run(
    job: PlannedRun,
    count: str,
    root: Path,
    reporter: Reporter,
    plain: bool,
    restore: bool = False,
    rows: RowStore | None = None,
) -> tuple[Run, list[dict[str, Any]]]:
    """Performs a job; its run, and the results of its evaluations."""
    run, runtime = prepare(job, root, plain)
    reporter.say(f"{count}{job.title} -> {run.path}")
    return run, perform(job, run, runtime, reporter, restore, rows)


def prepare(job: PlannedRun, root: Path, plain: bool) -> tuple[Run, Runtime]:
    """Takes hold of the device, and makes the run's directory where it is not there."""
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
