"""A third party's launcher, from tests/third_party: it brings a sweep to its end."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from acceptance_tools import Desk, alive, ledger, third_party, wait_for, wait_for_end

from xlt_cli.runs.directory import Run


@pytest.fixture
def klingon(desk: Desk) -> Desk:
    """A desk at which the distribution is installed."""
    paths = [third_party(desk.path / "site"), desk.environment.get("PYTHONPATH", "")]
    desk.environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return desk


def events(desk: Desk) -> list[tuple[str, int]]:
    return [(event["event"], event["job"]) for event in ledger(desk)]


@pytest.fixture
def torn(klingon: Desk, tiny_data: Path) -> Path:
    """Data with a fault that shows when they are loaded."""
    folder = shutil.copytree(tiny_data / "pawsx", klingon.path / "torn")
    with (folder / "train-en.tsv").open("a", encoding="utf-8") as file:
        file.write("one column\n")
    return folder


def spec_on(desk: Desk, *folders: Path) -> Path:
    """A spec whose points are short runs on these data."""
    stages = [{**desk.spec["stages"][0], "max_steps": 10, "evaluate_every": 10}]
    grid = {"stages.0.task.path": [str(folder) for folder in folders]}
    return desk.write(stages=stages, sweep={"grid": grid})


def test_it_runs_the_jobs_as_it_likes_and_a_failing_one_stops_no_other(
    klingon: Desk, tiny_data: Path, torn: Path
) -> None:
    stages = [{**klingon.spec["stages"][0], "max_steps": 10, "evaluate_every": 10}]
    grid = {"stages.0.task.path": [str(tiny_data), str(torn)]}
    spec = klingon.write(stages=stages, sweep={"grid": grid})
    code, out, err = klingon.xlt("sweep", spec, "--launcher", "backwards", "--json")
    assert code == 1, err
    good, failed = json.loads(out)
    assert (good["error"], bool(failed["error"])) == ("", True)
    assert good["evaluations"]
    assert events(klingon) == [("started", 2), ("failed", 2), ("started", 1), ("done", 1)]
    assert f"{Path(failed['run']).name} failed: {failed['error']}" in err
    assert "train-en.tsv" in (klingon.path / failed["run"] / "output.log").read_text("utf-8")
    assert not (klingon.path / "runs" / ".launching").exists()
    measured = (klingon.path / good["run"] / "memory.json").read_text("utf-8")
    assert json.loads(measured)["kind"] == "cpu"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_killed_or_interrupted_it_takes_its_job_along_and_the_same_command_goes_on(
    klingon: Desk, number: int
) -> None:
    spec = klingon.write(sweep={}, evaluations=[])
    process = klingon.start("sweep", spec, "--launcher", "backwards")
    checkpoints = "runs/*/stages/0/checkpoints/step-*"
    wait_for(lambda: any(True for _ in klingon.path.glob(checkpoints)), process)
    (run,) = {Run(path.parents[3]) for path in klingon.path.glob(checkpoints)}
    pid = run.status["pid"]
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=120)
    if number == signal.SIGKILL:
        wait_for_end([pid])
    else:
        assert process.returncode == 130, err
        assert "interrupting 1 runs" in err
        assert events(klingon)[-1] == ("interrupted", 1)
        assert "Traceback" not in err
    assert not alive(pid)
    assert run.state == "interrupted"

    code, out, err = klingon.xlt("sweep", spec, "--launcher", "backwards", "--json")
    assert code == 0, err
    assert [one["error"] for one in json.loads(out)] == [""]
    assert "continues from step" in (run.path / "output.log").read_text("utf-8")
