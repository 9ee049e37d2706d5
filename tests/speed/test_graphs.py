"""Recorded updates on a GPU are the updates that would have been made."""

from __future__ import annotations

import copy
from functools import partialmethod
from typing import Any

import pytest
import torch

from xlt_cli.api import EncoderModel
from xlt_cli.data.batches import collate
from xlt_cli.launch.computing import start
from xlt_cli.models import word_table
from xlt_cli.models.layers import layers_of
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.speed import layers, recorder
from xlt_cli.speed import used_rows as rows
from xlt_cli.speed.layers import (
    check_gradients,
    compile_layers,
    parameters_fixed,
    restore_layers,
)
from xlt_cli.training.loss import StageLoss
from xlt_cli.training.ways import updates_of
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.freelb import FreeLB
from xlt_perturbations.smart import Smart
from xlt_perturbations.vat import Vat

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


def without_dropout(model: EncoderModel) -> None:
    own: Any = model
    for module in own.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0


@on_gpu
@pytest.mark.parametrize("attack", [False, True])
def test_losses_are_those_of_eager_updates(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature], attack: bool
) -> None:
    without_dropout(model)
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
    without_dropout(model)
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


ATTACKS = {
    "default": Adversarial(Adversarial.Params()),
    "one step": Adversarial(Adversarial.Params(steps=1, clean_weight=0)),
    "random start": Adversarial(Adversarial.Params(steps=2, random_start=True)),
    "freelb": FreeLB(FreeLB.Params()),
    "smart": Smart(Smart.Params()),
    "vat": Vat(Vat.Params()),
}


@on_gpu
@pytest.mark.filterwarnings("default")  # torch's compiler has some for every version
@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_on_compiled_layers_are_recorded_with_the_same_losses(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    attack: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "COMPILED_FROM", 1)
    without_dropout(model)
    methods = [(ATTACKS[attack], 1.0)]
    other = copy.deepcopy(model)
    fast, recorded = made(model, problem, features, False, methods)
    assert "compiled" in fast.path, fast.path
    assert not fast.refusal
    fast.release()
    _, eager = made(other, problem, features, True, methods)
    assert recorded == pytest.approx(eager, abs=1e-3)


@pytest.mark.filterwarnings("ignore:Guards may run slower on Python 3.13.0")
@pytest.mark.parametrize("attack", ["default", "one step"])
def test_attacks_on_compiled_layers_give_the_losses_and_gradients_of_plain_ones(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    attack: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a GPU: compiled by what needs no compiler of C++."""
    own: Any = model
    without_dropout(model)
    plainly = torch.nn.Module.compile
    monkeypatch.setattr(
        torch.nn.Module, "compile", partialmethod(plainly, backend="aot_eager_decomp_partition")
    )
    found = layers_of(model)
    loss = StageLoss(model, problem, [(ATTACKS[attack], 1.0)])
    losses, gradients = [], []
    for compiled in (False, True):
        if compiled:
            compile_layers(found, graphs_kept=True)
            loss.parameters_fixed = lambda: parameters_fixed(found)
        for first in (0, 8):
            own.zero_grad()
            made = loss(collate(features[first:][:4], problem, 0), torch.arange(4))
            made.sum().backward()
            losses.append(made.detach())
            gradients.append([p.grad for layer in found for p in layer.parameters()])
    restore_layers(found)
    torch.testing.assert_close(losses[:2], losses[2:], rtol=0, atol=1e-5)
    torch.testing.assert_close(gradients[:2], gradients[2:], rtol=1e-4, atol=1e-5)


def test_a_fixed_layer_gives_the_same_gradient_and_is_trained_again_afterwards() -> None:
    torch.manual_seed(0)
    found = [torch.nn.Linear(8, 8), torch.nn.LayerNorm(8), torch.nn.Linear(8, 8)]
    found[2].bias.requires_grad_(False)
    before = [p.requires_grad for layer in found for p in layer.parameters()]
    asked: list[bool] = []
    for layer in found:
        layer.register_forward_hook(
            lambda layer, _, __: asked.append(any(p.requires_grad for p in layer.parameters()))
        )
    inputs = torch.randn(3, 8, requires_grad=True)

    def gradient() -> torch.Tensor:
        outputs = torch.nn.Sequential(*found)(inputs).square().sum()
        return torch.autograd.grad(outputs, inputs)[0]

    with parameters_fixed(found):
        fixed = gradient()
    assert asked == [False] * 3
    torch.testing.assert_close(fixed, gradient(), rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="inside"), parameters_fixed(found):
        raise RuntimeError("inside")
    assert [p.requires_grad for layer in found for p in layer.parameters()] == before
    assert asked[3:] == [True] * 3


def test_a_trained_parameter_without_a_gradient_is_found() -> None:
    found = [torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)]
    found[0].bias.requires_grad_(False)
    torch.nn.Sequential(*found)(torch.randn(3, 8)).sum().backward()
    check_gradients(found)
    found[1].bias.grad = None
    with pytest.raises(RuntimeError, match="bias of a compiled layer got no gradient"):
        check_gradients(found)


@on_gpu
def test_compiled_layers_that_lose_gradients_are_not_used(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def finds(layers: Any) -> None:
        raise RuntimeError("weight of a compiled layer got no gradient")

    monkeypatch.setattr(recorder, "COMPILED_FROM", 1)
    monkeypatch.setattr(recorder, "check_gradients", finds)
    without_dropout(model)
    methods = [(ATTACKS["one step"], 1.0)]
    other = copy.deepcopy(model)
    fast, losses = made(model, problem, features, False, methods)
    assert "got no gradient" in fast.path
    _, eager = made(other, problem, features, True, methods)
    assert losses == pytest.approx(eager, abs=1e-4)


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name not in ("default", "freelb")])
def test_what_only_looks_for_noise_asks_for_no_gradient_of_parameters(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature], attack: str
) -> None:
    """And what is trained on does, with the same losses as where nothing is fixed."""
    without_dropout(model)
    chosen = layers_of(model)
    asked: list[bool] = []
    chosen[0].register_forward_hook(
        lambda layer, _, __: asked.append(all(p.requires_grad for p in layer.parameters()))
    )
    loss = StageLoss(model, problem, [(ATTACKS[attack], 1.0)])
    batch, seeds = collate(features[:4], problem, 0), torch.arange(4)
    plain = loss(batch, seeds)
    assert all(asked)
    passes = len(asked)
    loss.parameters_fixed = lambda: parameters_fixed(chosen)
    fixed = loss(batch, seeds)
    torch.testing.assert_close(fixed, plain, rtol=0, atol=1e-6)
    assert len(asked) == 2 * passes
    assert not all(asked)
    assert asked[-1]
    fixed.sum().backward()
    assert all(p.grad is not None for layer in chosen for p in layer.parameters())


def test_layers_are_those_of_the_encoder_and_compile_and_go_back(model: EncoderModel) -> None:
    found = layers_of(model)
    assert [type(layer).__name__ for layer in found] == ["BertLayer"] * len(found)
    assert len(found) >= 2
    compile_layers(found)
    assert all(layer._compiled_call_impl is not None for layer in found)
    restore_layers(found)
    assert all(layer._compiled_call_impl is None for layer in found)
    assert layers.COMPILED_FROM > 0
