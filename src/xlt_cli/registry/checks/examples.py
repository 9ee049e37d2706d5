"""Examples that plugins return."""

from __future__ import annotations

from typing import Any

from xlt_cli.api import Example, SequenceExample, TokenExample
from xlt_cli.registry.calls import described, example_name
from xlt_cli.registry.checks.values import all_texts, listed

EXAMPLES = (SequenceExample, TokenExample)


def example_fault(given: object) -> str:
    """What keeps an object from being an example; empty if nothing does."""
    example: Any = given  # its fields may be of any type, whatever it states
    if isinstance(given, SequenceExample):
        if not (isinstance(example.texts, tuple) and all_texts(example.texts)):
            return f"its texts are {listed(example.texts)}, not a tuple of texts"
        if not isinstance(example.label, str):
            return f"its label is {described(example.label)}, not a text"
    elif isinstance(given, TokenExample):
        for field in ("tokens", "tags"):
            value = getattr(example, field)
            if not (isinstance(value, tuple) and all_texts(value)):
                return f"its {field} are {listed(value)}, not a tuple of texts"
        if len(example.tokens) != len(example.tags):
            return f"it has {len(example.tokens)} words and {len(example.tags)} tags"
    else:
        return "expected a SequenceExample or a TokenExample"
    if not isinstance(example.id, str):
        return f"its id is {described(example.id)}, not a text"
    if not (isinstance(example.languages, tuple) and all_texts(example.languages)):
        return f"its languages are {listed(example.languages)}, not a tuple of codes"
    return ""


def named(example: Any) -> str:
    if not isinstance(example, EXAMPLES):
        return described(example)
    whole = isinstance(example.languages, tuple)
    return example_name(example) if whole else f"example '{example.id}'"


def type_name(example: Example) -> str:
    return type(example).__name__
