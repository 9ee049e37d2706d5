"""The report of a suite: the run's own task, the noise on it, and each other data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Figure, Piece, Report, Row, Table, Value
from xlt_cli.reports import by_language
from xlt_cli.reports.values import MARK, measured, metric_name, point

Result = Mapping[str, Any]

AVERAGES = ("zero_shot", "all")
"""The average that stands for an evaluation: over unseen languages, or over all, if none is."""


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
        pieces += [_noise_table(result), *by_language.by_condition(result)]
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


def _noise_table(result: Result) -> Table:
    """A line for each condition: what it changes, the average, the worst language, the cost."""
    metric = result["metric"]
    rows = [Row(["clean", "", *_cells(result, metric), None, None])]
    for under in result.get("conditions", ()):
        drop = _average(under.get("drop", {}), metric)
        relative = _average(under.get("relative_drop", {}), metric)
        rows.append(
            Row(
                [
                    under["condition"],
                    _changed(under),
                    *_cells(under, metric),
                    _shown(drop, metric),
                    _share(relative),
                ]
            )
        )
    columns = [
        Column("condition"),
        Column("words\nchanged", align="right"),
        Column(f"{metric_name(metric)},\naverage", align="right"),
        Column("worst language", align="right"),
        Column("drop", align="right"),
        Column("relative\ndrop", align="right"),
    ]
    return Table(f"{result['task']} {result['split']}: noise and attacks", columns, rows)


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
        Column("worst language", align="right"),
    ]
    return Table("other data sets", columns, rows)


def _set_row(title: str, result: Result) -> Row:
    metric = result["metric"]
    mark = f" {MARK}" if result.get("collapsed") else ""
    languages = result["languages"]
    average, worst = _cells(result, metric)
    return Row(
        [
            title,
            f"{result['task']} ({result['split']}){mark}",
            len(languages),
            sum(one["n"] for one in languages.values()),
            average,
            metric_name(metric),
            worst,
        ]
    )


def _cells(result: Result, metric: str) -> tuple[Value, Value]:
    """The average, and the language with the lowest figure."""
    average = _average(result.get("averages", {}), metric)
    unseen = {x: one for x, one in result["languages"].items() if not one.get("trained_on")}
    languages = unseen or result["languages"]
    worst = min(languages, key=lambda x: languages[x][metric]["value"], default="")
    shown = measured(metric, languages[worst][metric]) if worst else None
    return _shown(average, metric), _named(worst, shown)


def _named(language: str, shown: Figure | None) -> Value:
    return None if shown is None else f"{language} {point(shown)}"


def _average(averages: Mapping[str, Any], metric: str) -> Mapping[str, float] | None:
    """The figure of the first average that there is."""
    nested = averages.get("averages", averages)
    for name in AVERAGES:
        figures = nested.get(name)
        if figures and figures.get(metric) is not None:
            value: Mapping[str, float] = figures[metric]
            return value
    return None


def _shown(value: Mapping[str, float] | None, metric: str) -> Figure | None:
    return None if value is None else measured(metric, value)


def _share(value: Mapping[str, float] | None) -> Figure | None:
    return None if value is None else Figure(value["value"], value.get("low"), value.get("high"))


def _changed(under: Result) -> Value:
    averages = under.get("changed", {}).get("averages", {})
    known: Mapping[str, float] = next(
        (averages[name] for name in AVERAGES if averages.get(name)), {}
    )
    return Figure(known["words"]) if known.get("words") is not None else None


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
