"""A model's layers, compiled where a stage is long enough to pay for it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from xlt_cli.api import EncoderModel

COMPILED_FROM = 5000
"""Updates of a stage from which on compiling is worth its wait: it saves one to seven milliseconds
of an update on an H100."""


def layers_of(model: EncoderModel) -> list[nn.Module]:
    """The modules that stand in a list with others of their class, as an encoder's layers do."""
    assert isinstance(model, nn.Module)
    return [
        layer
        for block in model.modules()
        if isinstance(block, nn.ModuleList) and len({type(layer) for layer in block}) == 1
        for layer in (block if len(block) > 1 else ())
    ]


def compile_layers(layers: Sequence[nn.Module]) -> None:
    """Compiles layers that are not compiled yet, for inputs of any shape."""
    for layer in layers:
        if layer._compiled_call_impl is None:
            layer.compile(dynamic=True)


def restore_layers(layers: Sequence[nn.Module]) -> None:
    """Makes compiled layers ordinary ones again."""
    for layer in layers:
        layer._compiled_call_impl = None
    if layers:
        torch.compiler.reset()
