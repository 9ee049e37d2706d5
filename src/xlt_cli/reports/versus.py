"""The report of a comparison of systems: statements, means with ranks, gains by language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api.reports import Column, Figure, Piece, Report, Row, Table, Text, Value
from xlt_cli.reports.records import record_table
from xlt_cli.reports.statements import NAMES
from xlt_cli.reports.values import MARK, metric_name

Values = Mapping[str, Any]

COLUMNS = (
    *("task", "split", "metric", "system", "quantity", "cell", "seeds", "value", "low", "high"),
    *("deviation", "p", "p_adjusted", "smallest_effect", "p_equivalence", "collapsed"),
)

_CORRECTED = {"holm": "Holm", "bh": "Benjamini-Hochberg"}


def report(values: Values) -> Report:
    """The whole report, from the values of `xlt compare --json`."""
    pieces = [piece for one in values["evaluations"] for piece in _evaluation(one, values)]
    return Report(
        pieces,
        notes=[*_notes(values), *values["notes"]],
        values=values,
        records=record_table(COLUMNS, _records(values)),
    )


def _evaluation(one: Values, values: Values) -> Iterator[Piece]:
    for gain in one["gains"].values():
        yield Text(gain["statement"])
    yield from _without(one)
    yield _systems(one)
    for name in one["gains"]:
        yield _gains(one, name, values)


def _without(one: Values) -> Iterator[Piece]:
    """What is shown without collapsed runs, where there are some."""
    left = one.get("without_collapsed")
    if left is None:
        return
    for name, gain in left["gains"].items():
        if gain["statement"] != one["gains"][name]["statement"]:
            yield Text(f"without collapsed runs: {gain['statement']}", "muted")


def _title(one: Values) -> str:
    limit = f" ({one['limit']} rows)" if one["limit"] else ""
    return f"{one['task']} {one['split']}{limit} {metric_name(one['metric'])}"


def _unit(one: Values) -> Any:
    return "share" if one["unit"] == "share" else "number"


def _systems(one: Values) -> Table:
    """Means over seeds with their deviation, and ranks."""
    rows = []
    for name, own in one["systems"].items():
        fallen = own["collapsed_seeds"]
        mark = MARK if fallen else ""
        rank = own["rank"]
        place = f"{rank['place']}" if rank else ""
        if rank and rank["low"] < rank["high"]:
            place += f" [{rank['low']}, {rank['high']}]"
        figures: list[Value] = [
            Figure(
                own["figures"][f"average:{group}"]["value"],
                deviation=own["figures"][f"average:{group}"].get("deviation"),
                unit=_unit(one),
                mark=mark,
            )
            for group in one["averages"]
        ]
        seeds = f"{len(own['seeds'])} ({len(fallen)} collapsed)" if fallen else len(own["seeds"])
        rows.append(Row([name, seeds, *figures, place]))
    heads = [
        Column(f"{NAMES[group]} ({count})", "right", key=group)
        for group, count in one["averages"].items()
    ]
    return Table(
        f"{_title(one)}: means over seeds, with their standard deviation",
        [Column("system"), Column("seeds", "right"), *heads, Column("rank", "right")],
        rows,
    )


def _gains(one: Values, name: str, values: Values) -> Table:
    """A system's gains over the baseline: averages, then languages."""
    cells, unit = one["gains"][name]["cells"], _unit(one)
    band = values["equivalence"] is not None
    rows = []
    for group, count in one["averages"].items():
        label = f"{NAMES[group]} ({count})"
        rows.append(Row([label, *_gain(cells[f"average:{group}"], unit, values)], strong=True))
    for language in one["languages"]:
        rows.append(Row([language, *_gain(cells[language], unit, values)]))
    corrected = f"p ({_CORRECTED[values['correction']]})"
    return Table(
        f"{_title(one)}: {name} over {values['baseline']}",
        [
            Column("mean or language"),
            Column("gain", "right"),
            Column("p", "right"),
            Column(corrected, "right", key="p_adjusted"),
            Column("smallest effect", "right", key="smallest_effect"),
            *([Column("p (equivalence)", "right", key="p_equivalence")] if band else []),
        ],
        rows,
    )


def _gain(cell: Values, unit: Any, values: Values) -> list[Value]:
    star = "*" if cell.get("p_adjusted", 1.0) <= values["level"] else ""
    figures: list[Value] = [
        Figure(cell["value"], cell["low"], cell["high"], unit=unit, sign="value", mark=star),
        _p(cell["p"]),
        _p(cell.get("p_adjusted")),
        None if cell["smallest_effect"] is None else Figure(cell["smallest_effect"], unit=unit),
    ]
    return [*figures, *([_p(cell["p_equivalence"])] if "p_equivalence" in cell else [])]


def _p(value: float | None) -> Value:
    if value is None:
        return None
    return Figure(value, unit="number", digits=4) if value >= 0.0001 else "< 0.0001"


def _notes(values: Values) -> list[str]:
    share = f"{100 * (1 - values['level']):g}%"
    notes = [
        f"gains are over {values['baseline']}, paired by seed and row; {share} intervals, with "
        "seeds and test items as samples (test items alone with one seed)",
        f"*: p <= {values['level']:g} after {_CORRECTED[values['correction']]} correction over the "
        "languages",
        "smallest effect: a true gain that this comparison would find in 80% of cases",
        f"rank in brackets: what it may be, by all pairs of systems after Holm's correction "
        f"({share})",
    ]
    if any("without_collapsed" in one for one in values["evaluations"]):
        notes.append(
            f"{MARK} some runs collapsed: one answer to every row; they are in all figures"
        )
    return notes


def _records(values: Values) -> Iterator[dict[str, Any]]:
    for one in values["evaluations"]:
        about = {name: one[name] for name in ("task", "split", "metric")}
        for part, word in ((one, ""), (one.get("without_collapsed"), "left out")):
            if part is None:
                continue
            for system, own in part["systems"].items():
                more = {**about, "system": system, "collapsed": word, "seeds": len(own["seeds"])}
                for cell, figure in own["figures"].items():
                    yield {**more, "quantity": "figure", "cell": cell, **_known(figure)}
            for system, gain in part["gains"].items():
                more = {**about, "system": system, "collapsed": word, "seeds": len(gain["seeds"])}
                for cell, figure in gain["cells"].items():
                    yield {**more, "quantity": "gain", "cell": cell, **_known(figure)}


def _known(figure: Values) -> dict[str, Any]:
    return {name: figure[name] for name in COLUMNS if name in figure}
