"""Linear layers with their weights packed for the processor, while a model only predicts.

On a CPU nine tenths of a forward pass are products with weights that do not change meanwhile.
oneDNN multiplies faster by weights that it has laid out for itself, most of all on processors that
are not Intel's, where torch's own library does not use all they can do. In float32 the results
differ from torch's in the last bits only; in bfloat16 they are autocast's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import nn

Forward = Callable[[torch.Tensor], torch.Tensor]


@contextlib.contextmanager
def packed(model: nn.Module, dtype: torch.dtype = torch.float32) -> Iterator[None]:
    """Runs the model's linear layers on packed copies of their weights, without gradients.

    Inputs and weights are multiplied in `dtype`, as autocast to it would.

    The copies are made on entry (0.03 s for 21 million weights) and are of the weights as they are
    then. Does nothing where there is no oneDNN, and for layers that are not float32 on a CPU.
    """
    known = dtype == torch.float32 or _has_bfloat16()
    layers = [layer for layer in model.modules() if known and _can_be_packed(layer)]
    try:
        for layer in layers:
            layer.forward = _packed_forward(layer, dtype)
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)  # the class's own shows again


def _can_be_packed(layer: nn.Module) -> bool:
    if type(layer) is not nn.Linear or "forward" in vars(layer):
        return False  # a derived class, or a changed layer, may compute something else
    return (
        layer.weight.device.type == "cpu"
        and layer.weight.dtype == torch.float32
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and bool(torch.backends.mkldnn.enabled)
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")  # not public: it may go
    )


def _has_bfloat16() -> bool:
    """Whether oneDNN multiplies bfloat16 on this processor."""
    ask = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return bool(ask and ask())


def _packed_forward(layer: nn.Module, dtype: torch.dtype) -> Forward:
    assert isinstance(layer, nn.Linear)
    weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach().to(dtype), None)
    bias = None if layer.bias is None else layer.bias.detach().to(dtype)
    return partial(_linear, weight=weight, bias=bias)


def _linear(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    inputs = inputs.to(weight.dtype)
    output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
    return output
