"""Jobs in a queue that runs them elsewhere: a scripted queue in place of Slurm or Ray."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Interrupted,
    Job,
    Manifest,
    Retried,
    Started,
    Stopping,
)
from xlt_launchers import dispatch
from xlt_launchers.carry import BEGAN, ENDED, record
from xlt_launchers.dispatch import Dispatcher
from xlt_launchers.queue import Queue, Standing

FAILED = Standing("failed", "cancelled by somebody")


class Scripted(Queue):
    """At each question, the next step of each job happens.

    A step is a state of the queue, `begin`, or the content of an answer, with which a job ends; an
    empty answer is none.
    """

    shortest: ClassVar[float] = 0.0
    longest: ClassVar[float] = 0.0
    grace: ClassVar[float] = 0.0

    def __init__(self, steps: Mapping[int, Sequence[Any]], slots: int = 10) -> None:
        self.steps = {number: list(each) for number, each in steps.items()}
        self.slots = self.at_once = slots
        self.jobs: dict[int, Job] = {}
        self.attempts: dict[int, int] = {}
        self.submitted: list[list[int]] = []
        self.cancelled: list[int] = []

    def submit(self, jobs: Sequence[Job]) -> str:
        self.jobs |= {job.number: job for job in jobs}
        self.submitted.append([job.number for job in jobs])
        return ""

    def standings(self, numbers: Sequence[int]) -> Mapping[int, Standing]:
        return {number: self.step(number) for number in numbers}

    def step(self, number: int) -> Standing:
        step = self.steps[number].pop(0) if self.steps[number] else "gone"
        answer = self.jobs[number].answer
        if step == "begin":
            self.attempts[number] = self.attempts.get(number, 0) + 1
            record(answer, BEGAN, self.attempts[number]).write_text('{"host": "node7"}', "utf-8")
        elif isinstance(step, dict):
            if step:
                answer.write_text(json.dumps(step), "utf-8")
            ended = json.dumps({"code": 1 if step.get("error") else 0, "seconds": 1.5})
            record(answer, ENDED, self.attempts[number]).write_text(ended, "utf-8")
            return Standing("gone")
        elif isinstance(step, Standing):
            return step
        elif isinstance(step, BaseException):
            raise step
        else:
            return Standing(step, "its node was lost" if step == "gone" else "")
        return Standing("runs")

    def cancel(self, numbers: Sequence[int]) -> None:
        self.cancelled += numbers
        for number in numbers:
            self.steps[number] = [FAILED]


DONE = {"error": "", "peak": {"ram": 7, "gpu": 0}}
BAD = {"error": "no data", "out_of_memory": False}
TAKEN = {"error": "another process is at work", "taken": True}


def job(folder: Path, number: int, directory: str = "") -> Job:
    place = folder / (directory or f"run-{number}")
    answer = folder / f"{number}.json"
    return Job(number, f"j{number}", "base", 1, place, ("true",), place / "log", answer)


def launch(folder: Path, queue: Scripted, *jobs: Job, **more: Any) -> list[Event]:
    """What is told while the jobs are done."""
    events: list[Event] = []
    jobs = jobs or tuple(job(folder, number) for number in queue.steps)
    Dispatcher(
        Manifest(folder / "manifest.json", folder, jobs, **more), queue, events.append
    ).work()
    return events


def short(events: list[Event]) -> list[tuple[str, int]]:
    return [(type(event).__name__, event.job.number) for event in events]  # type: ignore[attr-defined]


def test_a_job_waits_in_the_queue_begins_and_ends(tmp_path: Path) -> None:
    queue = Scripted({1: ["waits", "begin", "runs", DONE]})
    started, finished = launch(tmp_path, queue)
    assert isinstance(started, Started)
    assert (started.about, started.again) == ({"host": "node7"}, "")
    assert isinstance(finished, Finished)
    assert (finished.seconds, finished.peak.ram) == (1.5, 7)
    assert [path.name for path in tmp_path.iterdir()] == ["1.json"]  # no record is left


def test_all_are_handed_over_at_once_if_there_are_slots(tmp_path: Path) -> None:
    steps = {number: ["begin", DONE] for number in range(1, 6)}
    queue = Scripted(steps)
    launch(tmp_path, queue)
    assert queue.submitted == [[1, 2, 3, 4, 5]]
    few = Scripted(steps, slots=2)
    (tmp_path / "few").mkdir()
    launch(tmp_path / "few", few)
    assert [len(some) for some in few.submitted] == [2, 2, 1]


def test_jobs_of_one_directory_are_not_in_the_queue_together(tmp_path: Path) -> None:
    queue = Scripted({number: ["begin", DONE] for number in (1, 2, 3)})
    one, other = (job(tmp_path, number, "same") for number in (1, 2))
    launch(tmp_path, queue, one, other, job(tmp_path, 3))
    assert queue.submitted == [[1, 3], [2]]


@pytest.mark.parametrize("stop", [["waits", "begin"], ["begin"]])
def test_one_that_the_queue_starts_again_is_continued(tmp_path: Path, stop: list[str]) -> None:
    events = launch(tmp_path, Scripted({1: ["begin", "runs", *stop, DONE]}))
    names = ("Started", "Retried", "Started", "Finished")
    assert short(events) == [(name, 1) for name in names]
    assert isinstance(events[2], Started)
    assert events[2].again == "again"


def test_a_lost_job_is_handed_over_again_but_not_for_ever(tmp_path: Path) -> None:
    queue = Scripted({1: ["begin", "gone", "begin", DONE]})
    events = launch(tmp_path, queue)
    assert short(events) == [(n, 1) for n in ("Started", "Retried", "Started", "Finished")]
    assert isinstance(events[1], Retried)
    assert events[1].error == "its node was lost"
    assert queue.submitted == [[1], [1]]
    (tmp_path / "ever").mkdir()
    hopeless = Scripted({1: ["begin", "gone"] * 10})
    events = launch(tmp_path / "ever", hopeless)
    assert len(hopeless.submitted) == 1 + dispatch.MOST_LOST
    assert isinstance(events[-1], Failed)
    assert events[-1].error == "its node was lost"


def test_one_that_is_lost_before_it_began_is_not_told_of(tmp_path: Path) -> None:
    events = launch(tmp_path, Scripted({1: ["gone", "begin", DONE]}))
    assert short(events) == [("Started", 1), ("Finished", 1)]


def test_a_cancelled_job_has_failed_and_is_not_run_again(tmp_path: Path) -> None:
    queue = Scripted({1: ["begin", FAILED], 2: ["waits", FAILED], 3: ["begin", DONE]})
    events = launch(tmp_path, queue)
    errors = {e.job.number: e.error for e in events if isinstance(e, Failed)}
    assert errors == {1: "cancelled by somebody", 2: "cancelled by somebody"}
    assert ("Finished", 3) in short(events)
    assert queue.submitted == [[1, 2, 3]]


def test_a_failure_is_told_with_its_error(tmp_path: Path) -> None:
    events = launch(tmp_path, Scripted({1: ["begin", BAD], 2: ["begin", DONE]}))
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert (failed.job.number, failed.error, failed.seconds) == (1, "no data", 1.5)


def test_after_a_failure_the_others_are_taken_back_unless_it_is_to_keep_going(
    tmp_path: Path,
) -> None:
    def further(free: int) -> tuple[Job, ...]:
        asked.append(free)
        return ()

    asked: list[int] = []
    # The third begins while it is taken back, the fourth waits here.
    queue = Scripted({1: ["begin", BAD], 2: ["waits"] * 9, 3: ["waits", "waits", "begin", "runs",
                      DONE], 4: []}, slots=3)  # fmt: skip
    queue.cancel = lambda numbers: Scripted.cancel(queue, [n for n in numbers if n != 3])  # type: ignore[method-assign]
    jobs = [job(tmp_path, number) for number in (1, 2, 3, 4)]
    events = launch(tmp_path, queue, *jobs, keep_going=False, further=further)
    assert short(events) == [("Started", 1), ("Started", 3), ("Failed", 1), ("Finished", 3)]
    assert (queue.cancelled, asked) == ([2], [])


def test_further_jobs_are_asked_for_when_fewer_are_at_work_than_could_be(tmp_path: Path) -> None:
    def further(free: int) -> tuple[Job, ...]:
        asked.append(free)
        return tuple(left.pop(0) for _ in range(min(free, len(left))))

    asked: list[int] = []
    left = [job(tmp_path, number) for number in (2, 3, 4)]
    queue = Scripted({number: ["begin", DONE] for number in (1, 2, 3, 4)}, slots=2)
    events = launch(tmp_path, queue, job(tmp_path, 1), further=further)
    assert asked[0] == 1
    assert sorted(number for name, number in short(events) if name == "Finished") == [1, 2, 3, 4]


def test_one_whose_former_process_still_works_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "TAKEN_PAUSE", 0.01)
    events = launch(tmp_path, Scripted({1: ["begin", "gone", "begin", TAKEN, "begin", DONE]}))
    names = ("Started", "Retried", "Started", "Retried", "Started", "Finished")
    assert short(events) == [(name, 1) for name in names]


def test_one_at_which_another_sweep_works_is_left_to_it(tmp_path: Path) -> None:
    events = launch(tmp_path, Scripted({1: ["begin", TAKEN], 2: ["begin", DONE]}), keep_going=False)
    assert short(events)[-2:] != [("Failed", 1)]
    assert {("Failed", 1), ("Finished", 2)} <= set(short(events))


def test_a_job_without_an_answer_has_failed(tmp_path: Path) -> None:
    (_, failed) = launch(tmp_path, Scripted({1: ["begin", {}]}))
    assert isinstance(failed, Failed)
    assert failed.error == "its process ended with code 0"


def test_an_interruption_is_passed_on_and_waited_for(tmp_path: Path) -> None:
    queue = Scripted({1: ["begin"], 2: ["waits"] * 2 + [KeyboardInterrupt()]})
    queue.steps[1] += ["runs"] * 3
    events: list[Event] = []
    jobs = tuple(job(tmp_path, number) for number in (1, 2))
    dispatcher = Dispatcher(Manifest(tmp_path / "m", tmp_path, jobs), queue, events.append)
    with pytest.raises(KeyboardInterrupt):
        dispatcher.work()
    dispatcher.stop()
    started, stopping, interrupted = events
    assert isinstance(started, Started)
    assert isinstance(stopping, Stopping)
    assert [one.number for one in stopping.jobs] == [1]
    assert isinstance(interrupted, Interrupted)
    assert interrupted.job.number == 1
    assert queue.cancelled == [1, 2]
    dispatcher.stop()  # nothing is left
    assert len(events) == 3


def test_a_queue_that_does_not_answer_is_asked_again(tmp_path: Path) -> None:
    class Silent(Scripted):
        asked = 0

        def standings(self, numbers: Sequence[int]) -> Mapping[int, Standing]:
            self.asked += 1
            return {} if self.asked < 4 else super().standings(numbers)

    assert short(launch(tmp_path, Silent({1: ["begin", DONE]})))[-1] == ("Finished", 1)
