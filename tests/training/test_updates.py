"""An update is the same however its batch is cut and padded."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from xlt_cli.api import EmbeddingPerturbation, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.errors import PluginFailure
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.speed.graphs import EAGER
from xlt_cli.training.ways import updates_of
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.random_perturbation import RandomPerturbation

METHODS: dict[str, list[tuple[EmbeddingPerturbation, float]]] = {
    "noise": [(RandomPerturbation(RandomPerturbation.Params()), 1.0)],
    "attack": [(Adversarial(Adversarial.Params(steps=1)), 1.0)],
    "shared": [
        (RandomPerturbation(RandomPerturbation.Params()), 0.4),
        (Adversarial(Adversarial.Params(steps=1)), 0.4),
    ],
}


@pytest.mark.parametrize("methods", METHODS.values(), ids=list(METHODS))
def test_noise_does_not_depend_on_how_a_batch_is_packed(
    model: Any,
    problem: SequenceClassification,
    features: list[Feature],
    runtime: Runtime,
    methods: list[tuple[EmbeddingPerturbation, float]],
) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # torch draws it for a whole tensor

    def losses(order: list[int], accumulate: int) -> list[float]:
        values = {"task": "t", "batch_size": 8, "learning_rate": 1e-3, "accumulate": accumulate}
        own: EncoderModel = copy.deepcopy(model)
        stage = Stage.model_validate(values)
        made = updates_of(own, problem, methods, stage, 0, "s", runtime, features[0], 20)
        made.loss.train()
        made.enter(features)
        chosen = [features[i] for i in order]
        return [float(made.make(chosen, step, 20)[2]) for step in range(5)]

    whole = losses(list(range(8)), 1)
    assert losses(list(range(8)), 4) == pytest.approx(whole, rel=1e-4)
    assert losses([7, 2, 5, 0, 1, 6, 3, 4], 3) == pytest.approx(whole, rel=1e-4)
    assert len(set(whole)) == 5


class Refusing:
    """A recorder of updates that cannot be recorded."""

    multiple = 8

    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, *_: object) -> None:
        raise self.error

    def give_up(self) -> None: ...


@pytest.mark.parametrize(
    "error", [RuntimeError("capture"), PluginFailure("'odd' failed in loss: RuntimeError: capture")]
)
def test_what_cannot_be_recorded_is_made_eagerly(
    model: EncoderModel, problem: Any, runtime: Runtime, features: list[Feature], error: Exception
) -> None:
    values = {"task": "t", "batch_size": 8, "learning_rate": 1e-3}
    stage = Stage.model_validate(values)
    made = updates_of(model, problem, (), stage, 0, "s", runtime, features[0], 20)
    made.enter(features[:8])
    made.recorder, made.made = Refusing(error), EAGER  # type: ignore[assignment]
    assert torch.isfinite(made.make(features[:8], EAGER, 20)[2])
    assert made.recorder is None
    assert "capture" in made.refusal
