"""Which distribution a plugin class comes from, for messages; noted when it is imported."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from xlt_cli.api import Plugin

_noted: WeakKeyDictionary[type[Plugin], str] = WeakKeyDictionary()


def note(plugin: type[Plugin], distribution: str, version: str) -> None:
    """Notes the distribution of a plugin."""
    _noted[plugin] = f"{distribution} {version}".strip()


def origin_of(plugin: type[Plugin]) -> str:
    """The distribution and version of a plugin; empty for one that was not found by its name."""
    return next((_noted[base] for base in plugin.__mro__ if base in _noted), "")
