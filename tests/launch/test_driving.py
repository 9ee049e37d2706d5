"""What a sweep does with failures, with runs of other processes, and when its time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.console.progress import Reporter
from xlt_cli.errors import UserError
from xlt_cli.launch import driving
from xlt_cli.launch.driving import Driven, Policy, drive
from xlt_cli.launch.jobs import Outcome, PlannedRun
from xlt_cli.launch.ledger import Writer
from xlt_cli.launch.limits import OutOfTime, time_limit
from xlt_cli.runs.making import planned
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse

TEXT = "name: quick\nencoder: mbert\ndevice: cpu\nstages:\n  - task: pawsx\nevaluations: []\n"
Ends = dict[int, list[str]]
"""By seed: the errors of the attempts, in order; `taken` for a run of another process."""


def jobs(count: int) -> list[PlannedRun]:
    spec = resolve(Source(parse(TEXT, Path("spec.yaml")), TEXT)).spec
    return [PlannedRun(spec, seed, TEXT, []) for seed in range(count)]


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Callable[[Ends], list[list[int]]]:
    """Replaces the running of jobs; gives the seeds that were tried in each round."""

    def install(ends: Ends) -> list[list[int]]:
        seen: list[list[int]] = []

        def run_jobs(
            chosen: Sequence[PlannedRun], root: Path, _: Any, keep_going: bool, *more: Any
        ) -> list[Outcome]:
            made: list[Outcome] = []
            seen.append([])
            for job in chosen:
                seen[-1].append(job.seed)
                error = (ends.get(job.seed) or [""]).pop(0)
                run = planned(root, job.spec, job.seed)
                made.append(Outcome(job, run, [], error, taken=error == "taken"))
                if error and error != "taken" and not keep_going:
                    break
            return made

        monkeypatch.setattr(driving, "run_jobs", run_jobs)
        return seen

    return install


def driven(root: Path, count: int, **policy: Any) -> Driven:
    return drive(jobs(count), root, Reporter(quiet=True), Policy(**policy))


def errors(made: Driven) -> list[str]:
    return [outcome.error for outcome in made.outcomes]


def test_a_failing_run_is_tried_again_after_the_others(tmp_path: Path, rounds: Any) -> None:
    seen = rounds({0: ["no", "no", ""], 1: ["no", "no", "no"]})
    made = driven(tmp_path, 3, retries=2)
    assert seen == [[0, 1, 2], [0, 1], [0, 1]]
    assert errors(made) == ["", "no", ""]
    assert not made.out_of_time


def test_after_a_failure_no_run_is_started_where_that_is_asked_for(
    tmp_path: Path, rounds: Any
) -> None:
    seen = rounds({1: ["no"]})
    assert errors(driven(tmp_path, 3, keep_going=False)) == ["", "no"]
    assert seen == [[0, 1]]


def test_a_failure_that_is_tried_again_stops_no_other(tmp_path: Path, rounds: Any) -> None:
    seen = rounds({1: ["no", ""], 2: ["no", "no"]})
    assert errors(driven(tmp_path, 5, keep_going=False, retries=1)) == ["", "", "no", "", ""]
    assert seen == [[0, 1], [2], [3, 4, 1, 2]]


def test_a_run_of_another_process_is_looked_at_once_more(tmp_path: Path, rounds: Any) -> None:
    seen = rounds({0: ["taken", ""], 1: ["taken", "taken"]})
    made = driven(tmp_path, 3, keep_going=False)
    assert seen == [[0, 1, 2], [0, 1]]
    assert [outcome.taken for outcome in made.outcomes] == [False, True, False]


def test_what_failed_in_an_earlier_command_is_tried_again_where_that_is_asked_for(
    tmp_path: Path, rounds: Any
) -> None:
    first, *_ = jobs(2)
    writer, name = Writer(tmp_path), planned(tmp_path, first.spec, 0).name
    writer.note(first, name, "started")
    writer.note(first, name, "failed", error="the loss is no number")
    seen = rounds({})
    made = driven(tmp_path, 2)
    assert seen == [[1]]
    assert errors(made) == [
        "failed before, and was not tried again (--retry-failed): the loss is no number",
        "",
    ]
    assert errors(driven(tmp_path, 2, retry_failed=True)) == ["", ""]
    assert seen == [[1], [0, 1]]
    assert len(driven(tmp_path, 2, keep_going=False).outcomes) == 1
    assert len(seen) == 2


def test_the_same_run_twice_has_two_outcomes(tmp_path: Path, rounds: Any) -> None:
    rounds({})
    twice = jobs(1) + jobs(1)
    assert len(drive(twice, tmp_path, Reporter(quiet=True), Policy()).outcomes) == 2


def test_at_the_end_of_the_time_what_was_not_started_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_jobs(chosen: Sequence[PlannedRun], root: Path, *more: Any) -> list[Outcome]:
        made = [Outcome(chosen[0], planned(root, chosen[0].spec, 0), [])]
        try:
            time.sleep(60)
        except OutOfTime:
            return made
        raise AssertionError("it was not interrupted")

    monkeypatch.setattr(driving, "run_jobs", run_jobs)
    made = driven(tmp_path, 3, max_hours=0.02 / 3600)
    assert (len(made.outcomes), made.out_of_time) == (1, True)


def test_a_limit_that_is_not_reached_leaves_no_alarm() -> None:
    with time_limit(1) as limit:
        assert not limit.is_over
    with time_limit(None) as limit:
        assert not limit.is_over
    with pytest.raises(KeyboardInterrupt), time_limit(0.001 / 3600):
        time.sleep(60)
    time.sleep(0.01)


def test_only_the_main_thread_can_be_limited() -> None:
    import threading

    caught: list[Exception] = []

    def work() -> None:
        try:
            with time_limit(1):
                pass
        except UserError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(caught) == 1
