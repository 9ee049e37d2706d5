"""What the nine runs of `docs/results/robustness` answered, and estimates from it.

The archive is that of `xlt archive SPEC --answers-only`, of runs that were tested with
`xlt eval RUN --suite nli-robustness`. Figures of data sets are those of `xlt compare`. Those of
conditions, which it leaves out, are estimated in the same way: gains are paired by seed and row,
and seeds and rows are samples (`xlt_cli.stats.crossed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

import xlt_cli
from xlt_cli.interface.comparable import Stored, directories, evaluations
from xlt_cli.reports.comparison import Comparison
from xlt_cli.reports.measured import Measured, Scored
from xlt_cli.runs import run_archive
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.intervals import Interval

BASELINE = "ERM"
NOISE = {
    "typos": (0.1, 0.3),
    "homoglyphs": (0.1,),
    "casing": (0.3,),
    "punctuation": (0.3,),
    "diacritics": (1,),
    "ocr": (0.1,),
    "word-order": (2,),
    "word-dropout": (0.1,),
    "transliterate": (0.5,),
}
"""Strengths of each noise."""
CLEAN = "clean"
NOISY = [f"{noise} {strength:g}" for noise, strengths in NOISE.items() for strength in strengths]
RADII = (0, 0.02, 0.05, 0.1)
SOURCE = "en"
FEW = 0.25
"""Noise that changes a smaller share of a language's rows hardly changes that language."""


@dataclass(frozen=True)
class Estimated:
    """A gain: its interval, p-value and the smallest true one that is found in 80% of cases."""

    interval: Interval
    p: float
    smallest: float

    @classmethod
    def of(cls, estimate: Estimate) -> Estimated:
        return cls(estimate.interval(), estimate.p_value(), estimate.smallest_effect())


@dataclass(frozen=True)
class Tested:
    """XNLI under conditions: {method: {seed: what it answered}}; cells are (language, condition).

    Attributes:
        changed: of each cell, the shares of rows and of words that its noise changed.
    """

    runs: Mapping[str, Mapping[int, Measured]]
    changed: Mapping[tuple[str, str], tuple[float, float]]

    @cached_property
    def compared(self) -> Comparison:
        return Comparison(self.runs, BASELINE)

    @property
    def languages(self) -> list[str]:
        return sorted({language for language, _ in self.compared.pairs})

    @property
    def zero_shot(self) -> list[str]:
        return [language for language in self.languages if language != SOURCE]

    def figure(self, method: str, languages: Sequence[str], condition: str) -> Interval:
        """The mean accuracy over seeds and languages, seeds and rows being samples."""
        estimate = self.compared.figure(method, [(x, condition) for x in languages])
        assert estimate is not None
        return estimate.interval()

    def gain(self, method: str, languages: Sequence[str], condition: str) -> Estimated:
        """What a method gains over the baseline, on average over languages."""
        gain = self.compared.gain(method, [(x, condition) for x in languages])
        assert gain is not None
        return Estimated.of(gain.estimate)

    def more(self, method: str, languages: Sequence[str], condition: str) -> Estimated:
        """By how much that is more than it gains on the same rows without noise."""
        noisy, clean = ([(x, one) for x in languages] for one in (condition, CLEAN))
        gain = self.compared.larger(method, noisy, clean)
        assert gain is not None
        return Estimated.of(gain.estimate)

    def hardly(self, condition: str) -> list[str]:
        """The zero-shot languages that a noise hardly changes."""
        return [x for x in self.zero_shot if self.changed[x, condition][0] < FEW]


@dataclass(frozen=True)
class Contents:
    """What the archive has.

    Attributes:
        noise, attack: XNLI, all test rows and the first 500 of each language.
        sets: the evaluations of `xlt compare --json` with their `rows` by language, among them
            XNLI without conditions.
    """

    noise: Tested
    attack: Tested
    sets: list[dict[str, Any]]


def read(archive: Path) -> Contents:
    """Reads the archive.

    Raises:
        DataError: it is damaged or something else.
    """
    with run_archive.opened(archive) as opened:
        compared = xlt_cli.compare(dict(opened.systems), runs_dir=opened.root)
        stored = {
            method: {seed: evaluations(run) for seed, run in own.items()}
            for method, own in directories(dict(opened.systems), opened.root).items()
        }
        first = stored[BASELINE][1]
        rows = {
            (one.results["task"], one.results["split"], language): told["rows"]
            for one in first.values()
            for language, told in one.results["data"].items()
        }
        sets: list[dict[str, Any]] = compared.values["evaluations"]
        for one in sets:
            one["rows"] = {x: rows[one["task"], one["split"], x] for x in one["languages"]}
        return Contents(_tested(stored, None), _tested(stored, 500), sets)


def _tested(stored: Mapping[str, Mapping[int, Mapping[str, Stored]]], limit: int | None) -> Tested:
    """XNLI's test rows, all or the first of each language."""
    name = next(
        name
        for name, one in stored[BASELINE][1].items()
        if one.results["task"] == "xnli" and one.results["limit"] == limit
    )
    read_as = _under_attack if limit else _under_noise
    runs = {
        method: {seed: _measured(read_as(found[name])) for seed, found in own.items()}
        for method, own in stored.items()
    }
    store = stored[BASELINE][1][name].store
    changed = {
        (cell.languages[0], _condition(store.given(cell.condition))): (
            told["rows"] / told["of_rows"],
            told["words"] / told["of_words"],
        )
        for cell, told in store.changed().items()
    }
    return Tested(runs, changed)


def _condition(given: Mapping[str, Any] | None) -> str:
    assert given is not None
    about = given["condition"]
    return f"{about['perturbation']['name']} {about['strength']:g}"


def _under_noise(stored: Stored) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Whether each row of each language is answered rightly, clean and under each noise."""
    names = {"": CLEAN}
    for cell in stored.store.whole():
        if cell.condition not in names:
            names[cell.condition] = _condition(stored.store.given(cell.condition))
        answers = stored.store.coded(cell)
        gold, told = (
            np.array(column.distinct)[column.codes] for column in (answers.golds, answers.predicted)
        )
        yield (cell.languages[0], names[cell.condition]), gold == told


def _under_attack(stored: Stored) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Whether each row of each language withstands PGD at each radius."""
    for cell in stored.store.whole():
        if cell.condition:
            columns = [f"robust_{radius:g}" for radius in RADII]
            table = parquet.read_table(stored.store.file(cell), columns=columns)
            for radius, column in zip(RADII, columns, strict=True):
                yield (cell.languages[0], f"{radius:g}"), table[column].to_numpy()


def _measured(right: Iterable[tuple[tuple[str, str], np.ndarray]]) -> Measured:
    scores, items = {}, 0
    for cell, answers in right:
        values = answers.astype(np.float32)
        mean, items = float(values.mean(dtype=np.float64)), len(values)
        scores[cell] = Scored(mean, values - np.float32(mean), None)
    return Measured(scores, items, dict.fromkeys(scores, ""))
