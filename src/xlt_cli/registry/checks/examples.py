"""Examples that plugins return."""

from __future__ import annotations

import dataclasses
import functools
import typing
from typing import Any

from xlt_cli.api import Example
from xlt_cli.registry.calls import described, example_name
from xlt_cli.registry.checks.values import all_texts, listed

TEXTS = tuple[str, ...]


def example_fault(given: object, wanted: type[Example] = Example) -> str:
    """What keeps an object from being an example; empty if nothing does.

    Args:
        wanted: what was to be returned, for the message.
    """
    if not isinstance(given, Example):
        return f"expected {'an' if wanted is Example else 'a'} {wanted.__name__}"
    example: Any = given  # its fields may be of any type, whatever it states
    for name, is_text in _fields(example.__class__):
        value = getattr(example, name)
        if is_text and not isinstance(value, str):
            return f"its {name} is {described(value)}, not a text"
        if not is_text and not (isinstance(value, tuple) and all_texts(value)):
            return f"its {name} are {listed(value)}, not a tuple of texts"
    if not isinstance(example.id, str):
        return f"its id is {described(example.id)}, not a text"
    if not (isinstance(example.languages, tuple) and all_texts(example.languages)):
        return f"its languages are {listed(example.languages)}, not a tuple of codes"
    return given.fault()


@functools.cache
def _fields(kind: type[Any]) -> list[tuple[str, bool]]:
    """The fields that hold a text (True) or a tuple of texts (False)."""
    if not dataclasses.is_dataclass(kind):
        return []
    try:
        hints = typing.get_type_hints(kind)
    except Exception:  # a stranger's annotations
        return []
    names = [field.name for field in dataclasses.fields(kind)]
    known = {name: hints.get(name) for name in names if name not in ("id", "languages")}
    return [(name, hint is str) for name, hint in known.items() if hint in (str, TEXTS)]


def named(example: Any) -> str:
    if not isinstance(example, Example):
        return described(example)
    whole = isinstance(example.languages, tuple)
    return example_name(example) if whole else f"example '{example.id}'"


def type_name(example: Example) -> str:
    return type(example).__name__
