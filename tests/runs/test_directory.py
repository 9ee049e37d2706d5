"""Run directories: identity, state, locks, fingerprints, lookup."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.errors import DamagedFile, RunError
from xlt_cli.runs import atomic, metrics
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs, default_root, find
from xlt_cli.runs.making import create, create_for_model
from xlt_cli.spec import ExperimentSpec

HOLDER = """
import pathlib, sys, time
from xlt_cli.runs.directory import Run
run = Run(pathlib.Path(sys.argv[1]))
with run.locked():
    run.set_state("started")
    print("held", flush=True)
    time.sleep(60)
"""


def spec(**changes: Any) -> ExperimentSpec:
    values = {
        "name": "quick",
        "encoder": "e5-small",
        "stages": [{"task": "xnli", "languages": "en"}],
    }
    return ExperimentSpec.model_validate(values | changes)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create(tmp_path, spec(), 1, "name: quick", [])


@contextmanager
def held_by_another_process(run: Run) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.path)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_run_keeps_what_it_was_made_from(run: Run) -> None:
    assert (run.path / "spec.yaml").read_text() == "name: quick"
    assert run.spec == spec()
    assert (run.seed, run.state, run.record["overrides"]) == (1, "pending", [])
    assert run.name == f"quick-s1-{run.record['identity'][:8]}"


def test_the_same_training_is_the_same_run_whatever_it_is_tested_on(
    tmp_path: Path, run: Run
) -> None:
    run.set_state("success")
    created = run.record["created"]
    again = create(tmp_path, spec(evaluations=[{"split": "dev"}]), 1, "changed", ["x=1"])
    assert again == run
    assert again.spec.evaluations[0].split == "dev"
    assert (again.path / "spec.yaml").read_text() == "changed"
    assert (again.state, again.record["created"]) == ("done", created)
    assert len(all_runs(tmp_path)) == 1


def test_other_seeds_and_other_training_are_other_runs(tmp_path: Path, run: Run) -> None:
    other_stage = spec(stages=[{"task": "xnli", "languages": "de"}])
    others = [
        create(tmp_path, spec(), 2, "", []),
        create(tmp_path, other_stage, 1, "", []),
        create(tmp_path, spec(max_length=64), 1, "", []),
        create(tmp_path, spec(name="slow"), 1, "", []),
    ]
    assert len({run.path, *(other.path for other in others)}) == 5


def test_a_spec_that_cannot_be_read_is_said_field_by_field(run: Run) -> None:
    record = run.record
    record["spec"]["stages"][0]["epochs"] = "many"
    atomic.write_json(run.path / "run.json", record)
    with pytest.raises(DamagedFile, match=r"stages\.0\.epochs: .*number"):
        assert run.spec


def test_metrics_of_a_finished_stage_that_have_changed_are_refused(run: Run) -> None:
    stage = run.stage(0)
    atomic.append_line(stage / "metrics.jsonl", {"kind": "dev", "stage": 0, "accuracy": 0.5})
    atomic.append_line(stage / "metrics.jsonl", {"kind": "dev", "stage": 0, "accuracy": 0.75})
    atomic.write_json(stage / "result.json", {"metrics": metrics.digest(stage)})
    assert [record["accuracy"] for record in run.curve] == [0.5, 0.75]
    whole = (stage / "metrics.jsonl").read_bytes()
    # A damaged line is left out where lines are read: the mean over languages would be another.
    for damaged in (whole.replace(b"0.75", b"0.35"), whole.replace(b'{"kind"', b'["kind"', 1), b""):
        (stage / "metrics.jsonl").write_bytes(damaged)
        with pytest.raises(DamagedFile, match="losses and dev scores is not what was written"):
            assert run.curve
    (stage / "metrics.jsonl").write_bytes(whole)
    atomic.write_json(stage / "result.json", {})  # of an earlier version
    assert len(run.curve) == 2


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot create the run's directory"):
        create(tmp_path / "file", spec(), 1, "", [])


def test_who_trained_a_run_is_not_said_to_evaluate_it_now(run: Run) -> None:
    with held_by_another_process(run) as process:
        run.set_state("success")  # by this process: training has ended; an evaluation holds the run
        with pytest.raises(RunError, match=rf"this run \(pid {process.pid} on "), run.locked():
            pass


def test_a_second_process_is_refused_and_learns_who_works_there(run: Run) -> None:
    with held_by_another_process(run) as process:
        assert run.busy()
        assert run.state == "running"
        with pytest.raises(RunError, match=f"pid {process.pid} on ") as caught, run.locked():
            pass
        assert caught.value.where == str(run.path)
        process.kill()
        process.wait()
        # The operating system freed the lock; the state tells what happened.
        assert not run.busy()
        assert run.state == "interrupted"
        with run.locked():
            assert run.busy()
    assert not run.busy()


def test_another_command_that_looks_at_the_state_takes_no_lock_away(run: Run) -> None:
    taken, stop = threading.Event(), threading.Event()

    def look() -> None:
        from filelock import FileLock

        with FileLock(run.path / "lock"):  # what `busy` does, slowly
            taken.set()
            stop.wait(0.1)

    thread = threading.Thread(target=look)
    thread.start()
    taken.wait()
    with run.locked():
        thread.join()
        assert run.busy()


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    run = Run(tmp_path / "gone")
    (tmp_path / "gone").write_text("a file")
    with pytest.raises(RunError, match="cannot be locked"), run.locked():
        pass


def test_the_lock_is_freed_by_an_error_and_leftovers_are_removed(run: Run) -> None:
    left = run.path / "stages" / ".model.1.partial"
    left.mkdir(parents=True)
    with pytest.raises(KeyError), run.locked():
        raise KeyError
    assert not left.exists()
    with run.locked():
        pass


def test_a_status_that_is_torn_does_not_hide_the_run(run: Run) -> None:
    (run.path / "status.json").write_text('{"sta')
    assert run.state == "pending"
    (run.path / "status.json").unlink()
    assert run.state == "pending"


def test_states_carry_process_and_message(run: Run) -> None:
    run.set_state("error", "the disk is full")
    assert run.state == "failed"
    status = run.status
    assert (status["pid"], status["message"]) == (os.getpid(), "the disk is full")


def test_a_model_is_had_only_when_training_has_finished(run: Run) -> None:
    with pytest.raises(RunError, match="no finished model"):
        run.model  # noqa: B018
    with atomic.new_directory(run.stage(0) / "model") as directory:
        (directory / "model.safetensors").write_bytes(b"weights")
    assert run.model == run.path / "stages" / "0" / "model"
    (run.model / "model.safetensors").write_bytes(b"")
    with pytest.raises(RunError, match="no finished model"):
        run.model  # noqa: B018


FIRST = {"encoder/hf": {"sha256": "aaa"}, "xnli/test/en": {"sha256": "bbb", "source": "/old"}}


def test_fingerprints_grow_and_refuse_other_data(run: Run) -> None:
    run.add_fingerprints(FIRST)
    run.add_fingerprints({"xnli/test/de": {"sha256": "ccc"}})
    stored = atomic.read_json(run.path / "fingerprints.json")
    assert set(stored) == {*FIRST, "xnli/test/de"}
    with pytest.raises(RunError, match="'xnli/test/en' has changed since this run began: bbb then"):
        run.add_fingerprints({"xnli/test/en": {"sha256": "other", "source": "/old"}})
    assert atomic.read_json(run.path / "fingerprints.json") == stored


def test_the_same_data_may_move(run: Run) -> None:
    run.add_fingerprints(FIRST)
    run.add_fingerprints({"xnli/test/en": {"sha256": "bbb", "source": "/new"}})


def test_another_commit_of_the_encoder_is_refused(run: Run) -> None:
    run.add_fingerprints({"encoder/mbert": {"model": "bert", "commit": "1111111"}})
    run.add_fingerprints({"encoder/mbert": {"model": "bert", "commit": "1111111"}})
    with pytest.raises(RunError, match="1111111 then, 2222222 now"):
        run.add_fingerprints({"encoder/mbert": {"model": "bert", "commit": "2222222"}})
    with pytest.raises(RunError, match="1111111 then, abc now"):
        run.add_fingerprints({"encoder/mbert": {"sha256": "abc"}})


def test_runs_are_found_by_path_name_and_beginning(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create(tmp_path, spec(), 23, "", [])
    assert find(tmp_path, run.name) == run
    assert find(tmp_path, "quick-s23") == other
    assert find(Path("elsewhere"), str(run.path)).path == run.path
    monkeypatch.chdir(run.path)
    assert find(tmp_path, ".").name == run.name
    with pytest.raises(RunError, match="matches several runs"):
        find(tmp_path, "quick-s")
    with pytest.raises(RunError, match=f"did you mean '{other.name}'"):
        find(tmp_path, other.name[1:])
    with pytest.raises(RunError, match="`xlt train SPEC` starts one"):
        find(tmp_path / "empty", "quick")


def test_an_exact_name_wins_over_longer_ones(tmp_path: Path) -> None:
    for name in ("model", "model-2"):
        (tmp_path / name).mkdir()
        atomic.write_json(tmp_path / name / "run.json", {"identity": name})
    assert find(tmp_path, "model").name == "model"


def test_runs_are_listed_oldest_first(tmp_path: Path) -> None:
    made = [create(tmp_path, spec(), seed, "", []) for seed in (3, 1, 2)]
    for age, run in enumerate(made):
        record = {**run.record, "created": f"2026-01-0{age + 1}T00:00:00+00:00"}
        (run.path / "run.json").write_text(json.dumps(record), "utf-8")
    assert all_runs(tmp_path) == made
    assert all_runs(tmp_path / "nowhere") == []


def test_an_evaluated_model_is_no_trained_run(tmp_path: Path) -> None:
    run = create_for_model(tmp_path, "xlmr", "0123456789", {"model": "/models/xlmr"})
    assert run == create_for_model(tmp_path, "xlmr", "0123456789", {"model": "/models/xlmr"})
    assert run.name == "xlmr-01234567"
    for asked in ("spec", "model"):
        with pytest.raises(RunError, match="was not trained with xlt") as caught:
            getattr(run, asked)
        assert "--model /models/xlmr" in caught.value.hint


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run\.json"):
        Run(tmp_path).record  # noqa: B018
    (tmp_path / "run.json").write_text('{"identity"')
    with pytest.raises(RunError, match="damaged"):
        Run(tmp_path).record  # noqa: B018


def test_the_root_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLT_RUNS_DIR", "/scratch/runs")
    assert default_root() == Path("/scratch/runs")
    monkeypatch.setenv("XLT_RUNS_DIR", "")
    assert default_root() == Path("runs")


def test_refusing_takes_less_than_a_second(run: Run) -> None:
    with run.locked():
        began = time.monotonic()
        with pytest.raises(RunError), run.locked():
            pass
        assert time.monotonic() - began < 1.0


def test_a_directory_of_a_later_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    run = create(tmp_path, spec(), 1, "name: quick", [])
    later = {**run.record, "format": 99}
    atomic.write_json(run.path / "run.json", later)
    before = (run.path / "run.json").read_bytes()
    for act in (lambda: run.record, lambda: create(tmp_path, spec(), 1, "name: quick", [])):
        with pytest.raises(RunError, match="directory is 99, and this version of xlt reads"):
            act()
    assert (run.path / "run.json").read_bytes() == before
    assert all_runs(tmp_path) == [run]


def test_a_directory_without_a_format_is_of_the_first(tmp_path: Path) -> None:
    run = create(tmp_path, spec(), 1, "name: quick", [])
    first = {name: value for name, value in run.record.items() if name != "format"}
    atomic.write_json(run.path / "run.json", first)
    assert run.record == first
