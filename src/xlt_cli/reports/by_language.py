"""What tables and records say of languages beside their figures, and means over groups of them.

Everything is read from results: `facts` of each language, and `groups` by a fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Figure, Matrix, Row, Table, Value
from xlt_cli.languages import FACTS, facts_of
from xlt_cli.reports.groups import UNKNOWN
from xlt_cli.reports.validity import marked
from xlt_cli.reports.values import MARK, measured, metric_name

Result = Mapping[str, Any]

ROWS, FIGURE = "rows", "figure"
"""What languages can be sorted by beside their facts: the number of rows, the task's metric."""

CLEAN = "clean"

KINDS = {"zero_shot": "languages not trained on", "all": "all languages"}

_TITLES = {"pieces_per_character": "pieces per\ncharacter", "fertility": "pieces per\nword"}
_TITLES |= {"unknown": "unknown\npieces", "distance_coverage": "features\ncompared"}
_SHARES = ("unknown", "distance_coverage")


def names(results: Sequence[Result]) -> list[str]:
    """The columns of records that say something of languages."""
    told = [n for r in results for own in r.get("facts", {}).values() for n in own]
    grouped = any(result.get("groups") for part in results for result in _with_conditions(part))
    return list(dict.fromkeys([*told, *(["languages"] if grouped else [])]))


def columns(result: Result) -> list[Column]:
    """The columns beside the figures of languages."""
    return columns_of(names([{"facts": result.get("facts", {})}]))


def columns_of(names: Sequence[str]) -> list[Column]:
    """The columns of facts by their names."""
    return [
        Column(_TITLES.get(name, name), "left" if name in FACTS else "right", key=name)
        for name in names
    ]


def values(result: Result, language: str) -> list[Value]:
    """The values of these columns for a language."""
    known: Mapping[str, Any] = result.get("facts", {}).get(language, {})
    return [_value(name, value) for name, value in known.items()]


def tables(result: Result, title: str, all_languages: bool) -> list[Table]:
    """A table for each fact by which languages are grouped."""
    kinds = list(KINDS) if all_languages else ["zero_shot"]
    return [
        _table(result, f"{title}, by {fact} ({KINDS[kind]})", fact, groups, kind)
        for fact, groups in result.get("groups", {}).items()
        for kind in kinds
    ]


def by_condition(result: Result) -> list[Matrix]:
    """The means of groups under each condition, and what they lose, for each fact."""
    metric, under = result["metric"], result.get("conditions", ())
    made = []
    for fact, groups in result.get("groups", {}).items() if under else ():
        about = f"{result['task']} {result['split']}, by {fact} ({KINDS['zero_shot']})"
        rows = [{**result, "condition": CLEAN}, *under]
        for what, title in (("figure", metric_name(metric)), ("drop", "drop")):
            cells = {}
            for entry in rows:
                for name, group in entry.get("groups", {}).get(fact, {}).items():
                    figures = group if what == "figure" else group.get("drop", {})
                    if "zero_shot" in figures:
                        shown = measured(metric, figures["zero_shot"][metric], _sign(entry, group))
                        cells[str(entry["condition"]), name] = shown
            names = list(dict.fromkeys(condition for condition, _ in cells))
            columns = [name for name in groups if any(name == group for _, group in cells)]
            made.append(Matrix(f"{about}: {title}", names, columns, cells))
    return [matrix for matrix in made if matrix.cells]


def lines(result: Result) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], list[str]]]:
    """Name, figures, columns and languages of each mean over a group, for records."""
    for fact, groups in result.get("groups", {}).items():
        for name, group in groups.items():
            for kind in KINDS:
                if kind not in group:
                    continue
                lost = group.get("drop", {}).get(kind, {})
                figures = {m: f for m, f in group[kind].items() if isinstance(f, dict)}
                figures |= {f"drop:{m}": f for m, f in lost.items() if isinstance(f, dict)}
                about = {fact: None if name == UNKNOWN else name, "languages": group[kind]["cells"]}
                yield f"average:{kind}:{fact}={name}", figures, about, group["languages"]


def ordered(results: Sequence[Result], key: str) -> list[Result]:
    """The results with their languages sorted by a fact, the rows or the task's metric.

    Figures come with the best first, all else from small to large; what is unknown stands last.
    """
    return [_ordered(result, key, result) for result in results]


def _ordered(result: Result, key: str, whole: Result) -> Result:
    def rank(language: str) -> tuple[bool, Any]:
        value = _sorted_by(result, whole, language, key)
        return value is None, 0 if value is None else value

    languages = {x: result["languages"][x] for x in sorted(result["languages"], key=rank)}
    under = [_ordered(entry, key, whole) for entry in result.get("conditions", ())]
    return {**result, "languages": languages, **({"conditions": under} if under else {})}


def _sorted_by(result: Result, whole: Result, language: str, key: str) -> Any:
    if key == ROWS:
        return result["languages"][language]["n"]
    if key == FIGURE:
        figure = result["languages"][language][whole["metric"]]
        return figure["value"] * (1 if figure.get("better") == "lower" else -1)
    if key in FACTS:
        return getattr(facts_of(language), key)
    return whole["facts"][language][key]


def _with_conditions(result: Result) -> list[Result]:
    return [result, *result.get("conditions", ())]


def _sign(result: Result, group: Mapping[str, Any]) -> str:
    return MARK if marked(result) & set(group["languages"]) else ""


def _value(name: str, value: Any) -> Value:
    if value is None:
        return UNKNOWN if name in FACTS else "undefined"
    if name in FACTS:
        return str(value)
    return Figure(value) if name in _SHARES else Figure(value, unit="number", digits=2)


def _table(result: Result, title: str, fact: str, groups: Mapping[str, Any], kind: str) -> Table:
    metric = result["metric"]
    first = next(iter(groups.values()))["all"]
    metrics = sorted((n for n in first if n != "cells"), key=lambda name: name != metric)
    costs = any("drop" in group for group in groups.values())
    rows = []
    for name, group in groups.items():
        sign = f" {_sign(result, group)}".rstrip()
        figures = group.get(kind)
        if figures is None:
            shown: list[Value] = [0, *["none left"] * len(metrics), *[None] * costs]
        else:
            lost = group.get("drop", {}).get(kind)
            shown = [figures["cells"], *(measured(m, figures[m]) for m in metrics)]
            shown += [measured(metric, lost[metric]) if lost else None] * costs
        rows.append(Row([f"{name}{sign}", *shown]))
    heads = [Column(metric_name(name), "right", key=name) for name in metrics]
    heads += [Column(f"drop of {metric_name(metric)}", "right")] * costs
    return Table(title, [Column(fact), Column("languages", "right"), *heads], rows)
