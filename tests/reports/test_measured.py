"""Cells that are scored together against each cell by itself, row by row."""

from __future__ import annotations

import numpy as np
import pytest

from xlt_cli.problems import Prediction
from xlt_cli.problems.sequence import SequenceClassification
from xlt_cli.reports import measured
from xlt_cli.reports.validity import look
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
