"""What may be asked of results beyond the figures of cells and their averages."""

from __future__ import annotations

from dataclasses import dataclass

from xlt_cli.languages import FACTS

MEASURED = ("fertility", "pieces_per_character", "unknown")
"""What is measured with the tokenizer of the model (see `models.pieces`)."""

DISTANCE = ("distance", "distance_coverage")
"""The typological distance to the nearest language that the model was trained on, and the share of
features that it is computed from; the first stands for both."""

GROUPINGS = FACTS
"""What languages can be grouped by."""

COLUMNS = (*FACTS, *MEASURED, DISTANCE[0])
"""What can be said of each language."""


@dataclass(frozen=True)
class Extras:
    """What is asked of results beyond the figures of cells and their averages.

    Attributes:
        by: the facts by which languages are grouped.
        columns: what is said of each language.
    """

    by: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether the tokenizer is needed."""
        return any(name in MEASURED for name in self.columns)


NONE = Extras()
