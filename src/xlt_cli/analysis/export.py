"""Results as files: JSON with everything, CSV with one line per figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlt_cli.runs import atomic

COLUMNS = ("task", "split", "setting", "cell", "trained_on", "n", "metric", "value", "low", "high")


def write_json(path: Path, results: dict[str, Any]) -> None:
    """Writes the results of one evaluation."""
    atomic.write_json(path, results)


def write_csv(path: Path, results: dict[str, Any]) -> None:
    """Writes one line per figure: `setting` is standard or generalized, `cell` a language, a pair
    of languages, or an average."""
    atomic.write_text(path, csv_text([results]))


def csv_text(evaluations: list[dict[str, Any]]) -> str:
    """The figures of evaluations as CSV with a header."""
    return csv_of(
        COLUMNS,
        (
            {"task": results["task"], "split": results["split"], **row}
            for results in evaluations
            for row in _rows(results)
        ),
    )


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV with a header."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _rows(results: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for setting, cells, averages in (
        ("standard", results["languages"], results["averages"]),
        ("generalized", results["pairs"], results["pair_averages"]),
    ):
        for name, figures in cells.items():
            yield from _figures(setting, name, figures)
        for name, figures in averages.items():
            yield from _figures(setting, f"average:{name}", figures)
    if results["transfer_gap"]:
        yield from _figures("standard", "transfer_gap", results["transfer_gap"])


def _figures(setting: str, cell: str, figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for metric, figure in figures.items():
        if isinstance(figure, dict):
            yield {
                "setting": setting,
                "cell": cell,
                "trained_on": figures.get("trained_on", ""),
                "n": figures.get("n", ""),
                "metric": metric,
                **figure,
            }
