"""Tables for programs: one figure a line, with all that it is a figure of beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Row, Table


def record_table(names: Sequence[str], lines: Iterable[Mapping[str, Any]]) -> Table:
    """A table of lines; what a line does not have is an empty cell.

    Args:
        names: the columns, in their order.
    """
    rows = [Row([line.get(name) for name in names]) for line in lines]
    return Table("figures", [Column(name) for name in names], rows)
