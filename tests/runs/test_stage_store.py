"""The store of shared stages: what runs take is theirs, and nothing that a run needs is removed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
from stage_tools import finish, make_run, stage_dir

from xlt_cli.runs import atomic
from xlt_cli.runs import stage as stages
from xlt_cli.runs.stage_store import all_shared, attach, collect, offer, shared, take, users

KEY = "0123456789abcdef01234567"
RECORD = {"task": "xnli", "languages": ["en"]}


def test_a_stage_is_trained_in_the_store_and_taken(tmp_path: Path) -> None:
    run, other = make_run(tmp_path, "a-s1-1"), make_run(tmp_path, "b-s1-2")
    entry = shared(tmp_path, KEY)
    for name in (run, other):
        attach(stage_dir(name), entry, RECORD)
    assert users(tmp_path) == {KEY: ["a-s1-1", "b-s1-2"]}
    finish(stage_dir(run))
    (entry.path / "checkpoints" / "step-00000003").mkdir(parents=True)
    for name in (run, other):
        with entry.locked():
            take(stage_dir(name), entry)
        assert not stage_dir(name).is_symlink()
        assert not stages.fault(stage_dir(name))
        assert not (stage_dir(name) / "checkpoints").exists()
        assert atomic.read_json(stage_dir(name) / "stage.json")["key"] == KEY
    weights = [stage_dir(name) / "model" / "model.safetensors" for name in (run, other)]
    assert weights[0].stat().st_ino == weights[1].stat().st_ino
    assert users(tmp_path) == {KEY: ["a-s1-1", "b-s1-2"]}


def test_what_a_run_trained_by_itself_is_offered(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a-s1-1")
    stage_dir(run).mkdir(parents=True)  # as an earlier version left it, interrupted
    entry = shared(tmp_path, KEY)
    attach(stage_dir(run), entry, RECORD)
    assert not entry.path.exists()
    finish(stage_dir(run))
    with entry.locked():
        offer(stage_dir(run), entry)
    assert entry.is_trained
    assert users(tmp_path) == {KEY: ["a-s1-1"]}


def test_a_stage_of_other_data_gets_another_place(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a-s1-1")
    for key in (KEY, KEY[::-1]):
        attach(stage_dir(run), shared(tmp_path, key), RECORD)
        assert stage_dir(run).resolve().name == key
    assert [entry.key for entry, _ in collect(tmp_path)] == [KEY]


@pytest.mark.parametrize("change", ["append", "truncate"])
def test_a_change_to_one_run_is_none_to_another(tmp_path: Path, change: str) -> None:
    """Its files are links to the same content; what is written in place gets a copy first."""
    runs = [make_run(tmp_path, name) for name in ("a-s1-1", "b-s1-2")]
    entry = shared(tmp_path, KEY)
    attach(stage_dir(runs[0]), entry, RECORD)
    finish(stage_dir(runs[0]))
    for run in runs:
        with entry.locked():
            take(stage_dir(run), entry)
    path = stage_dir(runs[0]) / "metrics.jsonl"
    before = path.read_bytes()
    if change == "append":
        atomic.append_line(path, {"more": 1})
    else:
        atomic.truncate(path, 0)
    assert path.read_bytes() != before
    assert (stage_dir(runs[1]) / "metrics.jsonl").read_bytes() == before
    assert (entry.path / "metrics.jsonl").read_bytes() == before


def test_what_runs_need_stays_and_the_rest_goes(tmp_path: Path) -> None:
    trained, interrupted, pruned, alone, held = (f"{n:024x}" for n in range(5))
    for key, name in ((trained, "a"), (interrupted, "b"), (pruned, "c")):
        attach(stage_dir(make_run(tmp_path, f"{name}-s1-1")), shared(tmp_path, key), RECORD)
    for key in (trained, pruned):
        finish(shared(tmp_path, key).path)
    for key, name in ((trained, "a"), (pruned, "c")):
        take(stage_dir(tmp_path / f"{name}-s1-1"), shared(tmp_path, key))
    atomic.remove(stage_dir(tmp_path / "c-s1-1") / "model")
    for key in (alone, held):
        finish(shared(tmp_path, key).path)
    with shared(tmp_path, held).locked():
        # Its own process could hold it again; another could not.
        gone = in_another_process(tmp_path)
    assert gone == sorted([pruned, alone])
    assert sorted(entry.key for entry in all_shared(tmp_path)) == [trained, interrupted, held]
    assert not stages.fault(stage_dir(tmp_path / "a-s1-1"))
    assert not list((tmp_path / ".stages").glob(".*"))


def test_a_removed_run_leaves_the_others_their_stages(tmp_path: Path) -> None:
    runs = [make_run(tmp_path, name) for name in ("a-s1-1", "b-s1-2")]
    entry = shared(tmp_path, KEY)
    attach(stage_dir(runs[0]), entry, RECORD)
    finish(stage_dir(runs[0]))
    for run in runs:
        take(stage_dir(run), entry)
    atomic.remove(runs[0])
    assert collect(tmp_path) == []
    atomic.remove(runs[1] / "stages")
    assert [gone.key for gone, _ in collect(tmp_path)] == [KEY]


def test_collecting_that_is_killed_takes_nothing_that_a_run_needs(tmp_path: Path) -> None:
    rng = random.Random(5)
    needed = [f"{n:024x}" for n in range(4)]
    for number, key in enumerate(needed):
        run = make_run(tmp_path, f"run{number}-s1-1")
        attach(stage_dir(run), shared(tmp_path, key), RECORD)
        if number % 2:
            finish(stage_dir(run))
            take(stage_dir(run), shared(tmp_path, key))
        else:
            step = shared(tmp_path, key).path / "checkpoints" / "step-00000007"
            with atomic.new_directory(step) as directory:
                (directory / "optimizer.pt").write_bytes(b"state")
    for attempt in range(12):
        for number in range(6):
            entry = shared(tmp_path, f"f{attempt:011x}{number:012x}")
            if not entry.path.exists():
                finish(entry.path, size=200_000)
        pid = os.fork()
        if pid == 0:
            try:
                collect(tmp_path)
            finally:
                os._exit(0)
        time.sleep(rng.random() * 0.02)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for number, key in enumerate(needed):
            run = tmp_path / f"run{number}-s1-1"
            entry = shared(tmp_path, key)
            if number % 2:
                assert not stages.fault(stage_dir(run))
                assert entry.is_trained
            else:
                assert atomic.is_complete(stage_dir(run) / "checkpoints" / "step-00000007")
    half_written = tmp_path / ".stages" / ".holder.json.1.partial"  # a kill may have left others
    half_written.touch()
    collect(tmp_path)
    assert half_written.exists(), "another process may be at it"
    for partial in atomic.partials(tmp_path / ".stages"):
        os.utime(partial, (1, 1))
    collect(tmp_path)
    assert sorted(entry.key for entry in all_shared(tmp_path)) == needed
    assert not list((tmp_path / ".stages").glob(".*"))


def in_another_process(root: Path) -> list[str]:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_collected, (root,))


def _collected(root: Path) -> list[str]:
    return sorted(entry.key for entry, _ in collect(root))
