"""What two systems do differently with the same rows or seeds: McNemar's test, effect sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from xlt_cli.stats.intervals import LEVEL, Interval


def mcnemar(won: int, lost: int) -> float:
    """p-value of McNemar's exact test (1947): is a row as often won as lost?

    Args:
        won: rows that only the first system answers correctly.
        lost: rows that only the second does.
    """
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def odds_ratio(won: int, lost: int, level: float = LEVEL) -> Interval | None:
    """Rows won for each row lost, with the exact interval of Clopper and Pearson.

    Returns None if the systems never differ, or no row is lost.
    """
    from scipy.stats import binomtest

    if lost == 0:
        return None
    share = binomtest(won, won + lost).proportion_ci(1 - level, "exact")
    high = share.high / (1 - share.high) if share.high < 1 else math.inf
    return Interval(won / lost, share.low / (1 - share.low), high)


def standardized(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Cohen's d of paired differences: their mean in units of their standard deviation.

    Its interval inverts the noncentral t distribution (Cumming and Finch 2001).

    Args:
        values: the difference with each of K seeds.

    Returns:
        None with fewer than two seeds, or if all differences are equal.
    """
    count = len(values)
    if count < 2 or np.ptp(values) == 0:
        return None
    d = float(np.mean(values) / np.std(values, ddof=1))
    t = d * math.sqrt(count)
    low, high = (_noncentrality(t, count - 1, share) for share in (1 - level / 2, level / 2))
    return Interval(d, low / math.sqrt(count), high / math.sqrt(count))


def _noncentrality(t: float, df: int, share: float) -> float:
    """The shift of the noncentral t distribution that has `share` of its mass below t."""
    from scipy.special import nctdtrinc

    # In the other tail the distribution function has no values.
    sign, mass = (1, share) if t >= 0 else (-1, 1 - share)
    return sign * float(nctdtrinc(df, mass, abs(t)))
