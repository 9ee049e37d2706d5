"""The report of a suite: the run's own task, the noise on it, and each other data set."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Matrix, Piece, Report, Row, Table, Value
from xlt_cli.reports import by_language, curves, robustness
from xlt_cli.reports.evaluation import title as title_of
from xlt_cli.reports.groups import UNKNOWN
from xlt_cli.reports.measurements import measured_table
from xlt_cli.reports.records import record_table
from xlt_cli.reports.validity import marked
from xlt_cli.reports.values import MARK, measured, metric_name, point

Result = Mapping[str, Any]


def report(
    summary: str,
    results: Sequence[tuple[str, Result]],
    left_out: Sequence[Mapping[str, str]],
    each_language: bool = False,
) -> Report:
    """A table of the noise on the run's own task, and a table of the data sets.

    Args:
        results: each with the title of its group, which is empty for the run's own task.
        left_out: group, task and reason of what was not tested.
        each_language: show the figure of each language, also if no facts of languages are asked
            for.
    """
    own = [result for title, result in results if not title]
    pieces: list[Piece] = []
    for result in own:
        if any(under["languages"] for under in result.get("conditions", ())):
            pieces += [robustness.overview(result), *robustness.curves(result)]
        pieces += [
            measured_table(under, title_of(under))
            for under in _under(result)
            if "measured" in under
        ]
        pieces += by_language.by_condition(result)
    pieces += curves.pieces(own) if own else []
    others = [(title, result) for title, result in results if title]
    if others:
        listed = [*[("in distribution", result) for result in own[:1]], *others]
        pieces += [_sets_table(listed), *_groups(listed)]
    else:
        listed = [("in distribution", result) for result in own[:1]]
    pieces += _languages(listed, each_language)
    notes = [note for result in own for note in result["notes"]]
    notes += [
        f"{under['condition']}: {note}"
        for result in own
        for under in result.get("conditions", ())
        for note in under.get("notes", ())
    ]
    notes = list(dict.fromkeys(notes))
    notes += [f"{one['task']} ({one['set']}) is left out: {one['why']}" for one in left_out]
    values = {
        "summary": summary,
        "results": [{"set": title, **result} for title, result in results],
        "left_out": list(left_out),
    }
    told = by_language.names([{"facts": result.get("facts", {})} for _, result in results])
    records = record_table((*_RECORD, *told), _records(results))
    return Report(pieces, title=summary, notes=notes, values=values, records=records)


def _under(result: Result) -> list[Result]:
    """The result under each condition."""
    return [{**result, "conditions": (), **own} for own in result.get("conditions", ())]


def _sets_table(results: Sequence[tuple[str, Result]]) -> Table:
    """A line for each data set and metric, group by group; first those of the run's own task."""
    rows = [row for title, result in results for row in _set_rows(title, result)]
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


def _set_rows(title: str, result: Result) -> list[Row]:
    """The main metric, then the extra ones."""
    return [_set_row(title, {**result, "metric": metric}) for metric in _metrics(result)]


def _metrics(result: Result) -> list[str]:
    return list(dict.fromkeys([result["metric"], *result.get("extra_metrics", ())]))


def _set_row(title: str, result: Result) -> Row:
    metric = result["metric"]
    mark = f" {MARK}" if result.get("collapsed") else ""
    languages = _averaged(result)
    return Row(
        [
            title,
            f"{result['task']} ({result['split']}){mark}",
            len(languages),
            sum(one["n"] for one in languages),
            _average(result),
            metric_name(metric),
            _lowest(result),
        ]
    )


def _groups(results: Sequence[tuple[str, Result]]) -> list[Matrix]:
    """The means of groups of languages on each data set, for each fact that is asked for."""
    made = []
    for fact in dict.fromkeys(fact for _, result in results for fact in result.get("groups", {})):
        cells = {}
        for _, result in results:
            for name, group in result.get("groups", {}).get(fact, {}).items():
                if "zero_shot" in group:
                    mark = MARK if marked(result) & set(group["languages"]) else ""
                    metric = result["metric"]
                    shown = measured(metric, group["zero_shot"][metric], mark)
                    cells[f"{result['task']} ({result['split']})", name] = shown
        rows, columns = (list(dict.fromkeys(key[way] for key in cells)) for way in (0, 1))
        if cells:
            title = f"data sets, by {fact} ({by_language.KINDS['zero_shot']}): score"
            made.append(Matrix(title, rows, sorted(columns, key=_unknown_last), cells))
    return made


def _unknown_last(group: str) -> tuple[bool, str]:
    return group == UNKNOWN, group


def _languages(results: Sequence[tuple[str, Result]], wanted: bool) -> list[Table]:
    """A line for each language of each data set, if this or facts of languages are asked for."""
    told = by_language.names([{"facts": result.get("facts", {})} for _, result in results])
    if not told and not wanted:
        return []
    rows = []
    for _, result in results:
        metric, fallen = result["metric"], marked(result)
        for language, own in result["languages"].items():
            sign = f" {MARK}" if language in fallen else ""
            about = " (trained on)" if own["trained_on"] else ""
            shown: list[Value] = [f"{result['task']} ({result['split']})"]
            shown += [f"{language}{about}{sign}", own["n"], measured(metric, own[metric])]
            rows.append(Row([*shown, *by_language.values(result, language)]))
    columns = [Column("data set"), Column("language"), Column("rows", "right")]
    columns += [Column("score", "right"), *by_language.columns_of(told)]
    return [Table("languages of the data sets", columns, rows)]


def _averaged(result: Result) -> list[Mapping[str, Any]]:
    """The languages that the average of a result is over."""
    every = list(result["languages"].values())
    zero_shot = [one for one in every if not one["trained_on"]]
    return zero_shot if _kind(result) == "zero_shot" else every


def _kind(result: Result) -> str | None:
    """The average that stands for a result, if it has one."""
    return next((kind for kind in robustness.AVERAGES if kind in result["averages"]), None)


def _average(result: Result) -> Value:
    kind = _kind(result)
    metric = result["metric"]
    return measured(metric, result["averages"][kind][metric]) if kind else None


def _lowest(result: Result) -> Value:
    """The language with the worst figure, and this."""
    language, metric = robustness.lowest(result), result["metric"]
    return f"{language} {point(measured(metric, result['languages'][language][metric]))}"


_RECORD = ("set", "task", "split", "condition", "language", "n", "metric", "value", "low", "high")


def _records(results: Sequence[tuple[str, Result]]) -> Iterator[dict[str, Any]]:
    for title, result in results:
        facts = result.get("facts", {})
        for under in ({"condition": "clean", **result}, *result.get("conditions", ())):
            means = {cell: {"n": None, **own} for cell, own, _, _ in by_language.lines(under)}
            cells = {**under["languages"], **means}
            for metric, (language, one) in itertools.product(_metrics(result), cells.items()):
                shown = one[metric]
                yield {
                    **facts.get(language, {}),
                    "set": title,
                    "task": result["task"],
                    "split": result["split"],
                    "condition": under["condition"],
                    "language": language,
                    "n": one["n"],
                    "metric": metric,
                    "value": shown["value"],
                    "low": shown.get("low"),
                    "high": shown.get("high"),
                }
