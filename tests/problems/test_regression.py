"""Regression: correlations against scipy in each resample, errors, loss, intervals."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, rankdata, spearmanr
from transformers import AutoTokenizer

from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import DataError
from xlt_cli.problems import Prediction, Regression, ScoredExample
from xlt_cli.problems.correlations import pearson, spearman
from xlt_cli.reports.measured import measure
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.runs.predictions import Answers
from xlt_cli.stats.crossed import left_out
from xlt_cli.stats.intervals import RESAMPLES, draws

PROBLEM = Regression(scale=(0.0, 5.0))
PAIR = ScoredExample("1", ("Anna sees Paris", "Anna is in Paris"), 3.5, ("en", "en"))

rows = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 5).map(float), st.floats(-1e3, 1e3)),
        st.one_of(st.integers(0, 5).map(float), st.floats(-1e3, 1e3)),
        st.integers(0, 3),
    ),
    min_size=2,
    max_size=30,
)


@settings(max_examples=80, deadline=None)
@given(rows)
def test_correlations_of_a_sample_are_scipys_of_its_rows(drawn: Any) -> None:
    x, y, counts = (np.array(column, dtype=float) for column in zip(*drawn, strict=True))
    own_x, own_y = (np.repeat(values, counts.astype(int)) for values in (x, y))
    # Squares of tiny numbers are 0, and rows that the sample lacks set the scale of rounding.
    rounded = any(
        0 < np.ptp(own) <= max(1e-3, np.ptp(every) / 100)
        for own, every in ((own_x, x), (own_y, y))
        if len(own)
    )
    for ours, scipys in ((pearson, pearsonr), (spearman, spearmanr)):
        if rounded and ours is pearson:
            continue
        (found,) = ours(x, y, counts[None])
        if len(own_x) < 2 or np.ptp(own_x) == 0:
            assert np.isnan(found)
        elif np.ptp(own_y) == 0:
            assert found == 0
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert found == pytest.approx(scipys(own_x, own_y).statistic, abs=1e-9)


def scored(seed: int, n: int = 120, noise: float = 1.0) -> list[Prediction]:
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 6, n).astype(float)
    told = np.round(gold + noise * rng.standard_normal(n), 1)
    return [
        Prediction(str(i), *map(float, pair)) for i, pair in enumerate(zip(gold, told, strict=True))
    ]


def test_intervals_come_from_samples_that_are_ranked_anew() -> None:
    cells = {("en", "en"): counted(PROBLEM, scored(1))}
    figures = summarise(PROBLEM, "spearman", cells, [], aligned=False).languages["en"]
    gold, told = np.array([(p.gold, p.predicted) for p in scored(1)]).T
    picked = np.stack([np.repeat(np.arange(120), n) for n in draws(120, "en").astype(int)])
    assert picked.shape == (RESAMPLES, 120)
    again = gold[picked], told[picked]
    for name, both in (("pearson", again), ("spearman", [rankdata(x, axis=1) for x in again])):
        each = [np.corrcoef(*pair)[0, 1] for pair in zip(*both, strict=True)]
        low, high = np.percentile(each, [2.5, 97.5])
        assert figures[name]["low"] == pytest.approx(low)
        assert figures[name]["high"] == pytest.approx(high)
        assert figures[name]["unit"] == "number"
    assert figures["spearman"]["value"] == pytest.approx(spearmanr(gold, told).statistic)
    assert figures["mae"]["value"] == pytest.approx(np.abs(gold - told).mean())
    assert figures["rmse"]["value"] == pytest.approx(np.sqrt(((gold - told) ** 2).mean()))
    assert figures["rmse"]["better"] == "lower"


def test_aligned_languages_share_their_samples() -> None:
    cells = {(x, x): counted(PROBLEM, scored(1)) for x in ("en", "de")}
    found = summarise(PROBLEM, "spearman", cells, ["en"], aligned=True)
    gap = found.transfer_gap
    assert gap is not None
    assert all(gap["spearman"][bound] == 0 for bound in ("value", "low", "high"))


def test_rows_move_a_metric_as_leaving_them_out_does() -> None:
    said = scored(2, 60)
    found = measure(PROBLEM, "spearman", {("en", "en"): Answers.of(said)}, aligned=False)
    own = found.scores["en", "en"]
    gold, told = np.array([(p.gold, p.predicted) for p in said]).T
    assert own.value == pytest.approx(spearmanr(gold, told).statistic)
    without = [spearmanr(np.delete(gold, i), np.delete(told, i)).statistic for i in range(60)]
    expected = -59 * (np.array(without) - np.mean(without))
    assert own.effects == pytest.approx(expected, abs=1e-5)


def test_of_a_mean_a_row_moves_as_much_as_it_differs() -> None:
    values = np.arange(300.0)[:, None] ** 2
    moved = left_out(values, lambda s, counts: {"mean": counts @ s[:, 0] / counts.sum(1)})
    np.testing.assert_allclose(moved["mean"], values[:, 0] - values.mean())


def test_one_answer_to_all_rows_has_no_correlation_and_one_score_is_not_defined() -> None:
    same = [Prediction(str(i), float(i), 2.5) for i in range(5)]
    assert _of(same) == {"spearman": 0.0, "pearson": 0.0}
    flat = [Prediction(str(i), 1.0, float(i)) for i in range(5)]
    cells = {("en", "en"): counted(PROBLEM, flat)}
    with pytest.raises(DataError, match="is not defined for the rows of 'en'"):
        summarise(PROBLEM, "spearman", cells, [], aligned=False)


def _of(said: list[Prediction]) -> dict[str, float]:
    statistics = PROBLEM.statistics(said)
    found = PROBLEM.score_samples(statistics, np.ones((1, len(said))))
    return {name: float(values[0]) for name, values in found.items()}


def test_it_is_trained_on_shares_of_the_scale_and_answers_in_its_unit(tiny_encoder: Path) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_encoder)
    features = Featuriser(PROBLEM, tokenizer, 32).features([PAIR])
    batch = collate(features, PROBLEM, 0)
    assert batch.targets.tolist() == pytest.approx([0.7])
    logits = torch.tensor([[0.9]])
    assert float(PROBLEM.losses(logits, batch)) == pytest.approx(0.04)
    (said,) = PROBLEM.predict(logits, features)
    assert (said.gold, said.predicted) == (3.5, pytest.approx(4.5))
    plain = Regression()
    (said,) = plain.predict(logits, Featuriser(plain, tokenizer, 32).features([PAIR]))
    assert said.predicted == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"score": 5.5}, "its score 5.5 is not from 0.0 to 5.0"),
        ({"score": float("nan")}, "its score is nan"),
        ({"texts": ("a", "b", "c")}, "it has 3 texts"),
        ({"languages": ("en",)}, "it has 2 texts in 1 languages"),
    ],
)
def test_examples_that_do_not_fit_are_refused(changes: dict[str, Any], said: str) -> None:
    fields = {name: getattr(PAIR, name) for name in ("id", "texts", "score", "languages")}
    with pytest.raises(DataError, match=said):
        PROBLEM.check_example(ScoredExample(**{**fields, **changes}))


def test_a_scale_that_does_not_rise_is_refused() -> None:
    with pytest.raises(DataError, match="scores from 5"):
        Regression(scale=(5.0, 5.0))
