"""The report of a mixed-effects model: formula, differences, fixed and random effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api.reports import Column, Figure, Piece, Report, Row, Table, Text, Value
from xlt_cli.reports.records import record_table
from xlt_cli.reports.values import figure, metric_name

Values = Mapping[str, Any]

COLUMNS = (
    *("quantity", "term", "by", "at", "value", "low", "high", "error", "df", "p"),
    *("points", "points_low", "points_high", "levels"),
)

PURPOSE = (
    "a second view: the model takes effects of languages, seeds, conditions and covariates apart; "
    "the paired intervals of `xlt compare`, which also know the test items, remain the main result"
)


def report(values: Values) -> Report:
    """The whole report, from the values of `xlt mixed-model --json`."""
    pieces: list[Piece] = [
        *(Text(_statement(one, values)) for one in values["differences"] if not one["by"]),
        Text(values["formula"], whole=True),
        _differences(values),
        _fixed(values),
        _random(values),
    ]
    return Report(
        pieces,
        notes=[*_notes(values), *values["notes"]],
        warnings=[]
        if values["converged"]
        else ["the fit did not converge: do not use its figures"],
        values=values,
        records=record_table(COLUMNS, records(values)),
    )


def _statement(one: Values, values: Values) -> str:
    moved = one.get("points")
    if moved is None:
        gained = figure(_number(one, "value"))
        return f"{one['system']} over {values['baseline']}: {gained} ({_p(one['p'])})"
    points = figure(Figure(moved["value"], moved["low"], moved["high"], sign="value"))
    start = figure(Figure(one["at_baseline"]))
    return (
        f"{one['system']} over {values['baseline']}: {points} points at the mean of "
        f"{values['baseline']}, {start} ({_p(one['p'])})"
    )


def _differences(values: Values) -> Table:
    """Each system less the baseline: over all cells, and at each level of what differs."""
    logits = values["scale"] == "logit"
    rows = []
    for one in values["differences"]:
        where = f"{one['by']} {one['at']}" if one["by"] else "all cells"
        cells: list[Value] = [one["system"], where, _number(one, "value")]
        if logits:
            moved = one["points"]
            cells.append(Figure(moved["value"], moved["low"], moved["high"], sign="value"))
            cells.append(Figure(one["at_baseline"]))
        rows.append(Row([*cells, *_tested(one)], strong=not one["by"]))
    scale = "logits" if logits else metric_name(values["metric"])
    beside = [
        Column("points", "right", key="points"),
        Column(values["baseline"], "right", key="at_baseline"),
    ]
    return Table(
        f"differences from {values['baseline']}",
        [
            Column("system"),
            Column("in"),
            Column(scale, "right", key="value"),
            *(beside if logits else []),
            *(Column("df", "right"), Column("p", "right")),
        ],
        rows,
    )


def _fixed(values: Values) -> Table:
    rows = [Row([one["term"], _number(one), *_tested(one)]) for one in values["fixed"]]
    scale = "logits" if values["scale"] == "logit" else metric_name(values["metric"])
    return Table(
        "fixed effects",
        [
            Column("term"),
            Column(scale, "right", key="value"),
            *(Column("df", "right"), Column("p", "right")),
        ],
        rows,
    )


def _random(values: Values) -> Table:
    rows = [
        Row(
            [
                one["term"],
                one["levels"],
                Figure(one["deviation"], unit="number"),
                Figure(one["variance"], unit="number", digits=4),
            ]
        )
        for one in values["random"]
    ]
    rest = values["residual"]
    last: list[Value] = [
        "residual",
        values["rows"],
        Figure(rest["deviation"], unit="number"),
        Figure(rest["variance"], unit="number", digits=4),
    ]
    return Table(
        "random effects",
        [
            Column("intercepts of"),
            Column("levels", "right"),
            Column("standard deviation", "right", key="deviation"),
            Column("variance", "right"),
        ],
        [*rows, Row(last)],
    )


def _number(one: Values, sign: str = "none") -> Figure:
    shown: Any = sign
    return Figure(one["value"], one["low"], one["high"], unit="number", sign=shown)


def _tested(one: Values) -> list[Value]:
    return [Figure(one["df"], unit="number", digits=1), _p(one["p"]).removeprefix("p = ")]


def _p(value: float) -> str:
    return f"p = {value:.4f}" if value >= 0.0001 else "p < 0.0001"


def _notes(values: Values) -> Iterator[str]:
    counts = values["levels"]
    yield (
        f"a linear mixed-effects model (REML) of {values['rows']} cells: {counts['system']} "
        f"systems, {counts['language']} languages, {counts['seed']} seeds"
    )
    yield (
        f"{100 * (1 - values['level']):g}% intervals and p-values by Student's t; "
        "p-values are not corrected for their number"
    )
    if values["scale"] == "logit":
        yield (
            f"points: what the difference on the logit scale is at the mean of "
            f"{values['baseline']}, which stands beside it"
        )
    for name, centre in values["centres"].items():
        yield f"{name}: per unit, from its mean of {centre:.3g}"
    zero = [one["term"] for one in values["random"] if one["zero"]]
    if zero:
        yield (
            f"estimated as 0, at the boundary: the variance of {', '.join(zero)}; the data show "
            "none of it, which does not mean that there is none"
        )
    for name in values["few"]:
        yield f"{counts[name]} {name}s: too few to know well how much they vary"
    if "task" in values:
        limit = f", {values['limit']} rows" if values["limit"] else ""
        yield f"of {values['task']} {values['split']}{limit}"
    if values["collapsed"]:
        yield "some runs collapsed: one answer to every row; they are in the model"
    yield PURPOSE


def records(values: Values | None) -> Iterator[dict[str, Any]]:
    """The figures of a model, one in a row; none of no model."""
    if values is None:
        return
    for one in values["differences"]:
        moved = one.get("points", {})
        points = {
            "points": moved.get("value"),
            "points_low": moved.get("low"),
            "points_high": moved.get("high"),
        }
        yield {"quantity": "difference", "term": one["system"], **one, **points}
    for one in values["fixed"]:
        yield {"quantity": "fixed effect", **one}
    for one in [*values["random"], {"term": "residual", **values["residual"]}]:
        known = {"term": one["term"], "levels": one.get("levels")}
        yield {"quantity": "standard deviation", **known, "value": one["deviation"]}
