"""What votes under Gaussian noise certify (Cohen et al. 2019, section 3).

The classifier by majority answers what the base classifier answers most often under noise
N(0, sigma^2 I). If that answer has probability p > 1/2, no change of the input of an l2 norm below
sigma * Phi^-1(p) changes it (theorem 1, with p_B bounded by 1 - p_A).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ABSTAINED = -1


@dataclass(frozen=True)
class Certified:
    """What is certain of N inputs, but for a probability of alpha each.

    Attributes:
        classes: the answers by majority, or `ABSTAINED`, [N].
        radii: l2 radii within which the answers hold, in the input's units; 0 where it
            abstained, [N].
    """

    classes: np.ndarray
    radii: np.ndarray

    @property
    def abstained(self) -> np.ndarray:
        """Where there is no answer, [N]."""
        abstained: np.ndarray = self.classes == ABSTAINED
        return abstained


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
    import numpy as np
    from scipy.stats import norm

    chosen = selection.argmax(axis=1)
    hits = estimation[np.arange(len(chosen)), chosen]
    lower = lower_bound(hits, estimation.sum(axis=1), alpha)
    sure = lower > 0.5
    radii = np.where(sure, deviation * norm.ppf(np.where(sure, lower, 0.5)), 0.0)
    return Certified(np.where(sure, chosen, ABSTAINED), radii)


def lower_bound(hits: np.ndarray, draws: np.ndarray, alpha: float) -> np.ndarray:
    """One-sided lower bound of a probability at confidence 1 - alpha (Clopper and Pearson)."""
    import numpy as np
    from scipy.stats import beta

    with np.errstate(invalid="ignore"):
        bound: np.ndarray = beta.ppf(alpha, hits, draws - hits + 1)
    return np.where(hits == 0, 0.0, bound)
