"""A problem with extra metrics: figures, intervals, comparisons, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from xlt_cli.api import ExtraMetric, MeanMetric
from xlt_cli.errors import DataError, PluginError
from xlt_cli.problems import Prediction, Problem, SequenceClassification, TokenLabelling
from xlt_cli.problems.weighted_f1 import WeightedF1
from xlt_cli.registry.faults import fault
from xlt_cli.registry.guard import make
from xlt_cli.reports.draws import over
from xlt_cli.reports.measured import measure
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.runs.predictions import Answers
from xlt_cli.stats.intervals import wilson

LABELS = ("a", "b", "c")
PROBLEM = SequenceClassification(LABELS)
EN, DE = ("en", "en"), ("de", "de")


class Certain(MeanMetric):
    """How sure the model is of its answers."""

    api_version = 1
    name = "certain"
    summary = "the mean of the highest probability"
    probabilities = True

    def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
        return [max(p.probabilities) for p in predictions]


class Right(MeanMetric):
    api_version = 1
    name = "right"
    summary = "accuracy, under another name"
    of_examples = True

    def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
        return [float(p.gold == p.predicted) for p in predictions]


def rows(seed: int, count: int = 60) -> list[Prediction]:
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        shares = rng.dirichlet(np.ones(3))
        told = LABELS[int(shares.argmax())]
        made.append(Prediction(f"t-{number}", LABELS[rng.integers(3)], told, tuple(shares)))
    return made


def scorer(*extra: type[ExtraMetric], main: str = "accuracy") -> Scorer:
    return Scorer(PROBLEM, main, tuple(make(one, one.Params()) for one in extra))


def test_figures_of_the_problem_are_as_without_extra_metrics_and_theirs_stand_beside() -> None:
    cells = {EN: rows(1), DE: rows(2)}
    plain = summarise(PROBLEM, "accuracy", _counted(PROBLEM, cells), {"en"}, True).as_dict()
    whole = scorer(WeightedF1, Certain, Right)
    more = summarise(whole, "accuracy", _counted(whole, cells), {"en"}, True).as_dict()
    for language in ("en", "de"):
        own = more["languages"][language]
        told = cells[language, language]
        assert {name: own[name] for name in plain["languages"][language]} == (
            plain["languages"][language]
        )
        golds, answers = [p.gold for p in told], [p.predicted for p in told]
        assert own["weighted_f1"]["value"] == pytest.approx(
            f1_score(golds, answers, average="weighted")
        )
        assert own["certain"]["value"] == pytest.approx(
            np.mean([max(p.probabilities) for p in told])
        )
        assert own["right"] == wilson(own["accuracy"]["value"], len(told)).as_dict()
        assert own["weighted_f1"]["low"] < own["weighted_f1"]["value"] < own["weighted_f1"]["high"]
    means = more["averages"]["all"]
    assert means["certain"]["value"] == pytest.approx(
        np.mean([more["languages"][x]["certain"]["value"] for x in ("en", "de")])
    )
    # The same rows are drawn for all metrics.
    assert means["right"]["value"] == means["accuracy"]["value"]
    assert means["right"]["low"] == pytest.approx(means["accuracy"]["low"])


def _counted(problem: Any, cells: dict[Any, list[Prediction]]) -> Any:
    return {pair: counted(problem, told) for pair, told in cells.items()}


def test_the_mean_over_draws_has_extra_metrics_too() -> None:
    whole = scorer(WeightedF1)
    first, second = (whole.statistics(rows(seed)).sum(0) for seed in (1, 2))
    both = over(whole, 2).score(np.concatenate([first, second]))
    each = [whole.score(one)["weighted_f1"] for one in (first, second)]
    assert both["weighted_f1"] == pytest.approx(np.mean(each))


def test_words_are_counted_from_the_statistics_of_the_problem() -> None:
    class Words(MeanMetric):
        api_version = 1
        name = "words"
        summary = "how many words are right"

        def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
            return [
                float(np.mean([g == t for g, t in zip(p.gold, p.predicted, strict=True)]))
                for p in predictions
            ]

    problem = TokenLabelling(("O", "B-X", "I-X"))
    told = [Prediction("1", ("O", "I-X", "B-X"), ("O", None, "O"))]
    whole = Scorer(problem, "f1", (make(Words, Words.Params()),))
    sums = whole.statistics(told).sum(0)
    assert whole.words(sums) == problem.words(problem.statistics(told).sum(0))
    assert whole.score(sums)["words"] == pytest.approx(1 / 3)


def test_runs_are_compared_by_an_extra_metric() -> None:
    told = rows(3)
    measured = measure(
        scorer(WeightedF1, main="weighted_f1"), "weighted_f1", {EN: Answers.of(told)}, aligned=True
    )
    golds, answers = [p.gold for p in told], [p.predicted for p in told]
    due = f1_score(golds, answers, average="weighted")
    assert measured.scores[EN].value == pytest.approx(due)


def test_a_metric_of_probabilities_is_refused_where_there_are_none() -> None:
    with pytest.raises(DataError, match="'certain' needs the probabilities"):
        measure(scorer(Certain), "certain", {EN: Answers.of(rows(3))}, aligned=True)


def test_a_metric_that_no_row_of_a_language_counts_for_is_an_error() -> None:
    class OfA(Right):
        def values(self, problem: Problem, predictions: Sequence[Prediction]) -> list[float]:
            return [1.0 if p.gold == "a" else float("nan") for p in predictions]

    whole = scorer(OfA)
    some = [p for p in rows(1) if p.gold == "a"][:3] + [p for p in rows(1) if p.gold != "a"]
    cells = {EN: some, DE: [p for p in rows(2) if p.gold != "a"]}
    own = summarise(whole, "accuracy", _counted(whole, {EN: some}), {"en"}, False).languages["en"]
    assert own["right"]["value"] == 1
    with pytest.raises(DataError, match="'right' is not defined for the rows of 'de'"):
        summarise(whole, "accuracy", _counted(whole, cells), {"en"}, False)


@pytest.mark.parametrize(
    ("method", "value", "said"),
    [
        ("values", [1.0], "2 numbers: the value of each example"),
        ("values", ["much", "more"], "2 numbers"),
        ("statistics", np.zeros((2, 3)), r"an array of shape \[2, 2\]"),
        ("statistics", np.full((2, 2), np.nan), "not finite"),
        ("columns", 0, "a whole number, 1 or more"),
        ("score", 0.5, r"an array of shape \[5\]"),
        ("problem_fault", None, "expected a text"),
    ],
)
def test_what_a_metric_may_not_return_is_an_error_that_names_it(
    method: str, value: Any, said: str
) -> None:
    made = make(type("Made", (Right,), {method: lambda self, *given: value}), Right.Params())

    def use() -> None:
        made.problem_fault(PROBLEM)
        made.score(PROBLEM, np.stack([made.statistics(PROBLEM, rows(1, 2)).sum(0)] * 5))

    with pytest.raises(PluginError, match=said) as caught:
        use()
    assert "metric 'right'" in caught.value.what


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"unit": "percent"}, "unit = 'percent'"),
        ({"higher_is_better": "yes"}, "neither True nor False"),
        ({"problems": "all"}, "problems"),
        ({"summary": ""}, "no summary"),
    ],
)
def test_a_class_that_is_no_metric_is_told_why(stated: dict[str, Any], said: str) -> None:
    assert said in fault("metric", "right", type("Made", (Right,), stated))
