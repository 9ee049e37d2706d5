"""A search from its journal to its ranking."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from xlt_cli.api import Launcher
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import PluginError, RunError, SpecError, UserError
from xlt_cli.launch.driving import Policy
from xlt_cli.launch.jobs import Outcome
from xlt_cli.launch.launching import check_devices, run_jobs
from xlt_cli.launch.ledger import Writer
from xlt_cli.launch.limits import OutOfTime, time_limit
from xlt_cli.launch.states import standings
from xlt_cli.reports.search import Searched, TrialRun, Tried
from xlt_cli.reports.selection import one_answer_on_dev
from xlt_cli.runs import atomic
from xlt_cli.runs.predictions import Store
from xlt_cli.search import journal
from xlt_cli.search.driving import Driver
from xlt_cli.search.journal import FOLDER, JOURNAL
from xlt_cli.search.planning import Plan
from xlt_cli.search.sampling import check_installed
from xlt_cli.search.study import Study, Trial
from xlt_cli.sweep.changes import differences, indented

if TYPE_CHECKING:
    from optuna.storages import JournalStorage

LOCK = "lock"


@dataclass(frozen=True)
class Made:
    """What a command has brought about.

    Attributes:
        searched: the trials of each point.
        outcomes: of all runs of all trials, those of earlier commands included.
        out_of_time: whether it ended because its time was over.
    """

    searched: Sequence[Searched]
    outcomes: Sequence[Outcome]
    out_of_time: bool


def search(
    plans: Sequence[Plan],
    root: Path,
    reporter: Reporter,
    policy: Policy,
    plain: bool = False,
    launcher: Launcher | None = None,
    offline: bool = False,
) -> Made:
    """Makes the trials that are missing, and the runs that trials lack.

    Raises:
        SpecError: the search was changed since it was begun.
        RunError: another process drives it, or the runs directory cannot be written.
        UserError: Optuna is not installed, or as `run_jobs` does.
        KeyboardInterrupt: after all jobs have ended.
    """
    check_installed(plans[0].search)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise UserError(
            "a search is driven by one process, and several were started for each run",
            "sweep.search",
            "omit torchrun or accelerate",
        )
    if launcher is not None:
        check_devices(launcher, [plan.point.spec for plan in plans])
    folder = _folder(plans, root)
    over = False
    with _driving(folder):
        storage = journal.storage(folder, writes=True)
        pairs = [(plan, _opened(storage, plan)) for plan in plans]
        driver = Driver(pairs, root, reporter, policy)
        try:
            with time_limit(policy.max_hours) as limit:
                writer = Writer(root)
                while driver.is_open and not limit.is_over:
                    made = run_jobs(
                        *([], root, reporter, policy.keep_going, plain),
                        *(launcher, offline, writer, driver),
                    )
                    _check_asked(launcher, driver, made)
                over = limit.is_over and driver.is_unfinished
        except OutOfTime:
            over = True
        searched = [_searched(plan, study, root) for plan, study in pairs]
        return Made(searched, _outcomes(pairs, root), over)


def known(plans: Sequence[Plan], root: Path) -> list[Searched]:
    """The trials that there are; nothing is written.

    Raises:
        SpecError: the search was changed since it was begun.
    """
    folder, storage = _folder(plans, root), None
    if (folder / JOURNAL).exists():
        storage = journal.storage(folder, writes=False)
    there = journal.names(storage) if storage is not None else []
    found = []
    for plan in plans:
        study = None
        if storage is not None and plan.name in there:
            study = _opened(storage, plan)
        found.append(_searched(plan, study, root))
    return found


def _check_asked(launcher: Launcher | None, driver: Driver, made: Sequence[Outcome]) -> None:
    """Refuses a launcher that has left all jobs where they are.

    Raises:
        PluginError: it has.
    """
    if launcher is not None and not made and driver.is_open:
        raise PluginError(
            f"launcher '{launcher.name}' does not ask for further jobs, which a search gives",
            "--launcher",
            "use another launcher",
        )


def _folder(plans: Sequence[Plan], root: Path) -> Path:
    return root / FOLDER / str(plans[0].point.spec.name)


@contextlib.contextmanager
def _driving(folder: Path) -> Iterator[None]:
    """Keeps other processes from driving the same search."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise RunError(
            "another process drives this search",
            str(folder),
            "wait for its end; --jobs N makes N runs at once",
        ) from None
    except OSError as error:
        raise RunError(
            f"cannot write into the runs directory: {error.strerror}", str(folder)
        ) from None
    try:
        yield
    finally:
        lock.release()


def _opened(storage: JournalStorage, plan: Plan) -> Study:
    """The study of a plan.

    Raises:
        SpecError: it was begun with other settings.
    """
    lower = plan.objective.lower_is_better
    study = Study(storage, plan.name, plan.fields, plan.search, lower)
    settings = json.loads(json.dumps(plan.settings))
    before = study.settings
    if before is None:
        study.keep_settings(settings)
    elif before != settings:
        changed = "\n".join(indented(list(differences(before, settings))))
        raise SpecError(
            f"the search '{plan.point.spec.name}' was begun with other settings",
            plan.source.where(("sweep", "search")),
            f"what has changed:\n{changed}\ngive the new search another name (`name:`) or "
            "--runs-dir; only `trials` may change",
        )
    return study


def _searched(plan: Plan, study: Study | None, root: Path) -> Searched:
    """The trials of a study as reports have them."""
    trials = []
    for trial in study.trials if study is not None else []:
        if trial.state == "waiting":
            continue
        runs = []
        for standing, job in zip(*_runs(plan, trial, root), strict=True):
            done = standing.state == "done"
            value = plan.objective.value(standing.run, job.spec) if done else None
            about = (standing.run.name, str(standing.run.path), job.seed, standing.state)
            fallen = done and bool(one_answer_on_dev(standing.run))
            runs.append(TrialRun(*about, value, standing.error, fallen))
        trials.append(
            Tried(
                trial.number, trial.state, trial.values, trial.value, runs, trial.why, trial.steps
            )
        )
    objective = plan.objective
    return Searched(
        plan.name,
        objective.what,
        objective.metric,
        objective.lower_is_better,
        objective.oracle,
        plan.search.sampler,
        {field.path: field.values.model_dump(mode="json") for field in plan.fields},
        plan.trials + sum(trial.repeats is not None for trial in (study.trials if study else [])),
        trials,
    )


def _runs(plan: Plan, trial: Trial, root: Path) -> Any:
    """How the runs of a trial stand, and the runs; none where its values do not go together."""
    try:
        jobs = plan.runs(trial.number, trial.values)
    except SpecError:
        jobs = []
    return standings(root, jobs), jobs


def _outcomes(pairs: Sequence[tuple[Plan, Study]], root: Path) -> list[Outcome]:
    """What has become of all runs of all trials."""
    outcomes = []
    for plan, study in pairs:
        for trial in study.trials:
            for standing, job in zip(*_runs(plan, trial, root), strict=True):
                results = []
                if standing.state == "done":
                    stores = [Store.open(standing.run.evaluations, one) for one in
                              job.spec.evaluations]  # fmt: skip
                    results = [atomic.read_json(one.path / "results.json") for one in stores]
                error = standing.error or "failed" if standing.state == "failed" else ""
                stopped = standing.state != "done" and not error
                outcomes.append(Outcome(job, standing.run, results, error, stopped=stopped))
    return outcomes
