"""Metrics that are better when lower, and that are no shares: selected, stated and shown so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from xlt_cli.api import Metric
from xlt_cli.commands.runs import _goodness
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports import values
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.sweep.pruning import _best
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.loop import StageTrainer


class Mistakes(SequenceClassification):
    name = "mistakes"
    metrics = (  # type: ignore[assignment]
        Metric("mistakes", unit="number", higher_is_better=False),
        Metric("accuracy", of_examples=True),
    )

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        accuracy = super().score(sums)["accuracy"]
        return {"mistakes": 100 * (1 - accuracy), "accuracy": accuracy}


def test_figures_say_what_they_are() -> None:
    problem = Mistakes(("a", "b"))
    answers = [Prediction(str(n), "ab"[n % 2], "a") for n in range(40)]
    cells = {(x, x): counted(problem, answers) for x in ("en", "de")}
    summary = summarise(problem, "mistakes", cells, ["en"], aligned=True)
    for figures in (*summary.languages.values(), *summary.averages.values(), summary.transfer_gap):
        assert figures is not None
        assert (figures["mistakes"]["unit"], figures["mistakes"]["better"]) == ("number", "lower")
        assert set(figures["accuracy"]) == {"value", "low", "high"}
    figure = summary.languages["en"]["mistakes"]
    assert figure["value"] == pytest.approx(50)
    assert figure["low"] < 50 < figure["high"]
    assert values.figure(values.measured("mistakes", figure)).startswith("50.000 [")
    accuracy = values.measured("accuracy", summary.languages["en"]["accuracy"])
    assert values.figure(accuracy).startswith("50.0 [")


def test_runs_are_sorted_by_what_is_better() -> None:
    scores: list[dict[str, Any]] = [{"score": 3.0, "better": "lower"}, {"score": 2.0}, {}]
    assert [_goodness(dev) for dev in scores] == [-3.0, 2.0, None]


@pytest.mark.parametrize(
    ("metric", "scores", "best"),
    [
        ("mistakes", [30.0, 12.5, float("nan"), 12.5, 40.0], 2),
        ("mistakes", [float("nan"), 90.0, 95.0], 2),
        ("accuracy", [0.3, 0.9, 0.9, 0.1], 2),
        ("accuracy", [float("nan"), float("nan")], -1),
    ],
)
def test_the_best_checkpoint_is_the_one_with_the_better_score(
    metric: str, scores: list[float], best: int
) -> None:
    trainer: Any = object.__new__(StageTrainer)
    quiet = SimpleNamespace(settle=lambda: None, say=lambda text: None)
    trainer.ledger = trainer.updates = trainer.reporter = quiet
    trainer.position = Position()
    trainer.parts = SimpleNamespace(scorer=Scorer(Mistakes(("a", "b")), metric), dev={"en": []})
    for step, score in enumerate(scores, start=1):
        trainer.position.step = step
        trainer._score = lambda score=score: (score, False)
        trainer._evaluate(None)
    assert trainer.position.best_step == best
    assert trainer.position.stale == (len(scores) - best if best > 0 else 0)


def test_the_run_that_is_kept_is_the_one_with_the_better_score() -> None:
    def row(path: str, score: float, **about: Any) -> dict[str, Any]:
        dev = {"task": "t", "split": "dev", "metric": "m", "languages": ["en"], "score": score}
        finished = {
            "name": "spec",
            "state": "done",
            "collapsed_on_dev": False,
            "evaluations": [],
        }
        return {**finished, "path": path, "dev": {**dev, **about}}

    assert _best([row("a", 0.2), row("b", 0.4)]) == {"b"}
    lower = {"better": "lower"}
    assert _best([row("a", 0.4, **lower), row("b", 0.2, **lower), row("c", 0.3, **lower)]) == {"b"}
