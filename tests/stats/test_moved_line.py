"""What a reference line predicts, and how its points move the prediction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from xlt_cli.stats.moved_line import ReferenceLine, variance_of_lines

RNG = np.random.default_rng(5)
X, Y = RNG.uniform(0.5, 0.8, 9), RNG.uniform(0.4, 0.6, 9)
STEP = 1e-6


def predicted(x: np.ndarray, y: np.ndarray, share: float) -> float:
    slope, intercept = np.polyfit(special.logit(x), special.logit(y), 1)
    return float(special.expit(intercept + slope * special.logit(share)))


@pytest.mark.parametrize("share", [0.3, 0.65, 0.9])
def test_predictions_and_derivatives_are_those_of_lines_that_numpy_draws_anew(share: float) -> None:
    expected = ReferenceLine(X, Y).at(share)
    assert expected.value == pytest.approx(predicted(X, Y, share))
    moves = STEP * np.eye(len(X))
    for shown, ends in (
        (expected.by_points_x, [(X + m, Y, share, X - m, Y, share) for m in moves]),
        (expected.by_points_y, [(X, Y + m, share, X, Y - m, share) for m in moves]),
        ([expected.by_x], [(X, Y, share + STEP, X, Y, share - STEP)]),
    ):
        slopes = [(predicted(*six[:3]) - predicted(*six[3:])) / (2 * STEP) for six in ends]
        assert np.allclose(shown, slopes, rtol=1e-5, atol=1e-7)
    up = special.logit(Y)
    slopes = [
        (predicted(X, special.expit(up + m), share) - predicted(X, special.expit(up - m), share))
        / (2 * STEP)
        for m in moves
    ]
    assert np.allclose(expected.by_logits_y, slopes, rtol=1e-5, atol=1e-7)


def test_the_variance_of_a_prediction_is_that_of_regression() -> None:
    line = ReferenceLine(X, Y)
    at = line.at(0.7)
    found = variance_of_lines(at.by_logits_y[None], line.residuals[None])
    design = np.stack([np.ones(len(X)), special.logit(X)], axis=1)
    coefficients, squares, *_ = np.linalg.lstsq(design, special.logit(Y), rcond=None)
    point = np.array([1, special.logit(0.7)])
    of_logit = squares[0] / (len(X) - 2) * point @ np.linalg.inv(design.T @ design) @ point
    moved = special.expit(point @ coefficients)
    assert found == pytest.approx(of_logit * (moved * (1 - moved)) ** 2)


def test_lines_of_two_sets_through_the_same_references_go_together() -> None:
    line = ReferenceLine(X, Y)
    weights = line.at(0.7).by_logits_y / 2
    alone = variance_of_lines(2 * weights[None], line.residuals[None])
    twice = variance_of_lines(np.stack([weights] * 2), np.stack([line.residuals] * 2))
    assert twice == pytest.approx(alone)
    against = variance_of_lines(np.stack([weights, -weights]), np.stack([line.residuals] * 2))
    assert against == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("x", "y"), [([0.5, 0.6], [0.5, 0.6]), ([0.5] * 3, [0.4, 0.5, 0.6])])
def test_too_few_points_and_points_of_one_x_have_no_line(x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match=r"points"):
        ReferenceLine(x, y)
