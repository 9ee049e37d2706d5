"""Heads: their classes, and what their methods return."""

from __future__ import annotations

from typing import Any

from xlt_cli.api import HeadBuilder
from xlt_cli.registry.calls import Call
from xlt_cli.registry.kinds import PluginKind


def module(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """A module of torch."""
    import torch

    if not isinstance(value, torch.nn.Module):
        raise call.wrong(value, "a torch.nn.Module")
    return value


def fault(plugin: type[HeadBuilder]) -> str:
    """What keeps a class from being a head."""
    shape = getattr(plugin, "shape", None)
    if not isinstance(shape, str) or not shape:
        return "states no shape (the kind of head that problems require)"
    required = [name for name, info in plugin.Params.model_fields.items() if info.is_required()]
    if required:
        return f"Params requires {', '.join(required)}, but a head is selected by its name alone"
    return ""


KIND = PluginKind(
    "head",
    HeadBuilder,
    "layers from hidden states to a problem's outputs",
    {HeadBuilder: {"build": module}},
    fault=fault,
    written="in a spec:  encoder: {{name: ..., pooling: {use}}}",
)
