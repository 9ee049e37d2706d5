"""Whether one figure goes with another: AUCs and correlations, resampled over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from xlt_cli.stats.intervals import Resampled

Kind = Literal["pearson", "spearman"]


def auc(holds: np.ndarray, score: np.ndarray, weights: np.ndarray) -> Resampled | None:
    """Area under the ROC curve: how often a row where it holds has a higher score than another.

    Args:
        holds: [N], bool.
        score: [N].
        weights: how often each resample has each row, [RESAMPLES, N].

    Returns None if it holds everywhere or nowhere.
    """
    from sklearn.metrics import roc_auc_score

    if holds.all() or not holds.any():
        return None
    above, below = score[holds][:, None], score[~holds]
    wins = (above > below) + 0.5 * (above == below)
    positive, negative = weights[:, holds], weights[:, ~holds]
    with np.errstate(invalid="ignore", divide="ignore"):
        replicates = ((positive @ wins) * negative).sum(axis=1) / (
            positive.sum(axis=1) * negative.sum(axis=1)
        )
    return Resampled(float(roc_auc_score(holds, score)), replicates)


def auc_influence(holds: np.ndarray, score: np.ndarray) -> np.ndarray:
    """How far each row moves the AUC, to first order, [N]; their mean is 0.

    DeLong, DeLong and Clarke-Pearson (1988): how often a row is on the right side of those of the
    other kind, less the AUC, over its own kind's share of the rows.

    Args:
        holds: [N], bool; there are rows of both kinds.
        score: [N].
    """
    effects = np.empty(len(score))
    for kind in (True, False):
        own, others = score[holds == kind], np.sort(score[holds != kind])
        below = np.searchsorted(others, own, "left") + np.searchsorted(others, own, "right")
        wins = below / (2 * len(others))
        right = wins if kind else 1 - wins
        effects[holds == kind] = (right - right.mean()) * (len(score) / len(own))
    return effects


def correlation(
    kind: Kind, first: Sequence[Resampled], second: Sequence[Resampled]
) -> Resampled | None:
    """The correlation of K figures with K others, e.g. of two gains over K languages.

    Each replicate correlates the K replicates of one resample; the K themselves stay as they are.
    Returns None where one side is constant, or K is below 2.
    """
    from scipy.stats import pearsonr, rankdata, spearmanr

    values = [np.array([part.value for part in side]) for side in (first, second)]
    if len(first) < 2 or any(np.ptp(side) == 0 for side in values):
        return None
    result = (pearsonr if kind == "pearson" else spearmanr)(*values)
    sides = [np.stack([part.replicates for part in side]) for side in (first, second)]
    if kind == "spearman":
        sides = [rankdata(side, axis=0) for side in sides]
    return Resampled(float(result.statistic), _columns(*sides))


def _columns(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each column of [K, R], [R]; NaN where one is constant."""
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
        columns: np.ndarray = (first * second).sum(axis=0) / np.where(scale > 0, scale, np.nan)
    return columns


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> tuple[float, float] | None:
    """Spearman's correlation of K pairs, and the p-value of a permutation test of none.

    All orders are tried where there are at most 9,999 (K <= 7), else so many that are drawn with a
    fixed seed. The test is two-sided.

    Returns:
        None where one side is constant, or K is below 3.
    """
    from scipy.stats import permutation_test, rankdata

    ranks = [rankdata(side) for side in (first, second)]
    if len(first) < 3 or any(np.ptp(side) == 0 for side in ranks):
        return None
    x, y = (side - side.mean() for side in ranks)
    scale = float(np.sqrt((x**2).sum() * (y**2).sum()))

    def rho(own: np.ndarray, axis: int = -1) -> np.ndarray:
        shared: np.ndarray = (own * y).sum(axis=axis) / scale
        return shared

    drawn = np.random.default_rng(0)
    found = permutation_test(
        (x,), rho, permutation_type="pairings", vectorized=True, random_state=drawn
    )
    return float(found.statistic), float(found.pvalue)
