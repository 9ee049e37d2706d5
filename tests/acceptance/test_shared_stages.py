"""Runs that begin with the same stages train them once, also with kills and side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from acceptance_tools import Desk, kill, wait_for

import xlt_cli
from xlt_cli.console.progress import Reporter
from xlt_cli.runs import atomic
from xlt_cli.runs import stage as stages
from xlt_cli.runs.stage_store import all_shared

SHORT = {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3, "dev": None}


def two_stages(desk: Desk, name: str, **last: Any) -> Path:
    """A spec whose first stage is the desk's, and whose second differs."""
    first = {**desk.spec["stages"][0], "epochs": 2}
    second = {"task": first["task"], **SHORT, **last}
    return desk.write(f"{name}.yaml", stages=[first, second], evaluations=[])


def run_of(desk: Desk, name: str, runs: str = "runs") -> Path:
    (run,) = desk.path.glob(f"{runs}/{name}-s1-*")
    return run


def content(run: Path) -> dict[str, bytes]:
    names = ["metrics.jsonl", "result.json", "model/model.safetensors"]
    return {
        f"{stage}/{name}": (run / "stages" / stage / name).read_bytes()
        for stage in ("0", "1")
        for name in names
    }


def trained_stages(run: Path) -> set[int]:
    """The stages that the run's own processes trained, as far as they evaluated on dev."""
    return {line["stage"] for line in atomic.read_lines(run / "timing.jsonl")}


def test_a_prefix_is_trained_once_and_taken_over_from_a_killed_run(desk: Desk) -> None:
    """Of three runs with one first stage the first is killed, the second goes on with its
    checkpoint, and the first, started again, takes what the second trained."""
    one, two = two_stages(desk, "one", limit=16), two_stages(desk, "two", limit=12)
    code, _, err = desk.xlt("train", one, runs="whole")
    assert code == 0, err
    kill(desk.start_until(20, "train", one))
    assert (run_of(desk, "one") / "stages" / "0").is_symlink()
    code, _, err = desk.xlt("train", two)
    assert code == 0, err
    assert "continues from step" in err
    code, out, _ = desk.xlt("stages", "--json")
    assert code == 0
    first = next(stage for stage in json.loads(out) if not stage["parent"])
    assert first["state"] == "trained"
    assert {name.partition("-")[0] for name in first["runs"]} == {"one", "two"}
    code, _, err = desk.xlt("train", one)
    assert code == 0, err
    assert "taken from the shared stages" in err
    assert content(run_of(desk, "one")) == content(run_of(desk, "one", "whole"))
    weights = [run_of(desk, name) / "stages/0/model/model.safetensors" for name in ("one", "two")]
    assert weights[0].stat().st_ino == weights[1].stat().st_ino
    # Collecting takes nothing, and a run that is removed leaves the other its stages.
    assert desk.xlt("stages", "gc")[0] == 0
    assert desk.xlt("runs", "rm", run_of(desk, "one").name)[0] == 0
    assert not stages.fault(run_of(desk, "two") / "stages" / "0")
    code, out, _ = desk.xlt("stages", "--json")
    assert {name for stage in json.loads(out) for name in stage["runs"]} == {
        run_of(desk, "two").name
    }


def test_of_two_processes_one_trains_and_the_other_waits(desk: Desk) -> None:
    one, two = two_stages(desk, "one", limit=16), two_stages(desk, "two", limit=12)
    first = desk.start_until(7, "train", one)
    second = desk.start("train", two)
    wait_for(lambda: "waiting for it" in second.said(), second)
    (desk.path / "go-on").touch()
    for process in (first, second):
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    assert "taken from the shared stages" in err
    assert trained_stages(run_of(desk, "one")) == {0}
    assert trained_stages(run_of(desk, "two")) == set()


def test_a_sweep_trains_each_prefix_once_with_kills(desk: Desk) -> None:
    """Two first stages, two last ones, at two at a time, killed on the way."""
    first = {**desk.spec["stages"][0], "epochs": 2}
    spec = desk.write(
        "sweep.yaml",
        stages=[first, {"task": first["task"], **SHORT}],
        evaluations=[],
        keep="none",
        sweep={"grid": {"stages.0.learning_rate": [1e-3, 2e-3], "stages.1.limit": [8, 12]}},
    )
    process = desk.start("sweep", spec, "--jobs", 2, XLT_HOLD_AT="7")
    wait_for(lambda: any(desk.path.glob("runs/*/stages/0/checkpoints/step-*")), process)
    kill(process)
    code, _, err = desk.xlt("sweep", spec, "--jobs", 2)
    assert code == 0, err
    runs = sorted(desk.path.glob("runs/*/run.json"))
    assert len(runs) == 4
    curves = [(run.parent / "stages/0/metrics.jsonl").read_bytes() for run in runs]
    assert len(set(curves)) == 2
    last_step = json.loads(curves[0].splitlines()[-1])["step"]
    lines = [line for run in runs for line in atomic.read_lines(run.parent / "timing.jsonl")]
    last = sum(line["stage"] == 0 and line["step"] == last_step for line in lines)
    assert last == 2  # each prefix came to its end in one run alone
    assert not [path for path in (desk.path / "runs" / ".stages").glob("*") if path.is_dir()]


def test_a_sweep_that_keeps_nothing_holds_what_runs_to_come_begin_with_alone(desk: Desk) -> None:
    """The first stage of a seed stays until its last run has begun with it; last stages go."""
    spec = two_stages(desk, "spec", limit=16)
    written = yaml.safe_load(spec.read_text("utf-8"))
    written["sweep"] = {"points": [{"name": str(n), "stages.1.limit": n} for n in (12, 16)]}
    spec.write_text(yaml.safe_dump({**written, "seeds": [1, 2], "keep": "none"}), "utf-8")
    root = desk.path / "runs"
    held = []

    class Counting(Reporter):
        def say(self, line: str) -> None:
            if " -> " in line:
                held.append(sum(entry.is_trained for entry in all_shared(root)))

    made = xlt_cli.Experiment.from_file(spec).sweep(runs_dir=root, reporter=Counting(quiet=True))
    assert not made.failed
    assert held == [0, 1, 2, 1]  # point 12 with seeds 1 and 2, then point 16
    assert not all_shared(root)
    trained = [trained_stages(run) for run in sorted(root.glob("spec-*"))]
    assert sorted(0 in stages for stages in trained) == [False, False, True, True]
