"""Tables of the points of an arm: their properties, their effects, and how the two go together.

Everything is read from the values of `questions.by_property`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api.reports import Column, Figure, Row, Table, Value

Values = Mapping[str, Any]


def tables(name: str, contrast: Values, titles: Mapping[str, str]) -> Iterator[Table]:
    """The tables of a contrast.

    Args:
        name: of the comparison.
        titles: what the outcomes are called, by their keys.
    """
    about = contrast["by_property"]
    shown = f"{name}: {contrast['of']} − {contrast['over']}"
    for outcome, title in titles.items():
        points = [one for one in about["points"] if _has(one["effects"], outcome)]
        if points:
            yield _points(f"{shown}, each point, {title}, in points", points, outcome)
        relations = [one for one in about["relations"] if one["outcome"] == outcome]
        if relations:
            yield _relations(f"{shown}, rank correlation of {title} with properties", relations)
        means = [one for one in about["means"] if one["outcome"] == outcome]
        if means:
            yield _means(f"{shown}, mean {title} of points that are alike, in points", means)


def records(contrast: Values) -> Iterator[dict[str, Any]]:
    """The figures of a contrast, one in a row."""
    about = contrast.get("by_property")
    if about is None:
        return
    for one in about["points"]:
        for name, own in one["properties"].items():
            stated = {"word": own} if isinstance(own, str) else {"value": own}
            yield {"kind": "property", "property": name, "level": one["point"], **stated}
        for family, outcomes in one["effects"].items():
            for outcome, value in outcomes.items():
                yield {"kind": "point", "property": "point", "level": one["point"],
                       "group": "family", "name": family, "outcome": outcome,
                       "value": value}  # fmt: skip
    for kind, key in (("rank correlation", "relations"), ("mean of points", "means")):
        for one in about[key]:
            yield {"kind": kind, "group": "family", "name": one["family"], **one}


def _has(effects: Values, outcome: str) -> bool:
    return any(outcome in own for own in effects.values())


def _points(title: str, points: list[Values], outcome: str) -> Table:
    properties = list(points[0]["properties"])
    families = [name for name, own in points[0]["effects"].items() if outcome in own]
    columns = [Column("point"), Column("language")]
    columns += [Column(name, "right") for name in (*properties, *families)]
    rows = []
    for one in points:
        cells: list[Value] = [one["point"], one["language"]]
        cells += [_property(one["properties"][name]) for name in properties]
        cells += [_points_of(one["effects"][name][outcome]) for name in families]
        rows.append(Row(cells))
    return Table(title, columns, rows)


def _relations(title: str, relations: list[Values]) -> Table:
    rows = [
        Row([one["property"], one["family"], one["points"],
             Figure(one["value"], unit="number", digits=2, sign="value"),
             Figure(one.get("p_holm", one["p"]), unit="number", digits=3)])
        for one in relations
    ]  # fmt: skip
    columns = [Column("property"), Column("family"), Column("points", "right"),
               Column("Spearman's rho", "right"), Column("p", "right")]  # fmt: skip
    return Table(title, columns, rows)


def _means(title: str, means: list[Values]) -> Table:
    families = list(dict.fromkeys(one["family"] for one in means))
    found: dict[tuple[str, str], list[Values]] = {}
    for one in means:
        found.setdefault((one["property"], one["level"]), []).append(one)
    rows = []
    for (name, level), own in found.items():
        values = {one["family"]: one["value"] for one in own}
        cells: list[Value] = [f"{name} {level}", own[0]["points"]]
        rows.append(Row([*cells, *(_points_of(values[family]) for family in families)]))
    columns = [Column("property"), Column("points", "right")]
    return Table(title, [*columns, *(Column(family, "right") for family in families)], rows)


def _property(value: float | str | None) -> Value:
    if value is None or isinstance(value, str):
        return value
    whole = float(value).is_integer()
    return Figure(float(value), unit="number", digits=0 if whole else 2)


def _points_of(value: float) -> Figure:
    return Figure(value, digits=2, sign="all")
