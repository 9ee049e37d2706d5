"""A model's layers, compiled where a stage is long enough to pay for it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

COMPILED_FROM = 5000
"""Updates of a stage from which on compiling is worth its wait: it saves one to seven milliseconds
of an update on an H100."""


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
