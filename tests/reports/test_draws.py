"""Figures over several draws: means, intervals that cover, relative drops, the largest."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports.draws import beside, over, repeated
from xlt_cli.reports.drops import drops
from xlt_cli.reports.summary import Counted, counted, summarise

PROBLEM = SequenceClassification(("0", "1"))
CELL = ("xx", "xx")


def cell(right: np.ndarray, first: int = 0) -> Counted:
    """A cell of rows that are answered rightly where it says so."""
    golds = ["01"[row % 2] for row in range(len(right))]
    answers = [g if r else "10"[int(g)] for g, r in zip(golds, right, strict=True)]
    rows = zip(golds, answers, strict=True)
    return counted(PROBLEM, [Prediction(str(first + n), g, a) for n, (g, a) in enumerate(rows)])


def test_each_metric_is_its_mean_over_draws() -> None:
    rng = np.random.default_rng(0)
    draws = [rng.random(50) < share for share in (0.9, 0.6, 0.7)]
    cells = [cell(draw) for draw in draws]
    scores = over(PROBLEM, 3).score(beside(cells).statistics.sum(axis=0))
    golds = [row % 2 for row in range(50)]
    f1 = [
        f1_score(golds, [g if r else 1 - g for g, r in zip(golds, d, strict=True)], average="macro")
        for d in draws
    ]
    assert scores["accuracy"] == pytest.approx(np.mean(draws))
    assert scores["macro_f1"] == pytest.approx(np.mean(f1))
    assert over(PROBLEM, 1) is PROBLEM


def test_draws_are_put_beside_each_other_by_their_rows() -> None:
    one, other = cell(np.array([1, 0, 1, 1])), cell(np.array([0, 0, 1]), first=1)
    both = beside([one, other])
    assert list(both.ids) == ["1", "2", "3"]
    assert over(PROBLEM, 2).score(both.statistics.sum(axis=0))["accuracy"] == pytest.approx(0.5)


@pytest.mark.parametrize("draws", [1, 2, 5])
def test_the_interval_of_the_mean_covers_draws_and_items(draws: int) -> None:
    """Rows that the noise turns around with a probability of their own; the truth is over rows and
    noise. 95% of intervals have it, and so do those of the drop, which are narrower."""
    rng = np.random.default_rng(draws)
    repetitions, count = 80, 150
    hits = drop_hits = 0
    widths, drop_widths = [], []
    for _ in range(repetitions):
        known = rng.random(count) < 0.8  # clean
        survives = rng.beta(2, 1, size=count)  # mean 2/3
        under = [cell(known & (rng.random(count) < survives)) for _ in range(draws)]
        both = under[0] if draws == 1 else beside(under)
        scored = over(PROBLEM, draws)
        figure = summarise(scored, "accuracy", {CELL: both}, ["xx"], True).languages["xx"]
        truth = 0.8 * 2 / 3
        hits += figure["accuracy"]["low"] <= truth <= figure["accuracy"]["high"]
        widths.append(figure["accuracy"]["high"] - figure["accuracy"]["low"])
        lost = drops(scored, repeated({CELL: cell(known)}, draws), {CELL: both}, [], True)
        drop = lost["drop"]["languages"]["xx"]["accuracy"]
        drop_hits += drop["low"] <= 0.8 - truth <= drop["high"]
        drop_widths.append(drop["high"] - drop["low"])
    assert hits / repetitions >= 0.89
    assert drop_hits / repetitions >= 0.89
    assert np.mean(drop_widths) < np.mean(widths)


def test_more_draws_narrow_the_interval_and_no_noise_leaves_that_of_the_items() -> None:
    rng = np.random.default_rng(1)
    known = rng.random(400) < 0.7
    widths = []
    for draws in (1, 2, 8):
        under = [cell(known & (rng.random(400) < 0.5)) for _ in range(draws)]
        both = under[0] if draws == 1 else beside(under)
        own = summarise(over(PROBLEM, draws), "accuracy", {CELL: both}, [], True).languages["xx"]
        widths.append(own["accuracy"]["high"] - own["accuracy"]["low"])
    assert widths[0] > widths[1] > widths[2]
    same = beside([cell(known)] * 4)
    four = summarise(over(PROBLEM, 4), "macro_f1", {CELL: same}, [], True).languages["xx"]
    once = summarise(PROBLEM, "macro_f1", {CELL: cell(known)}, [], True).languages["xx"]
    for bound in ("value", "low", "high"):
        assert four["macro_f1"][bound] == pytest.approx(once["macro_f1"][bound])


def test_the_relative_drop_is_a_share_of_the_clean_figure() -> None:
    rng = np.random.default_rng(2)
    clean = {(x, x): cell(rng.random(200) < share) for x, share in (("a", 0.9), ("b", 0.4))}
    under = {(x, x): cell(rng.random(200) < share) for x, share in (("a", 0.6), ("b", 0.2))}
    lost = drops(PROBLEM, clean, under, [("b", "b")], True)
    values = {
        x: [PROBLEM.score(c[x, x].statistics.sum(axis=0))["accuracy"] for c in (clean, under)]
        for x in ("a", "b")
    }
    for x, (before, after) in values.items():
        assert lost["drop"]["languages"][x]["accuracy"]["value"] == pytest.approx(before - after)
        relative = lost["relative_drop"]["languages"][x]["accuracy"]
        assert relative["value"] == pytest.approx((before - after) / before)
        assert relative["low"] <= relative["value"] <= relative["high"]
    before, after = (np.mean([values[x][way] for x in values]) for way in (0, 1))
    average = lost["relative_drop"]["averages"]["all"]["accuracy"]["value"]
    assert average == pytest.approx((before - after) / before)
    assert lost["relative_drop"]["averages"]["zero_shot"]["cells"] == 1
    assert lost["largest"]["drop"]["accuracy"]["language"] == "a"
    assert lost["largest"]["relative_drop"]["accuracy"]["language"] == "b"


def test_a_clean_figure_that_may_be_0_has_no_relative_drop() -> None:
    clean = {CELL: cell(np.zeros(30, dtype=bool))}
    lost = drops(PROBLEM, clean, {CELL: cell(np.ones(30, dtype=bool))}, [], False)
    assert lost["relative_drop"]["languages"]["xx"] == {}
    assert lost["drop"]["languages"]["xx"]["accuracy"]["value"] == -1
    assert "accuracy" not in lost["largest"]["relative_drop"]


def test_cells_without_clean_ones_have_no_drop() -> None:
    assert drops(PROBLEM, {}, {CELL: cell(np.ones(3, dtype=bool))}, [], True) == {}
