"""Languages as a third sample: by statsmodels' mean squares, t-tests, and known truths."""

from __future__ import annotations

import math
import runpy
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t, ttest_1samp, ttest_ind
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from xlt_cli.stats.crossed import crossed, over_languages
from xlt_cli.stats.estimates import Estimate

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def cube(seeds: int, items: int, languages: int, draw: int = 0, own: float = 1.0) -> np.ndarray:
    """Gains, [K, N, L], with effects of every kind; those of seeds and languages have size own."""
    rng = np.random.default_rng(draw)
    effects = [
        (own, (seeds, 1, 1)),
        (1.0, (1, items, 1)),
        (own, (1, 1, languages)),
        (1.0, (seeds, 1, languages)),
        (1.0, (1, items, languages)),
        (1.0, (seeds, items, languages)),
    ]
    gains = np.zeros((seeds, items, languages))
    for size, shape in effects:
        gains += size * rng.normal(size=shape)
    return gains


def estimate(gains: np.ndarray, groups: list[list[int]] | None = None) -> Estimate:
    values = gains.mean(axis=1)
    effects = list(np.moveaxis(gains - values[:, None], 2, 0))
    found = over_languages(values, effects, groups or [list(range(gains.shape[2]))])
    assert found is not None
    return found


def of_tested(gains: np.ndarray) -> Estimate:
    """With the languages that were tested, and no others."""
    mean = gains.mean(axis=2)
    return crossed(mean.mean(axis=1), mean - mean.mean(axis=1, keepdims=True))


def own_items(gains: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Values and effects where each language has items of its own, of [K, N, L]."""
    seeds, items, languages = gains.shape
    values = gains.mean(axis=1)
    effects = []
    for language in range(languages):
        own = np.zeros((seeds, languages, items))
        own[:, language] = (gains[:, :, language] - values[:, [language]]) * languages
        effects.append(own.reshape(seeds, languages * items))
    return values, effects


def squares(gains: np.ndarray) -> dict[str, float]:
    """Mean squares by statsmodels."""
    seed, item, language = (own.ravel() for own in np.indices(gains.shape))
    rows = pd.DataFrame({"y": gains.ravel(), "K": seed, "N": item, "L": language})
    found = anova_lm(ols("y ~ (C(K) + C(N) + C(L)) ** 2", rows).fit())
    named = (found["sum_sq"] / found["df"]).to_dict()
    return {name.replace("C(", "").replace(")", ""): own for name, own in named.items()}


def expected(gains: np.ndarray) -> tuple[float, float, bool]:
    """Variance, degrees of freedom, and whether the sum of mean squares was cut off."""
    (seeds, items, languages), ms = gains.shape, squares(gains)
    few, many = sorted([(languages - 1, ms["L"]), (seeds - 1, ms["K"])])
    net = many[1] - ms["K:L"]
    least = few[1] * few[0] / (few[0] + 1)
    figures, common = few[1] + net, ms["N"] - ms["K:N"] - ms["N:L"] + ms["Residual"]
    share = few[1] / (few[1] + max(net, 0.0))
    inverse = share ** (4 / 3) / few[0] + (1 - share) ** (4 / 3) / many[0]
    parts = [(max(figures, least), inverse), (max(common, 0.0), 1 / (items - 1))]
    variance = sum(part for part, _ in parts)
    df = variance / sum(part * own for part, own in parts)
    alone = max(ms["N"] - ms["K:N"], 0.0)
    if alone**0.5 * t.ppf(0.975, items - 1) > variance**0.5 * t.ppf(0.975, df):
        variance, df = alone, items - 1
    return variance / gains.size, df, figures < least


@pytest.mark.parametrize("shape", [(3, 5, 6), (6, 5, 4)])
@pytest.mark.parametrize("own", [0.0, 2.0])
def test_the_variance_is_that_of_an_analysis_of_variance(
    shape: tuple[int, int, int], own: float
) -> None:
    cut = []
    for draw in range(6):
        gains = cube(*shape, draw, own)
        variance, df, was_cut = expected(gains)
        found = estimate(gains)
        assert found.value == pytest.approx(gains.mean())
        assert (found.error**2, found.df) == pytest.approx((variance, df))
        cut.append(was_cut)
    assert any(cut) == (own == 0)


def test_one_seed_and_items_of_each_language_are_a_t_test_of_languages() -> None:
    values, effects = own_items(cube(1, 30, 6))
    found = over_languages(values, effects, [range(6)])
    assert found is not None
    test = ttest_1samp(values[0], 0.0)
    assert found.p_value() == pytest.approx(test.pvalue)
    low, high = test.confidence_interval()
    assert (found.interval().low, found.interval().high) == pytest.approx((low, high))


def test_two_groups_are_a_t_test_of_their_languages() -> None:
    values, effects = own_items(cube(1, 30, 7))
    found = over_languages(values, effects, [range(3), range(3, 7)])
    assert found is not None
    test = ttest_ind(values[0, :3], values[0, 3:])
    assert found.p_value() == pytest.approx(test.pvalue)
    low, high = test.confidence_interval()
    assert (found.interval().low, found.interval().high) == pytest.approx((low, high))


def test_languages_that_agree_leave_what_items_leave_open() -> None:
    """Two languages may have the same figures by chance: nothing is sure for that."""
    gains = cube(3, 40, 2)
    gains -= gains.mean(axis=1, keepdims=True)
    found = estimate(gains)
    assert found.error > 0
    assert found.df == 39


def test_languages_that_differ_widen_the_interval_of_a_difference() -> None:
    gains = cube(4, 20, 6)
    found = estimate(gains, [[0, 1, 2], [3, 4, 5]])
    both = gains[:, :, :3] - gains[:, :, 3:]
    assert found.value == pytest.approx(both.mean())
    assert found.error > of_tested(both).error
    turned = estimate(gains, [[3, 4, 5], [0, 1, 2]])
    assert (turned.value, turned.error) == pytest.approx((-found.value, found.error))


def test_one_language_says_nothing_about_others() -> None:
    gains = cube(4, 9, 2)
    values = gains.mean(axis=1)
    assert over_languages(values, list(np.moveaxis(gains, 2, 0)), [[0], [1]]) is None


# ---------------------------------------------------------------------------------------- coverage


@pytest.mark.parametrize("shape", [(3, 200, 6), (9, 200, 4)])
def test_the_candidate_that_is_kept_is_the_one_in_use(shape: tuple[int, int, int]) -> None:
    """benchmarks/coverage_languages.py compares half-widths that it computes itself."""
    gains = cube(*shape)
    ms = {}
    for kept in product((False, True), repeat=3):
        effect = gains
        for axis, own in enumerate(kept):
            mean = effect.mean(axis=axis, keepdims=True)
            effect = effect - mean if own else mean
        df = math.prod(size - 1 for size, own in zip(shape, kept, strict=True) if own)
        name = "".join(name for name, own in zip("KNL", kept, strict=True) if own)
        ms[name] = np.array([float((effect**2).sum()) / (effect.size * df)])
    ms |= {"LN": ms["NL"], "KLN": ms["KNL"]}
    found = estimate(gains).interval()
    candidate = runpy.run_path(str(BENCHMARKS / "coverage_languages.py"))["kept"]
    half = candidate(shape[0], shape[2], ms)
    assert found.high - found.value == pytest.approx(half[0], rel=1e-3)


def test_the_truth_is_covered_with_few_languages() -> None:
    """Where intervals whose seeds are in full, and languages a difference, cover 90 to 91%."""
    simulated = runpy.run_path(str(BENCHMARKS / "coverage.py"))
    draw = partial(simulated["any_language"], 20, 60, 0.15, (3,), True, 0.0)
    share, _ = simulated["cover"]((draw, simulated["true_gain"](0.03, 0.15), 500, 0))
    assert 0.935 <= share <= 0.975
