"""Recorded updates on a GPU are the updates that would have been made."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from xlt_cli.api import EncoderModel
from xlt_cli.engine import layers
from xlt_cli.engine.layers import compile_layers, layers_of, restore_layers
from xlt_cli.engine.runtime import start
from xlt_cli.engine.updates import Updates
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_perturbations.adversarial import Adversarial

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def made(
    model: Any, problem: SequenceClassification, features: list[Feature], plain: bool, methods: Any
) -> tuple[Updates, list[float]]:
    runtime = start("cuda", "fp32", plain=plain)
    stage = Stage.model_validate({"task": "t", "batch_size": 8, "learning_rate": 1e-2})
    updates = Updates(model.to("cuda"), problem, methods, stage, 0, "s", runtime, features[0], 40)
    updates.loss.train()
    updates.enter(features)
    losses = [updates.make(features[n % 4 * 8 :][:8], n, 40)[2] for n in range(40)]
    return updates, [float(loss) for loss in losses]


@on_gpu
@pytest.mark.parametrize("attack", [False, True])
def test_losses_are_those_of_eager_updates(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature], attack: bool
) -> None:
    for module in model.modules():  # type: ignore[attr-defined]
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    params = Adversarial.Params(steps=1, random_start=False, warmup=0.2)
    methods = [(Adversarial(params), 1.0)] if attack else []
    other = copy.deepcopy(model)
    fast, recorded = made(model, problem, features, False, methods)
    assert "graphs" in fast.path
    _, eager = made(other, problem, features, True, methods)
    assert recorded == pytest.approx(eager, abs=1e-4)


def test_layers_are_those_of_the_encoder_and_compile_and_go_back(model: EncoderModel) -> None:
    found = layers_of(model)
    assert [type(layer).__name__ for layer in found] == ["BertLayer"] * len(found)
    assert len(found) >= 2
    compile_layers(found)
    assert all(layer._compiled_call_impl is not None for layer in found)
    restore_layers(found)
    assert all(layer._compiled_call_impl is None for layer in found)
    assert layers.COMPILED_FROM > 0
