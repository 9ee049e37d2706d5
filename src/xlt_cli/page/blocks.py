"""What a section of the page is made of: pieces of a report, charts, and choices between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.api.reports import Table, Text


@dataclass(frozen=True)
class Chart:
    """A chart with the table that says the same.

    Attributes:
        title: also the caption of the table.
        description: what the chart shows, in words, for those who do not see it.
        spec: of Vega-Lite, without what all charts have in common.
        table: the figures behind the chart.
        wide: whether the chart takes the width of the page.
    """

    title: str
    description: str
    spec: Mapping[str, Any]
    table: Table
    wide: bool = True


@dataclass(frozen=True)
class Choice:
    """One of several groups of blocks is shown, and the reader chooses which.

    Attributes:
        label: what is chosen, e.g. `Baseline`.
        name: choices of one name change together.
        options: by what the reader chooses; the first is shown at the beginning.
    """

    label: str
    name: str
    options: Mapping[str, Sequence[Block]]


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away until the reader opens them."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Code:
    """Text that is shown as it is, such as a spec."""

    text: str


@dataclass(frozen=True)
class Card:
    """What is known of one thing, such as a language.

    Attributes:
        facts: pairs of a name and a value.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    table: Table


@dataclass(frozen=True)
class Cards:
    """Cards side by side."""

    cards: Sequence[Card]


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str


Block = Text | Table | Chart | Choice | Details | Code | Cards | Heading


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        key: its place in links.
        blocks: empty if the section is left out.
        left_out: why it is not there, or why a part of it is not; empty if all is there.
    """

    key: str
    title: str
    blocks: Sequence[Block]
    left_out: str = ""


def charts_of(blocks: Sequence[Block]) -> Iterator[Chart]:
    """All charts, also those that are not shown at the beginning."""
    for block in blocks:
        if isinstance(block, Chart):
            yield block
        elif isinstance(block, Choice):
            for own in block.options.values():
                yield from charts_of(own)
        elif isinstance(block, Details):
            yield from charts_of(block.blocks)
