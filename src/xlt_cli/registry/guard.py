"""Plugins as xlt calls them: every method of the contract passes through here.

A plugin that is to be used is an instance of a subclass of its class, in which the contract's
methods call the plugin's own and check what they return. So no caller has to, and none can forget.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from xlt_cli.api import (
    EmbeddingPerturbation,
    Encoder,
    Perturbation,
    Plugin,
    SegmentationPerturbation,
    Task,
    TextPerturbation,
)
from xlt_cli.registry import returned
from xlt_cli.registry.calls import Call, calling

Check = Callable[..., Any]

METHODS: dict[type[Plugin], dict[str, Check]] = {
    Plugin: {"check": returned.anything},
    Encoder: {
        "load_tokenizer": returned.tokenizer,
        "load_model": returned.model,
        "folder": returned.folder,
        "checkpoint_labels": returned.checkpoint_labels,
        "fingerprint": returned.fingerprint,
        "fetch": returned.anything,
    },
    Task: {
        "languages": returned.languages,
        "missing": returned.text,
        "load": returned.rows,
        "fetch": returned.anything,
    },
    Perturbation: {"fetch": returned.anything, "fingerprint": returned.fingerprint},
    TextPerturbation: {"perturb": returned.replacements},
    SegmentationPerturbation: {"segmenter": returned.segmenter},
    EmbeddingPerturbation: {
        "phase": returned.phase,
        "loss": returned.losses,
        "parallel": returned.pairs,
        "perturbed": returned.embeddings,
        "deviation": returned.deviations,
    },
}
"""The methods of the contract, and what checks their values."""

ATTRIBUTES = (
    *("labels", "metric", "aligned", "texts", "scheme", "source_language"),
    *("problems", "companion", "gaussian", "speaks", "caveat"),
)
"""What a class may compute for each instance: it is then called as methods are."""


def make(plugin: type[Plugin], params: Any) -> Any:
    """An instance of a plugin whose calls are checked.

    Raises:
        PluginFailure: its constructor raises an exception.
        PluginError: it does not keep its parameters.
    """
    call = Call(plugin, plugin.__name__, (params,))
    with calling(call):
        made = guarded(plugin)(params)
    if getattr(made, "params", None) is not params:
        raise call.refused(
            "does not keep its parameters as `params`; call super().__init__(params)"
        )
    return made


@functools.cache
def guarded(plugin: type[Plugin]) -> type[Plugin]:
    """The class with its methods checked, under its own name."""
    own: dict[str, Any] = {"__module__": plugin.__module__, "__doc__": plugin.__doc__}
    own["__qualname__"] = plugin.__qualname__
    for base, methods in METHODS.items():
        if issubclass(plugin, base):
            own.update({name: _method(plugin, name, check) for name, check in methods.items()})
    for name in ATTRIBUTES:
        static = inspect.getattr_static(plugin, name, None)
        if (name == "labels" and issubclass(plugin, Task)) or isinstance(static, property):
            own[name] = _attribute(plugin, name)
    return types.new_class(plugin.__name__, (plugin,), exec_body=lambda body: body.update(own))


def _method(plugin: type[Plugin], name: str, check: Check) -> Any:
    @functools.wraps(getattr(plugin, name))
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        call = Call(plugin, name, (*arguments, *named.values()) if named else arguments, self)
        with calling(call):
            value = getattr(super(guarded(plugin), self), name)(*arguments, **named)
            return check(call, value, *arguments, **named)  # may itself run the plugin's code

    return method


def _attribute(plugin: type[Plugin], name: str) -> property:
    def attribute(self: Any) -> Any:
        call = Call(plugin, name, None, self)
        with calling(call):
            own = vars(self)
            value = own[name] if name in own else getattr(super(guarded(plugin), self), name)
            return returned.labels(call, value) if name == "labels" else value

    def set_attribute(self: Any, value: Any) -> None:
        vars(self)[name] = value

    return property(attribute, set_attribute)
