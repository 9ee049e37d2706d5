"""Certificates of randomized smoothing, against theory where the true answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from xlt_cli.problems import Prediction
from xlt_cli.stats.certification import ABSTAINED, certify, lower_bound
from xlt_conditions.smoothing import Smoothing


def test_the_bound_is_clopper_and_pearsons() -> None:
    # By its definition: at the bound, so many hits or more have the probability alpha.
    for hits, draws, alpha in [(1, 10, 0.05), (70, 100, 0.001), (100, 100, 0.001), (3, 3, 0.5)]:
        bound = float(lower_bound(np.array([hits]), np.array([draws]), alpha)[0])
        assert binom.sf(hits - 1, draws, bound) == pytest.approx(alpha)
    assert lower_bound(np.array([0]), np.array([10]), 0.05)[0] == 0


def test_a_sure_vote_is_certified_by_cohens_formula() -> None:
    found = certify(np.array([[0, 9]]), np.array([[10, 990]]), np.array([0.25]), 0.001)
    bound = lower_bound(np.array([990]), np.array([1000]), 0.001)[0]
    assert found.classes.tolist() == [1]
    assert found.radii[0] == pytest.approx(0.25 * norm.ppf(bound))


def test_a_vote_that_may_be_a_tie_abstains() -> None:
    found = certify(
        np.array([[6, 4], [4, 6]]), np.array([[505, 495], [990, 10]]), np.ones(2), 0.001
    )
    # The second was chosen by the first votes, and the further ones speak against it.
    assert found.classes.tolist() == [ABSTAINED, ABSTAINED]
    assert found.radii.tolist() == [0, 0]


def test_the_certified_radius_of_a_linear_classifier_is_below_its_true_one() -> None:
    # Under Gaussian noise a linear classifier's smoothed version is itself: the true radius of
    # an input is its distance from the plane, and a certificate may exceed it with probability
    # alpha only.
    rng = np.random.default_rng(0)
    sigma, alpha, n = 0.5, 0.01, 2000
    distances = rng.uniform(0.01, 1.2, n)
    right = norm.cdf(distances / sigma)
    counts = [rng.binomial(draws, right) for draws in (20, 500)]
    selection, estimation = (
        np.stack([draws - c, c], 1) for draws, c in zip((20, 500), counts, strict=True)
    )
    found = certify(selection, estimation, np.full(n, sigma), alpha)
    assert (found.radii > distances).mean() <= alpha + 3 * np.sqrt(alpha / n)
    assert (found.classes == 0).mean() <= alpha
    sure = found.classes == 1
    assert sure.mean() > 0.8
    assert np.corrcoef(found.radii[sure], distances[sure])[0, 1] > 0.9


def test_figures_of_a_cell() -> None:
    rows = [
        Prediction("1", "a", "a", (), {"radius": 0.4}),
        Prediction("2", "a", "b", (), {"radius": 0.2}),
        Prediction("3", "b", None),
        Prediction("4", "b", "b", (), {"radius": 0.1}),
    ]
    params = Smoothing.Params.model_validate({"noise": "random-perturbation"})
    found = Smoothing(params).figures(rows, points=3)
    assert found["abstained"] == 0.25
    assert found["median_radius"] == pytest.approx(0.15)
    assert found["certified_accuracy"] == [[0.0, 0.5], [0.2, 0.25], [0.4, 0.25]]
