"""The driver: what it gives to launchers, what it tells studies, what a killed one leaves."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from searches import (
    RATE,
    SIZE,
    SPACE,
    done,
    driver,
    figure,
    make,
    planned,
    studies_of,
    to_the_end,
    with_figures,
)

from xlt_cli.api import Event, Failed, Finished, Job, Launcher, Manifest, Started
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import PluginError, RunError, SpecError, UserError
from xlt_cli.launch import local
from xlt_cli.launch.driving import Policy
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.launching import run_jobs
from xlt_cli.launch.limits import OutOfTime
from xlt_cli.reports.search import Tried
from xlt_cli.runs import atomic
from xlt_cli.runs.making import planned as run_of
from xlt_cli.search import running
from xlt_cli.search.planning import Plan

SEARCH: dict[str, Any] = {"space": SPACE, "trials": 5, "sampler": "random"}


def trials(root: Path, plan: Plan) -> list[Any]:
    ((_, study),) = studies_of(root, [plan])
    return study.trials


def test_a_trial_is_told_the_mean_over_its_seeds(tmp_path: Path) -> None:
    (plan,) = planned(SEARCH, seeds=[1, 2])
    assert to_the_end(driver(tmp_path, [plan]), tmp_path, lambda job: done(job, tmp_path)) == 10
    for trial in trials(tmp_path, plan):
        runs = plan.runs(trial.number, trial.values)
        assert trial.value == pytest.approx(statistics.fmean(map(figure, runs)))
        assert trial.runs == {str(r.seed): run_of(tmp_path, r.spec, r.seed).name for r in runs}


def test_a_finished_search_has_nothing_to_do_and_more_trials_are_added(tmp_path: Path) -> None:
    (plan,) = planned(SEARCH)
    to_the_end(driver(tmp_path, [plan]), tmp_path, lambda job: done(job, tmp_path))
    before = trials(tmp_path, plan)
    again = driver(tmp_path, [plan])
    assert (again.next(8), again.is_open, again.total) == ([], False, 0)
    (more,) = planned({**SEARCH, "trials": 7})
    assert to_the_end(driver(tmp_path, [more]), tmp_path, lambda job: done(job, tmp_path)) == 2
    assert trials(tmp_path, plan)[:5] == before


@pytest.mark.parametrize("moment", range(7))
def test_a_driver_that_is_killed_loses_no_trial(tmp_path: Path, moment: int) -> None:
    (plan,) = planned({**SEARCH, "trials": 3})
    to_the_end(driver(tmp_path / "whole", [plan]), tmp_path / "whole",
               lambda job: done(job, tmp_path / "whole"))  # fmt: skip
    count, root = 0, tmp_path / "killed"
    first = driver(root, [plan])
    while count < moment:  # each end of the loop is a moment at which it may be killed
        jobs = first.next(2)
        count += 1
        for job in jobs:
            outcome = done(job, root)
            count += 1
            if count >= moment:
                break
            first.ended(outcome)
        if not jobs:
            break
    to_the_end(driver(root, [plan]), root, lambda job: done(job, root))
    whole, killed = trials(tmp_path / "whole", plan), trials(root, plan)
    assert [(t.values, t.value, t.state) for t in killed] == [
        (t.values, t.value, t.state) for t in whole
    ]


def test_failed_trials_are_told_and_not_tried_again_unless_asked(tmp_path: Path) -> None:
    (plan,) = planned({**SEARCH, "trials": 3})
    tried: list[str] = []

    def fails_first(job: PlannedRun) -> Outcome:
        tried.append(job.label)
        if len(tried) == 1:
            return Outcome(job, run_of(tmp_path, job.spec, job.seed), [], "no memory")
        return done(job, tmp_path)

    to_the_end(driver(tmp_path, [plan]), tmp_path, fails_first)
    first, *others = trials(tmp_path, plan)
    assert (first.state, first.why, first.value) == ("failed", "no memory", None)
    assert [trial.state for trial in others] == ["done", "done"]
    assert driver(tmp_path, [plan]).next(1) == []
    made = to_the_end(driver(tmp_path, [plan], retry_failed=True), tmp_path, fails_first)
    repeated = trials(tmp_path, plan)[3]
    assert (made, repeated.values, repeated.state) == (1, first.values, "done")
    assert driver(tmp_path, [plan], retry_failed=True).next(1) == []


def test_a_failing_run_is_tried_again_as_often_as_allowed(tmp_path: Path) -> None:
    (plan,) = planned({**SEARCH, "trials": 1})
    ends = ["no", "no", ""]

    def end(job: PlannedRun) -> Outcome:
        error = ends.pop(0)
        return Outcome(job, make(job, tmp_path), [], error)

    assert to_the_end(driver(tmp_path, [plan], retries=2), tmp_path, end) == 3
    assert [trial.state for trial in trials(tmp_path, plan)] == ["done"]


def test_after_a_failure_none_is_drawn_where_that_is_asked_for(tmp_path: Path) -> None:
    (plan,) = planned(SEARCH)
    driving = driver(tmp_path, [plan], keep_going=False)
    (job,) = driving.next(1)
    driving.ended(Outcome(job, run_of(tmp_path, job.spec, job.seed), [], "no"))
    assert (driving.next(1), driving.is_open) == ([], False)


def test_a_figure_that_is_no_number_fails_the_trial(tmp_path: Path) -> None:
    (plan,) = planned({**SEARCH, "trials": 1})

    def end(job: PlannedRun) -> Outcome:
        return Outcome(job, make(job, tmp_path, float("nan")), [])

    to_the_end(driver(tmp_path, [plan]), tmp_path, end)
    (trial,) = trials(tmp_path, plan)
    assert (trial.state, trial.why) == ("failed", "a run has no finite pawsx dev en accuracy")


def test_where_lower_is_better_the_study_minimises_and_the_lowest_comes_first(
    tmp_path: Path,
) -> None:
    (plan,) = planned({**SEARCH, "trials": 3})
    plan = replace(plan, objective=replace(plan.objective, lower_is_better=True))
    to_the_end(driver(tmp_path, [plan]), tmp_path, lambda job: done(job, tmp_path))
    ((_, study),) = studies_of(tmp_path, [plan])
    assert study.direction == "minimize"
    (found,) = running.known([with_figures(plan)], tmp_path / "elsewhere")
    tried = [Tried(n, "done", {}, value, []) for n, value in enumerate((0.4, 0.2, 0.3))]
    assert [one.value for one in replace(found, trials=tried).ranked] == [0.2, 0.3, 0.4]


def test_values_that_were_tried_make_no_run(tmp_path: Path) -> None:
    search = {"space": {SIZE: [8]}, "trials": 3}
    (plan,) = planned(search)
    driving = driver(tmp_path, [plan])
    (job,) = driving.next(2)  # a second trial at the same run waits for the first
    assert driving.next(1) == []
    driving.ended(done(job, tmp_path))
    assert driving.next(1) == []
    assert [trial.value for trial in trials(tmp_path, plan)] == [figure(job)] * 3


def test_a_run_of_another_process_leaves_the_trial_begun(tmp_path: Path) -> None:
    (plan,) = planned({**SEARCH, "trials": 1})
    driving = driver(tmp_path, [plan])
    (job,) = driving.next(1)
    driving.ended(Outcome(job, run_of(tmp_path, job.spec, job.seed), [], "taken", taken=True))
    assert not driving.is_open
    assert to_the_end(driver(tmp_path, [plan]), tmp_path, lambda job: done(job, tmp_path)) == 1
    assert [trial.state for trial in trials(tmp_path, plan)] == ["done"]


def test_points_take_turns(tmp_path: Path) -> None:
    made = planned({**SEARCH, "trials": 2}, {"points": [
        {"name": "one", "stages.0.epochs": 1}, {"name": "two", "stages.0.epochs": 2}]})  # fmt: skip
    driving = driver(tmp_path, made)
    assert [job.label.split()[2] for job in driving.next(9)] == ["one", "two", "one", "two"]


def launcher(slots: int, order: list[str]) -> Launcher:
    """Keeps the first job at work until there are no others, and ends the newest."""

    class Made(Launcher):
        api_version = 1
        name = "made"
        summary = "of a test"

        def launch(self, manifest: Manifest, tell: Any) -> None:
            at_work: list[Job] = []
            while True:
                free = slots - len(at_work)
                further = manifest.further(free) if free else ()
                order.append(f"{len(at_work)} at work, {len(further)} begun")
                for job in further:
                    tell(Started(job))
                at_work += further
                if not at_work:
                    return
                self.end(at_work.pop(), tell)

        def end(self, job: Job, tell: Any) -> None:
            atomic.write_json(job.answer, {"error": "", "out_of_memory": False, "results": []})
            tell(Finished(job))

    return Made()


def test_no_slot_waits_for_the_end_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plan,) = planned({**SEARCH, "trials": 4})
    driving, order = driver(tmp_path, [plan]), list[str]()
    for _, study in driving.searches:
        assert study.trials == []
    real = driving.ended

    def ended(outcome: Outcome) -> None:
        make(outcome.job, tmp_path)
        real(outcome)

    monkeypatch.setattr(driving, "ended", ended)
    reporter = Reporter(quiet=True)
    made = run_jobs([], tmp_path, reporter, True, launcher=launcher(2, order), more=driving)
    assert len(made) == 4
    assert order[:3] == ["0 at work, 2 begun", "1 at work, 1 begun", "1 at work, 1 begun"]
    assert [trial.state for trial in trials(tmp_path, plan)] == ["done"] * 4


def test_in_this_process_trials_are_made_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt(job: PlannedRun, *_: Any) -> Outcome:
        return done(job, tmp_path)

    monkeypatch.setattr(local, "_attempt", attempt)
    (plan,) = planned(SEARCH)
    made = running.search([with_figures(plan)], tmp_path, Reporter(quiet=True), Policy())
    (found,) = made.searched
    assert (len(made.outcomes), found.left, made.out_of_time) == (5, 0, False)
    scores = [trial.value or 0.0 for trial in found.ranked]
    assert scores == sorted(scores, reverse=True)
    assert found.best is not None
    assert found.best.value == max(scores)
    again = running.search([with_figures(plan)], tmp_path, Reporter(quiet=True), Policy())
    assert again.searched == made.searched
    assert running.known([with_figures(plan)], tmp_path) == list(made.searched)
    (other,) = planned({**SEARCH, "space": {**SPACE, SIZE: [8, 16]}})
    with pytest.raises(SpecError, match=r"search.space.stages.0.batch_size.choices: \[8, 16, 32\]"):
        running.known([other], tmp_path)
    (other,) = planned(SEARCH, max_length=64)
    with pytest.raises(SpecError, match="max_length: 128 -> 64"):
        running.search([other], tmp_path, Reporter(quiet=True), Policy())


def quick_search(root: Path, **policy: Any) -> running.Made:
    (plan,) = planned(SEARCH)
    return running.search([with_figures(plan)], root, Reporter(quiet=True), Policy(**policy))


def test_a_search_whose_time_is_over_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def attempt(job: PlannedRun, *_: Any) -> Outcome:
        made.append(job.label)
        if len(made) == 3:
            raise OutOfTime
        return done(job, tmp_path)

    class Limit:
        @property
        def is_over(self) -> bool:
            return len(made) == 3

    monkeypatch.setattr(local, "_attempt", attempt)
    with monkeypatch.context() as patch:
        patch.setattr(running, "time_limit", lambda _: contextlib.nullcontext(Limit()))
        first = quick_search(tmp_path)
    assert first.out_of_time
    states = [trial.state for trial in first.searched[0].trials]
    assert states[:2] == ["done", "done"]
    last = quick_search(tmp_path)
    assert not last.out_of_time
    assert [trial.state for trial in last.searched[0].trials] == ["done"] * 5
    assert made[3] == made[2]


def test_one_process_drives_a_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt(job: PlannedRun, *_: Any) -> Outcome:
        with pytest.raises(RunError, match="another process drives this search"):
            quick_search(tmp_path)
        return done(job, tmp_path)

    monkeypatch.setattr(local, "_attempt", attempt)
    assert len(quick_search(tmp_path).outcomes) == 5
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="several were started"):
        quick_search(tmp_path)


def test_what_cannot_work_is_said_before_anything_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot write into the runs directory"):
        quick_search(tmp_path / "file")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UserError, match="needs the package 'optuna'") as caught:
        quick_search(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
    assert caught.value.hint == 'pip install "xlt-cli[search]"'


def test_a_launcher_that_asks_for_no_jobs_is_refused(tmp_path: Path) -> None:
    class Idle(Launcher):
        api_version = 1
        name = "idle"
        summary = "of a test"

        def launch(self, manifest: Manifest, tell: Any) -> None:
            """Runs the jobs of the manifest, which has none."""

    (plan,) = planned(SEARCH)
    with pytest.raises(PluginError, match="'idle' does not ask for further jobs"):
        running.search([plan], tmp_path, Reporter(quiet=True), Policy(), launcher=Idle())


def curve(job: PlannedRun, root: Path, scores: list[float]) -> None:
    """What training has recorded on dev so far."""
    run = run_of(root, job.spec, job.seed)
    records = [
        {"kind": "dev", "stage": 0, "step": 10 * step, "language": "en", "accuracy": score}
        for step, score in enumerate(scores, start=1)
    ]
    path = run.stage(0) / "metrics.jsonl"
    path.unlink(missing_ok=True)
    for record in records:
        atomic.append_line(path, record)


def test_a_run_that_is_worse_than_the_others_is_asked_to_end(tmp_path: Path) -> None:
    (plan,) = planned({**SEARCH, "trials": 7, "stop_early": "median"}, seeds=[1, 2])
    driving = driver(tmp_path, [plan])
    for _ in range(5):
        for job in driving.next(2):
            outcome = done(job, tmp_path)
            curve(job, tmp_path, [0.5, 0.6, 0.7])
            driving.ended(outcome)
    first, second = driving.next(2)
    assert driving.to_stop() == []
    curve(second, tmp_path, [0.1])  # the first seed decides
    assert driving.to_stop() == []
    curve(first, tmp_path, [0.55])
    assert driving.to_stop() == []
    curve(first, tmp_path, [0.55, 0.2])
    assert driving.to_stop() == [first, second]
    assert driving.to_stop() == []
    driving.ended(Outcome(first, run_of(tmp_path, first.spec, 1), [], stopped=True))
    driving.ended(Outcome(second, run_of(tmp_path, second.spec, 2), [], stopped=True))
    trial = trials(tmp_path, plan)[5]
    assert (trial.state, trial.value, trial.steps) == ("stopped early", 0.2, 2)
    assert len(driving.next(4)) == 2  # and the next trial begins


def test_a_failed_event_without_an_answer_fails_the_trial(tmp_path: Path) -> None:
    class Fails(Launcher):
        api_version = 1
        name = "fails"
        summary = "of a test"

        def launch(self, manifest: Manifest, tell: Any) -> None:
            while further := manifest.further(2):
                for job in further:
                    event: Event = Failed(job, "its machine is gone")
                    tell(event)

    (plan,) = planned({**SEARCH, "trials": 2})
    driving = driver(tmp_path, [plan])
    run_jobs([], tmp_path, Reporter(quiet=True), True, launcher=Fails(), more=driving)
    assert {trial.why for trial in trials(tmp_path, plan)} == {"its machine is gone"}
    assert RATE in trials(tmp_path, plan)[0].values
