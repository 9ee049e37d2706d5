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
from xlt_cli.launch import local, manifest, memory, serving
from xlt_cli.launch.answers import stop_file
from xlt_cli.launch.finished import FinishedRuns
from xlt_cli.launch.jobs import Further, Outcome, PlannedRun
from xlt_cli.launch.ledger import LEFT, STOPPED, Writer
from xlt_cli.launch.limits import OutOfTime
from xlt_cli.launch.manifest import Manifest
from xlt_cli.launch.upcoming import Upcoming
from xlt_cli.reports.selection import Selected, selected
from xlt_cli.reports.values import figure, over_seeds
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.holding import stale_after
from xlt_cli.spec import ExperimentSpec

LOG = "output.log"
"""In a run's directory: what its processes said, one after another."""

FOLDER = ".launching"
"""In the runs directory: the manifests of launchers that are at work."""

XLT = (sys.executable, "-P", "-m", "xlt_cli")
"""The command line, whatever the working directory holds."""


def run_jobs(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool = False,
    launcher: Launcher | None = None,
    offline: bool = False,
    writer: Writer | None = None,
    more: Further | None = None,
) -> list[Outcome]:
    """Runs jobs by a launcher; without one, one after another in this process.

    A failure never ends the jobs at work; without `keep_going` no more are started.

    Args:
        writer: writes the ledger; None for one of this call.
        more: gives further jobs while these are at work, and is told what becomes of them.

    Returns:
        The outcomes of the jobs that were started: of all, unless one failed and it was not to
        `keep_going`, or there was no more time.

    Raises:
        UserError: a device is not there, a run's directory cannot be made, or processes are started
            already.
        KeyboardInterrupt: after all jobs have ended.
    """
    writer = writer or Writer(root)
    if launcher is None or not (jobs or more):
        return local.run_sweep(jobs, root, reporter, keep_going, plain, writer, more)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UserError(
            "runs at once and several processes for one run exclude each other",
            "--jobs, --launcher",
            "omit torchrun or accelerate, or the option",
        )
    check_devices(launcher, [job.spec for job in jobs])
    done = _done_before(jobs, root, reporter)
    if more is not None:
        for outcome in done.values():
            more.ended(outcome)
    left = [job for job in jobs if id(job) not in done]
    made: list[Outcome] = []
    if left or more is not None:
        made = _launched(left, root, reporter, keep_going, plain, launcher, offline, writer, more)
    outcomes = done | {id(outcome.job): outcome for outcome in made}
    asked = {id(job) for job in jobs}
    further = [outcome for outcome in made if id(outcome.job) not in asked]
    return [outcomes[number] for number in map(id, jobs) if number in outcomes] + further


def _done_before(jobs: Sequence[PlannedRun], root: Path, reporter: Reporter) -> dict[int, Outcome]:
    """The outcomes of jobs whose runs were done before and have not changed since, by `id`.

    Reading one takes milliseconds, starting a process for it some seconds.
    """
    finished, done = FinishedRuns(root), {}
    for job, count in zip(jobs, local.counts(len(jobs)), strict=True):
        known = local.read_again(finished, job, reporter, count)
        if known is not None:
            done[id(job)] = Outcome(job, *known)
    return done


def _launched(
    jobs: Sequence[PlannedRun],
    root: Path,
    reporter: Reporter,
    keep_going: bool,
    plain: bool,
    launcher: Launcher,
    offline: bool,
    writer: Writer,
    more: Further | None,
) -> list[Outcome]:
    """The outcomes of the jobs that a launcher has started, further ones at the end."""
    screen = Screen(reporter, root, len(jobs) + (more.total if more else 0))
    with local.terminated_as_interrupted(), _folder(root) as folder:
        added = _Jobs(folder, root, plain, offline)
        content, path = added.add(jobs)
        upcoming = None if more else Upcoming(jobs, root)  # a search may go on from any stage
        heard = _Listener(launcher, added, writer, screen, more, upcoming)
        given = JobsToRun(
            path, content.runs, tuple(added.jobs), keep_going, heard.further, (*XLT, "work")
        )
        out_of_time = True
        with screen.shown(), heard.stopping(), contextlib.suppress(OutOfTime):
            launcher.launch(given, heard)
            out_of_time = False
        to_run = added.jobs
        outcomes = [heard.outcome(job) for job in to_run]
        failed = any(outcome.error and not outcome.taken for outcome in outcomes)
        if out_of_time or (failed and not keep_going):
            outcomes = [
                outcome
                for job, outcome in zip(to_run, outcomes, strict=True)
                if job.answer.exists() or job.number in heard.failed
            ]
        return outcomes


def check_devices(launcher: Launcher, specs: Sequence[ExperimentSpec]) -> None:
    """Refuses devices that are not there, where all jobs run on this machine.

    Raises:
        UserError: there is no such device.
    """
    if launcher.on_this_machine:
        for device in {spec.device for spec in specs} - {"auto", "cpu"}:
            resolve_device(device)  # or each run would find out by itself


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


class _Jobs:
    """The jobs of a launcher: those of its manifest, and further ones, in manifests of their own.

    Attributes:
        jobs: as the launcher sees them; `planned` has the runs that they make.
    """

    def __init__(self, folder: Path, root: Path, plain: bool, offline: bool) -> None:
        self.folder, self.root, self.plain, self.offline = folder, root, plain, offline
        self.jobs: list[Job] = []
        self.planned: list[PlannedRun] = []

    def add(self, runs: Sequence[PlannedRun]) -> tuple[Manifest, Path]:
        """Writes the manifest of runs, and adds its jobs to the others."""
        first = len(self.jobs) + 1
        path = self.folder / ("manifest.json" if first == 1 else f"manifest-{first}.json")
        content = manifest.write(path, runs, self.root, plain=self.plain, offline=self.offline)
        shapes = [memory.shape(run.spec) for run in runs]
        measured = memory.measured(content.runs, set(shapes))
        run = (*XLT, "run", str(path))
        for number, (entry, planned, shape) in enumerate(
            zip(content.jobs, runs, shapes, strict=True), start=first
        ):
            directory, answer = content.runs / entry.run, self.folder / f"{number}.json"
            self.planned.append(planned)
            self.jobs.append(
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
                    request=serving.request(path, entry.id, answer, directory / LOG),
                )
            )
        return content, path


@dataclass
class _Listener:
    """Hears the launcher's events: shows them, notes them down, and keeps what has failed."""

    launcher: Launcher
    added: _Jobs
    writer: Writer
    screen: Screen
    more: Further | None = None
    upcoming: Upcoming | None = None
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
        stopped = isinstance(event, Finished) and event.job.ended(0).stopped
        if isinstance(event, JobEvent):
            ended = LEFT if taken else STOPPED if stopped else ""
            self.writer.note_event(self.added.planned[event.job.number - 1], event, ended)
        if isinstance(event, Failed):
            event = _with_remedy(event)
            self.failed[event.job.number] = event.error
            if taken:
                self.taken.add(event.job.number)
        elif isinstance(event, Finished) and not stopped:
            planned = self.added.planned[event.job.number - 1]
            if self.upcoming is not None:
                self.upcoming.ended(planned)
            with contextlib.suppress(UserError, OSError):
                dev = selected(Run(event.job.directory), planned.spec)
                self.ended += [(planned, dev)] if dev is not None and not dev.constant else []
                self.screen.best = _best(self.ended)
        self.screen.show(event, STOPPED if stopped else "", taken=taken)
        if self.more is not None and isinstance(event, Failed | Finished):
            self.more.ended(self.outcome(event.job))

    def further(self, free: int) -> tuple[Job, ...]:
        """Further jobs for so many free slots."""
        runs = self.more.next(free) if self.more is not None else ()
        if not runs:
            return ()
        count = len(self.added.jobs)
        self.added.add(runs)
        self.screen.count = max(self.screen.count, len(self.added.jobs))
        return tuple(self.added.jobs[count:])

    @contextlib.contextmanager
    def stopping(self) -> Iterator[None]:
        """Asks jobs to end that a search stops, for as long as the block lasts."""
        if self.more is None:
            yield
            return

        def ask(run: PlannedRun) -> None:
            for planned, job in zip(self.added.planned, self.added.jobs, strict=True):
                if planned is run:
                    stop_file(job.answer).touch()

        with local.asking_to_stop(self.more, ask):
            yield

    def outcome(self, job: Job) -> Outcome:
        """What became of a job."""
        planned, number = self.added.planned[job.number - 1], job.number
        run, answer = Run(self.added.root / job.directory.name), atomic.read_json(job.answer)
        if number in self.failed:
            return Outcome(planned, run, [], self.failed[number], number in self.taken)
        if answer is None:
            return Outcome(planned, run, [], "the launcher did not run it")
        stopped = answer.get("stopped") is True
        return Outcome(planned, run, answer["results"], answer["error"], stopped=stopped)


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
