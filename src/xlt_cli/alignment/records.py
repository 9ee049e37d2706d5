"""What `xlt analyze alignment` measures: records of single rows, by run and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True)
class ProbedRun:
    """A run and its records.

    Attributes:
        name: what tables call it; runs of one name are the seeds of one method.
        run: the name of its directory.
        weights: hash of its weights.
    """

    name: str
    run: str
    seed: int
    weights: str
    probed: Probed


@dataclass(frozen=True)
class Analysis:
    """All that figures are made from.

    Attributes:
        about: task, split, limit, source, demonstration, radii, notes.
        runs: those of the first name are the baseline.
    """

    about: Mapping[str, Any]
    runs: Sequence[ProbedRun]

    def by_name(self) -> dict[str, list[ProbedRun]]:
        found: dict[str, list[ProbedRun]] = {}
        for run in self.runs:
            found.setdefault(run.name, []).append(run)
        return found

    def probed(self) -> dict[str, list[Probed]]:
        """The records by name, one seed after the other."""
        return {name: [run.probed for run in runs] for name, runs in self.by_name().items()}
