"""Plugins as xlt calls them: every method of the contract passes through here.

A plugin that is to be used is an instance of a subclass of its class, in which the contract's
methods call the plugin's own and check what they return. So no caller has to, and none can forget.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Mapping
from typing import Any

from xlt_cli.api import Plugin, Problem, Task
from xlt_cli.registry.calls import Call, calling
from xlt_cli.registry.checks import KINDS
from xlt_cli.registry.checks.tasks import labels
from xlt_cli.registry.checks.values import anything
from xlt_cli.registry.kinds import Check

SHARED = ("speaks", "caveat")
"""Attributes of all kinds that a class may compute for each instance."""


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
            "does not store its parameters as `params`; call super().__init__(params)"
        )
    return made


def problem_of(task: Task) -> Problem:
    """The problem of a task, whose calls are checked.

    Raises:
        UserError: the task's labels do not suit it.
    """
    plugin = task.problem
    with calling(Call(plugin, "of", (task,))):
        return typing.cast(type[Problem], guarded(plugin)).of(task)


@functools.cache
def guarded(plugin: type[Plugin]) -> type[Plugin]:
    """The class with its methods checked, under its own name."""
    own: dict[str, Any] = {"__module__": plugin.__module__, "__doc__": plugin.__doc__}
    own["__qualname__"] = plugin.__qualname__
    kind = KINDS[plugin.plugin_kind]
    all_methods: dict[type[Plugin], Mapping[str, Check]] = {Plugin: {"check": anything}}
    for base, methods in (all_methods | dict(kind.methods)).items():
        if issubclass(plugin, base):
            own.update({name: _method(plugin, name, check) for name, check in methods.items()})
    for name in (*SHARED, *kind.attributes):
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
            return labels(call, value) if name == "labels" else value

    def set_attribute(self: Any, value: Any) -> None:
        vars(self)[name] = value

    return property(attribute, set_attribute)
