"""A third party's perturbation with parameters of its own, in whole commands."""

from __future__ import annotations

import importlib
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from acceptance_tools import Desk, kill, last_step
from safetensors.torch import load_file

from xlt_cli.training.noise import own_modules

THIRD_PARTY = Path(__file__).parents[1] / "third_party"
METRICS, WEIGHTS = "stages/0/metrics.jsonl", "stages/0/model/model.safetensors"


@pytest.fixture
def third_party(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The distribution's entry points, and its modules, in this process."""
    project = tomllib.loads((THIRD_PARTY / "pyproject.toml").read_text("utf-8"))["project"]
    site = install(project["name"], project["entry-points"], version=project["version"])
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    return site


def write(desk: Desk, perturbation: Any, epochs: int) -> Path:
    stage = {**desk.spec["stages"][0], "epochs": epochs, "perturbation": perturbation}
    path = desk.path / "spec.yaml"
    path.write_text(yaml.safe_dump({**desk.spec, "stages": [stage], "evaluations": []}), "utf-8")
    return path


def test_killed_it_goes_on_to_the_same_end_and_is_no_part_of_the_model(
    xlt: Any, desk: Desk, third_party: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = (8, 3)
    shared = [{"name": "learned-attack", "hidden": n, "proportion": 0.4} for n in sizes]
    path = write(desk, shared, epochs=4)
    done = xlt("train", path, "--runs-dir", desk.path / "whole")
    assert done.exit_code == 0, done.output
    desk.environment["PYTHONPATH"] = os.pathsep.join([str(third_party), str(THIRD_PARTY)])
    kill(desk.start_until(7, "train", path))
    # The checkpoint has the parameters of both, and they are not what they were in the beginning.
    kept = desk.run() / f"stages/0/checkpoints/step-{last_step(desk.run()):08d}/perturbations.pt"
    attack = importlib.import_module("tlh_xlt.attacks").LearnedAttack
    methods = [(attack(attack.Params(hidden=n)), 0.4) for n in sizes]
    began = torch.nn.ModuleList(m for m in own_modules(methods, 32, "1/stage/0") if m is not None)
    learned = torch.load(kept, weights_only=True)
    assert {n: w.shape for n, w in learned.items()} == {
        n: w.shape for n, w in began.state_dict().items()
    }
    for name, weight in began.state_dict().items():
        change = (learned[name] - weight).abs().max()
        assert 0 < change < 0.1, name
    # A version of the plugin with other parameters does not go on from it.
    with monkeypatch.context() as patch:
        patch.setattr(attack, "own_module", lambda self, width: torch.nn.Linear(width, width))
        refused = xlt("train", path, "--runs-dir", desk.path / "runs")
    assert refused.exit_code == 2, refused.output
    assert "have changed since it began" in refused.output
    again = xlt("train", path, "--runs-dir", desk.path / "runs")
    assert again.exit_code == 0, again.output
    assert "continues from step" in again.output
    for file in (METRICS, WEIGHTS):
        one, other = ((desk.run(runs) / file).read_bytes() for runs in ("runs", "whole"))
        assert one == other, file
    # What is published has the parameters of an ordinary model.
    plain = xlt("train", write(desk, None, epochs=1), "--runs-dir", desk.path / "plain")
    assert plain.exit_code == 0, plain.output
    trained, ordinary = (load_file(desk.run(runs) / WEIGHTS) for runs in ("runs", "plain"))
    assert {n: w.shape for n, w in trained.items()} == {n: w.shape for n, w in ordinary.items()}
    assert not list(desk.run().rglob("perturbations.pt"))
