"""Transfer gaps by what is known of languages: family, script, resource level."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.api.reports import Column, Figure, Row, Table, Text, Unit
from xlt_cli.page import charts
from xlt_cli.page.blocks import Block, Chart, Choice, Section
from xlt_cli.page.charts import Bar, Measure
from xlt_cli.page.content import Content, Tested
from xlt_cli.page.sections.parts import clean_entries, each_possible
from xlt_cli.reports import pivot
from xlt_cli.reports.entries import TRAINED_ON, ZERO_SHOT
from xlt_cli.stats.estimates import Estimate

TITLE = "Transfer by family, script and resources"

FACTS = {"family": "Family", "script": "Script", "resource": "Resource class"}
"""By which languages are grouped, and what each is called."""


def section(content: Content) -> Section:
    """The gap of each group of languages to the languages trained on."""
    found, why = each_possible(content, _blocks)
    if not found:
        return Section("groups", TITLE, [], why or "no zero-shot language was tested")
    about = Text(
        "The gap is the mean of the languages trained on less the mean of a group of zero-shot "
        "languages, so that smaller is better; 95% intervals are over seeds. Resource classes are "
        "those of Joshi et al. (2020), from 0 (least) to 5."
    )
    return Section("groups", TITLE, [about, *found], why)


def _blocks(content: Content, tested: Tested) -> Sequence[Block]:
    entries = clean_entries(content, tested)
    if not any(entry.place["group"] == ZERO_SHOT for entry in entries):
        return []
    charted = {title: [_chart(content, tested, fact)] for fact, title in FACTS.items()}
    return [Choice("Group by", "group", charted)]


def _chart(content: Content, tested: Tested, fact: str) -> Chart:
    """The gaps, or the means where no language trained on was tested."""
    entries = clean_entries(content, tested)
    asked = pivot.Asked(["method"], ["group", fact], {}, "interval")
    cells = pivot.cells(pivot.chosen(entries, asked), asked)
    means = {(c["method"], str(c[fact])): c for c in cells if c["group"] == ZERO_SHOT}
    by_seed = pivot.Asked(["method", "seed"], ["group", fact], {}, "deviation")
    seeds = pivot.cells(pivot.chosen(entries, by_seed), by_seed)
    gaps = _gaps(entries, seeds, fact)
    groups = {name: means[key]["languages"] for key in means for name in [key[1]]}
    unit = tested.unit
    bars = [
        Bar(_label(fact, name, groups), system, _figure(gaps[system, name], unit))
        for name in groups
        for system in tested.systems
        if (system, name) in gaps
    ]
    if not bars:
        bars = [
            Bar(_label(fact, name, groups), system, _mean(means[system, name], unit))
            for name in groups
            for system in tested.systems
            if (system, name) in means
        ]
    rows = []
    for name, languages in groups.items():
        cells_: list[Figure | None] = []
        for system in tested.systems:
            own = means.get((system, name))
            cells_ += [_mean(own, unit) if own else None]
            cells_ += [_figure(gaps[system, name], unit) if (system, name) in gaps else None]
        rows.append(Row([name, ", ".join(languages), *cells_]))
    heads = [
        Column(f"{system}: {what}", "right")
        for system in tested.systems
        for what in ("mean", "gap")
    ]
    title = f"{tested.title}: {'gap' if gaps else tested.metric} by {FACTS[fact].lower()}"
    measured = Measure(f"gap in {tested.metric}" if gaps else tested.metric, tested.scale)
    return Chart(
        title,
        f"One row for each {FACTS[fact].lower()} of the zero-shot languages, in brackets how many "
        "languages it has.",
        charts.intervals(bars, content.systems, measured, zero=bool(gaps)),
        Table(title, [Column(FACTS[fact].lower()), Column("languages"), *heads], rows),
    )


def _label(fact: str, name: str, groups: Mapping[str, Sequence[str]]) -> str:
    shown = f"class {name}" if fact == "resource" and name.isdecimal() else name
    return f"{shown} ({len(groups[name])})"


def _gaps(
    entries: Sequence[Any], seeds: Sequence[Mapping[str, Any]], fact: str
) -> dict[tuple[str, str], list[float]]:
    """By system and group, the gap with each seed.

    Not those of systems of which no source language was tested: systems may be trained on other
    languages, and a test set may have those of some alone.
    """
    if not any(entry.place["group"] == TRAINED_ON for entry in entries):
        return {}
    asked = pivot.Asked(["method", "seed"], ["group"], {"group": [TRAINED_ON]}, "deviation")
    source = {
        (c["method"], c["seed"]): c["value"]
        for c in pivot.cells(pivot.chosen(entries, asked), asked)
    }
    found: dict[tuple[str, str], list[float]] = {}
    for cell in seeds:
        mean = source.get((cell["method"], cell["seed"]))
        if cell["group"] == ZERO_SHOT and mean is not None:
            key = (cell["method"], str(cell[fact]))
            found.setdefault(key, []).append(mean - cell["value"])
    return found


def _figure(values: Sequence[float], unit: Unit) -> Figure:
    """The mean over seeds, with its interval where there are several."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Figure(mean, unit=unit)
    error = statistics.stdev(values) / math.sqrt(len(values))
    own = Estimate(mean, error, len(values) - 1).interval()
    return Figure(mean, own.low, own.high, unit=unit)


def _mean(cell: Mapping[str, Any], unit: Unit) -> Figure:
    return Figure(cell["value"], cell.get("low"), cell.get("high"), unit=unit)
