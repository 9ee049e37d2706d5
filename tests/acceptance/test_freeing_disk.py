"""Freed of its weights, a run keeps its results and stays finished; weights can be made again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk

from xlt_cli.runs.directory import Run
from xlt_cli.runs.pruned import size
from xlt_cli.runs.stage import fault, is_pruned


@pytest.fixture
def short(desk: Desk) -> Desk:
    """A desk whose spec has two stages and takes seconds."""
    stage = {**desk.spec["stages"][0], "checkpoint_every": None, "evaluate_every": None}
    desk.spec["stages"] = [{**stage, "max_steps": 4}, {**stage, "max_steps": 3}]
    desk.spec["evaluations"] = [{"languages": ["en", "de"]}]
    return desk


def invoke(xlt: Any, desk: Desk, *arguments: object, code: int = 0) -> Any:
    result = xlt(*arguments, "--runs-dir", desk.path / "runs")
    assert result.exit_code == code, result.output + result.stderr
    return result


def results(run: Path) -> dict[str, bytes]:
    """All that pruning must not touch."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and not {"model", "pruned", "lock"} & set(path.relative_to(run).parts)
    }


def weights(run: Path) -> list[str]:
    paths = sorted(run.glob("stages/*/model/model.safetensors"))
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def test_a_pruned_run_is_finished_and_tells_what_it_found(short: Desk, xlt: Any) -> None:
    spec = short.write()
    (before,) = json.loads(invoke(xlt, short, "train", spec, "--json").stdout)
    run = short.run()
    made, kept = weights(run), results(run)
    assert len(made) == 2
    whole = size(run)

    said = invoke(xlt, short, "runs", "prune", "--keep", "none", "--dry-run").stdout
    assert said.startswith("would free ")
    assert (results(run), weights(run)) == (kept, made)
    said = invoke(xlt, short, "runs", "prune", "--keep", "none").stdout
    assert said.startswith("freed ")
    assert run.name in said
    assert weights(run) == []
    assert not list(run.rglob("*.safetensors"))
    assert size(run) < whole / 2
    assert results(run) == kept
    assert Run(run).state == "done"

    # Its results are there, and it is not trained again.
    listed = json.loads(invoke(xlt, short, "runs", "--json").stdout)
    assert [row["pruned"] for row in listed] == [True]
    assert listed[0]["dev"]["score"] == before["dev"]["score"]
    result = invoke(xlt, short, "train", spec, "--json")
    assert json.loads(result.stdout)[0]["evaluations"] == before["evaluations"]
    evaluated = json.loads(invoke(xlt, short, "eval", run.name, "--json").stdout)
    assert evaluated == before["evaluations"]
    assert results(run) == kept

    # What needs the weights says so, before anything is done.
    for command in (
        ("eval", run.name, "--languages", "fr"),
        ("analyze", "alignment", run.name),
        ("train", short.write(evaluations=[{"languages": ["fr"]}])),
    ):
        error = invoke(xlt, short, *command, code=2).stderr
        assert f"the weights of '{run.name}' were pruned" in error
        assert "--restore" in error
    model = run / "stages/1/model"
    error = invoke(xlt, short, "eval", "--model", model, "--task", "pawsx", code=2).stderr
    assert "were pruned" in error

    # Pruning again finds nothing; the weights made again are the same.
    assert "freed 0.0 kB in all" in invoke(xlt, short, "runs", "prune", "--keep", "none").stdout
    invoke(xlt, short, "train", short.write(), "--restore")
    assert weights(run) == made
    assert not list(run.glob("stages/*/pruned/COMPLETE.json"))
    (after,) = json.loads(invoke(xlt, short, "train", spec, "--json").stdout)
    assert after["evaluations"] == before["evaluations"]
    invoke(xlt, short, "eval", run.name, "--languages", "fr")


@pytest.mark.parametrize(("keep", "left"), [("all", 2), ("model", 1), ("none", 0)])
def test_a_spec_says_what_stays(short: Desk, xlt: Any, keep: str, left: int) -> None:
    (first,) = json.loads(invoke(xlt, short, "train", short.write(), "--json").stdout)
    path = short.run()
    spec = short.write(keep=keep)
    # The same run: what stays is no part of what is trained.
    (again,) = json.loads(invoke(xlt, short, "train", spec, "--json").stdout)
    assert short.run() == path
    assert again["evaluations"] == first["evaluations"]
    assert len(weights(path)) == left
    assert [is_pruned(path / "stages" / str(n)) for n in (0, 1)] == [left < 2, left < 1]
    assert [fault(path / "stages" / str(n)) for n in (0, 1)] == ["", ""]
    if keep == "model":
        invoke(xlt, short, "eval", path.name, "--languages", "fr")
        # The last stage's model is lost: the first one's is needed, and is made again.
        for file in (path / "stages/1/model").iterdir():
            file.unlink()
        invoke(xlt, short, "train", short.write(evaluations=[{"languages": ["fr", "de"]}]))
        assert len(weights(path)) == 2
    assert json.loads(invoke(xlt, short, "runs", "--json").stdout)[0]["run"] == path.name


def test_a_fresh_run_that_keeps_nothing(short: Desk, xlt: Any) -> None:
    short.spec["stages"].pop()
    out = invoke(xlt, short, "train", short.write(keep="none"))
    run = short.run()
    assert "zero-shot average" in out.stdout
    assert weights(run) == []
    assert Run(run).state == "done"
    assert not list(run.glob("stages/*/checkpoints"))
