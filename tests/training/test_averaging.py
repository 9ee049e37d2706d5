"""The running mean of a model's weights."""

from __future__ import annotations

from pathlib import Path

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.training.averaging import Average


def weights(model: EncoderModel) -> dict[str, torch.Tensor]:
    assert isinstance(model, torch.nn.Module)
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def shake(model: EncoderModel, seed: int) -> dict[str, torch.Tensor]:
    """Other weights, as an update would leave them; returns them."""
    assert isinstance(model, torch.nn.Module)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator))
    return weights(model)


def test_it_is_the_mean_of_what_was_added(model: EncoderModel) -> None:
    average, seen = Average(), []
    for seed in range(5):
        seen.append(shake(model, seed))
        average.add(model)
    average.adopt(model)
    for name, found in weights(model).items():
        expected = torch.stack([one[name].double() for one in seen]).mean(0)
        torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    assert average.count == 5


def test_what_does_not_move_stays_the_same_to_the_bit(model: EncoderModel) -> None:
    average, before = Average(), weights(model)
    for _ in range(3):
        average.add(model)
    average.adopt(model)
    assert all(torch.equal(weight, before[name]) for name, weight in weights(model).items())


def test_restored_it_goes_on_to_the_same_bits(tmp_path: Path, model: EncoderModel) -> None:
    whole = Average()
    shake(model, 0)
    whole.add(model)
    shake(model, 1)
    whole.add(model)
    whole.save(tmp_path)
    resumed = Average.restored(tmp_path, torch.device("cpu"))
    shake(model, 2)
    whole.add(model)
    resumed.add(model)
    whole.adopt(model)
    expected = weights(model)
    resumed.adopt(model)
    assert resumed.count == 3
    assert all(torch.equal(weight, expected[name]) for name, weight in weights(model).items())


def test_it_is_the_mean_that_torch_computes(model: EncoderModel) -> None:
    from torch.optim.swa_utils import AveragedModel

    assert isinstance(model, torch.nn.Module)
    ours, theirs = Average(), AveragedModel(model)
    for seed in range(5):
        shake(model, seed)
        ours.add(model)
        theirs.update_parameters(model)
    ours.adopt(model)
    for name, weight in theirs.module.named_parameters():
        torch.testing.assert_close(weights(model)[name], weight, rtol=1e-6, atol=1e-6)
