"""Runs made by a launcher, each in a process of its own.

The launcher gets a manifest of jobs. What each of them ends with is read from the answer that its
process leaves (`xlt run --answer`), in a folder beside the manifest that is removed at the end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from xlt_cli.api import Event, Failed, Finished, Job, JobEvent, Launcher
from xlt_cli.api import Manifest as JobsToRun
from xlt_cli.compute.devices import resolve_device
from xlt_cli.console.launching import Screen
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import EXIT_USER_ERROR, PluginError, RunError, UserError
from xlt_cli.launch import local, manifest, memory
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.ledger import Writer
from xlt_cli.launch.limits import OutOfTime
from xlt_cli.launch.manifest import Manifest
from xlt_cli.reports.selection import Selected, selected
from xlt_cli.reports.values import figure, over_seeds
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.holding import stale_after

LOG = "output.log"
"""In a run's directory: what its processes said, one after another."""

FOLDER = ".launching"
"""In the runs directory: the manifests of launchers that are at work."""


def run_jobs(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool = False,
    launcher: Launcher | None = None,
    offline: bool = False,
    writer: Writer | None = None,
) -> list[Outcome]:
    """Runs jobs by a launcher; without one, one after another in this process.

    A failure never ends the jobs at work; without `keep_going` no more are started.

    Args:
        writer: writes the ledger; None for one of this call.

    Returns:
        The outcomes of the jobs that were started: of all, unless one failed and it was not to
        `keep_going`, or there was no more time.

    Raises:
        UserError: a device is not there, a run's directory cannot be made, or processes are started
            already.
        KeyboardInterrupt: after all jobs have ended.
    """
    writer = writer or Writer(root)
    if launcher is None or not jobs:
        return local.run_sweep(jobs, root, reporter, keep_going, plain, writer)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UserError(
            "runs at once and several processes for one run exclude each other",
            "--jobs, --launcher",
            "omit torchrun or accelerate, or the option",
        )
    if launcher.on_this_machine:
        for device in {job.spec.device for job in jobs} - {"auto", "cpu"}:
            resolve_device(device)  # or each run would find out by itself
    screen = Screen(reporter, root, len(jobs))
    with local.terminated_as_interrupted(), _folder(root) as folder:
        path = folder / "manifest.json"
        content = manifest.write(path, jobs, root, plain=plain, offline=offline)
        to_run = _jobs(content, jobs, path)
        heard = _Listener(launcher, jobs, writer, screen)
        out_of_time = True
        with screen.shown(), contextlib.suppress(OutOfTime):
            launcher.launch(JobsToRun(path, content.runs, to_run, keep_going), heard)
            out_of_time = False
        outcomes = _outcomes(jobs, to_run, root, heard)
        failed = any(outcome.error and not outcome.taken for outcome in outcomes)
        if out_of_time or (failed and not keep_going):
            outcomes = [
                outcome
                for job, outcome in zip(to_run, outcomes, strict=True)
                if job.answer.exists() or job.number in heard.failed
            ]
        return outcomes


@contextlib.contextmanager
def _folder(root: Path) -> Iterator[Path]:
    """A folder of its own for the manifest and the answers; a kill leaves it behind."""
    try:
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=(root / FOLDER).absolute()))
    except OSError as error:
        raise RunError(
            f"cannot write into the runs directory: {error.strerror}", str(root)
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another launcher is at work
            (root / FOLDER).rmdir()


def _jobs(content: Manifest, jobs: Sequence[PlannedRun], path: Path) -> tuple[Job, ...]:
    """The manifest's jobs as a launcher sees them."""
    shapes = [memory.shape(job.spec) for job in jobs]
    measured = memory.measured(content.runs, set(shapes))
    run = (sys.executable, "-P", "-m", "xlt_cli", "run", str(path))
    made = []
    for number, entry in enumerate(content.jobs, start=1):
        planned, shape = jobs[number - 1], shapes[number - 1]
        directory, answer = content.runs / entry.run, path.parent / f"{number}.json"
        made.append(
            Job(
                number=number,
                id=entry.id,
                label=planned.label,
                seed=planned.seed,
                directory=directory,
                command=(*run, entry.id, "--answer", str(answer)),
                log=directory / LOG,
                answer=answer,
                device=planned.spec.device,
                shape=shape,
                memory=measured.get(shape, {}),
                silent_after=stale_after(),
            )
        )
    return tuple(made)


@dataclass
class _Listener:
    """Hears the launcher's events: shows them, notes them down, and keeps what has failed."""

    launcher: Launcher
    jobs: Sequence[PlannedRun]
    writer: Writer
    screen: Screen
    failed: dict[int, str] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    ended: list[tuple[PlannedRun, Selected]] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Event):
            raise PluginError(
                f"launcher '{self.launcher.name}' reported {event!r}; expected an event of "
                "xlt_cli.api"
            )
        taken = isinstance(event, Failed) and event.job.ended(EXIT_USER_ERROR).taken
        if isinstance(event, JobEvent):
            self.writer.note_event(self.jobs[event.job.number - 1], event, taken)
        if isinstance(event, Failed):
            event = _with_remedy(event)
            self.failed[event.job.number] = event.error
            if taken:
                self.taken.add(event.job.number)
        elif isinstance(event, Finished):
            planned = self.jobs[event.job.number - 1]
            with contextlib.suppress(UserError, OSError):
                dev = selected(Run(event.job.directory), planned.spec)
                self.ended += [(planned, dev)] if dev is not None and not dev.constant else []
                self.screen.best = _best(self.ended)
        self.screen.show(event, taken)


def _best(ended: Sequence[tuple[PlannedRun, Selected]]) -> str:
    """The run with the best score on dev; empty where they were selected on different rows."""
    kinds = {(dev.task, dev.split, *dev.languages, dev.metric) for _, dev in ended}
    if len(kinds) != 1:
        return ""
    planned, dev = max(
        ended, key=lambda one: -one[1].score if one[1].lower_is_better else one[1].score
    )
    score = over_seeds(dev.metric, [dev.score])
    return f"dev {figure(score) if score else ''} ({planned.title})"


def _with_remedy(event: Failed) -> Failed:
    if not event.out_of_memory:
        return event
    return replace(event, error=f"{event.error}\n  {memory.REMEDY}")


def _outcomes(
    jobs: Sequence[PlannedRun], to_run: Sequence[Job], root: Path, heard: _Listener
) -> list[Outcome]:
    """What became of the jobs, in their order."""
    outcomes = []
    for planned, job in zip(jobs, to_run, strict=True):
        run, answer = Run(root / job.directory.name), atomic.read_json(job.answer)
        if job.number in heard.failed:
            taken = job.number in heard.taken
            outcomes.append(Outcome(planned, run, [], heard.failed[job.number], taken))
        elif answer is not None:
            outcomes.append(Outcome(planned, run, answer["results"], answer["error"]))
        else:
            outcomes.append(Outcome(planned, run, [], "the launcher did not run it"))
    return outcomes
