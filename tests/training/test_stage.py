"""What a stage is put together from."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from xlt_cli.api import EncoderModel
from xlt_cli.errors import UserError
from xlt_cli.launch.computing import start
from xlt_cli.models.placing import ALIGNMENT, on_device
from xlt_cli.runs.directory import Run
from xlt_cli.training import stage as stages


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


@pytest.mark.parametrize("averaged", [False, True])
def test_a_disk_that_two_checkpoints_do_not_fit_on_is_refused_before_training(
    model: EncoderModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, averaged: bool
) -> None:
    assert isinstance(model, nn.Module)
    for parameter in list(model.parameters())[:2]:
        parameter.requires_grad_(False)
    weights = sum(4 * p.numel() for p in model.parameters())
    moments = 2 * sum(4 * p.numel() for p in model.parameters() if p.requires_grad)
    needed = 2 * (weights + moments + (weights if averaged else 0))
    usage = SimpleNamespace(free=needed)
    monkeypatch.setattr(stages.shutil, "disk_usage", lambda path: usage)
    stages._check_room(Run(tmp_path), model, averaged)
    usage.free -= 1
    with pytest.raises(UserError, match="the disk is too full"):
        stages._check_room(Run(tmp_path), model, averaged)
