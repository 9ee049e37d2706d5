"""What is measured: records of single rows, by run and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlt_cli.api import DataError, Measured, MeasuredRun


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

    @classmethod
    def of(cls, run: MeasuredRun, source: str) -> Probed:
        """The records of a run, whose model was trained on the language `source`.

        Raises:
            DataError: they are not what this analysis writes.
        """
        try:
            return cls(
                [SourceRow(**row) for row in run.records[source]],
                {
                    language: [TranslatedRow(**row) for row in rows]
                    for language, rows in run.records.items()
                    if language != source
                },
            )
        except (KeyError, TypeError) as error:
            raise DataError(
                f"records of '{run.run}' are damaged ({type(error).__name__})", run.run
            ) from error


def by_name(measured: Measured) -> dict[str, list[Probed]]:
    """The records of each name, one seed after the other."""
    source = measured.about["source"]
    return {
        name: [Probed.of(run, source) for run in runs] for name, runs in measured.by_name().items()
    }
