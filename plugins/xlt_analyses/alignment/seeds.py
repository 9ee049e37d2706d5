"""Figures of a model over its seeds, with intervals whose samples are rows and seeds.

With several seeds an interval is the two-way random-effects interval of seeds and rows
(`xlt_cli.api.stats.crossed`), which needs a figure with each seed and how far each row moves it.
With one seed it is a bootstrap over rows.

A correlation of figures over languages follows rows in no simple way (ranks have no derivative). It
is resampled over rows, with the seeds as given, from the replicates that each figure has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.api.stats import (
    Interval,
    Kind,
    Resampled,
    auc,
    auc_influence,
    average,
    correlation,
    crossed,
    difference,
)

SHARE = (0.0, 1.0)
GAIN = (-1.0, 1.0)
KINDS: tuple[Kind, ...] = ("pearson", "spearman")


@dataclass(frozen=True)
class Figure:
    """A figure of K seeds of a model; what is shown is their mean.

    Attributes:
        values: with each seed, [K].
        effects: how far each row moves it with each seed, [K, N]; mean 0 over the rows.
        resampled: the mean over seeds with its replicates over rows.
        bounds: between which every such figure lies; an interval is cut there.
    """

    values: np.ndarray
    effects: np.ndarray
    resampled: Resampled
    bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def seeds(self) -> int:
        """How many seeds it is a mean over."""
        return len(self.values)

    @property
    def value(self) -> float:
        """The mean over seeds."""
        return self.resampled.value

    def interval(self) -> Interval:
        """Its 95% interval, with seeds as a sample if there are several.

        Where all seeds agree and no row counts with all of them (one row of hundreds, another with
        each seed), the two-way variance is 0 by chance. The interval is then that over rows alone.
        """
        estimate = crossed(self.values, self.effects) if self.seeds > 1 else None
        if estimate is None or estimate.error == 0:
            return self.resampled.interval()
        found = estimate.interval()
        low, high = self.bounds
        # Rounding may miss the value itself by a hair.
        return Interval(
            self.value,
            min(max(found.low, low), self.value),
            max(min(found.high, high), self.value),
        )


def over_seeds(
    parts: Sequence[Resampled],
    effects: Sequence[np.ndarray],
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Figure:
    """A figure from one of each seed, and its effects, [N] each."""
    values = np.array([part.value for part in parts])
    return Figure(values, np.stack(effects), average(parts), bounds)


def share(holds: Sequence[np.ndarray], among: Sequence[np.ndarray], weights: np.ndarray) -> Figure:
    """The share of the rows `among` which something holds; by seed, [N] bool each.

    Args:
        weights: how often each resample has each row, [RESAMPLES, N].
    """
    parts, effects = [], []
    for own, rows in zip(holds, among, strict=True):
        with np.errstate(invalid="ignore", divide="ignore"):
            value = float((own & rows).sum() / rows.sum())
            replicates = (weights @ (own & rows)) / (weights @ rows)
            effects.append(np.where(rows, own - value, 0.0) * (len(rows) / rows.sum()))
        parts.append(Resampled(value, replicates))
    return over_seeds(parts, effects, SHARE)


def area(
    holds: Sequence[np.ndarray],
    score: Sequence[np.ndarray],
    among: Sequence[np.ndarray],
    weights: np.ndarray,
) -> Figure | None:
    """The AUC of a score, by seed, [N] each; None if a seed has no rows of one kind."""
    parts, effects = [], []
    for own, scores, rows in zip(holds, score, among, strict=True):
        part = auc(own[rows], scores[rows], weights[:, rows])
        if part is None:
            return None
        moves = np.zeros(len(rows))
        moves[rows] = auc_influence(own[rows], scores[rows]) * (len(rows) / rows.sum())
        parts.append(part)
        effects.append(moves)
    return over_seeds(parts, effects, SHARE)


def mean(values: Sequence[np.ndarray], weights: np.ndarray) -> Figure:
    """The mean over rows of what each row has, by seed, [N] each."""
    parts = [Resampled(float(own.mean()), weights @ own / len(own)) for own in values]
    return over_seeds(parts, [own - own.mean() for own in values])


def over_languages(parts: Sequence[Figure]) -> Figure:
    """The unweighted mean over languages."""
    return Figure(
        np.mean([part.values for part in parts], axis=0),
        np.mean([part.effects for part in parts], axis=0),
        average([part.resampled for part in parts]),
        parts[0].bounds,
    )


def gain(mine: Figure, base: Figure) -> Figure:
    """A share of a model less the baseline's, seed by seed and row by row."""
    return Figure(
        mine.values - base.values,
        mine.effects - base.effects,
        difference(mine.resampled, base.resampled),
        GAIN,
    )


def together(first: Sequence[Figure], second: Sequence[Figure]) -> dict[Kind, Resampled | None]:
    """How figures of languages go with others; resampled over rows, with the seeds as given."""
    sides = [[part.resampled for part in side] for side in (first, second)]
    return {kind: correlation(kind, *sides) for kind in KINDS}
