"""p-values of gains, and Holm's correction for looking at many of them.

A p-value is the interval turned round: the smallest level at which the interval of a gain
(`intervals.over_seeds`) leaves 0 out. So p <= 0.05 says the same as a 95% interval without 0, and
over few seeds Student's t decides at every level (Efron and Tibshirani 1993, ch. 15 and 16).
"""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.stats.intervals import LEVEL, RESAMPLES, Resampled, over_seeds

DIGITS = 3
"""What so many resamples can tell: 1 / RESAMPLES."""

LOWEST = 2
"""In 1 / RESAMPLES: a tail for each side, of one resample."""


def p_value(parts: Sequence[Resampled]) -> float:
    """Two-sided, of the mean of a gain over seeds; from 0.002 to 1, to 0.001.

    Args:
        parts: the gain with each seed.
    """
    low, high = LOWEST, RESAMPLES  # intervals grow as their level falls: bisection
    while low < high:
        middle = (low + high) // 2
        if _leaves_zero_out(parts, middle / RESAMPLES):
            high = middle
        else:
            low = middle + 1
    return low / RESAMPLES


def holm(values: Sequence[float]) -> list[float]:
    """p-values of a family, adjusted (Holm 1979): at most `LEVEL` where a gain stands out.

    Sorted from the smallest, p_(i) of m becomes the largest of (m - j + 1) p_(j) over j <= i, and
    at most 1. The chance of one false finding or more in the family is then at most the level.
    """
    adjusted, before = [1.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        before = max(before, min(1.0, (len(values) - rank) * values[index]))
        adjusted[index] = round(before, DIGITS)
    return adjusted


def stands_out(adjusted: float) -> bool:
    """Whether an adjusted p-value is small enough."""
    return adjusted <= LEVEL


def _leaves_zero_out(parts: Sequence[Resampled], level: float) -> bool:
    interval = over_seeds(parts, level).interval(level)
    return interval.low > 0 or interval.high < 0
