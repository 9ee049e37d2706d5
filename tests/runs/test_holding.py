"""Who holds a lock: takeover only from a process that has certainly ended."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import platform
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from xlt_cli.errors import RunTaken
from xlt_cli.runs import holding
from xlt_cli.runs.directory import Run
from xlt_cli.runs.holding import Holder, Place, Taken
from xlt_cli.runs.mounts import locks_reach
from xlt_cli.runs.stage_store import shared

SECONDS = 0.3
"""Without a report: stopped or gone."""


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(holding.VARIABLE, str(SECONDS))
    monkeypatch.setattr(holding, "POLL", 0.01)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "lock", tmp_path / "holder.json", "run")


def _hold(place: Place) -> None:
    with place.held(10):
        time.sleep(60)


@contextlib.contextmanager
def another(place: Place) -> Iterator[BaseProcess]:
    """Another process that holds the lock."""
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(place,))
    process.start()
    try:
        until(lambda: place.holder is not None and place.holder.pid == process.pid)
        yield process
    finally:
        process.kill()
        process.join()


def until(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def stop(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    until(lambda: place_of(process).is_stopped())


def place_of(process: BaseProcess) -> Holder:
    """The record that a process would leave now."""
    assert process.pid is not None
    return replace(holding._this_process(), pid=process.pid, began=holding._began(process.pid))


def test_the_record_is_there_while_the_lock_is_held_and_is_renewed(place: Place) -> None:
    assert not place.is_taken()
    with place.held(0):
        first = place.holder
        assert first is not None
        assert (first.pid, first.host) == (os.getpid(), platform.node())
        until(lambda: place.holder is not None and place.holder.time > first.time)
        assert place.is_worked_in()
        with pytest.raises(Taken), place.held(0):
            pass
    assert place.holder is None
    assert not place.is_taken()


def test_a_killed_holder_is_followed_at_once(place: Place) -> None:
    with another(place) as process:
        process.kill()
        process.join()
        assert place.holder is not None  # nobody has removed it
        with place.held(0):
            assert place.holder.pid == os.getpid()


def test_a_stopped_holder_is_ended_before_another_holds_the_lock(place: Place) -> None:
    with another(place) as process:
        stop(process)
        said: list[Holder | None] = []
        with place.held(0, said.append):
            process.join(5)
            assert process.exitcode == -signal.SIGKILL
        assert [holder and holder.pid for holder in said] == [process.pid]


def test_a_holder_that_goes_on_in_time_keeps_its_lock(place: Place) -> None:
    with another(place) as process:
        stop(process)

        def go_on(holder: Holder | None) -> None:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGCONT)

        with pytest.raises(Taken), place.held(0.1, go_on):
            pass
        assert process.is_alive()


def test_without_taking_over_a_stopped_holder_is_left_alone(place: Place) -> None:
    with another(place) as process:
        stop(process)
        until(lambda: place.holder is not None and place.holder.is_stale)
        with pytest.raises(Taken), place.held(0.1, take_over=False):
            pass
        assert process.is_alive()
        assert place.is_taken()
        assert not place.is_worked_in()


def test_a_stopped_run_is_interrupted_and_still_busy(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.set_state("started")
    assert run.state == "interrupted"
    with another(run.place) as process:
        assert run.state == "running"
        stop(process)
        until(lambda: run.state == "interrupted")
        assert run.busy()
        with pytest.raises(RunTaken, match=f"pid {process.pid} on "), run.locked():
            pass
        with run.locked(take_over=True):
            assert run.state == "running"


def test_a_shared_stage_is_taken_over_from_a_stopped_process(tmp_path: Path) -> None:
    entry = shared(tmp_path, "0" * 24)
    with another(entry._place()) as process:
        stop(process)
        with entry.locked():
            process.join(5)
            assert process.exitcode == -signal.SIGKILL


def leave(place: Place, **changes: object) -> None:
    """Leaves the record of another machine's process, with its lock not seen here."""
    holder = replace(holding._this_process(), host="away", machine="other", pid=1)
    place.record.write_text(json.dumps({**asdict(holder), **changes}), "utf-8")
    place.lock.touch()


@pytest.mark.parametrize(("age", "unsure"), [(0, False), (9, True)])
def test_where_locks_are_not_seen_a_record_of_another_machine_is_one(
    place: Place, monkeypatch: pytest.MonkeyPatch, age: float, unsure: bool
) -> None:
    monkeypatch.setattr(holding, "locks_reach", lambda _: False)
    leave(place, time=time.time() - age)
    assert place.is_taken()
    assert place.is_worked_in() is not unsure
    with pytest.raises(Taken) as caught, place.held(0):
        pass
    assert caught.value.unsure is unsure
    run = Run(place.lock.parent)
    with pytest.raises(RunTaken) as refused, run.locked(take_over=True):
        pass
    assert "pid 1 on away" in refused.value.what
    assert ("remove holder.json" in refused.value.hint) is unsure
    assert json.loads(place.record.read_text("utf-8"))["host"] == "away"


def test_where_locks_are_seen_a_free_one_means_that_its_holder_has_ended(place: Place) -> None:
    leave(place)
    assert locks_reach(place.lock)
    with place.held(0):
        pass


def test_before_a_restart_of_this_machine_every_holder_has_ended(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "locks_reach", lambda _: False)
    leave(place, host=platform.node())
    with place.held(0):
        pass


def test_a_number_that_was_given_to_another_process_is_not_ended(place: Place) -> None:
    with another(place) as process:
        stop(process)
        holder = place_of(process)
        for other in (
            replace(holder, began=holder.began - 100),
            replace(holder, machine="other"),
            replace(holder, processes="another container"),
        ):
            assert not other.is_stopped()
            other.end()
        assert process.is_alive()
        holder.end()
        process.join(5)
        assert not process.is_alive()


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_record_names_nobody(place: Place, record: str) -> None:
    place.record.write_text(record, "utf-8")
    assert place.holder is None
    with place.held(0):
        assert place.holder is not None


MOUNTS = """\
1 0 8:1 / / rw - ext4 /dev/sda rw
2 1 0:5 / /home rw,relatime - nfs4 host:/home rw,vers=4.2,local_lock=none
3 1 0:6 / /old rw - nfs host:/old rw,vers=3,nolock,local_lock=all
4 1 0:7 / /v3 rw - nfs host:/v3 rw,vers=3,local_lock=none
5 1 0:8 / /my\\040data rw - nfs host:/d rw,vers=3,local_lock=flock
6 1 0:9 / /lustre rw,flock - lustre a@tcp:/l rw,flock
7 1 0:9 / /scratch rw - lustre a@tcp:/l rw,localflock
8 1 0:10 / /cloud rw - fuse.sshfs a: rw
9 1 0:11 / /auto rw - autofs host rw
10 9 0:12 / /auto rw - nfs4 host:/auto rw,local_lock=none
torn line
"""


@pytest.mark.parametrize(
    ("path", "reach"),
    [
        ("/data/runs/lock", True),
        ("/home/me/runs/lock", True),
        ("/homes/runs/lock", True),
        ("/old/lock", False),
        ("/v3/lock", True),
        ("/my data/lock", False),
        ("/lustre/lock", True),
        ("/scratch/lock", False),
        ("/cloud/lock", False),
        ("/auto/lock", True),
    ],
)
def test_whether_locks_reach_other_machines_is_known_by_the_mount(path: str, reach: bool) -> None:
    assert locks_reach(Path(path), MOUNTS) is reach
