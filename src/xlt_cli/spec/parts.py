"""Parameters of plugins that name other plugins: `{name: NAME, noise: {name: ..., ...}}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from xlt_cli import registry
from xlt_cli.api import OfKind, PluginUse


def named_in(params: type[BaseModel]) -> dict[str, str]:
    """The fields of a plugin's parameters that name plugins, with their kinds."""
    return {
        name: mark.kind
        for name, info in params.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, OfKind)
    }


def parts_of(params: BaseModel) -> Iterator[tuple[str, str, PluginUse]]:
    """Field, kind and plugin of each part that parameters name."""
    for name, kind in named_in(type(params)).items():
        use = getattr(params, name)
        if use is not None:
            yield name, kind, use


def every_use(kind: str, use: PluginUse) -> Iterator[tuple[str, PluginUse]]:
    """A plugin of a resolved spec and those that its parameters name, with their kinds."""
    yield kind, use
    for name, part_kind in named_in(registry.get(kind, use.name).Params).items():
        part: Any = use.params.get(name)
        if part is not None:
            yield from every_use(part_kind, PluginUse.model_validate(part))
