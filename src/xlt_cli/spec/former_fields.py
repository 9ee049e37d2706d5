"""Fields of evaluations that conditions had of their own before there were conditions.

A condition that had one says so (`Condition.former_field`); an evaluation that is written so keeps
its meaning, and its results their place.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from xlt_cli import registry
from xlt_cli.errors import PluginError


def known(name: str) -> bool:
    """Whether a name is that of a condition which had a field; also where it is broken or off."""
    if name not in registry.names("condition", disabled=True):
        return False
    try:
        return bool(registry.get("condition", name).former_field)
    except PluginError:
        return True  # whoever makes it says what is wrong


def example(name: str) -> str:
    """What such a field looks like."""
    return str(registry.get("condition", name).former_field)


def all_names() -> list[str]:
    """The names of all such fields."""
    return [name for name in registry.names("condition") if known(name)]


def among(value: Mapping[Any, Any], fields: Container[str]) -> list[str]:
    """The names of such fields that a mapping has beside the fields of a model."""
    others = (name for name in value if isinstance(name, str) and name not in fields)
    return [name for name in others if known(name)]
