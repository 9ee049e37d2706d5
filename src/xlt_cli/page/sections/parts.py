"""What several sections have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from xlt_cli.api.reports import Figure
from xlt_cli.errors import UserError
from xlt_cli.page.blocks import Block, Choice, Heading
from xlt_cli.page.content import Content, Tested, Values
from xlt_cli.reports.entries import Entry
from xlt_cli.reports.values import MARK

AVERAGES = {
    "zero_shot": "zero-shot",
    "source": "trained on",
    "all": "all languages",
    "generalized": "all pairs",
    "generalized_zero_shot": "unseen pairs",
}
"""What averages are called in the heads of tables."""


def each(content: Content, blocks: Callable[[Tested], Sequence[Block]]) -> list[Block]:
    """The blocks of each evaluation, with its name above where there are several."""
    found: list[Block] = []
    for tested in content.tested:
        own = blocks(tested)
        if own and len(content.tested) > 1:
            found.append(Heading(tested.title))
        found += own
    return found


def each_possible(
    content: Content, blocks: Callable[[Content, Tested], Sequence[Block]]
) -> tuple[list[Block], str]:
    """As `each`; with it why evaluations have none, where their results do not allow any."""
    failed: list[str] = []

    def own(tested: Tested) -> Sequence[Block]:
        try:
            return blocks(content, tested)
        except UserError as error:
            failed.append(f"{tested.title}: {error.what}")
            return []

    found = each(content, own)
    return found, "; ".join(failed)


def by_baseline(
    content: Content, tested: Tested, blocks: Callable[[str], Sequence[Block]]
) -> list[Block]:
    """Blocks for each baseline that the reader may choose; the asked one first."""
    names = sorted(tested.over, key=lambda name: name != content.baseline)
    if len(tested.systems) < 2:
        return []
    return [Choice("Baseline", "baseline", {name: blocks(name) for name in names})]


def mark_of(tested: Tested, *systems: str) -> str:
    """The mark of figures that a collapsed run has a part in."""
    own = tested.values["systems"]
    return MARK if any(own[system]["collapsed_seeds"] for system in systems) else ""


def figure_of(tested: Tested, system: str, cell: str) -> Figure | None:
    """A system's figure with its interval; None where it has none."""
    found = tested.values["systems"][system]["figures"].get(cell)
    if found is None:
        return None
    mark = mark_of(tested, system)
    return Figure(found["value"], found["low"], found["high"], unit=tested.unit, mark=mark)


def gain_of(tested: Tested, system: str, baseline: str, cell: str) -> Figure | None:
    """A system's gain over a baseline; a star where it stands out among the languages."""
    gains: Values | None = tested.over[baseline]["gains"].get(system)
    found = gains["cells"].get(cell) if gains else None
    if found is None:
        return None
    star = "*" if found.get("p_adjusted", 1.0) <= 0.05 else ""
    return Figure(
        found["value"],
        found["low"],
        found["high"],
        unit=tested.unit,
        sign="value",
        mark=star + mark_of(tested, system, baseline),
    )


def averages(tested: Tested) -> Iterator[tuple[str, str]]:
    """The cell and the label of each average that there is."""
    for name, count in tested.values["averages"].items():
        yield f"average:{name}", f"{AVERAGES[name]} ({count})"


def languages(tested: Tested) -> list[str]:
    """The languages, those trained on first, then from the best to the worst."""
    trained = set(tested.about["trained_on"])
    sign = -1 if tested.about["better"] == "higher" else 1
    first = tested.systems[0]

    def place(language: str) -> tuple[bool, float]:
        return language not in trained, sign * tested.figure(first, language)["value"]

    return sorted(tested.values["languages"], key=place)


def entries_of(content: Content, tested: Tested) -> list[Entry]:
    """The figures of an evaluation in the dimensions of tables, of its metric."""
    return [
        entry
        for run in content.runs
        for entry in run.entries
        if entry.place["evaluation"] == tested.name
        and entry.place["metric"] == tested.about["metric"]
    ]


def clean_entries(content: Content, tested: Tested) -> list[Entry]:
    """Those of the evaluation itself, without the conditions beside it."""
    found = entries_of(content, tested)
    return [entry for entry in found if entry.place["condition"] == found[0].place["condition"]]


def listed(names: Sequence[object]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    words = [str(name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """The fields of nested values: `stages.0.batch_size`, and what each holds."""
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from flat(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(part, Mapping | list) for part in value):
        for number, part in enumerate(value):
            yield from flat(part, f"{path}.{number}")
    else:
        yield path, value
