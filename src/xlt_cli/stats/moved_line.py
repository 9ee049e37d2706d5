"""What a line through reference points predicts, and how each point moves the prediction.

The line is that of `trend`: least squares of logit(y) on logit(x); over several x it is a plane.
Where a prediction enters an estimate, the items that its points were measured on enter it, too, and
so do the points themselves: other references would have given another line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.stats.trend import FEWEST, expit, logit


@dataclass(frozen=True)
class Expected:
    """What a line predicts at p shares x, and its derivatives.

    Attributes:
        value: the predicted share, in (0, 1).
        by_x: the derivatives of the prediction by the shares x, [p].
        by_points_x: by those of each of the n points, [n, p].
        by_points_y: by the share y of each point, [n].
        by_logits_y: by logit(y) of each point, [n].
    """

    value: float
    by_x: np.ndarray
    by_points_x: np.ndarray
    by_points_y: np.ndarray
    by_logits_y: np.ndarray


class ReferenceLine:
    """Least squares of logit(y) on logit(x) through n points.

    Args:
        x: shares in (0, 1), [n, p].
        y: as well, [n].

    Attributes:
        residuals: of the points on logit axes, [n].

    Raises:
        ValueError: there are fewer than p + 2 points, or their x do not determine a line.
    """

    def __init__(self, x: np.ndarray, y: Sequence[float] | np.ndarray) -> None:
        self.x, self.y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if len(self.x) < (fewest := fewest_points(self.x.shape[1])):
            raise ValueError(f"a line needs {fewest} points or more, not {len(self.x)}")
        across, up = logit(self.x), logit(self.y)
        self._centre: np.ndarray = across.mean(axis=0)
        self._design: np.ndarray = _with_one(across - self._centre)
        if not is_determined(self.x):
            raise ValueError("the points' x do not determine a line")
        self._inverse: np.ndarray = np.linalg.inv(self._design.T @ self._design)
        self.coefficients: np.ndarray = self._inverse @ self._design.T @ up
        self.residuals: np.ndarray = up - self._design @ self.coefficients

    def at(self, shares: np.ndarray) -> Expected:
        """The prediction at x = `shares`, in (0, 1), [p]."""
        point = _with_one((logit(shares) - self._centre)[None])[0]
        value = float(expit(point @ self.coefficients))
        moved = value * (1 - value)  # of the share for one of its logit
        slopes = self.coefficients[1:]
        along = point @ self._inverse
        by_y = self._design @ along
        by_x = np.outer(self.residuals, along[1:]) - np.outer(by_y, slopes)
        return Expected(
            value,
            moved * slopes / (shares * (1 - shares)),
            moved * by_x / (self.x * (1 - self.x)),
            moved * by_y / (self.y * (1 - self.y)),
            moved * by_y,
        )


def fewest_points(predictors: int) -> int:
    """The points of a line over so many x: one more than always lie on it."""
    return FEWEST - 1 + predictors


def is_determined(x: np.ndarray) -> bool:
    """Whether there is one line over the x of points, [n, p]."""
    across = logit(x)
    design = _with_one(across - across.mean(axis=0))
    return bool(np.linalg.matrix_rank(design) == design.shape[1])


def variance_of_lines(weights: np.ndarray, residuals: np.ndarray, predictors: int = 1) -> float:
    """What the scatter of the points about their lines adds to the variance of a sum.

    The points of K lines are the same n references, whose residuals go together: the covariance of
    two lines' residuals is estimated by their products over n - p - 1.

    Args:
        weights: how logit(y) of each point of each line moves the sum, [K, n].
        residuals: of each line on logit axes, [K, n].
        predictors: p, how many x the lines are over.
    """
    covariances = residuals @ residuals.T / (residuals.shape[1] - predictors - 1)
    return float(max((covariances * (weights @ weights.T)).sum(), 0.0))


def _with_one(columns: np.ndarray) -> np.ndarray:
    """A column of ones before the others."""
    return np.concatenate([np.ones((len(columns), 1)), columns], axis=1)
