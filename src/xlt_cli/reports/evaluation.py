"""The report of evaluations: tables of languages and of pairs, averages, notes.

Everything is read from results, as `evaluation.summary` gives them and `results.json` holds them.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Matrix, Piece, Report, Row, Table, Value
from xlt_cli.reports import by_language, curves, robustness
from xlt_cli.reports.measurements import measured_table
from xlt_cli.reports.records import record_table
from xlt_cli.reports.validity import cell_name, marked
from xlt_cli.reports.values import MARK, measured, metric_name

Result = Mapping[str, Any]

HEADLINES = ("trained_on", "zero_shot", "generalized")

COLUMNS = (
    *("task", "split", "setting", "cell", "trained_on", "n", "metric", "value", "low", "high"),
    *("source", "data_sha256", "warning", "cells"),
)
"""Of the records; newer columns stand at the end."""

FURTHER = ("collapse", "condition")
"""Columns of the records that are there only where there is something to say."""


def report(results: Sequence[Result], all_languages: bool = False) -> Report:
    """The report of one model's evaluations.

    Args:
        all_languages: also average over all languages, those trained on included.
    """
    return Report(
        [tables(result, all_languages) for result in results],
        values=list(results),
        records=records(results),
    )


def tables(result: Result, all_languages: bool = False) -> Report:
    """The tables of one evaluation, with its notes."""
    pieces: list[Piece] = []
    if result["languages"]:
        pieces.append(_languages(result, all_languages))
        pieces += by_language.tables(result, title(result), all_languages)
    if result["pairs"]:
        pieces += [_matrix(result), _pair_averages(result)]
    if "measured" in result:
        pieces.append(measured_table(result, title(result)))
    own = Report(pieces, notes=result["notes"])
    if not result.get("conditions"):
        return own
    under = [{**result, "conditions": (), **entry} for entry in result["conditions"]]
    each = [tables(entry, all_languages) for entry in under]
    further = [*robustness.pieces(result), *curves.pieces([result])]
    return Report([own, *each, *further, *by_language.by_condition(result)])


def title(result: Result) -> str:
    """The task, the split, and what sets its figures apart from others of the same name."""
    mark = " (demonstration, not evidence)" if result["demonstration"] else ""
    collapsed = f" {MARK} collapsed" if result.get("collapsed") else ""
    scoring = f", {result['scoring']}" if result.get("scoring") else ""
    under = f", {result['condition']}" if result.get("condition") else ""
    return f"{result['task']} {result['split']}{scoring}{origin(result)}{under}{mark}{collapsed}"


def origin(result: Result) -> str:
    """`, from anli/` where the data are not from the task's usual place."""
    return f", from {result['place']}" if result.get("place") else ""


def headline(result: Result, name: str) -> float | None:
    """One figure of an evaluation: the mean of the languages trained on, of the zero-shot ones,
    or of all pairs of different languages; None where it has none."""
    metric = result["metric"]
    if name == "trained_on":
        own = [f[metric]["value"] for f in result["languages"].values() if f["trained_on"]]
        return statistics.mean(own) if own else None
    averages = result["averages"] if name == "zero_shot" else result["pair_averages"]
    figures = averages.get("zero_shot" if name == "zero_shot" else "all")
    return figures[metric]["value"] if figures else None


def _languages(result: Result, all_languages: bool) -> Table:
    metrics = sorted(_metrics(result["languages"]), key=lambda name: name != result["metric"])
    languages = sorted(result["languages"].items(), key=lambda row: not row[1]["trained_on"])
    fallen, further = marked(result), by_language.columns(result)
    unsaid = [None] * len(further)
    blank = [None] * (len(robustness.columns(result)) + len(further))
    rows = []
    for index, (language, figures) in enumerate(languages):
        last = index == len(languages) - 1
        ends = last or (figures["trained_on"] and not languages[index + 1][1]["trained_on"])
        about = " (trained on)" if figures["trained_on"] else ""
        label = f"{language}{about}{_sign({language} & fallen)}"
        cost = robustness.values(result, "languages", language)
        cost += by_language.values(result, language)
        rows.append(Row([label, figures["n"], *_figures(figures, metrics), *cost], rule=ends))
    unseen = {language for language, figures in languages if not figures["trained_on"]}
    every = set(result["languages"])
    averages = [("zero_shot", "zero-shot average", unseen)]
    if all_languages:
        averages.append(("all", "average of all languages", every))
    for kind, label, members in averages:
        average = result["averages"].get(kind)
        if average is None:
            rows.append(Row([label, None, *["none left"] * len(metrics), *blank]))
        else:
            label = f"{label} ({average['cells']}){_sign(members & fallen)}"
            cost = robustness.values(result, "averages", kind)
            shown = [*_figures(average, metrics), *cost, *unsaid]
            rows.append(Row([label, None, *shown], strong=True))
    if result["transfer_gap"]:
        label = f"transfer gap{_sign(every & fallen)}"
        rows.append(Row([label, None, *_figures(result["transfer_gap"], metrics), *blank]))
    for label, language in robustness.extremes(result):
        figures = result["languages"][language]
        cost = robustness.values(result, "languages", language)
        label = f"{label}: {language}{_sign({language} & fallen)}"
        rows.append(Row([label, figures["n"], *_figures(figures, metrics), *cost, *unsaid]))
    columns = [Column("language"), Column("rows", "right"), *_columns(metrics)]
    columns += [*robustness.columns(result), *further]
    return Table(title(result), columns, rows)


def _matrix(result: Result) -> Matrix:
    """First text down, second text across; the diagonal is the standard setting."""
    metric, fallen = result["metric"], marked(result)
    stored = {(f["first"], f["second"]): f[metric] for f in result["pairs"].values()}
    stored |= {(name, name): f[metric] for name, f in result["languages"].items()}
    cells = {
        pair: measured(metric, value, MARK if cell_name(pair) in fallen else "")
        for pair, value in stored.items()
    }
    names = list(dict.fromkeys(language for pair in cells for language in pair))
    about = f"generalized {metric_name(metric)} (first text down, second across)"
    return Matrix(f"{title(result)}, {about}", names, names, cells)


def _pair_averages(result: Result) -> Table:
    metrics = _metrics(result["pair_averages"])
    sign = _sign(marked(result) & set(result["pairs"]))
    names = {"zero_shot": "neither language trained on", "all": "all"}
    rows = [
        Row(
            [
                f"{name} ({figures['cells']}){sign}",
                *_figures(figures, metrics),
                *robustness.values(result, "pair_averages", kind),
            ]
        )
        for kind, name in names.items()
        if (figures := result["pair_averages"].get(kind))
    ]
    columns = [Column("pairs"), *_columns(metrics), *robustness.columns(result)]
    return Table("averages over pairs of different languages", columns, rows)


def _metrics(figures: Mapping[str, Result]) -> list[str]:
    """The metrics that the first of some figures has."""
    return [name for name, f in next(iter(figures.values())).items() if isinstance(f, dict)]


def _columns(metrics: Sequence[str]) -> list[Column]:
    return [Column(metric_name(metric), "right", key=metric) for metric in metrics]


def _figures(figures: Result, metrics: Sequence[str]) -> list[Value]:
    return [measured(metric, figures[metric]) for metric in metrics]


def _sign(fallen: set[str]) -> str:
    return f" {MARK}" if fallen else ""


def records(results: Sequence[Result]) -> Table:
    """The figures of evaluations, one a line.

    `setting` is standard or generalized, `cell` a language, a pair of languages, or an average, and
    `cells` the number of languages or pairs that an average is over.
    Where labels were collapsed, a further column says how; where there are conditions, another
    says under which.
    """
    return record_table((*COLUMNS, *_more(results), *by_language.names(results)), lines(results))


def lines(results: Sequence[Result]) -> Iterator[dict[str, Any]]:
    """The figures of evaluations, one a line, by the names of the records' columns."""
    more = _more(results)
    for result in results:
        for part in _parts(result):
            facts = result.get("facts", {})
            for line in _lines(part):
                yield {**_about(part, more), **facts.get(line["cell"], {}), **line}


def _more(results: Sequence[Result]) -> list[str]:
    """The further columns that there are."""
    return [name for name in FURTHER if any(result.get(name) for result in results)]


def _parts(result: Result) -> list[Result]:
    """The figures of each condition."""
    return [result, *({**result, **entry} for entry in result.get("conditions", ()))]


def _about(result: Result, more: Sequence[str]) -> dict[str, Any]:
    about = {"task": result["task"], "split": result["split"]}
    for name in more:
        value = result.get(name) or ""
        about[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return about


def _lines(result: Result) -> Iterator[dict[str, Any]]:
    for setting, cells, averages in (
        ("standard", result["languages"], result["averages"]),
        ("generalized", result["pairs"], result["pair_averages"]),
    ):
        for name, figures in cells.items():
            more = {**_data(result, name), "warning": _warning(result, [name])}
            yield from _lines_of(setting, name, figures, more)
        for name, figures in averages.items():
            members = [c for c, f in cells.items() if name == "all" or not f.get("trained_on")]
            more = {"warning": _warning(result, members)}
            yield from _lines_of(setting, f"average:{name}", figures, more)
    for setting, cell, figures in robustness.lines(result):
        more = {**_data(result, cell), "warning": _warning(result, [cell])}
        yield from _lines_of(setting, cell, figures, more)
    for cell, figures, about, members in by_language.lines(result):
        more = {**about, "warning": _warning(result, members)}
        yield from _lines_of("standard", cell, figures, more)
    if result["transfer_gap"]:
        more = {"warning": _warning(result, list(result["languages"]))}
        yield from _lines_of("standard", "transfer_gap", result["transfer_gap"], more)


def _lines_of(
    setting: str, cell: str, figures: Result, more: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    about = {name: figures.get(name) for name in ("trained_on", "n")}
    more = {**more, "cells": figures.get("cells")}
    for metric, figure in figures.items():
        if isinstance(figure, dict):
            yield {"setting": setting, "cell": cell, **about, "metric": metric, **figure, **more}


def _data(result: Result, cell: str) -> dict[str, str]:
    """Where the rows of a cell are from, and their hashes; both languages' for a pair."""
    known = result.get("data", {})
    parts = [known[language] for language in cell.split("+") if language in known]
    return {
        "source": " + ".join(part["source"] for part in parts),
        "data_sha256": "+".join(part["sha256"] for part in parts),
    }


def _warning(result: Result, cells: Sequence[str]) -> str:
    """The kinds of warnings about any of some cells, or about all figures."""
    kinds = [
        warning["kind"]
        for warning in result.get("warnings", ())
        if not warning["cells"] or set(warning["cells"]) & set(cells)
    ]
    return ";".join(dict.fromkeys(kinds))
