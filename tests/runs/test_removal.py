"""Only what xlt wrote is removed, only where nobody works, and never what others start from."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import Result

from xlt_cli.runs import atomic, pruned, removal
from xlt_cli.runs.directory import Run
from xlt_cli.runs.provenance import weights_hash
from xlt_cli.spec import ExperimentSpec

Cli = Callable[..., Result]


def a_run(
    root: Path,
    name: str,
    score: float | None = 0.5,
    state: str = "success",
    constant: bool = False,
    encoder: object = "mbert",
) -> Run:
    """A run of one stage, with a model of 100 kB and a score on dev."""
    stage = {"task": "nowhere", "languages": ["en"], "dev": {"languages": ["en"]}}
    spec = ExperimentSpec.model_validate({"name": "exp", "encoder": encoder, "stages": [stage]})
    run = Run(root / name)
    record = {"identity": name, "name": "exp", "seed": 1, "spec": spec.model_dump(mode="json")}
    atomic.write_json(run.path / "run.json", record)
    run.set_state(state)  # type: ignore[arg-type]
    with atomic.new_directory(run.stage(0) / "model") as model:
        (model / "model.safetensors").write_bytes(name.encode() * (100_000 // len(name)))
        (model / "config.json").write_text("{}")
        (model / "tokenizer.json").write_text("x" * 300_000)
    result = {"selected_step": 9, "steps": 9, "dev_score": score, "dev_languages": ["en"]}
    atomic.write_json(run.stage(0) / "result.json", {**result, "oracle": False})
    line = {"kind": "dev", "stage": 0, "step": 9, "language": "en", "accuracy": score}
    atomic.append_line(run.stage(0) / "metrics.jsonl", {**line, "constant": constant})
    return run


def weights(root: Path) -> set[str]:
    return {path.parts[-5] for path in root.glob("*/stages/0/model/model.safetensors")}


def test_runs_are_removed_by_their_whole_names(xlt: Cli, tmp_path: Path) -> None:
    for name in ("a-s1", "a-s2", "b-s1"):
        a_run(tmp_path, name)
    for names in (["a"], ["a-s1", "c"], [""]):
        result = xlt("runs", "rm", *names, "--runs-dir", tmp_path)
        assert result.exit_code == 2, result.output
        assert "there is no run" in result.stderr
    assert len(weights(tmp_path)) == 3
    result = xlt("runs", "rm", "a-s1", "--dry-run", "--runs-dir", tmp_path)
    assert result.stdout.startswith("would remove a-s1 (")
    assert len(weights(tmp_path)) == 3
    result = xlt("runs", "--runs-dir", tmp_path, "rm", "a-s1", tmp_path / "b-s1")
    assert result.exit_code == 0, result.output
    assert os.listdir(tmp_path) == ["a-s2"]


def test_a_run_at_work_stays_and_so_do_the_others(xlt: Cli, tmp_path: Path) -> None:
    for name in ("a", "b"):
        a_run(tmp_path, name)
    with FileLock(tmp_path / "b/lock"):
        result = xlt("runs", "rm", "a", "b", "--runs-dir", tmp_path)
        assert result.exit_code == 2
        assert "a process is working on 'b'" in result.stderr
        said = xlt("runs", "prune", "--keep", "none", "b", "--runs-dir", tmp_path)
        assert "kept b: " in said.stdout
    assert weights(tmp_path) == {"a", "b"}


def test_what_xlt_did_not_write_stays(xlt: Cli, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis.tex").write_text("mine")
    root = tmp_path / "runs"
    run = a_run(root, "a")
    (run.path / "notes.txt").write_text("mine")
    (run.path / "evaluations").symlink_to(outside)
    (run.stage(0) / "checkpoints").symlink_to(outside)
    (root / "link").symlink_to(a_run(outside, "real").path)
    assert xlt("runs", "rm", "link", "--runs-dir", root).exit_code == 2
    xlt("runs", "prune", "--keep", "none", "a", "--runs-dir", root)
    assert (outside / "thesis.tex").read_text() == "mine"
    result = xlt("runs", "rm", "a", "--runs-dir", root)
    assert result.exit_code == 0, result.output
    assert "notes.txt" in result.stderr
    assert os.listdir(run.path) == ["notes.txt"]
    assert (outside / "thesis.tex").read_text() == "mine"
    assert (outside / "real/run.json").is_file()
    assert not xlt("runs", "--name", "a", "--runs-dir", root).stdout.startswith("a ")


@pytest.mark.parametrize("relative", [True, False])
def test_a_model_that_another_run_started_from_stays(
    xlt: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    root = Path("runs")
    first = a_run(root, "first")
    model = first.stage(0) / "model"
    named = str(model if relative else model.resolve())
    a_run(root, "second", encoder={"name": "hf", "model": named})
    result = xlt("runs", "rm", "first")
    assert result.exit_code == 2
    assert "second" in result.stderr
    said = xlt("runs", "prune", "--keep", "none").stdout
    assert "kept first: second started from it" in said
    assert weights(root) == {"first"}
    assert xlt("runs", "rm", "first", "second").exit_code == 0
    assert not list(root.glob("*/run.json"))


def test_a_kill_while_removing_leaves_no_run_and_goes_with_the_next(
    xlt: Cli, tmp_path: Path
) -> None:
    a_run(tmp_path, "a")
    a_run(tmp_path, "b")
    left = tmp_path / f"{removal._REMOVED}999999999" / "a"
    left.parent.mkdir()
    (tmp_path / "a").rename(left)
    assert [
        row["run"] for row in json.loads(xlt("runs", "--json", "--runs-dir", tmp_path).stdout)
    ] == ["b"]
    assert xlt("runs", "rm", "b", "--runs-dir", tmp_path).exit_code == 0
    assert os.listdir(tmp_path) == []


def test_a_kill_while_pruning_leaves_a_finished_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(tmp_path, "a")
    taken = weights_hash(run.model)

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            pruned.prune(run)
    assert run.model.name == "model"
    assert weights_hash(run.model) == taken
    assert pruned.prune(run) > 100_000
    assert run.model.name == "pruned"
    assert weights_hash(run.model) == taken
    assert sorted(os.listdir(run.model)) == ["COMPLETE.json", "config.json", "pruned.json"]


def test_a_damaged_model_is_not_pruned(tmp_path: Path) -> None:
    run = a_run(tmp_path, "a")
    path = run.stage(0) / "model/model.safetensors"
    content = bytearray(path.read_bytes())
    content[5] ^= 0x80
    path.write_bytes(content)
    assert pruned.prune(run) == 0
    assert path.exists()


@pytest.mark.parametrize(
    ("keep", "left"), [("best", {"best", "running", "no-dev"}), ("none", {"running"})]
)
def test_the_best_of_a_spec_keeps_its_weights(
    xlt: Cli, tmp_path: Path, keep: str, left: set[str]
) -> None:
    a_run(tmp_path, "worse", 0.5)
    a_run(tmp_path, "best", 0.8)
    a_run(tmp_path, "collapsed", 0.9, constant=True)
    a_run(tmp_path, "running", 0.95, state="cancelled")
    a_run(tmp_path, "no-dev", None)
    shown = xlt("runs", "prune", "--keep", keep, "--dry-run", "--runs-dir", tmp_path).stdout
    assert len(weights(tmp_path)) == 5
    said = xlt("runs", "prune", "--keep", keep, "--runs-dir", tmp_path).stdout
    assert said == shown.replace("would free", "freed")
    assert weights(tmp_path) == left
    # Asked for alone, the best is still compared with all.
    xlt("runs", "prune", "--keep", "best", "best", "--runs-dir", tmp_path)
    assert weights(tmp_path) == left
