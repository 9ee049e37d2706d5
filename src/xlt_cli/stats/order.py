"""Almost stochastic order: is one system better than another over their seeds as a whole?

A system dominates another stochastically if each quantile of its scores is at least as high. The
violation ratio says how far it is from that: 0 if it dominates, 1 if the other does, 0.5 if neither
is nearer to it (del Barrio, Cuesta-Albertos and Matrán 2018; Dror, Shlomov and Reichart 2019). It
needs no normal distribution and no pairs of seeds, and it is no substitute for the intervals: of
two systems that are the same, it calls the first better in 13 to 18% of simulations, with 3 to 20
seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.stats.intervals import LEVEL, RESAMPLES, draws


@dataclass(frozen=True)
class Order:
    """How far one system is from dominating another.

    Attributes:
        ratio: the violation ratio of the scores at hand, in [0, 1].
        bound: what the ratio is at most with confidence 1 - level; below 0.5 the first system is
            called almost stochastically dominant.
    """

    ratio: float
    bound: float


def almost_stochastic_order(
    first: Sequence[float], second: Sequence[float], level: float = LEVEL
) -> Order:
    """Whether the first system dominates the second, from the scores of their seeds.

    The bound is normal, with the deviation of the ratio over resampled seeds (Dror et al.,
    equation 9).

    Args:
        first, second: scores, higher is better; [N] and [M].
    """
    from scipy.special import ndtri

    scores = [np.sort(np.asarray(side, dtype=np.float64)) for side in (first, second)]
    ratio = float(_ratios(*(side[None] for side in scores))[0])
    drawn = [np.sort(_resampled(side, f"seeds {n}"), axis=1) for n, side in enumerate(scores)]
    deviation = math.sqrt(float(np.mean((_ratios(*drawn) - ratio) ** 2)))
    return Order(ratio, min(1.0, max(0.0, ratio + deviation * float(ndtri(1 - level)))))


def _resampled(scores: np.ndarray, name: str) -> np.ndarray:
    """Scores drawn with replacement, [RESAMPLES, N]."""
    counts = draws(len(scores), name).astype(int)
    drawn: np.ndarray = np.repeat(np.tile(scores, RESAMPLES), counts.ravel())
    return drawn.reshape(RESAMPLES, len(scores))


def _ratios(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Violation ratios, [R], of sorted scores, [R, N] and [R, M]; 0.5 of equal distributions."""
    n, m = first.shape[1], second.shape[1]
    # Quantiles are steps that end at i / n and at j / m.
    ends = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))
    width = np.diff(ends, prepend=0) / (n * m)
    one, other = -(-ends // m) - 1, -(-ends // n) - 1
    gap = first[:, one] - second[:, other]
    whole = (gap**2) @ width
    violated = (np.minimum(gap, 0.0) ** 2) @ width
    ratios: np.ndarray = np.where(whole > 0, violated / np.where(whole > 0, whole, 1.0), 0.5)
    return ratios
