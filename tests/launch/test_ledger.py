"""The ledger: lines of several writers, and how runs stand by it and by their directories."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlt_cli.launch.jobs import PlannedRun
from xlt_cli.launch.ledger import FOLDER, Ledger, Writer
from xlt_cli.launch.local import noted
from xlt_cli.launch.states import Standing, standings
from xlt_cli.runs import holding
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create, planned
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse

TEXT = "name: quick\nencoder: mbert\ndevice: cpu\nstages:\n  - task: pawsx\nevaluations: []\n"


@pytest.fixture
def job() -> PlannedRun:
    spec = resolve(Source(parse(TEXT, Path("spec.yaml")), TEXT)).spec
    return PlannedRun(spec, 1, TEXT, [], "base")


def stands(root: Path, job: PlannedRun) -> Standing:
    (only,) = standings(root, [job])
    return only


def events(root: Path, run: str) -> list[str]:
    return [line["event"] for line in Ledger.read(root, "quick").events.get(run, ())]


def test_an_attempt_is_noted_with_its_end(tmp_path: Path, job: PlannedRun) -> None:
    name = planned(tmp_path, job.spec, 1).name
    assert stands(tmp_path, job) == Standing(planned(tmp_path, job.spec, 1), "pending")
    seen = []

    def fail() -> None:
        seen.append(stands(tmp_path, job).state)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"), noted(Writer(tmp_path), job, name):
        fail()
    assert seen == ["running"]
    assert stands(tmp_path, job) == Standing(planned(tmp_path, job.spec, 1), "failed", 1, "gone")
    with pytest.raises(KeyboardInterrupt), noted(Writer(tmp_path), job, name):
        raise KeyboardInterrupt
    assert stands(tmp_path, job).state == "interrupted"
    with noted(Writer(tmp_path), job, name):
        pass
    # The directory says whether a run is done, and there is none.
    assert (stands(tmp_path, job).state, stands(tmp_path, job).attempts) == ("pending", 3)
    assert events(tmp_path, name) == [
        "started", "failed", "started", "interrupted", "started", "done",
    ]  # fmt: skip
    assert len(list((tmp_path / FOLDER / "quick").iterdir())) == 3


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", "pending"),
        ("started", "interrupted"),
        ("cancelled", "interrupted"),
        ("error", "failed"),
        ("success", "done"),
    ],
)
def test_without_a_line_the_directory_tells(
    tmp_path: Path, job: PlannedRun, status: Any, state: str
) -> None:
    run = create(tmp_path, job.spec, 1, TEXT, [])
    run.set_state(status, "no number")
    found = stands(tmp_path, job)
    assert (found.state, found.attempts) == (state, 0)
    assert found.error == ("no number" if state == "failed" else "")


def test_what_was_written_last_tells_how_it_ended(tmp_path: Path, job: PlannedRun) -> None:
    run = create(tmp_path, job.spec, 1, TEXT, [])
    writer = Writer(tmp_path)
    writer.note(job, run.name, "started")
    run.set_state("started")
    writer.note(job, run.name, "failed", error="its process was ended by SIGSEGV")
    assert stands(tmp_path, job).state == "failed"
    run.set_state("started")  # another command goes on, and is killed
    assert stands(tmp_path, job).state == "interrupted"
    run.set_state("success")
    writer.note(job, run.name, "failed", error="late")
    assert stands(tmp_path, job).state == "done"


def test_a_run_that_was_left_to_another_process_has_not_failed(
    tmp_path: Path, job: PlannedRun
) -> None:
    run = create(tmp_path, job.spec, 1, TEXT, [])
    with held(run):
        assert stands(tmp_path, job).state == "running"
        with (
            pytest.raises(Exception, match="working on this run"),
            noted(Writer(tmp_path), job, run.name),
            run.locked(),
        ):
            pass
        assert (stands(tmp_path, job).state, stands(tmp_path, job).attempts) == ("running", 0)


def test_a_trained_run_without_an_evaluation_is_pending(tmp_path: Path, job: PlannedRun) -> None:
    create(tmp_path, job.spec, 1, TEXT, []).set_state("success")
    spec = resolve(Source(parse(TEXT[:-16], Path("spec.yaml")), TEXT)).spec
    assert spec.evaluations
    assert stands(tmp_path, job).state == "done"
    assert stands(tmp_path, PlannedRun(spec, 1, TEXT, [])).state == "pending"


def test_a_stopped_process_makes_its_run_interrupted(
    tmp_path: Path, job: PlannedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(holding.VARIABLE, "0.2")
    run = create(tmp_path, job.spec, 1, TEXT, [])
    with held(run) as pid:
        assert stands(tmp_path, job).state == "running"
        os.kill(pid, signal.SIGSTOP)
        holder = run.place.holder
        while stands(tmp_path, job).state == "running":
            pass
        assert holder is not None
        assert holder.pid == pid


def _hold(run: Run) -> None:
    with run.locked():
        run.set_state("started")
        signal.pause()


@contextmanager
def held(run: Run) -> Iterator[int]:
    """Another process that works on a run."""
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(run,))
    process.start()
    try:
        while run.status["state"] != "started" or run.place.holder is None:
            pass
        assert process.pid is not None
        yield process.pid
    finally:
        process.kill()
        process.join()


def _write(root: Path, job: PlannedRun, writer: int, count: int) -> None:
    own = Writer(root)
    for number in range(count):
        own.note(job, f"run-{writer}", "started", number=number)


def test_writers_at_once_lose_no_line(tmp_path: Path, job: PlannedRun) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(tmp_path, job, n, 40)) for n in range(4)]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    ledger = Ledger.read(tmp_path, "quick")
    assert {run: [line["number"] for line in lines] for run, lines in ledger.events.items()} == {
        f"run-{writer}": list(range(40)) for writer in range(4)
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(cut=st.integers(0, 400), rubbish=st.binary(max_size=20))
def test_a_torn_last_line_takes_no_other_with_it(
    tmp_path: Path, job: PlannedRun, cut: int, rubbish: bytes
) -> None:
    root = tmp_path / f"{cut}-{rubbish.hex()}"
    writer = Writer(root)
    for number in range(3):
        writer.note(job, "a", "started", number=number)
    (file,) = (root / FOLDER / "quick").iterdir()
    whole = file.read_bytes()
    torn = whole[: max(0, len(whole) - cut)]
    file.write_bytes(torn + rubbish.replace(b"\n", b""))
    kept = [line["number"] for line in Ledger.read(root, "quick").events.get("a", ())]
    assert kept == list(range(torn.count(b"\n")))
    Writer(root).note(job, "a", "done")  # of another process: into a file of its own
    assert [line["event"] for line in Ledger.read(root, "quick").events["a"]][-1] == "done"


def test_a_ledger_that_cannot_be_written_stops_no_run(tmp_path: Path, job: PlannedRun) -> None:
    (tmp_path / FOLDER).write_text("a file", "utf-8")
    with noted(Writer(tmp_path), job, "a"):
        pass
    assert Ledger.read(tmp_path, "quick").events == {}
