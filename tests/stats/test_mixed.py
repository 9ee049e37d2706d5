"""Mixed-effects models: published figures of lme4, statsmodels, exact results for balanced data."""

from __future__ import annotations

import warnings

import numpy as np
import pandas
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from xlt_cli.stats.mixed import fitted

PENICILLIN = (
    *("272326232321", "272326232321", "252125242420", "262325232320", "252226222320"),
    *("242225232219", "242023212219", "262226242421", "242124222220", "242124232219"),
    *("262326242421", "252226242420", "262426242522", "262326232320", "262325242422"),
    *("252225232320", "252124232320", "252224232319", "242123212119", "262326242421"),
    *("252124222218", "252225222220", "242124222419", "242124222118"),
)
"""Diameters of six samples (A to F) on each of 24 plates, in mm: Davies and Goldsmith (1972)."""


def penicillin() -> tuple[np.ndarray, dict[str, list[str]]]:
    plates = [[int(row[i : i + 2]) for i in range(0, 12, 2)] for row in PENICILLIN]
    where = [(plate, sample) for plate in range(24) for sample in range(6)]
    factors = {"plate": [str(p) for p, _ in where], "sample": [str(s) for _, s in where]}
    return np.array(plates, dtype=float).ravel(), factors


def test_crossed_effects_are_those_that_lme4_publishes() -> None:
    """`lmer(diameter ~ 1 + (1 | plate) + (1 | sample), data = Penicillin)`.

    REML criterion 330.8606, standard deviations 0.8467, 1.9316 and 0.5499, intercept 22.97
    (https://bookdown.org/jmichaelrosenberg/comparing_crossed_effects_models).
    """
    response, factors = penicillin()
    found = fitted(response, np.ones((144, 1)), factors)
    assert found.converged
    assert found.criterion == pytest.approx(330.8606, abs=1e-4)
    assert found.variances["plate"] ** 0.5 == pytest.approx(0.8467, abs=1e-4)
    assert found.variances["sample"] ** 0.5 == pytest.approx(1.9316, abs=1e-4)
    assert found.residual**0.5 == pytest.approx(0.5499, abs=1e-4)
    assert found.coefficients[0] == pytest.approx(22.97222, abs=1e-5)


def unbalanced(seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, list[str]]]:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 8, 120), rng.integers(0, 6, 120)
    x = rng.normal(size=120)
    response = 1 + 0.5 * x + rng.normal(size=8)[first] + 0.7 * rng.normal(size=6)[second]
    factors = {"a": [str(i) for i in first], "b": [str(i) for i in second]}
    return response + rng.normal(0, 0.5, 120), np.column_stack([np.ones(120), x]), factors


def test_unbalanced_data_give_what_statsmodels_finds() -> None:
    response, design, factors = unbalanced(3)
    found = fitted(response, design, factors)
    frame = pandas.DataFrame({"y": response, "x": design[:, 1], **factors})
    formulas = {"a": "0 + C(a)", "b": "0 + C(b)"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = MixedLM.from_formula(
            "y ~ x", groups=np.ones(120), vc_formula=formulas, re_formula="0", data=frame
        ).fit(reml=True)
    assert found.coefficients == pytest.approx(np.array(other.fe_params), abs=1e-4)
    assert list(found.variances.values()) == pytest.approx(list(other.vcomp), rel=5e-3)
    assert found.residual == pytest.approx(other.scale, rel=1e-3)
    assert -found.criterion / 2 == pytest.approx(other.llf, abs=1e-4)
    assert found.covariance.diagonal() ** 0.5 == pytest.approx(np.array(other.bse_fe), rel=1e-3)


def test_balanced_blocks_give_the_paired_t_test() -> None:
    """Two treatments in ten blocks: the difference has nine degrees of freedom."""
    rng = np.random.default_rng(1)
    pairs = rng.normal(size=(10, 1)) + rng.normal(0, 0.5, (10, 2)) + [0, 0.4]
    design = np.column_stack([np.ones(20), np.tile([0.0, 1.0], 10)])
    found = fitted(pairs.ravel(), design, {"block": [str(i // 2) for i in range(20)]})
    estimate = found.estimate([0, 1])
    expected = stats.ttest_rel(pairs[:, 1], pairs[:, 0])
    assert estimate.value == pytest.approx((pairs[:, 1] - pairs[:, 0]).mean())
    assert estimate.df == pytest.approx(9, abs=1e-3)
    assert estimate.p_value() == pytest.approx(expected.pvalue, rel=1e-4)


def test_groups_within_treatments_have_degrees_of_freedom_of_groups() -> None:
    """The mean of each group is one observation: Welch's test with equal variances."""
    rng = np.random.default_rng(2)
    groups = rng.normal(0, 2, (8, 1)) + rng.normal(size=(8, 5)) + np.repeat([0, 1], 4)[:, None]
    treated = np.repeat([0.0, 1.0], 20)
    design = np.column_stack([np.ones(40), treated])
    found = fitted(groups.ravel(), design, {"group": [str(i // 5) for i in range(40)]})
    expected = stats.ttest_ind(groups[4:].mean(axis=1), groups[:4].mean(axis=1))
    estimate = found.estimate([0, 1])
    assert estimate.df == pytest.approx(6, abs=1e-3)
    assert estimate.p_value() == pytest.approx(expected.pvalue, rel=1e-4)


def test_a_component_that_the_data_do_not_show_is_zero_and_the_rest_is_least_squares() -> None:
    rng = np.random.default_rng(4)
    response = rng.normal(size=(6, 5))
    response -= response.mean(axis=1, keepdims=True)  # less variance between rows than by chance
    found = fitted(response.ravel(), np.ones((30, 1)), {"row": [str(i // 5) for i in range(30)]})
    assert found.converged
    assert found.variances == {"row": 0.0}
    estimate = found.estimate([1])
    assert estimate.df == pytest.approx(5)  # of the six rows, whose means would vary
    assert estimate.error == pytest.approx(stats.sem(response.ravel()))


def test_a_design_whose_columns_depend_on_each_other_is_refused() -> None:
    with pytest.raises(ValueError, match="rank"):
        fitted(np.arange(4.0), np.ones((4, 2)), {"a": list("aabb")})


@pytest.mark.parametrize("seed", range(6))
def test_fits_with_variances_near_zero_converge_to_the_best(seed: int) -> None:
    """Neither a variance of 0 nor a larger one is better than what was found."""
    rng = np.random.default_rng(seed)
    where = [(a, b) for a in range(5) for b in range(14)]
    factors = {"a": [str(a) for a, _ in where], "b": [str(b) for _, b in where]}
    of_a = rng.normal(0, 0.08, 5)
    response = np.array([of_a[a] for a, _ in where]) + rng.normal(0, 0.3, 70)
    found = fitted(response, np.ones((70, 1)), factors)
    assert found.converged
    for scale in (0.0, 0.5, 1.5):
        for name in factors:
            moved = dict(found.variances)
            moved[name] = moved[name] * scale if moved[name] else 0.003 * scale
            assert _criterion(response, factors, moved, found.residual) >= found.criterion - 1e-6


def _criterion(
    response: np.ndarray, factors: dict[str, list[str]], variances: dict[str, float], rest: float
) -> float:
    """Minus twice the restricted log-likelihood, from its definition."""
    size = len(response)
    covariance = rest * np.eye(size)
    for name, variance in variances.items():
        levels = np.array(factors[name])
        covariance += variance * (levels[:, None] == levels[None, :])
    inverse = np.linalg.inv(covariance)
    ones = np.ones(size)
    weight = ones @ inverse @ ones
    residues = response - ones @ inverse @ response / weight
    squares = residues @ inverse @ residues
    constant = (size - 1) * np.log(2 * np.pi)
    return float(np.linalg.slogdet(covariance)[1] + np.log(weight) + squares + constant)
