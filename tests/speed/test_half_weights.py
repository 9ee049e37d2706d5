"""Computing with copies of the weights is what autocast does, to the bit."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from xlt_cli.data.batches import collate
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.speed.half_weights import HalfWeights
from xlt_cli.training.loss import StageLoss


def losses(model: Any, problem: SequenceClassification, features: list[Feature]) -> torch.Tensor:
    batch = collate(features[:6], problem, 0)
    with torch.autocast("cpu", torch.bfloat16):
        found: torch.Tensor = StageLoss(model, problem)(batch)
    return found


def test_losses_and_gradients_are_those_of_autocast(
    model: Any, problem: SequenceClassification, features: list[Feature]
) -> None:
    model.eval()
    other = copy.deepcopy(model)
    expected = losses(other, problem, features)
    expected.sum().backward()
    before = dict(model.named_parameters())
    weights = HalfWeights(model, torch.bfloat16)
    with weights.in_place():
        assert sum(p.dtype == torch.bfloat16 for p in model.parameters()) == len(weights.copies)
        found = losses(model, problem, features)
        found.sum().backward()
    weights.gather()
    assert torch.equal(found, expected)
    assert {n: id(p) for n, p in model.named_parameters()} == {n: id(p) for n, p in before.items()}
    wanted = dict(other.named_parameters())
    linear = [m for m in model.modules() if type(m) is nn.Linear]
    assert len(weights.trained) == sum(1 + (m.bias is not None) for m in linear) > 10
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter.grad, wanted[name].grad), name
    assert all(each.grad is None for each in weights.copies)


def test_copies_follow_the_trained_weights(model: Any) -> None:
    weights = HalfWeights(model, torch.bfloat16)
    with torch.no_grad():
        for parameter in weights.trained:
            parameter.add_(1.0)
    weights.refresh()
    for parameter, half in zip(weights.trained, weights.copies, strict=True):
        assert torch.equal(half, parameter.to(torch.bfloat16))


def test_frozen_tied_and_derived_layers_are_left_alone() -> None:
    class Own(nn.Linear):
        pass

    model = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4), Own(4, 4), nn.Linear(4, 4)])
    model[1].weight = model[0].weight  # type: ignore[assignment]
    model[3].weight.requires_grad_(False)  # type: ignore[union-attr]
    weights = HalfWeights(model, torch.bfloat16)
    assert [id(p) for p in weights.trained] == [id(model[i].bias) for i in (0, 1, 3)]
    with weights.in_place():
        assert model[0].weight.dtype == model[2].weight.dtype == torch.float32
    weights.gather()  # nothing was used: nothing to gather
    assert all(p.grad is None for p in model.parameters())
