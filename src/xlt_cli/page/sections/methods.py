"""Systems by languages: figures and gains with intervals, seeds as points."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.api.reports import Column, Row, Table, Text
from xlt_cli.page import charts
from xlt_cli.page.blocks import Block, Chart, Section
from xlt_cli.page.charts import Bar, Measure
from xlt_cli.page.content import Content, Tested
from xlt_cli.page.sections.parts import (
    averages,
    by_baseline,
    each,
    figure_of,
    gain_of,
    languages,
    mark_of,
)

TITLE = "Systems and languages"


def section(content: Content) -> Section:
    """Figures in each language, then gains over a baseline."""
    if not content.tested:
        return Section("languages", TITLE, [], "no run has results in the standard setting")
    blocks = each(content, lambda tested: _blocks(content, tested))
    return Section("languages", TITLE, blocks)


def _blocks(content: Content, tested: Tested) -> Sequence[Block]:
    own = languages(tested)
    if not own:
        return [Text("Only pairs of different languages were tested.", "muted")]
    return [
        _figures(content, tested, own),
        *by_baseline(content, tested, lambda name: [_gains(content, tested, own, name)]),
    ]


def _figures(content: Content, tested: Tested, own: Sequence[str]) -> Chart:
    cells = [*((c, label) for c, label in averages(tested)), *((x, _name(tested, x)) for x in own)]
    rows = [
        Row([label, *(figure_of(tested, s, c) for s in tested.systems)], strong=":" in c)
        for c, label in cells
    ]
    bars = [
        Bar(label, system, found, _seeds(tested, system, cell))
        for cell, label in cells
        for system in tested.systems
        if (found := figure_of(tested, system, cell))
    ]
    title = f"{tested.title}: {tested.metric} by language"
    seeds = " Thin ticks are single seeds." if any(bar.seeds for bar in bars) else ""
    return Chart(
        title,
        f"The {tested.metric} of {len(tested.systems)} systems in {len(own)} languages, means over "
        f"seeds with 95% intervals.{seeds}",
        charts.intervals(bars, content.systems, Measure(tested.metric, tested.scale)),
        Table(
            title,
            [Column("mean or language"), *[Column(s, "right") for s in tested.systems]],
            rows,
        ),
    )


def _seeds(tested: Tested, system: str, cell: str) -> list[tuple[int, float]]:
    """The figure of each seed in a language."""
    if cell.startswith("average:"):
        return []
    runs = tested.runs[system].items()
    return [(seed, run.scores[cell, cell].value) for seed, run in runs]


def _gains(content: Content, tested: Tested, own: Sequence[str], baseline: str) -> Chart:
    others = list(tested.over[baseline]["gains"])
    cells = [*averages(tested), *((x, _name(tested, x)) for x in own)]
    rows = [
        Row([label, *(gain_of(tested, s, baseline, c) for s in others)], strong=":" in c)
        for c, label in cells
    ]
    bars = [
        Bar(label, system, found)
        for cell, label in cells
        for system in others
        if (found := gain_of(tested, system, baseline, cell))
    ]
    points = " in points" if tested.unit == "share" else ""
    title = f"{tested.title}: gain over {baseline}{points}"
    return Chart(
        title,
        f"The gain in {tested.metric} over {baseline}, paired by seed and row, with 95% "
        "intervals; * stands out after Holm's correction over the languages"
        f"{'; † a collapsed run has a part in it' if mark_of(tested, *tested.systems) else ''}.",
        charts.intervals(bars, content.systems, Measure(f"gain{points}", tested.scale), zero=True),
        Table(title, [Column("mean or language"), *[Column(s, "right") for s in others]], rows),
    )


def _name(tested: Tested, language: str) -> str:
    return f"{language} (trained on)" if language in tested.about["trained_on"] else language
