"""The launcher `processes`, with jobs that are small scripts in place of runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import (
    Event,
    Failed,
    Finished,
    Hint,
    Interrupted,
    Job,
    Manifest,
    Memory,
    Retried,
    Started,
    Stopping,
    UserError,
)
from xlt_launchers import crew, hosts, room
from xlt_launchers.processes import Processes
from xlt_launchers.room import Room
from xlt_launchers.tasks import Task, Worker

SCRIPT = """\
import json, os, sys, time
from pathlib import Path

answer, directory = Path(sys.argv[1]), Path(sys.argv[2])

def leave(error="", short=False):
    peak = {{"ram": 7, "gpu": 0}}
    answer.write_text(json.dumps({{"error": error, "out_of_memory": short, "peak": peak}}))

assert sys.argv[3] == "--attached"
print("at work", flush=True)
{body}
"""


def job(folder: Path, number: int, body: str = "leave()", directory: str = "", **more: Any) -> Job:
    answer = folder / f"{number}.json"
    place = folder / (directory or f"run-{number}")
    command = (sys.executable, "-c", SCRIPT.format(body=body), str(answer), str(place))
    log = place / "output.log"
    return Job(number, f"j{number}", "base", 1, place, command, log, answer, "cpu", "a", **more)


def launch(folder: Path, *jobs: Job, at_once: int = 2, keep_going: bool = True) -> list[Event]:
    """What is told while the jobs are done."""
    events: list[Event] = []
    manifest = Manifest(folder / "manifest.json", folder, jobs, keep_going)
    Processes(Processes.Params(jobs=at_once)).launch(manifest, events.append)
    return events


def short(events: list[Event]) -> list[tuple[str, int]]:
    return [(type(event).__name__, event.job.number) for event in events]  # type: ignore[attr-defined]


def test_jobs_are_done_and_their_output_is_kept(tmp_path: Path) -> None:
    events = launch(tmp_path, *(job(tmp_path, number) for number in (1, 2, 3)))
    assert sorted(short(events)) == sorted(
        (name, number) for name in ("Started", "Finished") for number in (1, 2, 3)
    )
    assert [number for name, number in short(events) if name == "Started"] == [1, 2, 3]
    started = events[0]
    assert isinstance(started, Started)
    assert started.about["places"] == ["ram"]
    done = next(event for event in events if isinstance(event, Finished))
    assert done.peak == Memory(7)
    assert (tmp_path / "run-1" / "output.log").read_text("utf-8") == "at work\n"


def test_jobs_of_one_directory_wait_for_each_other(tmp_path: Path) -> None:
    alone = "busy = directory / 'busy'\nbusy.mkdir()\ntime.sleep(0.2)\nbusy.rmdir()\nleave()"
    events = launch(tmp_path, *(job(tmp_path, number, alone, "one") for number in (1, 2)))
    assert short(events) == [("Started", 1), ("Finished", 1), ("Started", 2), ("Finished", 2)]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("leave('no data'); sys.exit(2)", "no data"),
        ("sys.exit(3)", "its process ended with code 3"),
        ("os.kill(os.getpid(), 11)", "its process was ended by SIGSEGV"),
    ],
)
def test_a_failure_stops_no_other_unless_it_is_to(tmp_path: Path, body: str, error: str) -> None:
    jobs = [job(tmp_path, 1, body), job(tmp_path, 2)]
    events = launch(tmp_path, *jobs, at_once=1)
    assert short(events) == [("Started", 1), ("Failed", 1), ("Started", 2), ("Finished", 2)]
    failed = events[1]
    assert isinstance(failed, Failed)
    assert (failed.error, failed.out_of_memory) == (error, False)
    events = launch(tmp_path, *jobs, at_once=1, keep_going=False)
    assert short(events) == [("Started", 1), ("Failed", 1)]


ONCE = """\
again = directory / "again"
if not again.exists():
    again.touch()
    {first}
    sys.exit(1)
leave()
"""


@pytest.mark.parametrize("first", ["leave('full', True)", "os.kill(os.getpid(), 9)"])
def test_a_job_that_runs_out_of_memory_goes_on_later(tmp_path: Path, first: str) -> None:
    events = launch(tmp_path, job(tmp_path, 1, ONCE.format(first=first)), at_once=1)
    names = ("Started", "Retried", "Started", "Finished")
    assert short(events) == [(name, 1) for name in names]
    again = events[2]
    assert isinstance(again, Started)
    assert again.again == "again, alone"
    assert isinstance(events[1], Retried)
    assert events[1].out_of_memory


def test_one_that_runs_out_of_memory_alone_has_failed(tmp_path: Path) -> None:
    body = "leave('full', True); sys.exit(1)"
    measured = {"cpu": Memory(2**20)}  # its need was no guess
    events = launch(tmp_path, job(tmp_path, 1, body, memory=measured), job(tmp_path, 2))
    assert short(events).count(("Started", 1)) == 2
    failed = next(event for event in events if isinstance(event, Failed))
    assert (failed.error, failed.out_of_memory) == ("full", True)
    assert ("Finished", 2) in short(events)


STOPPED = """
answer.with_name(answer.name + ".memory").write_text("{{}}")
if not (directory / "stopped").exists():
    (directory / "stopped").touch()
    os.kill(os.getpid(), 19)
leave()
"""


def test_a_job_whose_process_is_stopped_goes_on_in_another(tmp_path: Path) -> None:
    events = launch(tmp_path, job(tmp_path, 1, STOPPED.format(), silent_after=0.3))
    assert short(events) == [("Started", 1), ("Retried", 1), ("Started", 1), ("Finished", 1)]
    assert isinstance(events[1], Retried)
    assert "had not reported for 0.3 s" in events[1].error
    assert not events[1].out_of_memory


def test_a_job_that_never_reports_fails_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "MOST_STOPPED", 0)
    for_ever = 'answer.with_name(answer.name + ".memory").touch()\ntime.sleep(60)'
    events = launch(tmp_path, job(tmp_path, 1, for_ever, silent_after=0.2))
    assert short(events) == [("Started", 1), ("Failed", 1)]


def test_a_pause_of_the_launcher_itself_is_no_silence_of_its_jobs(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    worker = Worker(Task(job(tmp_path, 1)), ["ram"], True, process, 0.0)
    worker.listen(0.5)
    assert worker.silence == 0  # it has yet to begin
    report = tmp_path / "1.json.memory"
    report.touch()
    worker.listen(0.5)
    for pause, silence in ((3600, 1.0), (0.1, 1.1)):
        worker.listen(pause)
        assert worker.silence == pytest.approx(silence)
    os.utime(report, (1, 1))
    worker.listen(0.1)
    assert worker.silence == 0


def test_an_interruption_ends_the_jobs_at_work(tmp_path: Path) -> None:
    events: list[Event] = []

    def tell(event: Event) -> None:
        events.append(event)
        if isinstance(event, Started) and event.job.number == 2:
            raise KeyboardInterrupt

    body = "time.sleep(600)"
    jobs = tuple(job(tmp_path, number, body) for number in (1, 2, 3))
    launcher = Processes(Processes.Params(jobs=2))
    with pytest.raises(KeyboardInterrupt):
        launcher.launch(Manifest(tmp_path / "manifest.json", tmp_path, jobs), tell)
    stopping, *ends = events[2:]
    assert isinstance(stopping, Stopping)
    assert [one.number for one in stopping.jobs] == [1, 2]
    assert [type(end) for end in ends] == [Interrupted, Interrupted]
    for started in events[:2]:
        assert isinstance(started, Started)
        assert not Path(f"/proc/{started.about['pid']}").exists()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "run-1").touch()
    with pytest.raises(UserError, match="cannot write into the run's directory") as caught:
        launch(tmp_path, job(tmp_path, 1))
    assert caught.value.where == str(tmp_path / "run-1")


def test_auto_is_as_many_as_the_machine_can_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_launchers import shares

    monkeypatch.setattr(shares, "most_at_once", lambda: 1)
    events: list[Event] = []
    jobs = (job(tmp_path, 1), job(tmp_path, 2))
    Processes().launch(Manifest(tmp_path / "manifest.json", tmp_path, jobs), events.append)
    assert short(events) == [("Started", 1), ("Finished", 1), ("Started", 2), ("Finished", 2)]


def test_a_free_slot_gets_a_further_job_while_another_job_is_at_work(tmp_path: Path) -> None:
    # The first job ends only when the last of the others has left its answer.
    last = str(tmp_path / "4.json")
    until = f"while not Path({last!r}).exists():\n    time.sleep(0.01)\nleave()"
    slow, *quick = [job(tmp_path, 1, until), *(job(tmp_path, number) for number in (2, 3, 4))]
    asked: list[int] = []

    def further(free: int) -> tuple[Job, ...]:
        asked.append(free)
        return (quick.pop(0),) if quick else ()

    events: list[Event] = []
    manifest = Manifest(tmp_path / "manifest.json", tmp_path, (slow,), further=further)
    Processes(Processes.Params(jobs=2)).launch(manifest, events.append)
    assert [number for name, number in short(events) if name == "Started"] == [1, 2, 3, 4]
    assert sum(isinstance(event, Finished) for event in events) == 4
    assert set(asked[:3]) == {1}


SERVER = """\
import json, os, sys

for line in sys.stdin:
    asked = json.loads(line)
    with open(asked["log"], "a") as log:
        print(os.getpid(), os.environ.get("OMP_NUM_THREADS"), file=log)
    if asked["error"]:
        with open(asked["answer"], "w") as file:
            json.dump({"error": asked["error"]}, file)
        sys.exit(2)
    with open(asked["answer"], "w") as file:
        json.dump({"error": "", "peak": {"ram": 7, "gpu": 0}}, file)
    print("done", flush=True)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
"""


def served(
    folder: Path, *errors: str, at_once: int, device: str = "cpu"
) -> tuple[list[Event], list[list[str]], list[str]]:
    """Jobs in processes that do several: events, what each job said, and the processes that were
    ended by closing their input."""
    jobs = []
    for number, error in enumerate(errors, start=1):
        own = job(folder, number)
        about = {"log": str(own.log), "answer": str(own.answer), "error": error}
        jobs.append(replace(own, request=json.dumps(about), device=device))
    events: list[Event] = []
    worker = (sys.executable, "-c", SERVER, str(folder / "ended"))
    manifest = Manifest(folder / "manifest.json", folder, tuple(jobs), worker=worker)
    Processes(Processes.Params(jobs=at_once)).launch(manifest, events.append)
    ended = (folder / "ended").read_text("utf-8").split() if (folder / "ended").exists() else []
    return events, [one.log.read_text("utf-8").split() for one in jobs], ended


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_process_does_one_job_after_another(tmp_path: Path, at_once: int) -> None:
    events, said, ended = served(tmp_path, *[""] * 5, at_once=at_once)
    assert sorted(name for name, _ in short(events)) == ["Finished"] * 5 + ["Started"] * 5
    pids = {pid for pid, *_ in said}
    assert len(pids) <= at_once
    assert set(ended) == pids
    told = {str(e.about["pid"]) for e in events if isinstance(e, Started)}
    assert told == pids


def test_after_a_failure_another_process_goes_on(tmp_path: Path) -> None:
    events, said, ended = served(tmp_path, "", "no data", "", "", at_once=1)
    assert [name for name, _ in short(events)] == [
        "Started", "Finished", "Started", "Failed", "Started", "Finished", "Started", "Finished",
    ]  # fmt: skip
    failed = events[3]
    assert isinstance(failed, Failed)
    assert failed.error == "no data"
    first, second, third, fourth = (pid for pid, *_ in said)
    assert first == second != third == fourth
    assert ended == [third]


def test_a_process_that_dies_between_jobs_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_back = hosts.Hosts.give_back

    def killed(self: hosts.Hosts, host: hosts.Host) -> None:
        host.process.kill()
        host.process.wait()
        give_back(self, host)

    monkeypatch.setattr(hosts.Hosts, "give_back", killed)
    events, said, ended = served(tmp_path, "", "", at_once=1)
    assert [name for name, _ in short(events)] == ["Started", "Finished"] * 2
    assert said[0][0] != said[1][0]
    assert ended == []


def test_an_idle_process_that_was_stopped_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "PATIENCE", 0.1)
    give_back = hosts.Hosts.give_back

    def stopped(self: hosts.Hosts, host: hosts.Host) -> None:
        host.process.send_signal(signal.SIGSTOP)
        give_back(self, host)

    monkeypatch.setattr(hosts.Hosts, "give_back", stopped)
    events, _, ended = served(tmp_path, "", at_once=1)
    assert short(events) == [("Started", 1), ("Finished", 1)]
    assert ended == []


@pytest.mark.parametrize(
    ("service", "at_once", "device", "hints"),
    [(False, 2, "cuda", 1), (True, 2, "cuda", 0), (False, 1, "cuda", 0), (False, 2, "cpu", 0)],
)
def test_runs_that_take_turns_on_a_gpu_are_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    service: bool,
    at_once: int,
    device: str,
    hints: int,
) -> None:
    pid = tmp_path / "nvidia-cuda-mps-control.pid"
    pid.write_text(str(os.getpid() if service else 2**22 + 1))  # above the largest of Linux
    monkeypatch.setenv("CUDA_MPS_PIPE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(room, "visible_gpus", lambda environment: ["0"])
    monkeypatch.setattr(room, "gpus", lambda names: {"0": ("H100", Room(8 * 10**10, 8 * 10**10))})
    jobs = [
        replace(job(tmp_path, number, "time.sleep(0.3); leave()"), device=device)
        for number in (1, 2, 3)
    ]
    events = launch(tmp_path, *jobs, at_once=at_once)
    assert sum(isinstance(event, Finished) for event in events) == 3
    said = [event.text for event in events if isinstance(event, Hint)]
    assert len(said) == hints
    assert all("GPU 0" in text and "nvidia-cuda-mps-control -d" in text for text in said)
