"""What the process of a job leaves for the one that waits for it."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from typer.testing import Result

from xlt_cli.api import Job, Memory
from xlt_cli.launch import answers
from xlt_cli.launch.answers import answering, interrupted_once
from xlt_cli.launch.limits import StoppedEarly
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs

Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def _reports_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads that report memory end with the test, where a job's would end with its process."""
    yield
    monkeypatch.undo()
    tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-over"))
    for thread in threading.enumerate():
        if thread.name == answers.REPORTING:
            thread.join(10)
            assert not thread.is_alive()


def job(path: Path) -> Job:
    return Job(1, "a", "", 1, path.parent, (), path.parent / "output.log", path)


@pytest.mark.parametrize(
    ("error", "short"),
    [(ValueError("no"), False), (torch.OutOfMemoryError("CUDA out of memory"), True)],
)
def test_an_error_is_left_and_goes_its_way(tmp_path: Path, error: Exception, short: bool) -> None:
    path = tmp_path / "folder" / "answer.json"
    with pytest.raises(type(error)), answering(path):
        raise error
    ended = job(path).ended(1)
    assert (ended.error, ended.out_of_memory) == (str(error), short)
    assert ended.peak.ram > 2**20
    with answering(path) as answer:
        assert not path.exists()  # what a former attempt ended with
        answer.results = [{"task": "xnli"}]
    assert job(path).ended(0).error == ""
    assert atomic.read_json(path)["results"] == [{"task": "xnli"}]


def test_an_interrupted_job_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    with pytest.raises(KeyboardInterrupt), answering(path):
        raise KeyboardInterrupt
    assert not path.exists()
    assert job(path).ended(130).error == "interrupted"


def test_a_job_that_a_search_stops_ends_without_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_asked_to_stop", threading.Event())
    monkeypatch.setattr(answers, "EVERY", 0.01)
    path, begun = tmp_path / "answer.json", False
    answers.stop_file(path).touch()  # of a former attempt
    with pytest.raises(StoppedEarly), interrupted_once(), answering(path):  # noqa: PT012
        time.sleep(0.1)
        begun = True
        answers.stop_file(path).touch()
        time.sleep(60)
    ended = job(path).ended(130)
    assert (begun, ended.error, ended.stopped) == (True, "", True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_is_interrupted_once_and_then_left_to_end(number: signal.Signals) -> None:
    before = [signal.getsignal(which) for which in (signal.SIGINT, signal.SIGTERM)]
    left = []

    def work() -> None:
        try:
            signal.raise_signal(number)
        finally:
            for again in (signal.SIGINT, signal.SIGTERM):
                signal.raise_signal(again)  # while the record of the run is written
            left.append(True)

    with pytest.raises(KeyboardInterrupt), interrupted_once():
        work()
    assert left == [True]
    assert [signal.getsignal(which) for which in (signal.SIGINT, signal.SIGTERM)] == before


def test_what_is_held_is_reported_while_the_job_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "EVERY", 0.001)
    path = tmp_path / "answer.json"
    with answering(path):
        end = time.monotonic() + 60
        while job(path).use() is None and time.monotonic() < end:
            time.sleep(0.001)
        use = job(path).use()
    assert use is not None
    assert use.ram > 2**20


def test_a_report_that_is_not_there_or_torn_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    for content in ("", "{", "[]", '{"ram": 1}', '{"ram": "a", "gpu": 1}'):
        path.with_name("answer.json.memory").write_text(content, "utf-8")
        path.write_text(content, "utf-8")
        assert job(path).use() is None
        assert job(path).ended(3).error == "its process ended with code 3"
    path.with_name("answer.json.memory").write_text('{"ram": 1, "gpu": 2}', "utf-8")
    assert job(path).use() == Memory(1, 2)


def test_a_finished_run_that_is_only_looked_at_is_not_taken_for_a_measurement(
    tmp_path: Path, tiny_encoder: Path, tiny_data: Path, xlt: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["xlt"])
    task = {"name": "pawsx", "path": str(tiny_data)}
    spec: dict[str, Any] = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{"task": task, "max_steps": 3, "batch_size": 4, "dev": None}],
        "evaluations": [{"languages": ["de"], "limit": 8}],
        "sweep": {},
        "device": "cpu",
        "max_length": 48,
    }
    Path("spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    planned = xlt("sweep", "spec.yaml", "--plan", "plan.json")
    assert planned.exit_code == 0, planned.output
    path = Path("answer.json")

    def run() -> dict[str, Any]:
        result = xlt("run", "plan.json", "1", "--answer", path)
        assert (result.exit_code, result.stdout) == (0, ""), result.output
        answer: dict[str, Any] = atomic.read_json(path)
        return answer

    first = run()
    (made,) = all_runs(Path("runs"))
    trained = json.loads(xlt("train", "spec.yaml", "--json").stdout)
    assert first["results"] == trained[0]["evaluations"]
    measured = (made.path / "memory.json").read_bytes()
    assert job(path).ended(0).peak.ram > 2**20
    monkeypatch.setattr(answers, "held", lambda: Memory(1, 1))
    assert run()["results"] == first["results"]
    assert job(path).ended(0).peak == Memory()
    assert (made.path / "memory.json").read_bytes() == measured
    # The record of the session says what the user typed.
    session = atomic.read_lines(Run(made.path).path / "environment.jsonl")[0]
    assert session["command"] == json.loads(Path("plan.json").read_text("utf-8"))["command"]
