"""Launchers that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from xlt_cli.api import Event, Failed, Finished, Interrupted, Job, Launcher, Manifest, Started
from xlt_cli.testing import LauncherSuite

Tell = Callable[[Event], None]


def each(manifest: Manifest) -> Iterator[Job]:
    """The jobs, one after another, and then those that come up on the way."""
    yield from manifest.jobs
    while further := manifest.further(1):
        yield from further


class Sound(Launcher):
    """One job after another."""

    api_version = 1
    name = "sound"
    summary = "one job after another"
    on_this_machine = True

    def launch(self, manifest: Manifest, tell: Tell) -> None:
        for job in each(manifest):
            tell(Started(job))
            ended = job.ended(self.wait(job, tell))
            tell(Failed(job, ended.error) if ended.error else Finished(job))
            if ended.error and not manifest.keep_going:
                return

    def begin(self, job: Job) -> subprocess.Popen[bytes]:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        with job.log.open("ab") as log:
            return subprocess.Popen(job.command, stdout=log, stderr=log)

    def wait(self, job: Job, tell: Tell) -> int:
        process = self.begin(job)
        try:
            return process.wait()
        except KeyboardInterrupt:
            self.stop(process)
            tell(Interrupted(job))
            raise

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        process.wait()


class Suite(LauncherSuite):
    made: ClassVar[type[Launcher]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made()


class TestSound(Suite):
    made = Sound
    fails = ()


class TestPrints(Suite):
    class made(Sound):
        def begin(self, job: Job) -> subprocess.Popen[bytes]:
            return subprocess.Popen(job.command)

    fails = ("test_keeps_the_output_of_a_job_in_its_log_and_prints_nothing",)


class TestKeepsGoing(Suite):
    class made(Sound):
        def launch(self, manifest: Manifest, tell: Tell) -> None:
            super().launch(replace(manifest, keep_going=True), tell)

    fails = (
        "test_starts_no_job_after_a_failure_unless_it_is_to_keep_going",
        "test_asks_for_no_job_after_a_failure_unless_it_is_to_keep_going",
    )


class TestAsksForNoFurtherJobs(Suite):
    class made(Sound):
        def launch(self, manifest: Manifest, tell: Tell) -> None:
            super().launch(replace(manifest, further=lambda free: ()), tell)

    fails = (
        "test_asks_for_further_jobs_until_there_are_none",
        "test_runs_a_manifest_that_has_only_further_jobs",
    )


class TestAsksBeforeItTells(Suite):
    class made(Sound):
        def launch(self, manifest: Manifest, tell: Tell) -> None:
            late: list[Event] = []
            try:
                super().launch(manifest, late.append)
            finally:
                for event in late:
                    tell(event)

    fails = ("test_asks_for_further_jobs_until_there_are_none",)


class TestAsksForTheExitCodeAlone(Suite):
    class made(Sound):
        def launch(self, manifest: Manifest, tell: Tell) -> None:
            for job in each(manifest):
                tell(Started(job))
                self.wait(job, tell)
                tell(Finished(job))

    fails = (
        "test_a_failing_job_does_not_stop_the_others",
        "test_a_job_that_leaves_no_answer_has_failed",
        "test_starts_no_job_after_a_failure_unless_it_is_to_keep_going",
    )


class TestKillsAtCtrlC(Suite):
    class made(Sound):
        def stop(self, process: subprocess.Popen[bytes]) -> None:
            process.kill()
            process.wait()

    fails = ("test_an_interruption_ends_the_jobs_at_work_and_passes",)


class TestKeepsCtrlCToItself(Suite):
    class made(Sound):
        def launch(self, manifest: Manifest, tell: Tell) -> None:
            try:
                super().launch(manifest, tell)
            except KeyboardInterrupt:
                return

    fails = ("test_an_interruption_ends_the_jobs_at_work_and_passes",)


class TestStartsAllAtOnce(Suite):
    class made(Sound):
        def launch(self, manifest: Manifest, tell: Tell) -> None:
            at_work, jobs = [], manifest.jobs or manifest.further(100)
            try:
                for job in jobs:
                    tell(Started(job))
                    at_work.append((job, self.begin(job)))
                for job, process in at_work:
                    ended = job.ended(process.wait())
                    tell(Failed(job, ended.error) if ended.error else Finished(job))
                if further := manifest.further(100):
                    self.launch(replace(manifest, jobs=further), tell)
            except KeyboardInterrupt:
                for _, process in at_work:
                    self.stop(process)
                raise

    fails = ("test_jobs_of_one_directory_are_not_at_work_at_the_same_time",)
