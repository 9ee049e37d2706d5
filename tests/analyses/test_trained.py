"""Models that are measured."""

from __future__ import annotations

import pytest
import torch

from xlt_cli.analyses.trained import at_rest
from xlt_cli.api import EncoderModel


def test_a_models_parameters_are_as_they_were(model: EncoderModel) -> None:
    assert isinstance(model, torch.nn.Module)
    model.train()
    frozen = next(model.parameters())
    frozen.requires_grad_(False)
    before = [p.requires_grad for p in model.parameters()]

    def work() -> None:
        with at_rest(model):
            assert not model.training
            assert not any(p.requires_grad for p in model.parameters())
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert model.training
    assert [p.requires_grad for p in model.parameters()] == before
