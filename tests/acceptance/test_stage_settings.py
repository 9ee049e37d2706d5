"""Stages that state a loss, a schedule and frozen parts of their own, as a user runs them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from acceptance_tools import Desk

SETTINGS: dict[str, Any] = {
    "epochs": 4,
    "schedule": "cosine",
    "warmup_steps": 5,
    "gradient_checkpointing": True,
    "freeze": {"layers": 1},
    "checkpoint_every": None,
    "evaluate_every": None,
}


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("pawsx", {"label_smoothing": 0.1, "class_weights": "balanced"}),
        ("panx", {"focal_gamma": 1.5}),
    ],
    ids=["pawsx", "panx"],
)
def test_a_stage_trains_with_all_of_them(
    desk: Desk, xlt: Any, task: str, loss: dict[str, Any]
) -> None:
    stage = desk.spec["stages"][0]
    stage.update(SETTINGS, perturbation={"name": "random-perturbation"}, **loss)
    stage["task"]["name"] = task
    spec = desk.write(evaluations=[{"languages": ["de"]}])
    result = xlt("train", spec, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    assert "the others stay as they are" in result.stderr
    assert ("class weights: " in result.stderr) == ("class_weights" in loss)
    lines = (desk.run() / "stages/0/metrics.jsonl").read_text("utf-8").splitlines()
    losses = [r["loss"] for r in map(json.loads, lines) if r["kind"] == "train"]
    assert losses[-1] < losses[0]
    assert xlt("eval", desk.run().name, "--runs-dir", desk.path / "runs").exit_code == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"freeze_embeddings": True}, "freeze_embeddings: true"),
        ({"freeze_embeddings": True, "layers": 1}, "layers: 1"),
        ({"layers": 1}, ""),
    ],
    ids=["embeddings", "fewer layers", "nothing frozen"],
)
def test_what_is_not_trained_is_said(
    desk: Desk, xlt: Any, given: dict[str, Any], said: str
) -> None:
    desk.spec["encoder"].update(given)
    result = xlt("train", desk.write(evaluations=[]), "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    lines = [x for x in result.stderr.splitlines() if "the others stay as they are" in x]
    assert len(lines) == bool(said), result.stderr
    if said:
        assert said in lines[0]
        assert "None" not in lines[0]  # no setting that nobody made
        assert "null" not in lines[0]
        trained, all_of_it = (
            int(x.replace(",", "")) for x in re.findall(r"[0-9][0-9,]{3,}", lines[0])[:2]
        )
        assert 0 < trained < all_of_it
