"""`xlt sweep` with several runs at once: the same results as one after another, and no run lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk, alive, ledger, wait_for, wait_for_end

from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create
from xlt_cli.spec.source import read
from xlt_cli.sweep.plan import points

RATES = {"stages.0.learning_rate": [1e-3, 2e-3]}


def short(desk: Desk, grid: dict[str, Any], **changes: Any) -> Path:
    """A spec with a grid whose runs take a moment."""
    stages = [{**desk.spec["stages"][0], "max_steps": 12, "evaluate_every": 4}]
    return desk.write(stages=stages, sweep={"grid": grid}, **changes)


def results(desk: Desk, runs: str = "runs") -> dict[str, bytes]:
    """What must be the same, by the run's name."""
    folder = desk.path / runs
    names = (
        "stages/0/metrics.jsonl", "stages/0/result.json", "stages/0/model/model.safetensors",
        "stages/0/model/config.json", "stages/0/model/tokenizer*.json",
        "evaluations/*/results.json", "evaluations/*/predictions/*.parquet",
    )  # fmt: skip
    files = [path for name in names for path in folder.glob(f"*/{name}")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def all_runs(desk: Desk, runs: str = "runs") -> list[Run]:
    return [Run(path.parent) for path in sorted((desk.path / runs).glob("*/run.json"))]


def test_two_at_once_end_as_one_after_another(desk: Desk) -> None:
    """And a process that makes several runs makes each as a process of its own would."""
    spec = short(desk, RATES, seeds=[1, 2])
    code, out, err = desk.xlt("sweep", spec, "--json", runs="one")
    assert code == 0, err
    alone = json.loads(out)
    code, out, err = desk.xlt("sweep", spec, "--json", "--jobs", 2, runs="two")
    assert code == 0, err
    together = json.loads(out)
    for one, other in zip(alone, together, strict=True):
        assert {**one, "run": ""} == {**other, "run": ""}
        assert Path(one["run"]).name == Path(other["run"]).name
    assert results(desk, "one") == results(desk, "two")
    code, _, err = desk.xlt("plan", spec, "-o", "manifest.json", runs="alone")
    assert code == 0, err
    for number in range(1, 5):
        code, _, err = desk.xlt("run", "manifest.json", number, runs="alone")
        assert code == 0, err
    assert results(desk, "alone") == results(desk, "one")
    assert len({line["pid"] for line in ledger(desk, "two") if "pid" in line}) <= 2
    for run in all_runs(desk, "two"):
        assert "step 12: dev" in (run.path / "output.log").read_text("utf-8")
        (session,) = (run.path / "environment.jsonl").read_text("utf-8").splitlines()
        assert json.loads(session)["command"][1:3] == ["sweep", str(spec)]

    noted = ledger(desk, "two")
    code, out, err = desk.xlt("sweep", spec, "--jobs", 2, runs="two")
    assert code == 0, err
    assert ledger(desk, "two") == noted, "processes were started for finished runs"
    assert "[4/4] stages.0.learning_rate=0.002 seed 2 -> two/" in err
    assert "over seeds: mean (standard deviation)" in out
    assert "dev en" in out


@pytest.fixture
def broken(desk: Desk, tiny_data: Path) -> Path:
    """Data with a fault that shows when they are loaded."""
    folder = shutil.copytree(tiny_data, desk.path / "broken")
    with (folder / "pawsx" / "train-en.tsv").open("a", encoding="utf-8") as file:
        file.write("one column\n")
    return folder


def test_what_fails_or_is_taken_leaves_the_others(
    desk: Desk, tiny_data: Path, broken: Path
) -> None:
    grid = {"stages.0.task.path": [str(broken), str(tiny_data)], **RATES}
    spec = short(desk, grid)
    point = points(read(spec))[3]
    taken = create(desk.path / "runs", point.spec, 1, spec.read_text("utf-8"), point.overrides)
    with taken.locked():
        code, out, err = desk.xlt("sweep", spec, "--jobs", 3, "--json")
    assert code == 1
    found = json.loads(out)
    assert [bool(one["error"]) for one in found] == [True, False, True, True]
    assert "train-en.tsv" in (Path(desk.path) / found[0]["run"] / "output.log").read_text("utf-8")
    assert found[1]["evaluations"]
    assert "another process is working on this run" in found[3]["error"]
    told = {(line["run"], line["event"]) for line in ledger(desk)}
    assert (Path(found[3]["run"]).name, "left") in told
    for one in (found[0], found[2]):
        assert f"{Path(one['run']).name} failed: {one['error']}" in err
        assert (Path(one["run"]).name, "failed") in told
        assert f"{one['run']}/output.log" in err


def test_after_a_failure_no_run_is_started_where_that_is_asked_for(
    desk: Desk, tiny_data: Path, broken: Path
) -> None:
    grid = {"stages.0.task.path": [str(broken), str(tiny_data)], **RATES}
    spec = desk.write(sweep={"grid": grid})
    code, out, err = desk.xlt("sweep", spec, "--jobs", 2, "--json", "--on-error", "stop")
    assert code == 1, err
    assert [bool(one["error"]) for one in json.loads(out)] == [True, False], err
    assert len(all_runs(desk)) == 1  # what was refused leaves none


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_interrupted_its_runs_end_and_the_same_command_goes_on(desk: Desk, number: int) -> None:
    spec = desk.write(sweep={"grid": RATES}, evaluations=[])
    process = desk.start("sweep", spec, "--jobs", 2, XLT_HOLD_AT="7")
    checkpoints = "runs/*/stages/0/checkpoints/step-*"
    wait_for(lambda: len({p.parents[3] for p in desk.path.glob(checkpoints)}) == 2, process)
    runs = all_runs(desk)
    pids = [run.status["pid"] for run in runs]
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=120)
    if number == signal.SIGKILL:
        assert process.returncode == -number
        wait_for_end(pids)
    else:
        assert process.returncode == 130, err
        assert "interrupting 2 runs" in err
        assert "continues where it stopped" in err
        assert "Traceback" not in err
    assert not [pid for pid in pids if alive(pid)]
    assert [run.state for run in runs] == ["interrupted", "interrupted"]

    code, out, err = desk.xlt("sweep", spec, "--jobs", 2)
    assert code == 0, err
    assert "pawsx dev, from" in out
    assert "en accuracy" in out
    for run in runs:
        assert run.state == "done"
        assert "continues from step" in (run.path / "output.log").read_text("utf-8")


def test_what_failed_is_left_until_it_is_asked_for_and_runs_are_only_added(
    desk: Desk, tiny_data: Path, broken: Path
) -> None:
    stages = [{**desk.spec["stages"][0], "max_steps": 3, "evaluate_every": 3}]
    paths = [str(broken), str(tiny_data)]
    changes: dict[str, Any] = {"stages": stages, "evaluations": []}
    spec = desk.write(**changes, sweep={"grid": {"stages.0.task.path": paths}})

    def swept(*options: object) -> tuple[int, list[str], str]:
        code, out, err = desk.xlt("sweep", spec, "--json", *options)
        # A search ranks its runs, failed ones last.
        return code, [one["error"] for one in json.loads(out or "[]")], err

    def states() -> list[str]:
        listed = json.loads(desk.xlt("sweep", spec, "--dry-run", "--json")[1])
        return [one["state"] for one in listed]

    assert states() == ["pending", "pending"]
    code, errors, _ = swept("--retries", 1)
    assert (code, [bool(error) for error in errors]) == (1, [False, True])
    assert [line["event"] for line in ledger(desk) if line["event"] != "started"] == [
        "failed", "done", "failed",
    ]  # fmt: skip
    assert states() == ["failed", "done"]
    shutil.copytree(tiny_data, broken, dirs_exist_ok=True)
    code, errors, err = swept()
    assert (code, errors[0]) == (1, "")
    assert errors[1].startswith("failed before, and was not tried again (--retry-failed): 1 column")
    code, errors, _ = swept("--retry-failed")
    assert (code, errors, states()) == (0, ["", ""], ["done", "done"])

    desk.write(**changes, sweep={"grid": {"stages.0.task.path": paths[:1]}}, max_length=32)
    code, _, err = swept()
    assert code == 2
    assert "the spec has changed since the sweep 'spec' was begun" in err
    assert "max_length: 48 -> 32" in err
    assert "--accept-changes" in err
    desk.write(**changes, sweep={"grid": {"stages.0.task.path": paths}}, seeds=[1, 2])
    assert states() == ["done", "pending", "done", "pending"]
    code, errors, _ = swept("--max-hours", 0)
    assert (code, errors) == (130, [])
    assert states() == ["done", "pending", "done", "pending"]


def test_points_that_are_one_run_wait_for_each_other(desk: Desk) -> None:
    spec = short(desk, {"evaluations.0.split": ["dev", "test"]})
    code, out, err = desk.xlt("sweep", spec, "--jobs", 2, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found[0]["run"] == found[1]["run"]
    assert [one["evaluations"][0]["split"] for one in found] == ["dev", "test"]


def test_a_search_looks_at_dev_alone_and_ranks_its_settings(desk: Desk) -> None:
    spec = short(desk, {"stages.0.learning_rate": [1e-9, 1e-3]}, evaluations=[])
    code, out, err = desk.xlt("sweep", spec)
    assert code == 0, err
    lines = [line for line in out.splitlines() if line.startswith("│")]
    assert len(lines) == 2
    code, out, err = desk.xlt("sweep", spec, "--json")
    assert code == 0, err
    first, second = json.loads(out)
    assert first["dev"]["score"] >= second["dev"]["score"]
    for one in (first, second):
        assert one["evaluations"] == []
        result = json.loads((desk.path / one["run"] / "stages/0/result.json").read_text())
        assert one["dev"]["score"] == result["dev_score"]
        assert one["dev"]["step"] == result["selected_step"]
    assert not list(desk.path.glob("runs/*/evaluations/*"))

    code, out, err = desk.xlt("eval", Path(first["run"]).name, "--json")
    assert code == 0, err
    (result,) = json.loads(out)
    assert (result["task"], result["split"]) == ("pawsx", "test")


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_of_runs_that_is_none_is_refused(desk: Desk, number: int) -> None:
    code, _, err = desk.xlt("sweep", desk.write(), "--jobs", number)
    assert code == 2
    assert "--jobs" in err
    assert "1 or more, or 'auto'" in err
