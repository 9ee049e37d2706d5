"""What trains and is tested on a CPU trains and is tested on a GPU, with the same numbers.

In float32, without dropout: both then compute the same, up to rounding. Where a stage draws noise
on the device the draws differ, and it is asked only that it learns.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from acceptance_tools import Desk

DEVICE = os.environ.get("XLT_TEST_DEVICE", "cuda")
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        DEVICE == "cuda" and not torch.cuda.is_available(), reason="needs a GPU, XLT_TEST_GPU=1"
    ),
]

ATTACK = {"name": "adversarial", "epsilon": 0.5, "steps": 2, "random_start": False, "warmup": 0.2}
LORA = {"kind": "lora", "rank": 4, "dropout": 0.0}
STAGES: dict[str, dict[str, Any]] = {
    "plain": {},
    "adversarial": {"perturbation": ATTACK},
    "accumulated": {"accumulate": 2},
    "checkpointing": {"gradient_checkpointing": True},
    "adapter": {"adapter": {**LORA, "after": "merge"}},
    "kept adapter": {"adapter": {**LORA, "after": "keep"}},
    "frozen": {"freeze": {"embeddings": True, "layers": 1}},
    "averaged": {"select": "average"},
    "typos": {"perturbation": ["typos", {"name": "consistency", "weight": 1.0}]},
    "losses": {"label_smoothing": 0.1, "class_weights": "balanced", "schedule": "cosine"},
    "tags": {"task": "panx"},
    "several heads": {"also": "panx"},
    "text": {"task": "text"},
}
NOISY = ["random-perturbation", "freelb", "smart", "vat", "r-drop", "token-cutoff"]
GAUSSIAN = {"name": "random-perturbation", "distribution": "gaussian"}
TESTED = [{"limit": 10, "allow_overlap": True}]  # sentences that are short come again
CONDITIONS: list[dict[str, Any]] = [
    {"name": "perturbed", "perturbation": "typos", "strength": 0.3},
    {"name": "pgd", "radii": [0.5], "steps": 2},
    {"name": "smoothing", "noise": GAUSSIAN, "samples": 20, "selection": 5},
]


def stage(desk: Desk, data: Path, **changes: Any) -> dict[str, Any]:
    own = {**desk.spec["stages"][0], "epochs": 2, "batch_size": 8}
    own |= {"checkpoint_every": None, "evaluate_every": None}
    if changes.get("task") == "panx":
        changes["task"] = {"name": "panx", "path": str(data)}
    elif changes.get("task") == "text":
        changes["task"] = {"name": "text", "path": str(data / "pawsx"), "columns": ["1", "2"]}
        own["dev"] = None
    if changes.get("also") == "panx":
        other = {"task": {"name": "panx", "path": str(data)}, "languages": ["en"], "head": "own"}
        changes["also"] = [other]
    return own | changes


def trained(desk: Desk, xlt: Any, spec: Path, device: str) -> list[float]:
    """The losses of a run on a device, under `runs-DEVICE`."""
    arguments = ("--device", device, "--runs-dir", desk.path / f"runs-{device}")
    result = xlt("train", spec, *arguments)
    assert result.exit_code == 0, result.output
    assert "not recorded: RuntimeError" not in result.output
    (path,) = (desk.path / f"runs-{device}").glob("*/stages/0/metrics.jsonl")
    records = map(json.loads, path.read_text("utf-8").splitlines())
    return [record["loss"] for record in records if record["kind"] == "train"]


@pytest.mark.parametrize("name", list(STAGES))
def test_losses_are_those_of_a_cpu(name: str, desk: Desk, xlt: Any, tiny_data: Path) -> None:
    desk.spec["encoder"]["dropout"] = 0.0
    stages = [stage(desk, tiny_data, **STAGES[name])]
    if name == "text":  # a stage of another problem follows
        stages.append(stage(desk, tiny_data))
    spec = desk.write(stages=stages, evaluations=TESTED, precision="fp32", device="auto")
    cpu, gpu = (trained(desk, xlt, spec, device) for device in ("cpu", DEVICE))
    assert len(gpu) == len(cpu) > 0
    assert gpu == pytest.approx(cpu, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize("method", NOISY)
def test_methods_that_draw_noise_learn(method: str, desk: Desk, xlt: Any, tiny_data: Path) -> None:
    noise = {"perturbation": {"name": method}, "epochs": 10, "learning_rate": 3e-3}
    changed = stage(desk, tiny_data, **noise)
    spec = desk.write(stages=[changed], evaluations=TESTED, device="auto")
    losses = trained(desk, xlt, spec, DEVICE)
    assert losses[-1] < losses[0]


def test_conditions_give_the_figures_of_a_cpu(desk: Desk, xlt: Any, tiny_data: Path) -> None:
    """Of one model: rows whose answer lies on the edge may fall to either side."""
    desk.spec["encoder"]["dropout"] = 0.0
    evaluations = [{"settings": ["standard", "generalized"], "conditions": ["clean", *CONDITIONS]}]
    spec = desk.write(
        stages=[stage(desk, tiny_data)], evaluations=evaluations, precision="fp32", device="auto"
    )
    found = {}
    for device in ("cpu", DEVICE):
        trained(desk, xlt, spec, device)
        (path,) = (desk.path / f"runs-{device}").glob("*/evaluations/*/results.json")
        found[device] = json.loads(path.read_text("utf-8"))
    own, other = found["cpu"], found[DEVICE]
    assert set(other["pairs"]) == set(own["pairs"])
    assert len(other["conditions"]) == len(own["conditions"]) == len(CONDITIONS)
    for language, figures in own["languages"].items():
        value = other["languages"][language]["accuracy"]["value"]
        assert value == pytest.approx(figures["accuracy"]["value"], abs=2 / 30)
