"""What a line through reference points predicts, and how each point moves the prediction.

The line is that of `trend`: least squares of logit(y) on logit(x). Where a prediction enters an
estimate, the items that its points were measured on enter it, too, and so do the points themselves:
other references would have given another line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.stats.trend import FEWEST, expit, logit


@dataclass(frozen=True)
class Expected:
    """What a line predicts at one x, and its derivatives.

    Attributes:
        value: the predicted share, in (0, 1).
        by_x: the derivative of the prediction by the share x.
        by_points_x, by_points_y: by the shares of each of the n points, [n].
        by_logits_y: by logit(y) of each point, [n].
    """

    value: float
    by_x: float
    by_points_x: np.ndarray
    by_points_y: np.ndarray
    by_logits_y: np.ndarray


class ReferenceLine:
    """Least squares of logit(y) on logit(x) through n points.

    Args:
        x, y: shares in (0, 1), [n].

    Attributes:
        residuals: of the points on logit axes, [n].
        df: degrees of freedom of the residuals, n - 2.

    Raises:
        ValueError: there are fewer than three points, or all x are the same.
    """

    def __init__(self, x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> None:
        if len(x) < FEWEST:
            raise ValueError(f"a line needs {FEWEST} points or more, not {len(x)}")
        self.x, self.y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        across, up = logit(self.x), logit(self.y)
        self._across, self._up = across - across.mean(), up - up.mean()
        self._spread = float((self._across**2).sum())
        if not self._spread > 0:
            raise ValueError("all points have the same x")
        self.slope = float((self._across * self._up).sum()) / self._spread
        self.intercept = float(up.mean() - self.slope * across.mean())
        self._centre = float(across.mean())
        self.residuals: np.ndarray = self._up - self.slope * self._across
        self.df = len(self.x) - 2

    def at(self, share: float) -> Expected:
        """The prediction at x = `share`, in (0, 1)."""
        count, away = len(self.x), float(logit(share)) - self._centre
        value = float(expit(self.intercept + self.slope * float(logit(share))))
        moved = value * (1 - value)  # of the share for one of its logit
        by_y = 1 / count + away * self._across / self._spread
        by_x = (away * (self._up - 2 * self.slope * self._across) / self._spread) - (
            self.slope / count
        )
        return Expected(
            value,
            moved * self.slope / (share * (1 - share)),
            moved * by_x / (self.x * (1 - self.x)),
            moved * by_y / (self.y * (1 - self.y)),
            moved * by_y,
        )


def variance_of_lines(weights: np.ndarray, residuals: np.ndarray) -> float:
    """What the scatter of the points about their lines adds to the variance of a sum.

    The points of K lines are the same n references, whose residuals go together: the covariance of
    two lines' residuals is estimated by their products over n - 2.

    Args:
        weights: how logit(y) of each point of each line moves the sum, [K, n].
        residuals: of each line on logit axes, [K, n].
    """
    covariances = residuals @ residuals.T / (residuals.shape[1] - 2)
    return float(max((covariances * (weights @ weights.T)).sum(), 0.0))
