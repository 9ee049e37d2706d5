"""Packed layers give the plain layers' results, and leave no trace."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from xlt_cli.api import EncoderModel
from xlt_cli.data.batches import collate
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.speed.packing import packed


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(48, 96), nn.GELU(), nn.Linear(96, 7, bias=False))


@pytest.mark.parametrize("shape", [(48,), (1, 48), (5, 48), (3, 11, 48)])
def test_the_results_are_the_plain_ones(shape: tuple[int, ...]) -> None:
    model, inputs = layers(), torch.randn(shape)
    with torch.inference_mode():
        plain = model(inputs)
        with packed(model):
            found = model(inputs)
    torch.testing.assert_close(found, plain, atol=1e-5, rtol=1e-5)


def test_in_bfloat16_they_are_those_of_autocast() -> None:
    model, inputs = layers(), torch.randn(9, 48)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        plain = model(inputs)
        with packed(model, torch.bfloat16):
            found = model(inputs)
    assert found.dtype == plain.dtype == torch.bfloat16
    torch.testing.assert_close(found, plain, atol=1e-2, rtol=1e-2)


def test_a_models_logits_are_those_of_its_plain_forward(
    model: EncoderModel, features: list[Feature], problem: SequenceClassification
) -> None:
    assert isinstance(model, nn.Module)
    batch = collate(features, problem, 0)
    with torch.inference_mode():
        plain = model.model(batch.input_ids, batch.attention_mask, batch.token_type_ids)[0]  # type: ignore[operator]
        with packed(model):
            found = model.logits(model.embed(batch), batch)
    torch.testing.assert_close(found, plain, atol=1e-5, rtol=0)


def test_it_is_the_layers_own_forward_again_afterwards_also_after_an_error() -> None:
    model = layers()
    with pytest.raises(ZeroDivisionError), packed(model):
        raise ZeroDivisionError
    assert not any("forward" in vars(layer) for layer in model)
    model(torch.randn(2, 48)).sum().backward()
    assert model[0].weight.grad is not None
    copy.deepcopy(model)


def test_the_weights_are_those_at_the_time() -> None:
    model, inputs = layers(), torch.randn(4, 48)
    found = []
    for _ in range(2):
        with torch.inference_mode(), packed(model):
            found.append(model(inputs))
        with torch.no_grad():
            model[2].weight.mul_(2)
    torch.testing.assert_close(found[1], 2 * found[0], atol=1e-5, rtol=1e-5)


def test_layers_of_another_kind_or_precision_are_left_alone() -> None:
    class Doubled(nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(inputs)

    model = nn.ModuleList([Doubled(4, 4), nn.Linear(4, 4).double(), nn.Linear(4, 4).bfloat16()])
    with packed(model):
        assert not any("forward" in vars(layer) for layer in model)
