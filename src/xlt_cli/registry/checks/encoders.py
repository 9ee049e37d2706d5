"""Encoders: their classes, and what their methods return."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlt_cli.api import Encoder
from xlt_cli.registry import models
from xlt_cli.registry.calls import Call
from xlt_cli.registry.checks.values import all_texts, anything, fingerprint, names
from xlt_cli.registry.kinds import PluginKind

MODEL = ("embed", "encode", "logits", "head_parameters", "save")


def folder(call: Call, value: Any) -> Path | None:
    """A folder, or none."""
    if value is not None and not isinstance(value, Path):
        raise call.wrong(value, "a Path or None")
    return value


def checkpoint_labels(call: Call, value: Any, checkpoint: Any) -> tuple[str, ...] | None:
    """The labels of outputs, or none."""
    if value is None:
        return None
    return names(call, value, "the labels of a checkpoint's outputs, or None")


def head_plugin(call: Call, value: Any, head: Any) -> str | None:
    """The name of a head plugin, or none."""
    if value is not None and not isinstance(value, str):
        raise call.wrong(value, "the name of a head plugin, or None")
    return value


def opened(call: Call, value: Any) -> dict[str, Any] | None:
    """Parameters that stand for a name, or none."""
    if value is not None and not (isinstance(value, dict) and all_texts(value)):
        raise call.wrong(value, "a dict of parameters or None")
    return value


def pinned(call: Call, value: Any) -> dict[str, Any] | None:
    """Parameters that name weights for good, or none."""
    if value is not None and not (isinstance(value, dict) and all_texts(value)):
        raise call.wrong(value, "a dict of parameters or None")
    return value


def weights(call: Call, value: Any) -> Any:
    """Tensors by name."""
    import torch

    if not isinstance(value, Mapping) or not all_texts(value):
        raise call.wrong(value, "a mapping of tensors by name")
    wrong = [one for one in value.values() if not isinstance(one, torch.Tensor)]
    if wrong:
        raise call.wrong(wrong[0], "a mapping of tensors by name")
    return value


def tokenizer(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """A tokenizer of transformers."""
    from transformers import PreTrainedTokenizerBase

    if not isinstance(value, PreTrainedTokenizerBase):
        raise call.wrong(value, "a tokenizer of transformers (PreTrainedTokenizerBase)")
    return value


def model(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """A module with the two halves; what they compute is tried on rows."""
    import torch

    lacks = [name for name in MODEL if not callable(getattr(value, name, None))]
    if not isinstance(value, torch.nn.Module) or lacks:
        raise call.wrong(value, f"a torch.nn.Module with {', '.join(MODEL)}")
    models.remember(value, call.plugin)
    return value


def reopened(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """A module with the two halves, or none."""
    return None if value is None else model(call, value)


def fault(plugin: type[Encoder]) -> str:
    """What keeps a class from being an encoder."""
    offline: object = plugin.offline
    if not isinstance(offline, bool):
        return f"offline = {offline!r} is neither True nor False"
    pinned = plugin.pinned is not Encoder.pinned
    if pinned and plugin.pretrained_weights is Encoder.pretrained_weights:
        return "pinned() is defined without pretrained_weights()"
    return ""


KIND = PluginKind(
    "encoder",
    Encoder,
    "a tokenizer and a model that runs in two halves",
    {
        Encoder: {
            "load_tokenizer": tokenizer,
            "load_model": model,
            "reopened": reopened,
            "head_plugin": head_plugin,
            "folder": folder,
            "checkpoint_labels": checkpoint_labels,
            "pinned": pinned,
            "pretrained_weights": weights,
            "check_adapters": anything,
            "fingerprint": fingerprint,
            "fetch": anything,
        }
    },
    fault=fault,
)
