"""The report of a suite: the run's own task, the noise on it, and each other data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Piece, Report, Row, Table, Value
from xlt_cli.reports import by_language, robustness
from xlt_cli.reports.values import MARK, measured, metric_name, point

Result = Mapping[str, Any]


def report(
    summary: str, results: Sequence[tuple[str, Result]], left_out: Sequence[Mapping[str, str]]
) -> Report:
    """A table of the noise on the run's own task, and a table of the data sets.

    Args:
        results: each with the title of its group, which is empty for the run's own task.
        left_out: group, task and reason of what was not tested.
    """
    own = [result for title, result in results if not title]
    pieces: list[Piece] = []
    for result in own:
        if any(under["languages"] for under in result.get("conditions", ())):
            pieces += [robustness.overview(result), *robustness.curves(result)]
        pieces += by_language.by_condition(result)
    others = [(title, result) for title, result in results if title]
    if others:
        pieces.append(_sets_table(others, own[0] if own else None))
    notes = list(dict.fromkeys(note for result in own for note in result["notes"]))
    notes += [f"{one['task']} ({one['set']}) is left out: {one['why']}" for one in left_out]
    values = {
        "summary": summary,
        "results": [{"set": title, **result} for title, result in results],
        "left_out": list(left_out),
    }
    records = Table("figures", [Column(name) for name in _RECORD], list(_records(results)))
    return Report(pieces, title=summary, notes=notes, values=values, records=records)


def _sets_table(results: Sequence[tuple[str, Result]], own: Result | None) -> Table:
    """A line for each data set, group by group; the first line is the run's own task."""
    rows = []
    if own is not None:
        rows.append(_set_row("in distribution", own))
    rows += [_set_row(title, result) for title, result in results]
    columns = [
        Column("data sets"),
        Column("task"),
        Column("languages", align="right"),
        Column("rows", align="right"),
        Column("score,\naverage", align="right"),
        Column("metric"),
        Column("lowest language", align="right"),
    ]
    return Table("other data sets", columns, rows)


def _set_row(title: str, result: Result) -> Row:
    metric = result["metric"]
    mark = f" {MARK}" if result.get("collapsed") else ""
    languages = result["languages"]
    return Row(
        [
            title,
            f"{result['task']} ({result['split']}){mark}",
            len(languages),
            sum(one["n"] for one in languages.values()),
            _average(result),
            metric_name(metric),
            _lowest(result),
        ]
    )


def _average(result: Result) -> Value:
    """The average that stands for a result, if it has one."""
    kind = next((kind for kind in robustness.AVERAGES if kind in result["averages"]), None)
    metric = result["metric"]
    return measured(metric, result["averages"][kind][metric]) if kind else None


def _lowest(result: Result) -> Value:
    """The language with the worst figure, and this."""
    language, metric = robustness.lowest(result), result["metric"]
    return f"{language} {point(measured(metric, result['languages'][language][metric]))}"


_RECORD = ("set", "task", "split", "condition", "language", "n", "metric", "value", "low", "high")


def _records(results: Sequence[tuple[str, Result]]) -> Iterator[Row]:
    for title, result in results:
        for under in ({"condition": "clean", **result}, *result.get("conditions", ())):
            means = {cell: {"n": None, **own} for cell, own, _, _ in by_language.lines(under)}
            for language, one in {**under["languages"], **means}.items():
                shown = one[result["metric"]]
                yield Row(
                    [
                        title,
                        result["task"],
                        result["split"],
                        under["condition"],
                        language,
                        one["n"],
                        result["metric"],
                        shown["value"],
                        shown.get("low"),
                        shown.get("high"),
                    ]
                )
