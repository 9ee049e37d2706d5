"""Checks that kinds share: of values that are returned, and of what a class states.

No check looks at numbers on a device: an update can be recorded, and a GPU is not waited for.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from xlt_cli.registry.calls import Call, described


def anything(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """Whatever: it is not used."""
    return value


def text(call: Call, value: Any, *_: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise call.wrong(value, "a text")
    return value


def fingerprint(call: Call, value: Any) -> dict[str, str]:
    """Names and hashes, all of them texts."""
    fits = isinstance(value, dict) and all_texts([*value, *value.values()])
    if not fits:
        raise call.wrong(value, "a dict of texts")
    return dict(value)


def names(call: Call, value: Any, expected: str) -> tuple[str, ...]:
    if not isinstance(value, tuple | list) or not all_texts(value):
        raise call.refused(f"returned {listed(value)}; expected {expected}")
    if "" in value:
        raise call.refused(f"returned an empty text; expected {expected}")
    twice = [name for name in value if value.count(name) > 1]
    if twice:
        raise call.refused(f"returned '{twice[0]}' twice")
    return tuple(value)


def listed(value: Any) -> str:
    """Something in place of a tuple of texts: its type, and the first that is no text."""
    members = value if isinstance(value, tuple | list) else []
    strange = next((member for member in members if not isinstance(member, str)), "")
    return described(value) + (f" with {described(strange)}" if strange != "" else "")


def all_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def is_property(value: object) -> bool:
    """Whether a class computes an attribute for each of its instances."""
    return hasattr(value, "__get__") and not inspect.isroutine(value)


def is_one_of(value: object, names: Iterable[str]) -> bool:
    return isinstance(value, str) and value.lower() in {name.lower() for name in names}


def are_texts(value: object) -> bool:
    return isinstance(value, tuple | list) and all_texts(value)
