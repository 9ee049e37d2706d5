"""Recorded updates on a GPU are the updates that would have been made."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from xlt_cli.api import EncoderModel
from xlt_cli.launch.computing import start
from xlt_cli.models import word_table
from xlt_cli.models.layers import layers_of
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.speed import layers
from xlt_cli.speed import used_rows as rows
from xlt_cli.speed.layers import compile_layers, restore_layers
from xlt_cli.training.ways import updates_of
from xlt_perturbations.adversarial import Adversarial

pytestmark = pytest.mark.gpu
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, XLT_TEST_GPU=1")


def made(
    model: Any, problem: SequenceClassification, features: list[Feature], plain: bool, methods: Any
) -> tuple[Any, list[float]]:
    runtime = start("cuda", "fp32", plain=plain)
    stage = Stage.model_validate({"task": "t", "batch_size": 8, "learning_rate": 1e-2})
    updates = updates_of(
        model.to("cuda"), problem, methods, stage, 0, "s", runtime, features[0], 40
    )
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


@on_gpu
def test_recorded_again_after_a_table_has_grown(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(word_table, "WORTH", 1)
    monkeypatch.setattr(rows, "STEP", 1)
    for module in model.modules():  # type: ignore[attr-defined]
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    # One feature again and again: the others' words are new.
    few = features[:1] * 32
    losses = {}
    for plain in (False, True):
        updates, found = made(copy.deepcopy(model), problem, few, plain, [])
        for chosen in (features[:32], few):
            updates.enter(chosen)
            found += [float(updates.make(chosen[n * 8 :][:8], n, 40)[2]) for n in range(4)]
        losses[plain] = found
        assert plain or ("graphs" in updates.path and not updates.refusal), updates.path
    assert losses[False] == pytest.approx(losses[True], abs=1e-4)


@on_gpu
def test_what_cannot_be_recorded_is_made_eagerly_with_dropout(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature]
) -> None:
    own: Any = model

    def looks(module: Any, inputs: Any, output: Any) -> None:
        torch.is_tensor(output) and float(output.detach().sum())

    own.train()
    handle = next(m for m in own.modules() if isinstance(m, torch.nn.Linear))
    handle.register_forward_hook(looks)
    updates, losses = made(own, problem, features, False, [])
    assert "not recorded" in updates.path
    assert len(set(losses)) > 30


def test_layers_are_those_of_the_encoder_and_compile_and_go_back(model: EncoderModel) -> None:
    found = layers_of(model)
    assert [type(layer).__name__ for layer in found] == ["BertLayer"] * len(found)
    assert len(found) >= 2
    compile_layers(found)
    assert all(layer._compiled_call_impl is not None for layer in found)
    restore_layers(found)
    assert all(layer._compiled_call_impl is None for layer in found)
    assert layers.COMPILED_FROM > 0
