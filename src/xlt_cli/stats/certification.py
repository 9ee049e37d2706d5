"""Randomized smoothing: what votes under Gaussian noise certify (Cohen et al. 2019, section 3).

The smoothed classifier answers what the base classifier answers most often under noise
N(0, sigma^2 I). If that answer has probability p > 1/2, no change of the input of an l2 norm below
sigma * Phi^-1(p) changes it (theorem 1, with p_B bounded by 1 - p_A).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ABSTAINED = -1


@dataclass(frozen=True)
class Certified:
    """What is certain of N inputs, but for a probability of alpha each.

    Attributes:
        classes: the smoothed classifier's answers, or `ABSTAINED`, [N].
        radii: l2 radii within which the answers hold, in the input's units; 0 where it
            abstained, [N].
    """

    classes: np.ndarray
    radii: np.ndarray


def certify(
    selection: np.ndarray, estimation: np.ndarray, deviation: np.ndarray, alpha: float
) -> Certified:
    """Algorithm CERTIFY on counted votes.

    Args:
        selection: votes that choose the answer, [N, C].
        estimation: further votes, from which its probability is bounded, [N, C].
        deviation: standard deviation of the noise on each coordinate, [N].
        alpha: the probability that an answer or its radius is wrong.
    """
    from scipy.stats import norm

    chosen = selection.argmax(axis=1)
    hits = estimation[np.arange(len(chosen)), chosen]
    lower = lower_bound(hits, estimation.sum(axis=1), alpha)
    sure = lower > 0.5
    radii = np.where(sure, deviation * norm.ppf(np.where(sure, lower, 0.5)), 0.0)
    return Certified(np.where(sure, chosen, ABSTAINED), radii)


def lower_bound(hits: np.ndarray, draws: np.ndarray, alpha: float) -> np.ndarray:
    """One-sided lower bound of a probability at confidence 1 - alpha (Clopper and Pearson)."""
    from scipy.stats import beta

    with np.errstate(invalid="ignore"):
        found: np.ndarray = beta.ppf(alpha, hits, draws - hits + 1)
    return np.where(hits == 0, 0.0, found)


def summarise(
    radii: np.ndarray, right: np.ndarray, abstained: np.ndarray, points: int = 5
) -> dict[str, Any]:
    """Figures of N smoothed answers.

    Returns a dict of `abstained` (a share), `median_radius`, and `certified_accuracy`: pairs of a
    radius and the share of inputs that are right and certified at it, at radii evenly spaced from
    0 to the largest.

    Args:
        radii: that are certified, 0 where it abstained, [N].
        right: whether the answer is the gold label, [N].
        abstained: whether there is no answer, [N].
    """
    steps = np.linspace(0.0, float(radii.max()), points)
    return {
        "abstained": float(np.mean(abstained)),
        "median_radius": float(np.median(radii)),
        "certified_accuracy": [
            [float(at), float((right & (radii >= at) & (radii > 0)).mean())] for at in steps
        ],
    }
