"""What users get wrong: a clear error, exit code 2, no traceback, nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk, kill
from preloaded import run_code

Damage = Callable[[Path], None]
OFFLINE = """
import sys
from xlt_cli.__main__ import main
for spec in sys.argv[1:]:
    sys.argv = ["xlt", "train", spec, "--offline", "--runs-dir", "runs"]
    try:
        main()
    except SystemExit as end:
        print("exit code", end.code, "<end>", file=sys.stderr)
"""
"""Trains by each spec in one process: its own cache is read when huggingface_hub is imported."""


@pytest.fixture
def copied(desk: Desk, tiny_data: Path) -> Desk:
    """A desk with data of its own, to be damaged."""
    shutil.copytree(tiny_data, desk.path / "data")
    desk.spec["stages"][0].update(
        task={"name": "pawsx", "path": str(desk.path / "data")}, epochs=1, checkpoint_every=None
    )
    return desk


def refused(xlt: Any, desk: Desk, *arguments: object) -> str:
    """Runs `xlt train`; it must be refused. Returns what it says."""
    spec = arguments[0] if arguments else desk.write()
    result = xlt("train", spec, *arguments[1:], "--runs-dir", desk.path / "runs")
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return str(result.stderr)


def drop_column(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[3] = "\t".join(lines[3].split("\t")[:2])
    path.write_text("\n".join(lines) + "\n", "utf-8")


def wrong_label(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[4] = lines[4][:-1] + "7"
    path.write_text("\n".join(lines) + "\n", "utf-8")


def broken_utf8(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40] + b"\xff\xfe" + path.read_bytes()[40:])


@pytest.mark.parametrize(
    ("file", "damage", "said"),
    [
        ("test-de.tsv", drop_column, ["test-de.tsv:4", "2 columns, expected 3"]),
        ("train-en.tsv", wrong_label, ["train-en.tsv:5", "'7' is not one of the task's"]),
        ("test-fr.tsv", broken_utf8, ["test-fr.tsv:1", "not valid UTF-8"]),
        ("test-de.tsv", lambda path: path.write_text(""), ["test-de.tsv", "empty"]),
        ("train-en.tsv", Path.unlink, ["train"]),
        ("dev-en.tsv", Path.unlink, ["dev"]),
    ],
)
def test_damaged_data_are_found_before_training(
    copied: Desk, xlt: Any, file: str, damage: Damage, said: list[str]
) -> None:
    damage(copied.path / "data" / "pawsx" / file)
    message = refused(xlt, copied)
    for part in said:
        assert part in message
    assert not list(copied.path.glob("runs/*/stages"))


def test_rows_that_are_not_aligned_are_told_by_id(copied: Desk, xlt: Any) -> None:
    path = copied.path / "data/pawsx/test-de.tsv"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[1:], lines[0]]) + "\n", "utf-8")
    assert "not aligned: 'test-1' is" in refused(xlt, copied)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("encoder=mbrt", "did you mean 'mbert'"),
        ("stages.0.task=xnly", "did you mean 'xnli'"),
        ("stages.0.epochs=-1", "greater than 0"),
        ("stages.0.epoch=1", "did you mean 'epochs'"),
        ("encoder.freze_layers=1", "did you mean 'freeze_layers'"),
        ("stages.0.languages=[klingon]", "has no 'klingon' in its train split"),
        ("evaluations.0.languages=[en,xx]", "has no 'xx' in its test split"),
        ("encoder.freeze_layers=9", "2"),
        ("max_length=4096", "at most 128 tokens"),
        ("device=cuda", "no GPU that torch can use"),
        ("stages.0.perturbation=word-dropuot", "did you mean 'word-dropout'"),
    ],
)
def test_wrong_values(desk: Desk, xlt: Any, override: str, said: str) -> None:
    if "cuda" in override:
        import torch

        if torch.cuda.is_available():
            pytest.skip("this machine has a GPU")
    assert said in refused(xlt, desk, desk.write(), "--set", override)


def test_a_folder_without_a_model(desk: Desk, xlt: Any) -> None:
    empty = desk.path / "empty"
    empty.mkdir()
    message = refused(xlt, desk, desk.write(encoder={"name": "hf", "model": str(empty)}))
    assert str(empty) in message
    assert "config.json" in message


def test_offline_with_nothing_cached_names_what_is_missing_and_how_to_get_it(
    desk: Desk, tiny_data: Path
) -> None:
    stage = {**desk.spec["stages"][0], "task": "xnli"}
    specs = [desk.write(encoder="xlm-r-base"), desk.write("other.yaml", stages=[stage])]
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, *map(str, specs)],
        cwd=desk.path,
        env={**desk.environment, "HF_HOME": str(desk.path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    model, data, _ = done.stderr.split("<end>")
    for said, name in ((model, "FacebookAI/xlm-roberta-base"), (data, "facebook/xnli")):
        assert said.rstrip().endswith("exit code 2"), said
        assert name in said
        assert "xlt fetch" in said


def test_a_full_disk_loses_nothing(desk: Desk) -> None:
    spec = desk.write()
    # Files may not grow beyond 100 KB: the first checkpoint does not fit.
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        f"sys.argv = ['xlt', 'train', {str(spec)!r}, '--runs-dir', 'runs']; "
        "from xlt_cli.__main__ import main; main()"
    )
    code, _, err = run_code(script, desk.environment, desk.path, desk.path / "outputs")
    assert code == 2, err
    assert "the disk is full" in err
    assert "continues from the last checkpoint" in err
    assert "Traceback" not in err
    assert not list(desk.path.rglob("*.partial"))
    assert json.loads((desk.run() / "status.json").read_text())["state"] == "error"
    stages = [{**desk.spec["stages"][0], "max_steps": 8}]
    assert desk.xlt("train", desk.write(stages=stages), runs="other")[0] == 0


def test_an_unknown_run_and_an_unfinished_one(desk: Desk, xlt: Any) -> None:
    runs = ("--runs-dir", desk.path / "runs")
    assert xlt("eval", "nothing", *runs).exit_code == 2
    kill(desk.start_until(7, "train", desk.write()))
    result = xlt("eval", desk.run().name, *runs)
    assert result.exit_code == 2
    assert "has no finished model" in result.stderr


def test_eval_says_what_it_needs(desk: Desk, xlt: Any) -> None:
    assert "`xlt eval RUN`" in xlt("eval").stderr
    result = xlt("eval", "--model", desk.path, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 2
    assert "--task" in result.stderr


def test_generalized_on_an_unaligned_task(desk: Desk, xlt: Any, tiny_data: Path) -> None:
    stage = {**desk.spec["stages"][0], "task": {"name": "panx", "path": str(tiny_data)}}
    assert "aligned across languages" in refused(xlt, desk, desk.write(stages=[stage]))


def test_a_loss_that_is_no_number_is_a_failure_with_advice(desk: Desk, xlt: Any) -> None:
    desk.spec["stages"][0].update(learning_rate=1e30, max_grad_norm=None, warmup=0.0)
    result = xlt("train", desk.write(), "--runs-dir", desk.path / "runs")
    assert result.exit_code == 1, result.output
    assert "lower learning_rate" in result.stderr
    assert json.loads((desk.run() / "status.json").read_text())["state"] == "error"


@pytest.mark.parametrize("file", ["run.json", "fingerprints.json", "stages/0/result.json"])
def test_damaged_files_of_a_run_are_named(desk: Desk, xlt: Any, file: str) -> None:
    desk.spec["stages"][0].update(epochs=1, checkpoint_every=None)
    spec = desk.write(evaluations=[{"languages": ["de"]}])
    assert xlt("train", spec, "--runs-dir", desk.path / "runs").exit_code == 0
    (desk.run() / file).write_text("{broken")
    message = refused(xlt, desk, spec)
    assert f"{Path(file).name} is damaged" in message


def test_model_takes_a_directory(desk: Desk, xlt: Any) -> None:
    result = xlt("eval", "--model", desk.path / "nothing", "--task", "pawsx")
    assert result.exit_code == 2
    assert "there is no such folder" in result.stderr
