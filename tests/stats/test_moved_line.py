"""What a reference line predicts, and how its points move the prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special
from statsmodels.api import OLS, add_constant

from xlt_cli.stats.moved_line import ReferenceLine, variance_of_lines

RNG = np.random.default_rng(5)
X, Y = RNG.uniform(0.5, 0.8, (9, 2)), RNG.uniform(0.4, 0.6, 9)
STEP = 1e-6


def predicted(x: np.ndarray, y: np.ndarray, shares: np.ndarray) -> float:
    design = np.column_stack([np.ones(len(x)), special.logit(x)])
    coefficients, *_ = np.linalg.lstsq(design, special.logit(y), rcond=None)
    return float(special.expit(coefficients @ [1, *special.logit(shares)]))


@pytest.mark.parametrize("predictors", [1, 2])
@pytest.mark.parametrize("share", [0.3, 0.65, 0.9])
def test_predictions_and_derivatives_are_those_of_lines_that_numpy_draws_anew(
    share: float, predictors: int
) -> None:
    x, at = X[:, :predictors], np.array([share, 0.7])[:predictors]
    expected = ReferenceLine(x, Y).at(at)
    assert expected.value == pytest.approx(predicted(x, Y, at))

    def slope(by_x: Any = 0, by_y: Any = 0, by: Any = 0) -> float:
        ends = [predicted(x + s * by_x, Y + s * by_y, at + s * by) for s in (STEP, -STEP)]
        return (ends[0] - ends[1]) / (2 * STEP)

    one = np.eye(x.size).reshape(x.size, *x.shape)
    of_points = np.reshape([slope(by_x=moves) for moves in one], x.shape)
    assert np.allclose(expected.by_points_x, of_points, rtol=1e-5, atol=1e-7)
    moves = np.eye(len(x))
    assert np.allclose(expected.by_points_y, [slope(by_y=m) for m in moves], rtol=1e-5, atol=1e-7)
    own = [slope(by=m) for m in np.eye(predictors)]
    assert np.allclose(expected.by_x, own, rtol=1e-5, atol=1e-7)
    up = special.logit(Y)
    slopes = [
        (predicted(x, special.expit(up + m), at) - predicted(x, special.expit(up - m), at))
        / (2 * STEP)
        for m in STEP * moves
    ]
    assert np.allclose(expected.by_logits_y, slopes, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("predictors", [1, 2])
def test_the_variance_of_a_prediction_is_that_of_regression(predictors: int) -> None:
    x, shares = X[:, :predictors], np.array([0.7, 0.6])[:predictors]
    line = ReferenceLine(x, Y)
    at = line.at(shares)
    found = variance_of_lines(at.by_logits_y[None], line.residuals[None], predictors)
    fit = OLS(special.logit(Y), add_constant(special.logit(x))).fit()
    point = np.array([[1, *special.logit(shares)]])
    moved = special.expit(fit.predict(point))[0]
    error = fit.get_prediction(point).se_mean[0]
    assert found == pytest.approx((error * moved * (1 - moved)) ** 2)


def test_lines_of_two_sets_through_the_same_references_go_together() -> None:
    line = ReferenceLine(X, Y)
    weights = line.at(np.array([0.7, 0.6])).by_logits_y / 2
    alone = variance_of_lines(2 * weights[None], line.residuals[None])
    twice = variance_of_lines(np.stack([weights] * 2), np.stack([line.residuals] * 2))
    assert twice == pytest.approx(alone)
    against = variance_of_lines(np.stack([weights, -weights]), np.stack([line.residuals] * 2))
    assert against == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([[0.5], [0.6]], [0.5, 0.6]),
        ([[0.5]] * 3, [0.4, 0.5, 0.6]),
        ([[0.5, 0.6], [0.6, 0.5], [0.7, 0.7]], [0.4, 0.5, 0.6]),
        ([[0.4, 0.4], [0.5, 0.5], [0.6, 0.6], [0.7, 0.7]], [0.4, 0.5, 0.6, 0.6]),
    ],
)
def test_too_few_points_and_points_that_determine_no_line_are_refused(
    x: list[list[float]], y: list[float]
) -> None:
    with pytest.raises(ValueError, match=r"points"):
        ReferenceLine(np.array(x), y)
