"""The suite for launchers."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Interrupted,
    Job,
    JobEvent,
    Launcher,
    Manifest,
    Started,
)
from xlt_cli.testing.contract import broken
from xlt_cli.testing.jobs import Jobs
from xlt_cli.testing.suite import PluginSuite

RULE = Launcher.launch
PATIENCE = 60.0
"""Seconds until a job must have begun."""


class LauncherSuite(PluginSuite):
    """Checks of a `Launcher`, with jobs that are small scripts in place of runs."""

    kind = "launcher"

    @pytest.fixture
    def jobs(self, tmp_path: Path) -> Jobs:
        """What makes the jobs; override it to put them where other machines see them."""
        return Jobs(tmp_path)

    def test_runs_each_job_once_and_returns_when_none_is_at_work(
        self, checked: Launcher, jobs: Jobs
    ) -> None:
        several = [jobs.job(number) for number in (1, 2, 3)]
        events = _launch(checked, jobs.manifest(*several))
        for job in several:
            if jobs.began(job) != 1:
                broken(
                    f"when launch() returned, {job.id} had been run {jobs.began(job)} times", RULE
                )
            if not jobs.ended(job):
                broken(f"launch() returned before the end of {job.id}", RULE)
            told = _told(events, job)
            if told != ["Started", "Finished"]:
                broken(f"of {job.id}, it told {_listed(told)}", RULE)
        for event in events:
            try:
                json.dumps(dict(event.about), allow_nan=False)
            except (TypeError, ValueError) as error:
                broken(f"JSON cannot hold what {type(event).__name__} is about: {error}", Event)

    def test_a_failing_job_does_not_stop_the_others(self, checked: Launcher, jobs: Jobs) -> None:
        first, second, last = jobs.job(1, "no data", 2), jobs.job(2), jobs.job(3, "no data", 1)
        events = _launch(checked, jobs.manifest(first, second, last))
        told = _told(events, second)
        if told != ["Started", "Finished"]:
            broken(f"of a job beside two that fail, it told {_listed(told)}", RULE)
        for job in (first, last):
            _must_have_failed(events, job, "no data")

    def test_a_job_that_leaves_no_answer_has_failed(self, checked: Launcher, jobs: Jobs) -> None:
        died = jobs.job(1, code=3)
        events = _launch(checked, jobs.manifest(died))
        _must_have_failed(events, died, "its process ended with code 3")

    def test_starts_no_job_after_a_failure_unless_it_is_to_keep_going(
        self, checked: Launcher, jobs: Jobs
    ) -> None:
        several = [jobs.job(number, "no data", 1) for number in (1, 2, 3)]
        events = _launch(checked, jobs.manifest(*several, keep_going=False))
        names = [type(event).__name__ for event in events]
        if "Failed" not in names:
            broken("it told of no failure, and all jobs fail", RULE)
        if "Started" in names[names.index("Failed") :]:
            broken("it started a job after another had failed", Manifest)
        for job in several:
            if jobs.began(job) != _told(events, job).count("Started"):
                broken(f"it ran {job.id} without telling so", RULE)

    def test_asks_for_further_jobs_until_there_are_none(
        self, checked: Launcher, jobs: Jobs
    ) -> None:
        several = [jobs.job(number) for number in (1, 2, 3)]
        events: list[Event] = []

        def further(free: int) -> tuple[Job, ...]:
            if free < 1:
                broken(f"it asked for {free} further jobs", Manifest)
            ended = sum(isinstance(event, Finished) for event in events)
            given = 1 + len(asked)
            if ended < given or given == len(several):
                return ()
            asked.append(given)  # each job depends on the result of the one before
            return (several[given],)

        asked: list[int] = []
        checked.launch(jobs.manifest(several[0], further=further), events.append)
        for job in several:
            if jobs.began(job) != 1 or _told(events, job) != ["Started", "Finished"]:
                broken(
                    f"of {job.id}, which a search added, it told {_listed(_told(events, job))}, "
                    f"and ran it {jobs.began(job)} times",
                    Manifest,
                )

    def test_runs_a_manifest_that_has_only_further_jobs(
        self, checked: Launcher, jobs: Jobs
    ) -> None:
        left = [jobs.job(number) for number in (1, 2)]
        every = tuple(left)

        def further(free: int) -> tuple[Job, ...]:
            chosen = tuple(left[:free])
            del left[:free]
            return chosen

        events: list[Event] = []
        checked.launch(jobs.manifest(further=further), events.append)
        for job in every:
            if _told(events, job) != ["Started", "Finished"]:
                broken(f"of {job.id}, it told {_listed(_told(events, job))}", Manifest)

    def test_asks_for_no_job_after_a_failure_unless_it_is_to_keep_going(
        self, checked: Launcher, jobs: Jobs
    ) -> None:
        failing, events = jobs.job(1, "no data", 1), list[Event]()

        def further(free: int) -> tuple[Job, ...]:
            if any(isinstance(event, Failed) for event in events):
                broken("it asked for a further job after another had failed", Manifest)
            return ()

        manifest = jobs.manifest(failing, keep_going=False, further=further)
        checked.launch(manifest, events.append)

    def test_jobs_of_one_directory_are_not_at_work_at_the_same_time(
        self, checked: Launcher, jobs: Jobs
    ) -> None:
        several = [jobs.job(number, lasts=0.15, directory="shared") for number in (1, 2)]
        events = _launch(checked, jobs.manifest(*several))
        if any(_told(events, job)[-1:] != ["Finished"] for job in several):
            broken("two jobs with one directory were at work at the same time", Job)

    def test_keeps_the_output_of_a_job_in_its_log_and_prints_nothing(
        self, checked: Launcher, jobs: Jobs, capfd: pytest.CaptureFixture[str]
    ) -> None:
        job = jobs.job(1)
        capfd.readouterr()
        _launch(checked, jobs.manifest(job))
        printed = capfd.readouterr()
        if printed.out or printed.err:
            broken(f"it printed {(printed.out or printed.err)[:200]!r}", RULE)
        if not job.log.exists() or f"{job.id} is at work" not in job.log.read_text("utf-8"):
            broken(f"what {job.id} printed is not in its log", Job)

    def test_an_interruption_ends_the_jobs_at_work_and_passes(
        self, checked: Launcher, jobs: Jobs
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            pytest.skip("signals come to the main thread alone")
        several = [jobs.job(number, lasts=600) for number in (1, 2)]
        events: list[Event] = []
        with _interrupted(several, jobs) as interruption:
            try:
                checked.launch(jobs.manifest(*several), events.append)
            except KeyboardInterrupt:
                interruption.passed = True
            interruption.over.set()
        if not interruption.passed:
            broken("after Ctrl-C, launch() returned as if all jobs were done", RULE)
        at_work = [job for job in several if jobs.began(job)]
        for job in at_work:
            if not jobs.ended(job):
                broken(
                    f"after Ctrl-C, {job.id} was not stopped with SIGINT before the exception "
                    "passed",
                    RULE,
                )
            if any(isinstance(e, Finished) and e.job == job for e in events):
                broken(f"{job.id} is told to be done, and was stopped", Interrupted)


class _Interruption:
    def __init__(self) -> None:
        self.over = threading.Event()
        self.passed = False


@contextmanager
def _interrupted(several: list[Job], jobs: Jobs) -> Iterator[_Interruption]:
    """Sends SIGINT to this process once a job is at work."""
    interruption = _Interruption()

    def watch() -> None:
        end = time.monotonic() + PATIENCE
        while not any(jobs.began(job) for job in several) and time.monotonic() < end:
            if interruption.over.wait(0.02):
                return
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watcher = threading.Thread(target=watch)
    try:
        watcher.start()
        yield interruption
        watcher.join()
    except KeyboardInterrupt:
        watcher.join()  # it came after the launcher had returned
    finally:
        signal.signal(signal.SIGINT, before)
        _end(several, jobs)


def _end(several: list[Job], jobs: Jobs) -> None:
    """Ends the scripts that a launcher has left at work."""
    for job in several:
        if jobs.began(job) and not jobs.ended(job):
            for pid in jobs.pids(job):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    continue


def _launch(launcher: Launcher, manifest: Manifest) -> list[Event]:
    """What is told while jobs are done."""
    events: list[Event] = []
    launcher.launch(manifest, events.append)
    return events


def _told(events: list[Event], job: Job) -> list[str]:
    """What is told of a job, but for waiting and progress."""
    kinds = (Started, Finished, Failed, Interrupted)
    return [type(e).__name__ for e in events if isinstance(e, kinds) and e.job == job]


def _must_have_failed(events: list[Event], job: Job, error: str) -> None:
    told = [e for e in events if isinstance(e, JobEvent) and e.job == job]
    outcomes = [e for e in told if isinstance(e, Failed | Finished)]
    if len(outcomes) != 1 or not isinstance(outcomes[0], Failed):
        broken(f"of {job.id}, which fails, it told {_listed(_told(events, job))}", RULE)
    said = outcomes[0].error
    if said != error:
        broken(f"{job.id} failed with {error!r}, and it told {said!r}", Job.ended)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nothing"
