"""What was asked and what was answered, in words and in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xlt_cli.api.reports import Column, Row, Table, Text, Value
from xlt_cli.page.blocks import Block, Details, Heading, Section
from xlt_cli.page.content import Content, Tested
from xlt_cli.page.sections.parts import averages, by_baseline, each, figure_of, listed
from xlt_cli.reports.statements import NAMES


def section(content: Content) -> Section:
    """The first section of the page."""
    blocks: list[Block] = [Heading("What was asked"), *_asked(content)]
    if content.tested:
        blocks.append(Heading("What was answered"))
        blocks += each(content, lambda tested: _answered(content, tested))
    if content.judged:
        pieces = content.judged.pieces
        blocks += [piece for piece in pieces if isinstance(piece, Table)]
        rule: list[Block] = [piece for piece in pieces if isinstance(piece, Text)]
        blocks += [Details("How claims are judged", rule)] if rule else []
    if content.notes:
        blocks.append(Details("Notes on these results", list(map(Text, content.notes))))
    return Section("summary", "Summary", blocks)


def _asked(content: Content) -> Iterator[Block]:
    systems = content.systems
    seeds = sorted({run.seed for run in content.runs if run.seed is not None})
    encoders = dict.fromkeys(_encoder(run.about) for run in content.runs)
    said = f"{len(systems)} systems are compared: {listed(systems)}."
    if len(systems) == 1:
        said = f"One system is described: {systems[0]}."
    said += f" There {'is one run' if len(content.runs) == 1 else f'are {len(content.runs)} runs'}"
    if seeds:
        said += f", with seed{'s' if len(seeds) > 1 else ''} {listed(seeds)}"
    said += f"; encoder{'s' if len(encoders) > 1 else ''}: {listed(list(encoders))}."
    yield Text(said)
    for tested in content.tested:
        yield Text(_tests(tested))


def _encoder(about: object) -> str:
    from xlt_cli.page.sections.setup import spec_of

    spec = spec_of(about)
    return str(spec.get("encoder", {}).get("name") or "not trained with xlt")


def _tests(tested: Tested) -> str:
    counts = tested.values["averages"]
    parts = [_counted(counts[name], NAMES[name]) for name in counts if name != "all"]
    trained = listed(tested.about["trained_on"]) or "no language"
    return f"{tested.title}: {tested.metric} in {listed(parts)}, after training on {trained}."


def _counted(count: int, name: str) -> str:
    """`1 language trained on`, `6 zero-shot languages`."""
    if count == 1:
        name = name.replace("languages", "language", 1).replace("pairs", "pair", 1)
    return f"{count} {name}"


def _answered(content: Content, tested: Tested) -> Sequence[Block]:
    found: list[Block] = []
    if len(tested.systems) > 1:
        found += by_baseline(content, tested, lambda name: _statements(tested, name))
    return [*found, overview(tested)]


def _statements(tested: Tested, baseline: str) -> list[Block]:
    gains = tested.over[baseline]["gains"].values()
    return [Text(gain["statement"]) for gain in gains] or [
        Text("No other system has a seed in common with this baseline.", "muted")
    ]


def overview(tested: Tested) -> Table:
    """A row for each system: its averages with their intervals, and its rank among several."""
    rows = []
    cells = list(averages(tested))
    several = len(tested.systems) > 1
    for name in tested.systems:
        own = tested.values["systems"][name]
        fallen = own["collapsed_seeds"]
        seeds: Value = len(own["seeds"])
        if fallen:
            seeds = f"{len(own['seeds'])} ({len(fallen)} collapsed)"
        rank = own["rank"]
        place = str(rank["place"]) if rank else ""
        if rank and rank["low"] < rank["high"]:
            place += f" [{rank['low']}, {rank['high']}]"
        figures = [figure_of(tested, name, cell) for cell, _ in cells]
        rows.append(Row([name, seeds, *figures, *([place] if several else [])]))
    heads = [Column(label, "right") for _, label in cells]
    heads += [Column("rank", "right")] if several else []
    return Table(
        f"{tested.title}: {tested.metric}, means over seeds with 95% intervals",
        [Column("system"), Column("seeds", "right"), *heads],
        rows,
    )
