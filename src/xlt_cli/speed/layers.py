"""A model's layers, compiled where a stage is long enough to pay for it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

COMPILED_FROM = 5000
"""Updates of a stage from which on compiling is worth its wait: it saves one to seven milliseconds
of an update on an H100."""


RECOMPILED = 64
"""How often a layer may be compiled anew. Its code is specialised to ranges of sizes, of which a
stage with long texts has more than the eight that torch allows."""

TAGS = "use_recursive_dict_tags_for_guards"
"""A setting of torch's compiler, on by default in torch 2.11: a layer is taken for unchanged while
no attribute is set. A parameter that is told to ask for a gradient again would get none."""

MEANINGLESS = (
    "The .grad attribute of a Tensor that is not a leaf",
    r"\s*Online softmax is disabled on the fly",
    "TensorFloat32 tensor cores for float32 matrix multiplication available but not enabled",
)
"""The beginnings of warnings that torch's compiler gives for any model."""


def compile_layers(layers: Sequence[nn.Module], graphs_kept: bool = False) -> None:
    """Compiles layers that are not compiled yet, for inputs of any shape.

    Args:
        graphs_kept: a backward pass may leave its graph for another one (`retain_graph`).
    """
    new = [layer for layer in layers if layer._compiled_call_impl is None]
    if not new:
        return
    for beginning in MEANINGLESS:
        warnings.filterwarnings("ignore", beginning, UserWarning)
    _backward_passes().donated_buffer = not graphs_kept
    _compiler().recompile_limit = RECOMPILED
    if hasattr(_compiler(), TAGS):
        setattr(_compiler(), TAGS, False)
    for layer in new:
        layer.compile(dynamic=True)


@contextlib.contextmanager
def parameters_fixed(layers: Sequence[nn.Module]) -> Iterator[None]:
    """Has the parameters of layers ask for no gradient meanwhile.

    The backward pass of a compiled layer computes all gradients that it could give, asked for or
    not: half of an attack's work otherwise.
    """
    trained = [p for layer in layers for p in layer.parameters() if p.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)


def check_gradients(layers: Sequence[nn.Module]) -> None:
    """Checks that a backward pass reached all trained parameters of layers.

    Raises:
        RuntimeError: one has no gradient; it would not be trained.
    """
    for layer in layers:
        for name, parameter in layer.named_parameters():
            if parameter.requires_grad and parameter.grad is None:
                raise RuntimeError(f"{name} of a compiled layer got no gradient")


def restore_layers(layers: Sequence[nn.Module]) -> None:
    """Makes compiled layers ordinary ones again."""
    for layer in layers:
        layer._compiled_call_impl = None
    if layers:
        torch.compiler.reset()


def _backward_passes() -> Any:
    """Settings of compiled backward passes; `donated_buffer` lets them overwrite their inputs."""
    from torch._functorch import config

    return config


def _compiler() -> Any:
    """Settings of torch's compiler."""
    from torch._dynamo import config

    return config
