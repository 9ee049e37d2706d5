"""The driver of a search: it alone asks the studies for trials and tells them results.

Its runs are given to a launcher whenever a slot is free. A trial that was begun when the driver
ended is taken up again with the same values. One whose values were tried before makes no new runs.
"""

from __future__ import annotations

import math
import statistics
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import UserError
from xlt_cli.launch.driving import AGAIN, Policy
from xlt_cli.launch.jobs import Outcome, PlannedRun, what_failed
from xlt_cli.launch.ledger import STOPPED
from xlt_cli.launch.states import standings
from xlt_cli.runs.making import planned
from xlt_cli.search.active import Active, check_same
from xlt_cli.search.planning import Plan
from xlt_cli.search.study import Study, Trial


class Driver:
    """Gives the runs of a search to a launcher (`launch.jobs.Further`).

    Args:
        searches: the search of each point, with its study.
    """

    def __init__(
        self,
        searches: Sequence[tuple[Plan, Study]],
        root: Path,
        reporter: Reporter,
        policy: Policy,
    ) -> None:
        self.searches, self.root, self.reporter, self.policy = searches, root, reporter, policy
        self._active: list[Active] = []
        self._lock = threading.RLock()
        self._stop = False
        self._names: dict[int, str] = {}  # of runs, by the id of the planned run
        self._held: set[int] = set()
        for plan, study in searches:
            if policy.retry_failed:
                _repeat_failed(study)
            for trial in study.trials:
                self._take_up(plan, study, trial)
        self.total = sum(len(active.waiting) for active in self._active) + sum(
            self._left(plan, study) * len(plan.point.spec.seeds) for plan, study in searches
        )

    # ------------------------------------------------------------ what the launcher calls

    def next(self, free: int) -> list[PlannedRun]:
        """Runs to be started now: those of trials that were begun, then those of new trials."""
        with self._lock:
            runs: list[PlannedRun] = []
            while len(runs) < free and (run := self._next()) is not None:
                runs.append(run)
            return runs

    def ended(self, outcome: Outcome) -> None:
        """Tells the study what became of a trial when its last run has ended."""
        with self._lock:
            job = outcome.job
            active = next((one for one in self._active if any(g is job for g in one.given)), None)
            if active is None:
                return  # it was told before
            active.given = [one for one in active.given if one is not job]
            (standing,) = standings(self.root, [job])
            number = active.place(job)
            if outcome.taken:
                self._leave(active)
            elif outcome.error:
                active.tries[number] += 1
                if active.tries[number] <= self.policy.retries and not active.told:
                    self.reporter.say(f"{outcome.run.name} is tried again")
                    active.waiting.append(job)
                    return
                self._fail(active, outcome.error)
            elif outcome.stopped and standing.state != "done":
                self._stop_early(active)
            else:
                active.done.add(number)
                if active.asked_to_stop and len(active.done) < len(active.jobs):
                    self._stop_early(active)
                self._settle(active)

    def to_stop(self) -> list[PlannedRun]:
        """Runs at work whose trial its study stops, by the dev curve of the first seed."""
        with self._lock:
            runs: list[PlannedRun] = []
            for active in self._active:
                first = active.jobs[0]
                if (
                    active.plan.search.stop_early == "none"
                    or active.told
                    or active.asked_to_stop
                    or not any(job is first for job in active.given)
                ):
                    continue
                if active.study.report(active.number, active.curve(self.root)):
                    active.asked_to_stop = True
                    active.waiting.clear()
                    runs += active.given
            return runs

    @property
    def is_open(self) -> bool:
        """Whether it still has runs to give, and may give them."""
        with self._lock:
            if self._stop and not self.policy.keep_going:
                return False
            waits = any(active.waiting for active in self._active)
            return waits or self._least_tried() is not None

    @property
    def is_unfinished(self) -> bool:
        """Whether runs are still to be made."""
        with self._lock:
            at_work = any(active.waiting or active.given for active in self._active)
            return at_work or self._least_tried() is not None

    # ------------------------------------------------------------------------ new trials

    def _next(self) -> PlannedRun | None:
        if self._stop and not self.policy.keep_going:
            return None
        while True:
            ready = next(self._ready(), None)
            if ready is not None:
                return ready
            plan_and_study = self._least_tried()
            if plan_and_study is None or (self._stop and not self.policy.keep_going):
                return None
            plan, study = plan_and_study
            self._begin(plan, study, study.ask())

    def _ready(self) -> Iterator[PlannedRun]:
        """Runs that may start. One that another trial is at work at has to wait for its end."""
        for active in self._active:
            for job in list(active.waiting):
                if self._at_work(job):
                    self._held.add(id(job))
                    continue
                active.waiting = [one for one in active.waiting if one is not job]
                if id(job) in self._held and self._is_known(active, job):
                    continue
                active.given.append(job)
                yield job

    def _at_work(self, job: PlannedRun) -> bool:
        """Whether another trial with these values is at work at the same run."""
        given = (other for active in self._active for other in active.given)
        return any(self._names[id(other)] == self._names[id(job)] for other in given)

    def _is_known(self, active: Active, job: PlannedRun) -> bool:
        """Whether the other trial with these values has decided what becomes of a run."""
        (standing,) = standings(self.root, [job])
        if standing.state == "done":
            active.done.add(active.place(job))
            self._settle(active)
        elif standing.state == "failed":
            self._fail(active, standing.error)
        return standing.state in ("done", "failed")

    def _least_tried(self) -> tuple[Plan, Study] | None:
        """The point with the fewest trials that is to have more."""
        open_ones = [one for one in self.searches if self._left(*one) > 0]
        return min(open_ones, key=lambda one: len(one[1].trials), default=None)

    def _left(self, plan: Plan, study: Study) -> int:
        """How many trials are still to be drawn; those that were enqueued do not count."""
        trials = study.trials
        waiting = sum(trial.state == "waiting" for trial in trials)
        drawn = sum(trial.repeats is None for trial in trials)
        return max(0, plan.trials - drawn) + waiting

    def _begin(self, plan: Plan, study: Study, trial: Trial) -> None:
        """Plans the runs of a trial; what is known of them already is told at once."""
        try:
            jobs = plan.runs(trial.number, trial.values)
        except UserError as error:
            self.reporter.warn(f"trial {trial.number} cannot be run: {error.what}")
            study.failed(trial.number, what_failed(error))
            self._stop = True
            return
        names = {job.seed: planned(self.root, job.spec, job.seed).name for job in jobs}
        self._names |= {id(job): names[job.seed] for job in jobs}
        if trial.runs:
            check_same(trial, names)
        else:
            study.note_runs(trial.number, names)
        active = Active(plan, study, trial.number, jobs, told=trial.state != "begun")
        self._active.append(active)
        known = standings(self.root, jobs)
        for standing, job in zip(known, jobs, strict=True):
            if standing.state == "failed" and not (self.policy.retry_failed or active.told):
                why = f"failed before, and was not tried again ({AGAIN}): {standing.error}"
                self.reporter.warn(f"{standing.run.name} {why}")
                self._fail(active, standing.error)
                return
            stops = plan.search.stop_early != "none" and not active.told
            if standing.state == STOPPED and job is jobs[0] and stops:
                self._stop_early(active)
                return
            if standing.state == "done":
                active.done.add(active.place(job))
            else:
                active.waiting.append(job)
        self._settle(active)

    def _take_up(self, plan: Plan, study: Study, trial: Trial) -> None:
        """Goes on with a trial that was begun, and with runs that a finished one lacks by now."""
        if trial.state == "begun":
            self._begin(plan, study, study.go_on(trial.number))
        elif trial.state == "done":
            self._begin(plan, study, trial)

    # -------------------------------------------------------------------- ends of trials

    def _settle(self, active: Active) -> None:
        """Tells the figure of a trial whose runs are all done."""
        if active.told or len(active.done) < len(active.jobs):
            return
        if active.plan.search.stop_early != "none":
            active.study.report(active.number, active.curve(self.root))
        figures = []
        for job in active.jobs:
            run = planned(self.root, job.spec, job.seed)
            figures.append(active.plan.objective.value(run, job.spec))
        known = [figure for figure in figures if figure is not None and math.isfinite(figure)]
        if len(known) < len(figures):
            self._fail(active, f"a run has no finite {active.plan.objective.what}")
            return
        active.told = True
        active.study.done(active.number, statistics.fmean(known))

    def _stop_early(self, active: Active) -> None:
        active.waiting.clear()
        if not active.told:
            active.told = True
            active.study.report(active.number, active.curve(self.root))
            active.study.stopped(active.number)

    def _fail(self, active: Active, why: str) -> None:
        active.waiting.clear()
        self._stop = True
        if not active.told:
            active.told = True
            active.study.failed(active.number, why)

    def _leave(self, active: Active) -> None:
        """Leaves a trial as it is: another process works on a run of it."""
        active.waiting.clear()
        active.told = True
        self.reporter.say(f"trial {active.number} is left as it is; the same command continues it")


def _repeat_failed(study: Study) -> None:
    """Lets trials that failed be tried once more, with the same values."""
    trials = study.trials
    repeated = {trial.repeats for trial in trials}
    for trial in trials:
        if trial.state == "failed" and trial.number not in repeated:
            study.repeat(trial.number)
