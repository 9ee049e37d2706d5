"""What `xlt analyze alignment` measures of single rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceRow:
    """A row in the source language.

    Attributes:
        predicted: the decision.
        radius: epsilon at which ascent flips the decision.
        censored: it never did; `radius` is the largest that was tried.
        radius_hidden: how far the pooled hidden states had moved then.
        certified: the certified l2 radius of all tokens' noise; 0 where the smoothed answer is not
            the decision; None where no votes were counted.
    """

    id: str
    gold: str
    predicted: str
    radius: float
    censored: bool
    radius_hidden: float
    certified: float | None


@dataclass(frozen=True)
class TranslatedRow:
    """The same row in another language.

    Attributes:
        predicted: the decision on the translation.
        shifted: the decision on the source row, its words moved by the translation's shift.
        words, hidden, total: distances from the source row, in the units of `radius`,
            `radius_hidden` and `certified`.
    """

    id: str
    predicted: str
    shifted: str
    words: float
    hidden: float
    total: float


@dataclass(frozen=True)
class Probed:
    """The records of one model: its source rows, and per language those that are there."""

    source: Sequence[SourceRow]
    languages: Mapping[str, Sequence[TranslatedRow]]
