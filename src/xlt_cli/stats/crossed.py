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
the figures of K seeds in L languages are a table of the same kind, and items are in its cells:

    variance = MS_languages + MS_seeds - MS_noise + items        each over K L N

MS_noise is that of seeds x languages. Items of one language are in MS_languages; `items` is what
items add that all languages have in common. Few seeds and few languages need three rules
(docs/results/statistics/README.md has what else was tried):

- A difference of mean squares may be below 0. Instead of cutting it off there, which makes the
  variance too large, the sum of the three is cut off at df / (df + 1) of the mean square with the
  fewer df: its squares over their number, as a maximum likelihood estimate has it.
- The 1 / df of seeds and languages are weighted by their shares to the power 4 / 3. Where both
  have few, intervals by the shares themselves are too wide, and by their squares too narrow.
- The interval is never shorter than that with items as the only sample.
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

POWER = 4 / 3
"""The power of the shares of seeds and languages by which their 1 / df are weighted."""

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
    values: np.ndarray,
    effects: Sequence[np.ndarray],
    groups: Sequence[Sequence[int]],
    others: Sequence[Part] = (),
) -> Estimate | None:
    """A mean over languages, or the difference of two means, with languages as a sample, too.

    Args:
        values: the figure with each seed in each language, [K, L].
        effects: of each of the L languages, [K, N]; items that a language lacks have 0.
        groups: the languages of the mean; or those of the first mean, and those of the second.
            What languages of one group differ by is taken to be the same in both.
        others: further parts of the variance.

    Returns:
        None if no group has two languages: what languages differ by is then unknown.
    """
    known = sum(len(group) - 1 for group in groups)
    if known < 1:
        return None
    values = np.asarray(values, dtype=np.float64)
    of_seeds, of_items = np.zeros(len(values)), np.zeros_like(effects[0], dtype=np.float64)
    between, residues, apart = 0.0, 0.0, 0.0
    for sign, group in zip((1.0, -1.0), groups, strict=False):
        own = values[:, list(group)]
        mean = np.mean([effects[x] for x in group], axis=0, dtype=np.float64)
        of_seeds += sign * own.mean(axis=1)
        of_items += sign * mean
        between += float(((own.mean(axis=0) - own.mean()) ** 2).sum())
        residues += _residues(own)
        apart += sum(_of_items(effects[x] - mean) for x in group)
    shares = sum(1 / len(group) for group in groups) / known
    figures = Part(between * shares, known)
    *seeds, items = parts(of_seeds, of_items)
    if seeds:
        noise = residues * shares / (len(values) * (len(values) - 1))
        figures = _both(figures, seeds[0], noise)
    value = float(of_seeds.mean())
    common = Part(max(_of_items(of_items) - apart * shares, 0.0), items.df)
    found = combined(value, [figures, common, *others])
    alone = combined(value, [items, *others])
    return max(found, alone, key=lambda estimate: estimate.interval().high)


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
    by_item = Part(max(_of_items(effects), 0.0), max(items - 1.0, 1.0))
    if seeds == 1:
        return [by_item]
    return [Part(float(values.var(ddof=1)) / seeds, seeds - 1.0), by_item]


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


def _both(first: Part, second: Part, noise: float) -> Part:
    """What two crossed samples add to the variance of a mean, where both contain its noise."""
    few, many = sorted((first, second), key=lambda part: part.df)
    net = many.variance - noise
    total = few.variance + max(net, 0.0)
    if total <= 0:
        return Part(0.0, few.df)
    own, rest = few.variance / total, max(net, 0.0) / total
    least = few.variance * few.df / (few.df + 1)
    return Part(max(few.variance + net, least), 1 / (own**POWER / few.df + rest**POWER / many.df))


def _of_items(effects: np.ndarray) -> float:
    """What items add to the variance of a mean, from [K, N].

    With several seeds, (MS_items - MS_error) / (K N), which may be below 0 by chance.
    """
    seeds, items = effects.shape
    flat = effects.astype(np.float64, copy=False).ravel()
    if seeds == 1:
        return float((flat**2).sum() / (items * max(items - 1.0, 1.0)))
    if items < 2:
        return 0.0
    squares = float(flat @ flat)
    columns = effects.mean(axis=0, dtype=np.float64)
    rows = effects.mean(axis=1, dtype=np.float64)
    grand = float(rows.mean())
    of_items = seeds * float(((columns - grand) ** 2).sum())
    error = squares - of_items - items * float(((rows - grand) ** 2).sum())
    return float((of_items - max(error, 0.0) / (seeds - 1)) / ((items - 1) * seeds * items))


def _residues(values: np.ndarray) -> float:
    """The squares of figures, [K, L], less the means of their seeds and of their languages."""
    rows, columns = values.mean(axis=1, keepdims=True), values.mean(axis=0)
    left: np.ndarray = values - rows - columns + values.mean()
    return float((left**2).sum())
