"""Calls into the models that encoders load."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from xlt_cli.api import Plugin
from xlt_cli.registry.calls import Call, calling

if TYPE_CHECKING:
    import torch

_loaded_by: WeakKeyDictionary[torch.nn.Module, type[Plugin]] = WeakKeyDictionary()


def remember(model: torch.nn.Module, encoder: type[Plugin]) -> None:
    """Notes which plugin a model is from."""
    _loaded_by[model] = encoder


def calling_model(model: Any, method: str, *arguments: Any) -> AbstractContextManager[None]:
    """Names the encoder's plugin in an exception of its model."""
    encoder = _loaded_by.get(model)
    if encoder is None:
        return nullcontext()
    return calling(Call(encoder, f"model.{method}", arguments))
