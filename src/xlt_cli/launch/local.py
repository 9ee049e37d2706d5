"""Runs one after another in this process."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.console.progress import Reporter
from xlt_cli.launch.jobs import Outcome, PlannedRun, what_failed
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create
from xlt_cli.spec.resolution import reopen

if TYPE_CHECKING:
    from xlt_cli.compute.runtime import Runtime


def run_jobs(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool = False,
    restore: bool = False,
) -> list[Outcome]:
    """Runs jobs in order; an error is said when it happens. `plain` turns the fast path off.

    With `restore`, runs whose weights were pruned are trained again.

    Raises:
        Whatever a job raises, unless `keep_going`; an interruption always.
    """
    outcomes = []
    with terminated_as_interrupted():
        for number, job in enumerate(jobs, start=1):
            run, runtime = prepare(job, root, plain)
            count = f"[{number}/{len(jobs)}] " if len(jobs) > 1 else ""
            reporter.say(f"{count}{job.title} -> {run.path}")
            try:
                results = perform(job, run, runtime, reporter, restore)
            except Exception as error:
                if not keep_going:
                    raise
                reporter.warn(f"{run.name} failed: {what_failed(error)}")
                outcomes.append(Outcome(job, run, [], what_failed(error)))
            else:
                outcomes.append(Outcome(job, run, results))
    return outcomes


def prepare(job: PlannedRun, root: Path, plain: bool) -> tuple[Run, Runtime]:
    """Takes hold of the device, and makes the run's directory where it is not there."""
    from xlt_cli.launch.computing import start

    runtime = start(job.spec.device, job.spec.precision, plain)
    if runtime.is_main:
        create(root, job.spec, job.seed, job.text, job.overrides)
    runtime.wait()  # the other processes find it made
    return create(root, job.spec, job.seed, job.text, job.overrides), runtime


def perform(
    job: PlannedRun, run: Run, runtime: Runtime, reporter: Reporter, restore: bool = False
) -> list[dict[str, Any]]:
    """Trains and evaluates one run; returns the results of its evaluations."""
    from xlt_cli.launch.pipeline import run_experiment

    return run_experiment(run, reopen(job.spec), runtime, reporter, restore)


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
