"""Trackers: what arrives in real local ones, once each, and that none can harm a run."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.identity import FORMAT
from xlt_cli.tracking import opening
from xlt_cli.tracking.following import FILE, following

pytestmark = pytest.mark.filterwarnings("ignore")  # those of the trackers' own libraries
Read = Callable[[Run], dict[str, list[tuple[int, float]]]]

RESULTS = [
    {
        "task": "pawsx",
        "split": "test",
        "languages": {"de": {"n": 3, "trained_on": False, "accuracy": {"value": 0.75}}},
        "averages": {"zero_shot": {"cells": 1, "accuracy": {"value": 0.75}}},
    }
]


def train(stage: int, step: int, loss: float) -> dict[str, Any]:
    rates = {"learning_rate": 0.1, "gradient_norm": 1.0}
    return {"kind": "train", "stage": stage, "step": step, "epoch": 0.5, "loss": loss, **rates}


def dev(stage: int, step: int, score: float) -> dict[str, Any]:
    about = {"kind": "dev", "stage": stage, "step": step, "language": "en"}
    return {**about, "accuracy": score, "constant": False}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    found = Run(tmp_path / "runs" / "two-s1")
    stages = [{"task": "pawsx"}, {"task": "pawsx", "perturbation": ["typos", "smart"]}]
    spec = ExperimentSpec.model_validate({"name": "two", "encoder": "mbert", "stages": stages})
    record = {"identity": "0", "format": FORMAT, "name": "two", "seed": 1}
    atomic.write_json(found.path / "run.json", {**record, "spec": spec.model_dump(mode="json")})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    from accelerate import PartialState

    PartialState(cpu=True)
    return found


def write(run: Run, record: dict[str, Any]) -> dict[str, Any]:
    atomic.append_line(run.stage(record["stage"]) / "metrics.jsonl", record)
    return record


def tensorboard_has(run: Run) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    return {
        name: [(each.step, round(each.value, 5)) for each in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


def mlflow_has(run: Run) -> dict[str, list[tuple[int, float]]]:
    from mlflow import MlflowClient

    client = MlflowClient()
    (experiment,) = [one for one in client.search_experiments() if one.name == "two"]
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.run_name == run.name
    assert found.data.params["stage2.perturbation"] == "typos,smart"
    return {
        name: [(x.step, x.value) for x in client.get_metric_history(found.info.run_id, name)]
        for name in found.data.metrics
    }


def trackio_has(run: Run) -> dict[str, list[tuple[int, float]]]:
    from trackio.utils import TRACKIO_DIR

    with contextlib.closing(sqlite3.connect(TRACKIO_DIR / "two.db")) as stored:
        rows = stored.execute("SELECT step, metrics, run_name FROM metrics ORDER BY id").fetchall()
    assert {name for _, _, name in rows} == {run.name}
    found: dict[str, list[tuple[int, float]]] = {}
    for step, values, _ in rows:
        for name, value in json.loads(values).items():
            found.setdefault(name, []).append((step, value))
    return found


TRACKERS = [
    pytest.param(
        name,
        read,
        marks=pytest.mark.skipif(not importlib.util.find_spec(name), reason=f"no {name} here"),
        id=name,
    )
    for name, read in (
        ("tensorboard", tensorboard_has),
        ("mlflow", mlflow_has),
        ("trackio", trackio_has),
    )
]


@pytest.mark.parametrize(("name", "read"), TRACKERS)
def test_a_tracker_has_each_record_once_also_of_a_run_that_was_interrupted(
    run: Run, name: str, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_TRACKERS", name)
    said: list[str] = []
    write(run, train(0, 10, 0.9))  # before there was a tracker
    with following(run, True, said.append) as first:
        first.record(write(run, train(0, 20, 0.8)))
        first.record(write(run, dev(0, 20, 0.5)))
        first.record(write(run, train(0, 30, 0.7)))
    path = run.stage(0) / "metrics.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    with following(run, True, said.append) as again:
        for record in (train(0, 30, 0.7), train(0, 40, 0.6)):
            again.record(write(run, record))
        atomic.write_json(run.stage(0) / "result.json", {"steps": 40})
        again.record(write(run, train(1, 10, 0.5)))
        again.results(RESULTS)
    with following(run, True, said.append) as third:
        third.results(RESULTS)
    assert said == []
    found = read(run)
    losses = [(10, 0.9), (20, 0.8), (30, 0.7), (40, 0.6), (50, 0.5)]
    assert found["train/loss"] == losses
    assert [step for step, _ in found["train/learning_rate"]] == [step for step, _ in losses]
    assert found["dev/en/accuracy"] == [(20, 0.5)]
    assert found["test/pawsx-test/de/accuracy"] == [(40, 0.75)]
    assert found["test/pawsx-test/average-zero_shot/accuracy"] == [(40, 0.75)]


class Failing:
    """A tracker that fails from its second record on."""

    def __init__(self, begins: bool = True) -> None:
        self.begins, self.logged = begins, 0

    def start(self) -> None:
        if not self.begins:
            raise ConnectionError("no route to host\nand more")

    def log(self, values: dict[str, float], step: int) -> None:
        print("to stdout")
        self.logged += 1
        if self.logged > 2:
            raise ConnectionError("the server is gone")

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        pass

    def finish(self) -> None:
        raise ConnectionError("not called any more")


@pytest.mark.parametrize(
    ("begins", "message"), [(True, "the server is gone"), (False, "no route to host")]
)
def test_a_tracker_that_fails_is_said_once_and_stops_nothing(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    begins: bool,
    message: str,
) -> None:
    def opened(*_: Any) -> tuple[Failing, str]:
        tracker = Failing(begins)
        tracker.start()
        return tracker, ""

    monkeypatch.setattr("xlt_cli.tracking.following.opened", opened)
    monkeypatch.setenv("XLT_TRACKERS", "tensorboard")
    said: list[str] = []
    with following(run, True, said.append) as follower:
        for step in (10, 20, 30):
            follower.record(write(run, train(0, step, 0.9)))
        follower.results(RESULTS)
    assert len(said) == 1
    assert said[0].endswith(f"the run goes on without it: ConnectionError: {message}")
    assert capsys.readouterr().out == ""


def test_without_trackers_and_in_other_processes_nothing_is_opened(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(opening, "opened", refuse)
    for names, is_main in (("", True), ("tensorboard", False)):
        monkeypatch.setenv("XLT_TRACKERS", names)
        with following(run, is_main, refuse) as follower:
            follower.record(train(0, 10, 0.9))
            follower.results(RESULTS)
    assert not (run.path / FILE).exists()


def test_records_that_cannot_be_read_stop_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_TRACKERS", "tensorboard")
    monkeypatch.setattr("xlt_cli.tracking.following.opened", lambda *_: (Failing(), ""))
    said: list[str] = []
    (run.path / FILE).write_text("{", "utf-8")
    with following(run, True, said.append) as follower:
        follower.record(train(0, 10, 0.9))
    assert len(said) == 1


def test_a_job_where_the_tracker_is_not_known_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_TRACKERS", "tensorbord")
    said: list[str] = []
    with following(run, True, said.append):
        pass
    assert len(said) == 1
    assert "unknown tracker 'tensorbord'" in said[0]


@pytest.mark.skipif(not importlib.util.find_spec("tensorboard"), reason="no tensorboard here")
def test_a_run_is_the_same_with_a_tracker(
    tmp_path: Path,
    tiny_encoder: Path,
    tiny_data: Path,
    xlt: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XLT_TRACKERS", "")  # what the command sets goes with the test
    spec = {
        "name": "followed",
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{"task": {"name": "pawsx", "path": str(tiny_data)}, "batch_size": 16}],
        "max_length": 48,
        "device": "cpu",
    }
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    runs = []
    for place, given in (("plain", ()), ("followed", ("--tracker", "tensorboard"))):
        result = xlt("train", path, "--runs-dir", tmp_path / place, "-q", *given)
        assert result.exit_code == 0, result.output
        runs.append(next((tmp_path / place).glob("*/run.json")).parent)
    plain, followed = runs
    assert plain.name == followed.name
    for name in ("stages/0/model/model.safetensors", "stages/0/metrics.jsonl", "spec.yaml"):
        assert (plain / name).read_bytes() == (followed / name).read_bytes()
    found = tensorboard_has(Run(followed))
    curve = [one for one in Run(followed).curve if one["kind"] == "train"]
    assert found["train/loss"] == [(x["step"], round(x["loss"], 5)) for x in curve]
    assert len(found["test/pawsx-test/de/accuracy"]) == 1
    assert not (plain / "tensorboard").exists()
    removed = xlt("runs", "rm", followed.name, "--runs-dir", tmp_path / "followed")
    assert removed.exit_code == 0, removed.output
    assert not followed.exists()


def test_mistakes_are_refused_before_training(
    xlt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLT_TRACKERS", "")
    unknown = xlt("train", tmp_path / "spec.yaml", "--tracker", "tensorbord")
    assert unknown.exit_code == 2
    assert "unknown tracker 'tensorbord'" in unknown.output
    assert "tensorboard" in unknown.output
    monkeypatch.setattr("xlt_cli.tracking.choice.find_spec", lambda _: None)
    missing = xlt("sweep", tmp_path / "spec.yaml", "--tracker", "wandb")
    assert missing.exit_code == 2
    assert 'pip install "xlt-cli[wandb]"' in missing.output
    assert os.environ["XLT_TRACKERS"] == "wandb"
