"""Which head plugin builds the head that a problem asks for. Without torch."""

from __future__ import annotations

from xlt_cli import registry
from xlt_cli.api import Head, HeadBuilder
from xlt_cli.errors import PluginError, UserError, did_you_mean
from xlt_cli.registry.guard import make


def head_names() -> list[str]:
    """The names of all head plugins."""
    return registry.names("head")


def heads_of(shape: str) -> list[str]:
    """The names of the usable head plugins of a shape, sorted."""
    plugins = (entry.plugin for entry in registry.entries("head"))
    return [plugin.name for plugin in plugins if plugin and getattr(plugin, "shape", "") == shape]


def builder_for(head: Head, pooling: str | None) -> HeadBuilder:
    """What builds a head.

    Args:
        pooling: the head plugin's name; None for the one that is named as the head's shape.

    Raises:
        UserError: there is no such plugin, or it builds heads of another shape.
    """
    if pooling is None and head.kind not in registry.names("head"):
        hint = ", ".join(heads_of(head.kind)) or f"none is installed for {head.kind}"
        raise UserError(f"a head for {head.kind} needs a pooling", "pooling", f"known: {hint}")
    try:
        plugin: type[HeadBuilder] = registry.get("head", pooling or head.kind, "pooling")
    except PluginError as error:
        if pooling in registry.names("head"):
            raise  # it is there, and broken
        known = did_you_mean(str(pooling), heads_of(head.kind))
        raise UserError(f"there is no pooling '{pooling}'", "pooling", known) from error
    if plugin.shape != head.kind:
        suited = ", ".join(heads_of(head.kind))
        raise UserError(
            f"the pooling '{pooling}' is a head for {plugin.shape}, but this task needs one "
            f"for {head.kind}",
            "pooling",
            f"omit it, or use one of: {suited}" if suited else "leave it out",
        )
    builder: HeadBuilder = make(plugin, plugin.Params())
    return builder
