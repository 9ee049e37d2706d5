"""A model on the device that it is trained or tested on."""

from __future__ import annotations

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime

ALIGNMENT = 64
"""Bytes; torch allocates at multiples of it."""


def on_device(model: EncoderModel, runtime: Runtime) -> EncoderModel:
    """The model on the runtime's device, its weights where torch itself would have put them.

    Weights that a library leaves in a mapped file begin wherever the file's header ends, and the
    last bits of products on a CPU depend on that: a resumed run would not end bit-identical.
    """
    assert isinstance(model, torch.nn.Module)
    place(model, runtime)
    return model


def place(module: torch.nn.Module, runtime: Runtime) -> None:
    """Moves a module to the runtime's device, as `on_device` says."""
    for parameter in module.parameters():
        if parameter.device.type == "cpu" and parameter.data_ptr() % ALIGNMENT:
            parameter.data = parameter.data.clone()
    module.to(runtime.device)


def pads_left(model: torch.nn.Module) -> bool:
    """Whether a model, or a part of it, shifts its rows to the right, padding first."""
    return any(getattr(part, "pads_left", False) for part in model.modules())
