"""Alignment as lines: one for each figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlt_cli.api.reports import Column, Row, Table

COLUMNS = ("task", "split", "run", "kind", "language", "quantity", "n", "value", "low", "high")


def lines(results: dict[str, Any]) -> Table:
    """A line for each figure; `kind` is figure, gain, radius factor or correlation."""
    about = {"task": results["task"], "split": results["split"]}
    rows = ({**about, **row} for row in _rows(results))
    return Table(
        "alignment",
        [Column(name) for name in COLUMNS],
        [Row([row.get(name, "") for name in COLUMNS]) for row in rows],
    )


def _rows(results: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, run in results["runs"].items():
        places = {results["source"]: run["source"], **run["languages"], "average": run["average"]}
        for language, figures in places.items():
            for row in _figures(figures):
                yield {"run": name, "kind": "figure", "language": language, **row}
    for name, comparison in results["comparisons"].items():
        for language, figures in {**comparison["gains"], "average": comparison["average"]}.items():
            for row in _figures(figures):
                yield {"run": name, "kind": "gain", "language": language, **row}
        for row in _figures(comparison["radius"]):
            yield {"run": name, "kind": "radius factor", "language": results["source"], **row}
        for row in _figures(comparison["correlations"]):
            yield {"run": name, "kind": "correlation", "language": "", **row}


def _figures(figures: dict[str, Any], prefix: str = "") -> Iterator[dict[str, Any]]:
    """The figures of a dict and, with dotted names, of the dicts in it."""
    n = figures.get("n", "")
    for name, figure in figures.items():
        if name == "n" or figure is None:
            continue
        quantity = f"{prefix}{name}"
        if not isinstance(figure, dict):
            yield {"quantity": quantity, "n": n, "value": figure}
        elif "value" in figure:
            yield {"quantity": quantity, "n": n, **figure}
        else:
            yield from _figures(figure, f"{quantity}.")
