"""Figures under conditions: one row for each system, and curves where noise has strengths."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Figure, Row, Series, Table
from xlt_cli.page import charts
from xlt_cli.page.blocks import Block, Chart, Section
from xlt_cli.page.charts import Measure
from xlt_cli.page.content import Content, Tested
from xlt_cli.page.sections.parts import each_possible, entries_of
from xlt_cli.reports import pivot
from xlt_cli.reports.entries import ZERO_SHOT
from xlt_cli.reports.robustness import AVERAGES
from xlt_cli.stats.estimates import Estimate

TITLE = "Robustness"


def section(content: Content) -> Section:
    """Each condition, and curves by strength."""
    found, why = each_possible(content, _blocks)
    if not found:
        none = "no evaluation has conditions (`conditions` in a spec, `xlt eval --stress`)"
        return Section("robustness", TITLE, [], why or none)
    return Section("robustness", TITLE, found, why)


def _blocks(content: Content, tested: Tested) -> Sequence[Block]:
    entries = entries_of(content, tested)
    conditions = list(dict.fromkeys(entry.place["condition"] for entry in entries))
    if len(conditions) < 2:
        return []
    return [_table(content, tested, conditions), *_curves(content, tested)]


def _table(content: Content, tested: Tested, conditions: Sequence[str]) -> Chart:
    """The zero-shot mean under each condition, as `xlt table --columns condition` has it."""
    entries = entries_of(content, tested)
    zero_shot = any(entry.place["group"] == ZERO_SHOT for entry in entries)
    where: dict[str, Sequence[str]] = {} if zero_shot else {"group": ["trained on"]}
    asked = pivot.Asked(["method"], ["condition"], where, "interval")
    cells = {
        (c["method"], c["condition"]): Figure(
            c["value"], c.get("low"), c.get("high"), unit=tested.unit
        )
        for c in pivot.cells(pivot.chosen(entries, asked), asked)
    }
    bars = [
        charts.Bar(condition, system, cells[system, condition])
        for condition in conditions
        for system in tested.systems
        if (system, condition) in cells
    ]
    rows = [Row([c, *(cells.get((s, c)) for s in tested.systems)]) for c in conditions]
    which = "zero-shot languages" if zero_shot else "languages trained on"
    title = f"{tested.title}: {tested.metric} under each condition, mean of {which}"
    return Chart(
        title,
        "Means over seeds and languages, with 95% intervals over seeds where there are several.",
        charts.intervals(bars, content.systems, Measure(tested.metric, tested.scale)),
        Table(title, [Column("condition"), *[Column(s, "right") for s in tested.systems]], rows),
    )


def _curves(content: Content, tested: Tested) -> list[Block]:
    """A chart for each noise that was tested at several strengths."""
    points: dict[str, dict[str, dict[float, list[float]]]] = {}
    metric = str(tested.about["metric"])
    for run in content.runs:
        for result in run.results:
            if result.get("evaluation") != tested.name:
                continue
            for entry in result.get("conditions", ()):
                value = _average(entry, metric)
                if "curve" not in entry or value is None:
                    continue
                own = points.setdefault(entry["curve"], {}).setdefault(run.system, {})
                own.setdefault(float(entry["strength"]), []).append(value)
                clean = _average(result, metric)
                if clean is not None and len(own.get(0.0, ())) < len(own[float(entry["strength"])]):
                    own.setdefault(0.0, []).append(clean)
    return [
        _curve(content, tested, name, systems)
        for name, systems in points.items()
        if any(len(own) > 1 for own in systems.values())
    ]


def _average(result: Mapping[str, Any], metric: str) -> float | None:
    kind = next((kind for kind in AVERAGES if kind in result["averages"]), None)
    return None if kind is None else float(result["averages"][kind][metric]["value"])


def _curve(
    content: Content,
    tested: Tested,
    name: str,
    systems: Mapping[str, Mapping[float, Sequence[float]]],
) -> Chart:
    lines = [
        Series(system, [(at, _figure(values, tested)) for at, values in sorted(own.items())])
        for system, own in systems.items()
    ]
    strengths = sorted({at for line in lines for at, _ in line.points})
    known = [dict(line.points) for line in lines]
    rows = [
        Row([Figure(at, unit="number", digits=3), *(own.get(at) for own in known)])
        for at in strengths
    ]
    columns = [Column(line.name, "right") for line in lines]
    title = f"{tested.title}, {name}: {tested.metric} by strength"
    measure = Measure(tested.metric, tested.scale)
    return Chart(
        title,
        "Mean over seeds and languages against the strength of the noise; bands are 95% intervals "
        "over seeds, and strength 0 is without noise.",
        charts.curves(lines, content.systems, "strength", measure, points=True),
        Table(title, [Column("strength", "right"), *columns], rows),
    )


def _figure(values: Sequence[float], tested: Tested) -> Figure:
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Figure(mean, unit=tested.unit)
    error = statistics.stdev(values) / math.sqrt(len(values))
    own = Estimate(mean, error, len(values) - 1).interval()
    return Figure(mean, own.low, own.high, unit=tested.unit)
