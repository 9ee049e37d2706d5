"""Cells that are scored together against each cell by itself, row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from xlt_cli.problems import Prediction
from xlt_cli.problems.sequence import SequenceClassification
from xlt_cli.reports import measured
from xlt_cli.reports.validity import look
from xlt_cli.runs.coded import Coded, CodedAnswers
from xlt_cli.runs.predictions import Answers
from xlt_cli.stats.crossed import influence

LABELS = ("a", "b", "c")


def answered(seed: int, rows: int, told: tuple[str | None, ...]) -> Answers:
    rng = np.random.default_rng(seed)
    golds = [LABELS[x] for x in rng.integers(3, size=rows)]
    predicted = [told[x] for x in rng.integers(len(told), size=rows)]
    return Answers([str(n) for n in range(rows)], golds, predicted)


@pytest.mark.parametrize("block", [0, 400, 1 << 18])
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_cells_have_their_own_figures_and_effects(
    monkeypatch: pytest.MonkeyPatch, block: int, metric: str
) -> None:
    monkeypatch.setattr(measured, "BLOCK", block)
    problem = SequenceClassification(LABELS)
    cells = {
        ("de", "de"): answered(1, 40, ("b", "a", "c")),
        ("en", "en"): answered(1, 40, ("c", "a", "b")),  # the same labels, another order
        ("fr", "fr"): answered(2, 30, ("c", None)),  # other rows, and abstentions
        ("ja", "ja"): answered(3, 30, ("a",)),
    }
    found = measured.measure(problem, metric, cells, aligned=False)
    for pair, cell in cells.items():
        rows = zip(cell.golds, cell.predicted, strict=True)
        statistics = problem.statistics([Prediction("", *row) for row in rows])
        own = found.scores[pair]
        assert own.value == problem.score(statistics.sum(axis=0))[metric]
        expected = influence(statistics, problem.score)[metric]
        assert own.effects == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert found.looks[pair] == look(cell.golds, cell.predicted, LABELS)


def coded(answers: Answers) -> CodedAnswers:
    """As files are read: codes in 32 bits."""
    golds, told = Coded.of(answers.golds), Coded.of(answers.predicted)
    return CodedAnswers(
        answers.ids,
        Coded(golds.distinct, golds.codes.astype(np.int32)),
        Coded(told.distinct, told.codes.astype(np.int32)),
    )


@pytest.mark.parametrize("aligned", [False, True])
def test_codes_have_the_figures_of_the_answers(aligned: bool) -> None:
    cells = {
        ("de", "de"): answered(1, 40, ("b", "a", "c")),
        ("en", "en"): answered(1, 40, ("c", "a")),
        ("fr", "fr"): answered(2, 30, ("c", None)),
        ("ja", "ja"): answered(1, 40, ("a", "c")),
        ("zh", "zh"): Answers(["0", "1"], ["a", "b"], ["c", "b"]),
    }
    problem = SequenceClassification(LABELS)
    one = measured.measure(problem, "macro_f1", cells, aligned)
    other = measured.measure(problem, "macro_f1", {p: coded(c) for p, c in cells.items()}, aligned)
    assert (other.items, other.rows, other.looks) == (one.items, one.rows, one.looks)
    assert list(other.scores) == list(one.scores)
    for pair, score in one.scores.items():
        assert other.scores[pair].value == score.value
        assert np.array_equal(other.scores[pair].effects, score.effects)
        assert np.array_equal(other.effects([pair]), one.effects([pair]))


class Matches:
    """The share of rows whose answer is the gold one, for any number of different ones."""

    labels = ()
    metrics = ()

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        return np.array([[float(p.gold == p.predicted), 1.0] for p in predictions])

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        return {"share": sums[..., 0] / sums[..., 1]}

    def score_samples(self, statistics: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
        return {}


def test_many_different_answers_are_told_apart() -> None:
    """Gold labels times answers are more kinds than 32 bits have numbers."""
    values = [str(number) for number in range(50_000)]
    told = [*values[1:-1], values[0], values[-1]]
    cell = Answers(values, list(values), list(told))
    problem = Matches()
    found = measured.measure(problem, "share", {("en", "en"): coded(cell)}, aligned=False)
    assert found.scores["en", "en"].value == 1 / 50_000
    assert np.array_equal(np.flatnonzero(found.scores["en", "en"].effects > 0), [49_999])
    assert measured.statistics_of(problem, coded(cell)).sum(axis=0).tolist() == [1, 50_000]
