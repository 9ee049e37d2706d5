"""What a stage is put together from."""

from __future__ import annotations

import torch
from torch import nn

from xlt_cli.api import EncoderModel
from xlt_cli.engine.runtime import start
from xlt_cli.engine.stages import ALIGNMENT, on_device


def misplaced(weight: torch.Tensor) -> torch.Tensor:
    """The same values in memory where torch allocates none, as in a mapped file."""
    room = torch.empty(weight.numel() + 3, dtype=weight.dtype)[3:]
    assert room.data_ptr() % ALIGNMENT
    return room.view(weight.shape).copy_(weight)


def test_weights_stand_where_the_last_bits_do_not_depend_on_a_file(model: EncoderModel) -> None:
    assert isinstance(model, nn.Module)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    owners = [(m, p) for m in model.modules() for p in m.parameters(recurse=False)]
    for _, parameter in owners:
        parameter.data = misplaced(parameter.data)
    moved = on_device(model, start("cpu", "fp32"))
    assert isinstance(moved, nn.Module)
    for name, weight in moved.named_parameters():
        assert weight.data_ptr() % ALIGNMENT == 0, name
        assert torch.equal(weight, before[name]), name
    kept = [p for m in moved.modules() for p in m.parameters(recurse=False)]
    assert all(one is other for one, (_, other) in zip(kept, owners, strict=True)), "ties hold"
