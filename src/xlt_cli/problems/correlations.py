"""Pearson's and Spearman's correlation of samples in which rows occur several times.

Both are computed anew for each resample. In particular, Spearman's is that of the ranks within the
resample: a row that is drawn twice is two rows of one rank, which share the mean of their places,
as scipy gives ties. Ranks of the whole set, kept for a resample, would take the positions of the
other rows as known, and intervals would be too narrow.
"""

from __future__ import annotations

import numpy as np

BLOCK = 1 << 21
"""About how many numbers are worked on at once."""


def pearson(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Pearson's correlation in each sample, [R]; 0 where `y` has one value, NaN where `x` has.

    Args:
        x: what is right, [N].
        y: what was predicted, [N].
        counts: how often each row occurs in each sample, [R, N].
    """
    # Rows of one value come to exactly 0, and large means cost no digits.
    x, y = x - np.median(x), y - np.median(y)
    n, sx, sy, sxx, syy, sxy = (
        counts @ column for column in (np.ones_like(x), x, y, x * x, y * y, x * y)
    )
    return _correlation(n, sx, sy, sxx, syy, sxy)


def spearman(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation in each sample, [R], as `pearson` of the samples' own ranks."""
    both = Ties(x), Ties(y)
    rows = max(BLOCK // max(len(x), 1), 1)
    blocks = [_spearman(*both, counts[i : i + rows].T) for i in range(0, len(counts), rows)]
    return np.concatenate(blocks)


def _spearman(x: Ties, y: Ties, counts: np.ndarray) -> np.ndarray:
    counts = np.ascontiguousarray(counts)  # [N, R]: rows are picked, which is fast
    n = counts.sum(axis=0)
    rx, ry = (own.ranks(counts) - (n + 1) / 2 for own in (x, y))

    def total(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        summed: np.ndarray = np.einsum("nr,nr,nr->r", counts, one, other)
        return summed

    # The ranks of a sample are centred, so that their sums are 0.
    nothing = np.zeros_like(n)
    return _correlation(n, nothing, nothing, total(rx, rx), total(ry, ry), total(rx, ry))


class Ties:
    """Which of some values, [N], are equal, and their order."""

    def __init__(self, values: np.ndarray) -> None:
        distinct, self._which = np.unique(values, return_inverse=True)
        self._order = np.argsort(self._which, kind="stable")
        self._starts = np.searchsorted(self._which[self._order], np.arange(len(distinct)))

    def ranks(self, counts: np.ndarray) -> np.ndarray:
        """The rank of each value in each sample, [N, R], from 1; equal ones share their mean rank.

        Args:
            counts: how often each occurs in each sample, [N, R].
        """
        of_each = counts[self._order]
        if len(self._starts) < len(counts):
            of_each = np.add.reduceat(of_each, self._starts, axis=0)
        mean: np.ndarray = np.cumsum(of_each, axis=0) - (of_each - 1) / 2
        return mean[self._which]


def _correlation(
    n: np.ndarray,
    sx: np.ndarray,
    sy: np.ndarray,
    sxx: np.ndarray,
    syy: np.ndarray,
    sxy: np.ndarray,
) -> np.ndarray:
    """From the sums of a sample's rows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        of_x, of_y = (s2 - s1 * s1 / n for s1, s2 in ((sx, sxx), (sy, syy)))
        # What rounding leaves of a variance of 0.
        flat_x, flat_y = (v <= 1e-14 * s2 for v, s2 in ((of_x, sxx), (of_y, syy)))
        found = (sxy - sx * sy / n) / np.sqrt(of_x * of_y)
        found = np.where(flat_y, 0.0, found.clip(-1.0, 1.0))
    result: np.ndarray = np.where(flat_x | (n == 0), np.nan, found)
    return result
