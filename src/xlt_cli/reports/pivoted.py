"""The report of a table of stored figures by any dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api.reports import Column, Figure, Report, Row, Table
from xlt_cli.reports.by_language import CLEAN
from xlt_cli.reports.entries import LANGUAGES
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import MARK, metric_name

Values = Mapping[str, Any]

FIGURES = (
    *("languages", "seeds", "value", "deviation", "low", "high", "unit", "best", "p", "collapsed"),
)
"""Columns of the records after rows and columns."""


def report(values: Values) -> Report:
    """The whole report, from the values of `xlt table --json`."""
    down, across, heads = values["rows"], values["columns"], values["heads"]
    by_place: dict[tuple[str, ...], dict[tuple[str, ...], Values]] = {}
    for cell in values["cells"]:
        own = by_place.setdefault(tuple(cell[name] for name in down), {})
        own[tuple(cell[name] for name in across)] = cell
    figures = [
        [_figure(own[tuple(head)], values) if tuple(head) in own else None for head in heads]
        for own in by_place.values()
    ]
    columns = [
        *(Column(name) for name in down),
        *(Column(", ".join(filter(None, head)) or "none", "right") for head in heads),
    ]
    rows = [Row([*place, *own]) for place, own in zip(by_place, figures, strict=True)]
    empty = any(figure is None for own in figures for figure in own)
    return Report(
        [Table(_title(values), columns, rows)],
        notes=[*_notes(values, empty), *values["notes"]],
        values=values,
        records=record_table(_columns(values), _records(values)),
    )


def _columns(values: Values) -> list[str]:
    axes = [*values["rows"], *values["columns"]]
    return [*axes, *(["metric"] if "metric" not in axes else []), *FIGURES]


def _figure(cell: Values, values: Values) -> Figure:
    star = "*" if cell.get("p") is not None and cell["p"] <= values["level"] else ""
    return Figure(
        cell["value"],
        cell.get("low"),
        cell.get("high"),
        deviation=cell.get("deviation"),
        unit=cell["unit"],
        mark=f"{star}{MARK if cell['collapsed'] else ''}",
        strong=cell["best"],
    )


def _title(values: Values) -> str:
    """What all cells have in common, as far as neither rows nor columns say it."""
    axes = {*values["rows"], *values["columns"]}
    parts = []
    for name in ("task", "split", "condition", "metric", "encoder"):
        there = {cell["tested"][name]: None for cell in values["cells"]}
        if name not in axes and not (name == "condition" and list(there) == [CLEAN]):
            shown = map(metric_name, there) if name == "metric" else there
            parts.append(" or ".join(shown))
    if not axes & set(LANGUAGES):
        over = {cell["tested"]["group"]: None for cell in values["cells"]}
        count = {len(cell["languages"]) for cell in values["cells"]}
        counts = f" of {min(count)} languages" if count != {1} and len(count) == 1 else ""
        parts.append(f"{' and '.join(over)} average{counts}")
    return ", ".join(parts)


def _notes(values: Values, empty: bool) -> Iterator[str]:
    counts = sorted({len(cell["seeds"]) for cell in values["cells"]})
    if counts == [1]:
        if values["spread"] == "interval":
            yield "one seed each; 95% intervals over test items where they are stored"
        elif "seed" not in {*values["rows"], *values["columns"]}:
            yield "one seed each, so that there is no deviation"
    else:
        seeds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
        spreads = {
            "deviation": "their standard deviation",
            "interval": "95% intervals over seeds (Student's t)",
        }
        yield f"means over {seeds} seeds with {spreads[values['spread']]}"
    if values["averaged"]:
        yield "averages over languages leave out those trained on"
    if any(cell["best"] for cell in values["cells"]):
        yield f"bold: the best {values['best']}"
    if values["baseline"] is not None:
        apart = "language" in {*values["rows"], *values["columns"]}
        corrected = " after Holm's correction over the languages" if apart else ""
        yield (
            f"*: differs from {values['baseline']}, p <= {values['level']:g}{corrected}; paired by "
            "seed and row"
        )
        if any(cell["p"] is None and not cell["of_baseline"] for cell in values["cells"]):
            yield "not every figure was tested: only languages and their averages, in clean rows"
    if any(cell["collapsed"] for cell in values["cells"]):
        yield f"{MARK} some runs collapsed: one answer to every row; they are in the figures"
    if empty:
        yield "empty: no run has it"


def _records(values: Values) -> Iterator[dict[str, Any]]:
    for cell in values["cells"]:
        yield {
            **cell,
            "metric": cell["tested"]["metric"],
            "languages": " ".join(cell["languages"]),
            "seeds": " ".join(cell["seeds"]),
        }
