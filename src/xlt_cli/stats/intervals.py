"""95% intervals of metrics and of their averages, from statistics per example.

Examples are resampled with replacement (percentile bootstrap, Efron and Tibshirani 1993, ch. 13).
Where rows are aligned, one resample draws the same items in every language: languages share their
items, and an average over languages that ignored it would look surer than it is. The accuracy of
a single cell gets Wilson's score interval (Wilson 1927), which holds near 0 and 1 as well.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RESAMPLES = 1000
LEVEL = 0.05
"""How often an interval may miss the truth, unless stated otherwise."""

Z95 = 1.959963984540054

Score = Callable[[np.ndarray], dict[str, np.ndarray]]
"""Metrics of summed statistics, [..., S]."""

ScoreSamples = Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]
"""Metrics that sums do not determine, from the statistics of rows, [N, S], and how often each row
occurs in each sample, [R, N]."""


@dataclass(frozen=True)
class Interval:
    """A figure and its 95% interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Sample:
    """One evaluated set of rows.

    Attributes:
        ids: of its rows.
        statistics: [N, S]: counts per row, which determine the metrics, most by their sums.
    """

    ids: Sequence[str]
    statistics: np.ndarray


@dataclass(frozen=True)
class Resampled:
    """A metric with its bootstrap replicates: value and [RESAMPLES]."""

    value: float
    replicates: np.ndarray

    def interval(self, level: float = LEVEL) -> Interval:
        """The percentile interval that misses the truth with probability `level`."""
        tails = [100 * level / 2, 100 * (1 - level / 2)]
        low, high = np.nanpercentile(self.replicates, tails)
        # A percentile can miss the point estimate by a hair in tiny samples.
        return Interval(self.value, min(float(low), self.value), max(float(high), self.value))


def wilson(share: float, n: int) -> Interval:
    """Wilson's score interval of a proportion of `n`.

    By its closed form: scipy has it behind `binomtest`, which computes an exact p-value first.
    """
    centre = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    # Rounding may leave [0, 1], or miss the share itself, by a hair.
    return Interval(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def resample(
    cells: Mapping[str, Sample],
    score: Score,
    aligned: bool,
    score_samples: ScoreSamples | None = None,
) -> dict[str, dict[str, Resampled]]:
    """Every metric of every cell with its replicates.

    Args:
        aligned: one id is the same item in every cell; cells are then resampled together, over
            all ids that occur (a cell that lacks an item lacks it in the resample, too).
        score_samples: the metrics that sums do not determine; each resample is scored anew.
    """
    scores = {}
    if aligned and cells:
        ids = list(dict.fromkeys(i for cell in cells.values() for i in cell.ids))
        place = {identifier: column for column, identifier in enumerate(ids)}
        # All cells side by side, so that one product resamples them all: [ids, cells * S].
        beside = np.zeros((len(ids), sum(cell.statistics.shape[1] for cell in cells.values())))
        ends = np.cumsum([cell.statistics.shape[1] for cell in cells.values()])
        for cell, block in zip(cells.values(), np.split(beside, ends[:-1], axis=1), strict=True):
            np.add.at(block, [place[i] for i in cell.ids], cell.statistics)
        drawn = draws(len(ids), "aligned")
        sums = np.split(drawn @ beside, ends[:-1], axis=1)
        for (name, cell), resampled in zip(cells.items(), sums, strict=True):
            scores[name] = _score_cell(cell, resampled, score)
            if score_samples:
                own = drawn if cell.ids == ids else drawn[:, [place[i] for i in cell.ids]]
                scores[name] |= _score_rows(cell, own, score_samples)
    else:
        for name, cell in cells.items():
            drawn = draws(len(cell.ids), name)
            scores[name] = _score_cell(cell, drawn @ cell.statistics, score)
            if score_samples:
                scores[name] |= _score_rows(cell, drawn, score_samples)
    return scores


def average(parts: Sequence[Resampled]) -> Resampled:
    """The unweighted mean over cells."""
    return Resampled(
        float(np.mean([part.value for part in parts])),
        np.mean([part.replicates for part in parts], axis=0),
    )


def difference(first: Resampled, second: Resampled) -> Resampled:
    """First minus second, replicate by replicate."""
    return Resampled(first.value - second.value, first.replicates - second.replicates)


def ratio(part: Resampled, whole: Resampled) -> Resampled:
    """A part over a whole that is never 0, replicate by replicate."""
    return Resampled(part.value / whole.value, part.replicates / whole.replicates)


def _score_cell(cell: Sample, resampled: np.ndarray, score: Score) -> dict[str, Resampled]:
    """Metrics of a cell from its statistics and their resampled sums, [RESAMPLES, S]."""
    values, replicates = score(cell.statistics.sum(axis=0)), score(resampled)
    return {name: Resampled(float(values[name]), replicates[name]) for name in values}


def _score_rows(
    cell: Sample, drawn: np.ndarray, score_samples: ScoreSamples
) -> dict[str, Resampled]:
    """The metrics of a cell that sums do not determine; its rows are drawn so often, [R, N]."""
    values = score_samples(cell.statistics, np.ones((1, len(cell.ids))))
    if not values:
        return {}
    replicates = score_samples(cell.statistics, drawn)
    return {name: Resampled(float(values[name][0]), replicates[name]) for name in values}


@lru_cache(maxsize=4)  # runs of one task are resampled one after another, all in the same way
def draws(n: int, name: str) -> np.ndarray:
    """How often each of n is drawn in each resample, [RESAMPLES, n]; the same for the same name."""
    seed = int.from_bytes(hashlib.sha256(f"{name}/{n}".encode()).digest()[:8], "big")
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(n, np.full(n, 1.0 / n), size=RESAMPLES).astype(np.float64)
    counts.flags.writeable = False
    return counts
