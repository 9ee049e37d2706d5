"""Blocks as HTML: tables that can be sorted and filtered, charts with the tables behind them.

Everything that comes from outside passes through `safe`, and Jinja escapes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from xlt_cli.api.reports import Figure, Series, Stack, Text, Value
from xlt_cli.reports.values import written
from xlt_cli.terminal import printable

_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028"}
_IN_SCRIPT |= {"\u2029": "\\u2029"}


def safe(value: object) -> object:
    """Text with control characters shown as escapes; all else as it is."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable(value)
    return value


def script_json(value: object) -> str:
    """JSON that may stand in a script element of the page: it cannot end the element."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    for sign, escape in _IN_SCRIPT.items():
        text = text.replace(sign, escape)
    return text


def _plain(value: object) -> object:
    """The same with null for numbers that JSON does not have, and printable text."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def sort_key(value: Value) -> str:
    """What a cell is sorted by, if it is a number; empty for text, which is sorted by itself."""
    if isinstance(value, Stack):
        return sort_key(value.values[0]) if value.values else ""
    if isinstance(value, Figure):
        return f"{value.value:.6g}" if math.isfinite(value.value) else ""
    if isinstance(value, bool) or value is None or isinstance(value, str | Text | Series):
        return ""
    return f"{value:.6g}"


def is_number(value: Value) -> bool:
    """Whether a cell's text is aligned as a number."""
    return isinstance(value, Figure | int | float) and not isinstance(value, bool)


def strong(value: Value) -> bool:
    """Whether a cell is bold."""
    return isinstance(value, Figure) and value.strong


def tone(value: Value) -> str:
    """The tone of a cell's text."""
    return value.tone if isinstance(value, Text) and value.tone != "plain" else ""


def lines(value: Value) -> list[tuple[str, str]]:
    """The lines of a cell, each with its tone."""
    parts = value.values if isinstance(value, Stack) else [value]
    return [(line, tone(part)) for part in parts for line in written(part).split("\n") if line] or [
        ("", "")
    ]


def kind(block: Any) -> str:
    """Which template renders a block."""
    return type(block).__name__.lower()
