"""Nothing that was computed is lost or mixed up: damaged models, kills, repairs, refusals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import SAMPLES, call, trained_on_samples
from preloaded import run_code

from xlt_cli.runs.directory import Run

SPEC = """
encoder: {name: hf, model: encoder}
stages:
  - {task: {name: pawsx, path: data}, epochs: 2, batch_size: 4, learning_rate: 0.01}
  - {task: {name: pawsx, path: data}, languages: de, epochs: 3, batch_size: 4}
evaluations:
  - languages: [en, de]
max_length: 48
device: cpu
"""
KILLED = """
import os, signal, sys
from xlt_cli.runs import atomic, predictions
from xlt_cli.cli import app

def kill(*_): os.kill(os.getpid(), signal.SIGKILL)

def before_summary(): predictions.Store.write_summary = kill

def between_the_two():
    write = atomic.write_json
    atomic.write_json = lambda path, value: kill() if path.name == "results.json" else write(path, value)

def after_summary():
    write = predictions.Store.write_summary
    predictions.Store.write_summary = lambda *given: (write(*given), kill())

{moment}()
sys.argv = ["xlt", *{arguments!r}]
app()
"""  # noqa: E501

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with encoder, data, spec and its finished run."""
    return trained_on_samples(tmp_path_factory.mktemp("trained"), "two.yaml", SPEC)


@pytest.fixture
def work(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    shutil.copytree(trained, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def run(work: Path) -> Path:
    (found,) = (work / "runs").glob("two-s1-*")
    return found


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def flip(path: Path) -> None:
    """Turns a bit in the middle of a file, in place."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x80
    with path.open("rb+") as file:
        file.write(content)


# ---------------------------------------------------------------------------------- damaged models


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "xlt.json"])
def test_a_damaged_model_is_refused_and_training_makes_it_again(run: Path, name: str) -> None:
    before, model = contents(run / "evaluations"), contents(run / "stages/1/model")
    flip(run / "stages/1/model" / name)
    for arguments in ([], ["--split", "dev"], ["--languages", "fr"]):
        result = call("eval", run.name, *arguments)
        assert result.exit_code == 2, result.output
        assert f"the content of {name} is not what was written" in result.output
        assert "xlt train" in result.output
    assert contents(run / "evaluations") == before
    result = call("train", "two.yaml")
    assert result.exit_code == 0, result.output
    assert "the model of stage 2 is damaged or missing" in result.stderr
    assert contents(run / "stages/1/model") == model
    assert contents(run / "evaluations") == before
    assert call("eval", run.name).exit_code == 0


def test_whole_weights_that_are_not_the_stages_own_are_refused(run: Path) -> None:
    before = contents(run / "evaluations")
    shutil.rmtree(run / "stages/1/model")
    shutil.copytree(run / "stages/0/model", run / "stages/1/model")
    result = call("eval", run.name)
    assert result.exit_code == 2
    assert "its weights are not those that the stage recorded" in result.output
    assert contents(run / "evaluations") == before


@pytest.mark.parametrize("gone", ["model/model.safetensors", "model"])
def test_a_copy_without_weights_shows_what_is_stored_and_refuses_the_rest(
    run: Path, gone: str
) -> None:
    shown = call("eval", run.name)
    (run / "stages/1" / gone).rename(run.parent / "elsewhere")
    before = contents(run)
    again = call("eval", run.name)
    assert again.exit_code == 0, again.output
    assert again.stdout == shown.stdout
    for arguments in (["--languages", "fr"], ["--split", "dev"], ["--columns", "fertility"]):
        result = call("eval", run.name, *arguments)
        assert result.exit_code == 2, result.output
        assert (
            "is damaged: " + ("it does not exist" if gone == "model" else "model") in result.output
        )
        assert "Stored results are unchanged" in result.output
    assert contents(run) == before


def test_in_a_run_of_version_1_the_stored_answers_tell(work: Path) -> None:
    run = work / "runs" / "finished-s1-325bf04b"
    shutil.copytree(SAMPLES / "runs" / run.name, run)
    before = contents(run / "evaluations")
    assert call("eval", run.name, "--device", "cpu").exit_code == 0
    flip(run / "stages/1/model/model.safetensors")
    result = call("eval", run.name, "--device", "cpu")
    assert result.exit_code == 2, result.output
    assert "its weights are not those of the stored predictions" in result.output
    after = contents(run / "evaluations")
    assert {n: after[n] for n in before if "results" not in n} == {
        n: content for n, content in before.items() if "results" not in n
    }


def test_a_damaged_checkpoint_is_said_and_left_out(work: Path) -> None:
    run = work / "runs" / "interrupted-s3-c3ec5829"
    shutil.copytree(SAMPLES / "runs" / run.name, run)
    shutil.copy(SAMPLES / "interrupted.yaml", work)
    (run / "stages/1/checkpoints/step-00000045/optimizer.pt").write_bytes(b"")
    result = call("train", "interrupted.yaml", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "step-00000045 is damaged and is skipped: optimizer.pt has 0 bytes" in result.stderr
    assert "continues from step 20" in result.stderr


# ----------------------------------------------------------------------------------------- repairs


@pytest.mark.parametrize("shared", [True, False])
def test_a_stage_that_is_trained_again_leaves_the_others_alone(run: Path, shared: bool) -> None:
    before = contents(run / "stages")
    assert {"0/metrics.jsonl", "1/metrics.jsonl"} <= set(before)
    shutil.rmtree(run / "stages/0/model")
    if not shared:
        shutil.rmtree(run.parent / ".stages")
    result = call("train", "two.yaml")
    assert result.exit_code == 0, result.output
    assert "the model of stage 1 is damaged or missing (it does not exist)" in result.stderr
    assert ("taken from the shared stages" in result.stderr) is shared
    assert "stage 2 (pawsx): done before" in result.stderr
    assert "started from another model" not in result.stderr
    assert contents(run / "stages") == before


def test_that_a_stage_has_another_parent_now_is_said(run: Path) -> None:
    path = run / "stages/1/result.json"
    result = json.loads(path.read_text("utf-8"))
    parent = json.loads((run / "stages/0/result.json").read_text("utf-8"))["weights"]
    assert result["parent"] == parent
    del result["checksum"]
    path.write_text(json.dumps({**result, "parent": "0" * 64}), "utf-8")
    shutil.rmtree(run / "stages/0/model")
    done = call("train", "two.yaml")
    assert done.exit_code == 0, done.output
    assert "stage 2 started from another model of stage 1 than the present one" in done.stderr


def test_the_curve_of_version_1_is_read_stage_by_stage() -> None:
    shared = Run(SAMPLES / "runs" / "finished-s1-325bf04b")
    lines = (shared.path / "metrics.jsonl").read_text("utf-8").splitlines()
    assert shared.curve == [json.loads(line) for line in lines]
    assert {record["stage"] for record in shared.curve} == {0, 1}


def test_a_stage_of_version_1_goes_on_with_its_own_lines(work: Path) -> None:
    run = Run(work / "runs" / "interrupted-s3-c3ec5829")
    shutil.copytree(SAMPLES / "runs" / run.name, run.path)
    shutil.copy(SAMPLES / "interrupted.yaml", work)
    shared = (run.path / "metrics.jsonl").read_bytes()
    assert call("train", "interrupted.yaml", "--device", "cpu", "-q").exit_code == 0
    steps = [r["step"] for r in run.curve if (r["kind"], r["stage"]) == ("train", 1)]
    assert steps == [10, 20, 30, 40, 50, 60]
    assert (run.path / "metrics.jsonl").read_bytes() == shared


# --------------------------------------------------------------------------------------- summaries


@pytest.mark.parametrize("moment", ["before_summary", "between_the_two", "after_summary"])
def test_killed_about_its_summary_an_evaluation_gets_it_from_the_next_command(
    run: Path, moment: str, tmp_path: Path
) -> None:
    arguments = ["eval", run.name, "--split", "dev", "--languages", "en"]
    code = KILLED.format(moment=moment, arguments=arguments)
    code, _, error = run_code(code, os.environ, Path.cwd(), tmp_path / "outputs")
    assert code == -signal.SIGKILL, error
    (row,) = json.loads(call("runs", "--json").stdout)
    shown = {one["split"]: one["up_to_date"] for one in row["evaluations"]}
    assert shown == {"test": True, "dev": moment == "after_summary"}
    found = json.loads(call(*arguments, "--json").stdout)
    (folder,) = run.glob("evaluations/pawsx-dev-*")
    results = json.loads((folder / "results.json").read_text("utf-8"))
    assert results["languages"] == found[0]["languages"]
    assert "pawsx,dev,standard,en" in (folder / "results.csv").read_text("utf-8")
    (row,) = json.loads(call("runs", "--json").stdout)
    assert all(one["up_to_date"] for one in row["evaluations"])


@pytest.mark.parametrize("command", [["train", "two.yaml"], ["eval"]])
@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "results.json").unlink(),
        lambda folder: (folder / "results.csv").unlink(),
        lambda folder: (folder / "results.json").write_text("{"),
        lambda folder: (folder / "results.csv").write_text("task\n"),
    ],
)
def test_a_summary_that_is_gone_or_stale_is_written_again(
    run: Path, command: list[str], damage: Callable[[Path], object]
) -> None:
    (folder,) = run.glob("evaluations/*")
    before = contents(folder)
    damage(folder)
    (row,) = json.loads(call("runs", "--json").stdout)
    assert row["evaluations"][0]["up_to_date"] is False
    assert "not summed up" in call("runs").stdout
    result = call(*command, *([run.name] if command == ["eval"] else []))
    assert result.exit_code == 0, result.output
    assert contents(folder) == before


def test_a_cell_that_came_after_the_summary_makes_it_stale(run: Path) -> None:
    (folder,) = run.glob("evaluations/*")
    before = (folder / "results.json").read_bytes()
    assert call("eval", run.name, "--languages", "fr").exit_code == 0
    (folder / "results.json").write_bytes(before)
    (row,) = json.loads(call("runs", "--json").stdout)
    assert row["evaluations"][0]["up_to_date"] is False
    assert call("train", "two.yaml").exit_code == 0
    assert "fr" in json.loads((folder / "results.json").read_text("utf-8"))["languages"]


# --------------------------------------------------------------------------------------- leftovers


@pytest.mark.parametrize("command", [["train", "two.yaml"], ["eval"]])
def test_what_killed_commands_left_is_removed(run: Path, command: list[str]) -> None:
    before = contents(run)
    for name in (
        "stages/0/checkpoints/step-00000007/model/x",
        "stages/1/.model.1.partial/x",
        "stages/1/.checkpoints.9.former.partial/step-00000007/x",
        "error.txt",
    ):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("left")
    result = call(*command, *([run.name] if command == ["eval"] else []))
    assert result.exit_code == 0, result.output
    assert contents(run).keys() == before.keys()
    assert not (run / "stages/0/checkpoints").exists()


@pytest.mark.parametrize(
    ("change", "file"),
    [
        ("stages.0.languages=[xx]", None),
        ("stages.0.task.path=nowhere", None),
        ("encoder.model=nowhere", None),
        ("max_length=4096", None),
        ("evaluations.0.languages=[en, xx]", None),
        ("stages.1.limit=7", "data/pawsx/train-de.tsv"),
    ],
)
def test_a_refused_command_leaves_no_run(work: Path, change: str, file: str | None) -> None:
    if file:
        (work / file).write_text("no row\n", "utf-8")
    before = sorted(path.name for path in (work / "runs").iterdir())
    result = call("train", "two.yaml", "--set", change)
    assert result.exit_code == 2, result.output
    assert sorted(path.name for path in (work / "runs").iterdir()) == before


def test_a_refusal_takes_no_finished_work_away(work: Path, run: Path) -> None:
    before = contents(run)
    (work / "data/pawsx/test-de.tsv").write_text("no row\n", "utf-8")
    assert call("train", "two.yaml").exit_code == 2
    assert call("eval", run.name).exit_code == 2
    assert contents(run) == before


def test_the_models_files_are_as_readable_as_others(run: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (run / "stages").rglob("*.*")
             if path.is_file()}  # fmt: skip
    assert modes == {stat.S_IMODE((run / "run.json").stat().st_mode)}
