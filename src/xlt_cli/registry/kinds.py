"""What xlt knows of a kind of plugins: one value for each, in a module of its own in `checks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xlt_cli.api import Plugin

Check = Callable[..., Any]
"""Takes the call, what it returned, and its arguments; gives the value back, or raises."""


def _nothing(_: Any) -> str:
    return ""


def _no_facts(_: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class PluginKind:
    """A kind of plugins.

    Attributes:
        name: as specs, messages and `XLT_DISABLE_PLUGINS` have it.
        base: the class in `xlt_cli.api` that every plugin of the kind derives from.
        brings: what a plugin of the kind brings, in a few words.
        methods: for the base class and others that plugins may derive from, the methods of the
            contract and what checks the values that they return.
        attributes: what a class may compute for each of its instances; such a property is called
            as methods are.
        fault: what keeps a class from being one, beyond what all kinds share; empty if nothing
            does. No instance is made for it.
        inspect: looks at an instance with default parameters, for `list-plugins --check`.
        stated: attributes of a class beyond those of all kinds, as JSON values by name, for
            `list-plugins` and `show`.
        shown: the same as cells of a table, by column.
        plural: of the name.
        from_params: whether instances are made of parameters, which a spec states.
        written: where a user names one; `{use}` stands for its name and parameters.
    """

    name: str
    base: type[Plugin]
    brings: str
    methods: Mapping[type[Plugin], Mapping[str, Check]]
    attributes: tuple[str, ...] = ()
    fault: Callable[[type[Any]], str] = _nothing
    inspect: Callable[[Any], object] = _nothing
    stated: Callable[[type[Any]], Mapping[str, Any]] = _no_facts
    shown: Callable[[type[Any]], Mapping[str, str]] = _no_facts
    plural: str = field(default="")
    from_params: bool = True
    written: str = "in a spec:  {kind}: {use}"

    @property
    def group(self) -> str:
        """The entry-point group."""
        return f"xlt.{self.plural or self.name + 's'}"
