"""A line through points of two proportions on logit axes, and what it predicts.

Accuracy out of distribution follows accuracy in distribution along such a line over many models
(Recht et al. 2019; Miller et al. 2021). A model's *effective robustness* is how far it lies above
the line (Taori et al. 2020, section 3.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.stats.intervals import LEVEL, Interval, Resampled

FEWEST = 3
"""Points of a line: two are always on one, and say nothing of how far others lie from it."""


@dataclass(frozen=True)
class Line:
    """Least squares of logit(y) on logit(x).

    Attributes:
        r_squared: the share of the variance of logit(y) that it explains; NaN if there is none.
        deviation: standard deviation of the residuals on logit axes, with count - 2 degrees of
            freedom.
        count: the number of points.
        centre, spread: the mean of logit(x), and its sum of squared deviations.
        low, high: the range of x that the line was fitted on, in [0, 1].
    """

    slope: float
    intercept: float
    r_squared: float
    deviation: float
    count: int
    centre: float
    spread: float
    low: float
    high: float

    def expected(self, share: float, level: float = LEVEL) -> Interval:
        """What the line predicts at x = `share`, in (0, 1), with its prediction interval.

        A further point of the same kind as those of the line lies outside the interval with
        probability `level`: Student's t with count - 2 degrees of freedom, and a standard error of
        deviation * sqrt(1 + 1 / count + (logit(x) - centre)^2 / spread).
        """
        from scipy.stats import t

        at = float(logit(share))
        error = self.deviation * math.sqrt(
            1 + 1 / self.count + (at - self.centre) ** 2 / self.spread
        )
        half = float(t.ppf(1 - level / 2, self.count - 2)) * error
        middle = self.intercept + self.slope * at
        value, low, high = (float(expit(middle + by)) for by in (0.0, -half, half))
        return Interval(value, low, high)

    def extrapolates(self, share: float) -> bool:
        """Whether x = `share` lies outside the range that the line was fitted on."""
        return not self.low <= share <= self.high


def logit(share: np.ndarray | float) -> np.ndarray:
    """log(p / (1 - p)) of shares in (0, 1)."""
    values = np.asarray(share, dtype=np.float64)
    logits: np.ndarray = np.log(values) - np.log1p(-values)
    return logits


def expit(value: np.ndarray | float) -> np.ndarray:
    """The inverse of `logit`."""
    shares: np.ndarray = 0.5 * (1 + np.tanh(np.asarray(value, dtype=np.float64) / 2))
    return shares


def inside(share: np.ndarray | float, rows: int) -> np.ndarray:
    """Shares of `rows` items, with 0 and 1 moved to half an item from there: 1 / (2 rows).

    Any share between these stays as it is.
    """
    return np.clip(np.asarray(share, dtype=np.float64), 0.5 / rows, 1 - 0.5 / rows)


def fitted(x: Sequence[float], y: Sequence[float]) -> Line | None:
    """The line through points in (0, 1); None if all x are the same.

    Raises:
        ValueError: there are fewer than `FEWEST` points.
    """
    if len(x) < FEWEST:
        raise ValueError(f"a line needs {FEWEST} points or more, not {len(x)}")
    across, up = logit(np.array(x)), logit(np.array(y))
    centre, spread = float(across.mean()), float(((across - across.mean()) ** 2).sum())
    if np.ptp(across) == 0:
        return None
    slope, intercept = (float(part) for part in _least_squares(across, up))
    left = float(((up - intercept - slope * across) ** 2).sum())
    whole = float(((up - up.mean()) ** 2).sum())
    return Line(
        slope,
        intercept,
        1 - left / whole if whole else math.nan,
        math.sqrt(left / (len(x) - 2)),
        len(x),
        centre,
        spread,
        min(x),
        max(x),
    )


def above(
    line: Line,
    x: Sequence[Resampled],
    y: Sequence[Resampled],
    at: Resampled,
    own: Resampled,
) -> Resampled:
    """How far a point (at, own) lies above a line, in [-1, 1]; its replicates fit the line again.

    Args:
        x, y: the points of the line with their replicates, which like those of the point itself
            are in (0, 1) and drawn together with them.
    """
    across, up = (logit(np.stack([p.replicates for p in side])) for side in (x, y))
    slopes, intercepts = _least_squares(across, up)
    predicted = expit(intercepts + slopes * logit(at.replicates))
    return Resampled(own.value - line.expected(at.value).value, own.replicates - predicted)


def _least_squares(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and intercept of points [K], or of each column of [K, R]; NaN where all x are equal."""
    centre, height = x.mean(axis=0), y.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = ((x - centre) * (y - height)).sum(axis=0) / ((x - centre) ** 2).sum(axis=0)
    return slopes, height - slopes * centre
