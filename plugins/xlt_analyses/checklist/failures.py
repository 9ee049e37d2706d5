"""Cases that fail, and failure rates with intervals, from the records of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlt_cli.api import Record

if TYPE_CHECKING:
    from xlt_cli.api.stats import Interval, Resampled

NONE = "(no answer)"
"""Stands for the answer where the model abstained."""


@dataclass(frozen=True)
class Case:
    """A case of a test in a language.

    Attributes:
        id: that of its first row; the same case has it in every language.
        rows: one, or for INV and DIR two: before and after the change.
    """

    id: str
    language: str
    rows: tuple[Record, ...]

    @property
    def test(self) -> str:
        """The name of its test."""
        return str(self.rows[0]["test"])

    @property
    def capability(self) -> str:
        """What it tests."""
        return str(self.rows[0]["capability"])

    @property
    def type(self) -> str:
        """MFT, INV or DIR."""
        return str(self.rows[0]["type"])

    @property
    def failed(self) -> bool:
        """Whether the answers are not as expected; a model that abstains fails."""
        if any(row["predicted"] is None for row in self.rows):
            return True
        if self.type == "MFT":
            return bool(self.rows[0]["predicted"] != self.rows[0]["gold"])
        before, after = self.rows
        if self.type == "INV":
            return bool(before["predicted"] != after["predicted"])
        moved = after["probability"] - before["probability"]
        expect = before["expect"]
        return bool((moved if expect["moves"] == "down" else -moved) > expect["tolerance"])

    @property
    def expected(self) -> str:
        """What was to be answered."""
        if self.type == "MFT":
            return str(self.rows[0]["gold"])
        if self.type == "INV":
            return "the same answer"
        expect = self.rows[0]["expect"]
        return f"probability of {expect['label']} goes {expect['moves']}"

    @property
    def answered(self) -> str:
        """What was answered."""
        if self.type == "DIR":
            return " → ".join(f"{row['probability']:.3f}" for row in self.rows)
        return " → ".join(str(row["predicted"] or NONE) for row in self.rows)


def cases(language: str, records: Sequence[Record]) -> list[Case]:
    """The cases of a language; one of which a row is missing is left out."""
    after = {str(r["id"]).rpartition("/")[0]: r for r in records if r["changed"]}
    made = []
    for row in records:
        if row["changed"] or (row["type"] != "MFT" and row["id"] not in after):
            continue
        rows = (row,) if row["type"] == "MFT" else (row, after[row["id"]])
        made.append(Case(str(row["id"]), language, rows))
    return made


@dataclass(frozen=True)
class Rate:
    """How many of some cases fail.

    Attributes:
        cases: None for an average.
        failures: None for an average.
    """

    interval: Interval
    cases: int | None = None
    failures: int | None = None


def rate(some: Sequence[Case]) -> Rate:
    """The failure rate of cases in one language, with Wilson's interval."""
    from xlt_cli.api.stats import wilson

    failures = sum(case.failed for case in some)
    return Rate(wilson(failures / len(some), len(some)), len(some), failures)


def mean_rate(languages: Mapping[str, Sequence[Case]]) -> Rate:
    """The mean failure rate over languages; cases are resampled in all of them together.

    Where all cases fail, or none does, resamples do not differ: the interval is then Wilson's for
    the number of cases, as in a single language.
    """
    from xlt_cli.api.stats import average, wilson

    if len(languages) == 1:
        return rate(next(iter(languages.values())))
    ids = list(dict.fromkeys(case.id for some in languages.values() for case in some))
    mean = average([_resampled(some, ids) for some in languages.values()])
    return Rate(wilson(mean.value, len(ids)) if mean.value in (0, 1) else mean.interval())


def _resampled(some: Sequence[Case], ids: Sequence[str]) -> Resampled:
    import numpy as np

    from xlt_cli.api.stats import Resampled, draws

    place = {identifier: column for column, identifier in enumerate(ids)}
    there, failed = np.zeros(len(ids)), np.zeros(len(ids))
    for case in some:
        there[place[case.id]], failed[place[case.id]] = 1, case.failed
    drawn = draws(len(ids), "checklist")
    with np.errstate(invalid="ignore", divide="ignore"):
        return Resampled(float(failed.sum() / there.sum()), drawn @ failed / (drawn @ there))


def by(some: Iterable[Case], what: Callable[[Case], str]) -> dict[str, dict[str, list[Case]]]:
    """Cases by what they share and by language, in their order."""
    groups: dict[str, dict[str, list[Case]]] = {}
    for case in some:
        groups.setdefault(what(case), {}).setdefault(case.language, []).append(case)
    return groups
