"""Results as CSV, with one line per figure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

COLUMNS = (
    *("task", "split", "setting", "cell", "trained_on", "n", "metric", "value", "low", "high"),
    *("source", "data_sha256", "warning"),
)
"""Newer columns stand at the end."""


def csv_text(evaluations: list[dict[str, Any]]) -> str:
    """The figures of evaluations with a header, one a line.

    `setting` is standard or generalized, `cell` a language, a pair of languages, or an average.
    Where labels were collapsed, a last column says how.
    """
    collapsed = any(results.get("collapse") for results in evaluations)
    return csv_of(
        (*COLUMNS, "collapse") if collapsed else COLUMNS,
        (
            {**_about(results, collapsed), **row}
            for results in evaluations
            for row in _rows(results)
        ),
    )


def _about(results: dict[str, Any], collapsed: bool) -> dict[str, Any]:
    about = {"task": results["task"], "split": results["split"]}
    if collapsed:
        collapse = results.get("collapse")
        about["collapse"] = json.dumps(collapse, ensure_ascii=False) if collapse else ""
    return about


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
            more = {**_data(results, name), "warning": _warning(results, [name])}
            yield from _figures(setting, name, figures, more)
        for name, figures in averages.items():
            members = [c for c, f in cells.items() if name == "all" or not f.get("trained_on")]
            more = {"warning": _warning(results, members)}
            yield from _figures(setting, f"average:{name}", figures, more)
    if results["transfer_gap"]:
        more = {"warning": _warning(results, list(results["languages"]))}
        yield from _figures("standard", "transfer_gap", results["transfer_gap"], more)


def _data(results: dict[str, Any], cell: str) -> dict[str, str]:
    """Where the rows of a cell are from, and their hashes; both languages' for a pair."""
    known = results.get("data", {})
    parts = [known[language] for language in cell.split("+") if language in known]
    return {
        "source": " + ".join(part["source"] for part in parts),
        "data_sha256": "+".join(part["sha256"] for part in parts),
    }


def _warning(results: dict[str, Any], cells: Sequence[str]) -> str:
    """The kinds of warnings about any of some cells, or about all figures."""
    kinds = [
        warning["kind"]
        for warning in results.get("warnings", ())
        if not warning["cells"] or set(warning["cells"]) & set(cells)
    ]
    return ";".join(dict.fromkeys(kinds))


def _figures(
    setting: str, cell: str, figures: dict[str, Any], more: dict[str, str]
) -> Iterator[dict[str, Any]]:
    for metric, figure in figures.items():
        if isinstance(figure, dict):
            yield {
                "setting": setting,
                "cell": cell,
                "trained_on": figures.get("trained_on", ""),
                "n": figures.get("n", ""),
                "metric": metric,
                **figure,
                **more,
            }
