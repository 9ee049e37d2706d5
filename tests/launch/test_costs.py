"""What runs will take, learned from ended runs like them on such a device, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import Memory
from xlt_cli.launch import costs, memory
from xlt_cli.launch.costs import Costs
from xlt_cli.reports.sweep import planned_report
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import parse

Ended = Callable[..., Run]


def spec(device: str = "cpu", **stage: Any) -> ExperimentSpec:
    fields = "".join(f"    {name}: {value}\n" for name, value in stage.items())
    text = f"name: quick\nencoder: mbert\ndevice: {device}\nprecision: fp32\nstages:\n"
    text += f"  - task: pawsx\n{fields}evaluations: []\n"
    return resolve(Source(parse(text, Path("spec.yaml")), text)).spec


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """Makes runs that have ended; this machine's processor is a `6502`."""
    monkeypatch.setattr(costs, "cpu_name", lambda: "6502")
    monkeypatch.setattr(costs, "device_name", lambda device: {"cpu": "6502"}.get(device, "H100"))

    def make(
        seed: int, seconds: float, device: str = "6502", sessions: int = 1, **stage: Any
    ) -> Run:
        run = create(tmp_path, spec(**stage), seed, "", [])
        hardware = {"cpu": device} if device == "6502" else {"cpu": "6502", "gpu": device}
        run.set_state("success")
        status = atomic.read_json(run.path / "status.json")
        began = datetime.fromisoformat(status["time"]) - timedelta(seconds=seconds)
        line = {"time": began.isoformat(), "hardware": hardware}
        for _ in range(sessions):
            atomic.append_line(run.path / "environment.jsonl", line)
        atomic.append_line(run.timing, {"stage": 0})
        return run

    return make


def test_nothing_is_guessed_where_nothing_is_known(tmp_path: Path, ended: Ended) -> None:
    assert Costs(tmp_path).of([spec()]) == [None]
    ended(1, 100, epochs=5)
    assert Costs(tmp_path).of([spec(), spec(epochs=5, learning_rate=0.5)])[0] is None


def test_runs_of_other_seeds_and_rates_tell_what_one_takes(tmp_path: Path, ended: Ended) -> None:
    for seed, seconds in ((1, 100), (2, 140), (3, 900)):
        run = ended(seed, seconds)
        (run.path / "weights").write_bytes(b"0" * 10**6)
    memory.write(run.path, "cpu", memory.shape(spec()), Memory(5, 0))
    (cost,) = Costs(tmp_path).of([spec(learning_rate=0.5)])
    assert cost is not None
    assert cost.seconds == pytest.approx(140)
    assert 10**6 < cost.disk < 10**6 + 10**5
    assert (cost.ram, cost.gpu, cost.runs, cost.device) == (5, 0, 3, "6502")


def test_runs_on_another_device_do_not_count(tmp_path: Path, ended: Ended) -> None:
    run = ended(1, 10, device="H100")
    memory.write(run.path, "cpu", memory.shape(spec()), Memory(5, 0))
    here, there = Costs(tmp_path).of([spec(), spec("cuda")])
    assert here is None
    assert there is not None
    assert (there.seconds, there.ram) == (pytest.approx(10), None)


def test_runs_whose_time_is_not_that_of_a_whole_training_do_not_count(
    tmp_path: Path, ended: Ended
) -> None:
    ended(1, 10, sessions=2)
    ended(2, 10).timing.unlink()  # its stage was trained by another run
    ended(3, 10).set_state("error")
    run = ended(4, 10)
    (run.path / "environment.jsonl").write_text('{"hardware": {"cpu": "6502"}}\n', "utf-8")
    ended(5, 10)
    (tmp_path / ended(6, 10).name / "run.json").write_text("{", "utf-8")
    (cost,) = Costs(tmp_path).of([spec()])
    assert cost is not None
    assert cost.runs == 1


def test_a_device_of_another_machine_has_no_estimate(
    tmp_path: Path, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert Costs(tmp_path).of([spec("cuda")]) == [None]


def test_a_dry_run_says_what_is_left_to_do() -> None:
    estimate = {"seconds": 200.0, "disk": 2 * 10**6, "ram": 3 * 10**9, "gpu": 0, "device": "6502"}
    about = {"label": "base", "name": "", "attempts": 0, "error": "", "point": {}, "path": ""}
    states = (("done", estimate), ("pending", estimate), ("failed", estimate), ("pending", None))
    listed = [
        {**about, "seed": seed, "run": f"r{seed}", "state": state, "estimate": known}
        for seed, (state, known) in enumerate(states, start=1)
    ]
    (piece,) = planned_report(listed).pieces
    assert piece.text.splitlines() == [  # type: ignore[union-attr]
        "base seed=1 done -> r1",
        "base seed=2 pending -> r2  (about 3:20, 3.0 GB of memory, 2.0 MB of disk)",
        "base seed=3 failed -> r3  (about 3:20, 3.0 GB of memory, 2.0 MB of disk)",
        "base seed=4 pending -> r4",
        "2 runs that are not done take about 6:40 one after another, and 4.0 MB of disk; "
        "1 more are not known",
        "(medians, and the highest peaks of memory, of ended runs like them on 6502)",
    ]
