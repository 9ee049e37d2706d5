"""Reports as JSON: their values, or their pieces with a `kind` each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from xlt_cli.api.reports import Report


def value(report: Report) -> Any:
    """A report as JSON values."""
    return _json(report) if report.values is None else report.values


def _json(part: object) -> object:
    """A piece, or a part of one; what is at its default is left out of figures and texts."""
    if isinstance(part, Report):
        kept = ("title", "pieces", "notes", "warnings")
        return {"kind": "report", **{name: _json(getattr(part, name)) for name in kept}}
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = {
            field.name: _json(getattr(part, field.name))
            for field in dataclasses.fields(part)
            if getattr(part, field.name) != field.default
        }
        return {"kind": type(part).__name__.lower(), **fields}
    if isinstance(part, Mapping):  # of a matrix
        return [{"row": row, "column": column, **_cell(of)} for (row, column), of in part.items()]
    if isinstance(part, (list, tuple)):
        return [_json(value) for value in part]
    if isinstance(part, bool) or not isinstance(part, Real):
        return part
    if isinstance(part, Integral):  # numpy's, too
        return int(part)
    return float(part) if math.isfinite(part) else None


def _cell(figure: object) -> dict[str, object]:
    given = _json(figure)
    return given if isinstance(given, dict) else {"value": given}
