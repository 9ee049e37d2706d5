"""Means over seeds, items and languages that are samples: random-effects intervals.

**Seeds and items.** Each run (seed) is tested on the same items. A figure varies with the seed,
with the item, and with each run's own noise on each item. The variance of the mean over K seeds and
N items is estimated by mean squares of the seeds x items table, as in multi-reader multi-case
studies, whose readers are the seeds here and whose cases are the items (Obuchowski and Rockette
1995; Hillis 2007):

    variance = seeds + items
    seeds = MS_seeds / (K N)                           the variance of the seeds' figures, over K
    items = max(MS_items - MS_error, 0) / (K N)        what is hard or easy with every seed

**Degrees of freedom.** 1 / df is the mean of 1 / (K - 1) and 1 / (N - 1), weighted by the shares
of the two in the variance. Hillis weights by the squares of the shares, as Satterthwaite does. With
few seeds, these fall short by chance where df then is large: his interval covers 92.2 to 95.0%
with 3 seeds, this one 94.2 to 96.3% (docs/explanation/statistics.md).

**Metrics that are no means over items** enter by influence values: how far each item moves the
metric, to first order (Hampel 1974). The seeds' part comes from the metric's own values.

**Languages as a sample.** Where a claim is about languages and not about those that were tested,
what languages differ by adds a third part (`Part`), net of what seeds and items explain of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.stats.estimates import Estimate

Score = Callable[[np.ndarray], Mapping[str, np.ndarray]]

ScoreSamples = Callable[[np.ndarray, np.ndarray], Mapping[str, np.ndarray]]

BLOCK = 256
"""Samples without one row that are scored at once."""

STEP = 1e-5
"""By what share of the items sums are moved to see how a metric follows."""


@dataclass(frozen=True)
class Part:
    """A part of the variance of an estimate, and the degrees of freedom that it is known with."""

    variance: float
    df: float


def crossed(values: Sequence[float] | np.ndarray, effects: np.ndarray) -> Estimate:
    """The mean over seeds, with seeds and items as samples; with one seed, items alone.

    Args:
        values: the figure with each seed, [K].
        effects: how far each item moves it with each seed, [K, N]. Their mean over the N items is
            0 for each seed, and the error of the figure is their mean over other items.
    """
    values = np.asarray(values, dtype=np.float64)
    return combined(float(values.mean()), parts(values, effects))


def over_languages(
    values: np.ndarray, effects: Sequence[np.ndarray], groups: Sequence[Sequence[int]]
) -> Estimate | None:
    """A mean over languages, or the difference of two means, with languages as a sample, too.

    Args:
        values: the figure with each seed in each language, [K, L].
        effects: of each of the L languages, [K, N]; items that a language lacks have 0.
        groups: the languages of the mean; or those of the first mean, and those of the second.
            What languages of one group differ by is taken to be the same in both.

    Returns:
        None if no group has two languages: what languages differ by is then unknown.
    """
    known = sum(len(group) - 1 for group in groups)
    if known < 1:
        return None
    values = np.asarray(values, dtype=np.float64)
    of_seeds, of_items = np.zeros(len(values)), np.zeros_like(effects[0], dtype=np.float64)
    squares = 0.0
    for sign, group in zip((1.0, -1.0), groups, strict=False):
        mean = np.mean([effects[x] for x in group], axis=0, dtype=np.float64)
        of_seeds += sign * values[:, list(group)].mean(axis=1)
        of_items += sign * mean
        squares += _between(values[:, list(group)], [effects[x] - mean for x in group])
    shares = sum(1 / len(group) for group in groups)
    languages = Part(max(squares / known, 0.0) * shares, known)
    return combined(float(of_seeds.mean()), [*parts(of_seeds, of_items), languages])


def combined(value: float, parts: Sequence[Part]) -> Estimate:
    """An estimate whose variance is a sum; each part's 1 / df counts by its share."""
    total = sum(part.variance for part in parts)
    if total <= 0:
        return Estimate(value, 0.0, min(part.df for part in parts))
    shared = sum(part.variance / part.df for part in parts)
    return Estimate(value, math.sqrt(total), total / shared)


def parts(values: np.ndarray, effects: np.ndarray) -> list[Part]:
    """What seeds (if there are several) and items add to the variance of a mean, see `crossed`."""
    seeds, items = effects.shape
    known = max(items - 1.0, 1.0)
    if seeds == 1:
        squares = float((effects[0].astype(np.float64) ** 2).sum())
        return [Part(squares / (items * known), known)]
    by_seed = Part(float(values.var(ddof=1)) / seeds, seeds - 1.0)
    return [by_seed, Part(max(_beyond_noise(effects), 0.0), known)]


def influence(
    statistics: np.ndarray, score: Score, counts: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """How far each row moves each metric, [N] each; the mean over all rows is 0.

    A row's statistics, less their mean, times the derivatives of the metric: for a mean over rows
    that is the row's value less the mean.

    Args:
        statistics: of each row, [N, S], whose sums determine the metrics.
        score: the metrics of sums, [..., S].
        counts: how many rows each stands for, [N]; None: each for itself.
    """
    counts = np.ones(len(statistics)) if counts is None else counts
    rows, sums = counts.sum(), counts @ statistics
    # What no row has moves nothing, and may have no derivative.
    there = (statistics[counts > 0] != 0).any(axis=0)
    found = slopes(sums[None], np.array([rows]), there[None], score)
    return {name: rows * ((statistics - sums / rows) @ slope[0]) for name, slope in found.items()}


def left_out(statistics: np.ndarray, score_samples: ScoreSamples) -> dict[str, np.ndarray]:
    """The same for metrics that sums do not determine, [N] each: by leaving out each row in turn.

    For a mean over rows that is the row's value less the mean, too (Miller 1974, the jackknife).

    Args:
        statistics: of each row, [N, S].
        score_samples: metrics of samples, from statistics and how often each row occurs, [R, N].
    """
    rows = len(statistics)
    found: dict[str, list[np.ndarray]] = {}
    for first in range(0, rows, BLOCK):
        without = np.ones((min(BLOCK, rows - first), rows))
        np.fill_diagonal(without[:, first:], 0.0)
        for name, values in score_samples(statistics, without).items():
            found.setdefault(name, []).append(values)
    moved = {name: (rows - 1) * -np.concatenate(parts) for name, parts in found.items()}
    return {name: own - own.mean() for name, own in moved.items()}


def slopes(
    sums: np.ndarray, rows: np.ndarray, there: np.ndarray, score: Score
) -> dict[str, np.ndarray]:
    """The derivatives of each metric by the sums of statistics of C cells, [C, S] each.

    Args:
        sums: [C, S].
        rows: how many there are in each cell, [C].
        there: whether some row has the statistic, [C, S]; the derivative is 0 elsewhere.
    """
    size = sums.shape[1]
    step = (STEP * rows)[:, None]
    moved = step[:, :, None] * np.eye(size)
    beside = sums[:, None, :]
    with np.errstate(all="ignore"):
        scored = score(np.concatenate([beside + moved, beside - moved], axis=1))
        return {
            name: np.where(there, (figures[:, :size] - figures[:, size:]) / (2 * step), 0.0)
            for name, figures in scored.items()
        }


def _beyond_noise(effects: np.ndarray) -> float:
    """(MS_items - MS_error) / (K N) of [K, N], K above 1; below 0 by chance."""
    seeds, items = effects.shape
    if items < 2:
        return 0.0
    flat = effects.astype(np.float64, copy=False).ravel()
    squares = float(flat @ flat)
    columns = effects.mean(axis=0, dtype=np.float64)
    rows = effects.mean(axis=1, dtype=np.float64)
    grand = float(rows.mean())
    of_items = seeds * float(((columns - grand) ** 2).sum())
    error = squares - of_items - items * float(((rows - grand) ** 2).sum())
    return float((of_items - max(error, 0.0) / (seeds - 1)) / ((items - 1) * seeds * items))


def _between(values: np.ndarray, deviations: Sequence[np.ndarray]) -> float:
    """L - 1 times the variance between L languages, less what seeds and items explain of it.

    Args:
        values: [K, L].
        deviations: of each language's effects from their mean over the languages, [K, N] each.
    """
    seeds, languages = values.shape
    if languages < 2:
        return 0.0
    means = values.mean(axis=0)
    squares = float(((means - means.mean()) ** 2).sum())
    if seeds > 1:
        residues = values - means - values.mean(axis=1, keepdims=True) + means.mean()
        squares -= float((residues**2).sum()) / (seeds * (seeds - 1))
        return float(squares - sum(_beyond_noise(own) for own in deviations))
    return float(squares - sum(parts(values[:, 0], own)[0].variance for own in deviations))
