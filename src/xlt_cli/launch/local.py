"""Runs one after another in this process."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import UserError
from xlt_cli.reports.selection import Selected, selected
from xlt_cli.runs.directory import Run, create
from xlt_cli.spec import ExperimentSpec


@dataclass(frozen=True)
class Job:
    """A spec and a seed, with the file and the overrides they come from."""

    spec: ExperimentSpec
    seed: int
    text: str
    overrides: list[str]
    label: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the results of its evaluations, or its error."""

    job: Job
    run: Run
    results: list[dict[str, Any]]
    error: str = ""

    @cached_property
    def dev(self) -> Selected | None:
        """What its training was selected by; None where it failed or there is no dev."""
        return None if self.error else selected(self.run, self.job.spec)


def run_jobs(
    jobs: Sequence[Job],
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
    from xlt_cli.launch.computing import start
    from xlt_cli.launch.pipeline import run_experiment

    outcomes = []
    with terminated_as_interrupted():
        for number, job in enumerate(jobs, start=1):
            runtime = start(job.spec.device, job.spec.precision, plain)
            if runtime.is_main:
                create(root, job.spec, job.seed, job.text, job.overrides)
            runtime.wait()  # the other processes find it made
            run = create(root, job.spec, job.seed, job.text, job.overrides)
            count = f"[{number}/{len(jobs)}] " if len(jobs) > 1 else ""
            reporter.say(f"{count}{job.label or 'run'} seed {job.seed} -> {run.path}")
            try:
                results = run_experiment(run, job.spec, runtime, reporter, restore)
            except Exception as error:
                if not keep_going:
                    raise
                reporter.warn(f"{run.name} failed: {what_failed(error)}")
                outcomes.append(Outcome(job, run, [], what_failed(error)))
            else:
                outcomes.append(Outcome(job, run, results))
    return outcomes


def what_failed(error: Exception) -> str:
    """An error in a line of a table."""
    what = error.what if isinstance(error, UserError) else str(error)
    return what or type(error).__name__


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
