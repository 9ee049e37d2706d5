"""Stored predictions of format 1: compressed lines of JSON, which are no longer written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

from xlt_cli.api import Prediction

SUFFIX = ".jsonl.gz"

_CUT = b', "probabilities": '
"""What follows the answer in a line; JSON escapes quotes, so it stands nowhere else."""


def decode(content: bytes) -> list[Prediction]:
    """The predictions of a cell's file."""
    return [
        Prediction(
            row["id"],
            _frozen(row["gold"]),
            _frozen(row["predicted"]),
            tuple(row.get("probabilities", ())),
            {"radius": row["radius"]} if "radius" in row else {},
        )
        for row in _values(_lines(content))
    ]


def decode_answers(content: bytes) -> tuple[list[str], list[Any], list[Any]]:
    """Ids, gold answers and predicted ones, several times as fast."""
    lines = [line.partition(_CUT)[0].removesuffix(b"}") for line in _lines(content)]
    rows = _values([line + b"}" for line in lines])
    return (
        [row["id"] for row in rows],
        _column([row["gold"] for row in rows]),
        _column([row["predicted"] for row in rows]),
    )


def _lines(content: bytes) -> list[bytes]:
    return gzip.decompress(content).split(b"\n")[:-1]


def _values(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """The values of JSON lines, parsed in one go."""
    values: list[dict[str, Any]] = json.loads(b"[" + b",".join(lines) + b"]")
    return values


def _column(values: list[Any]) -> list[Any]:
    return [_frozen(value) for value in values] if list in set(map(type, values)) else values


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
