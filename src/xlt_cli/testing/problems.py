"""The suite for problems."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from xlt_cli.api import Criterion, Head, Metric, Plugin, Prediction, Problem, Task
from xlt_cli.registry.checks.problems import takes_criterion
from xlt_cli.registry.guard import problem_of
from xlt_cli.testing.contract import broken
from xlt_cli.testing.suite import PluginSuite

if TYPE_CHECKING:
    import numpy as np
    import torch

    from xlt_cli.testing.inputs import Inputs

MOST = 5
"""Examples of each of two languages that it is tried on."""
TOLERANCE = 1e-4
"""Of the larger of 1 and the number: what rounding may change."""
WIDE = 64


class ProblemSuite(PluginSuite):
    """Checks of a `Problem`, on the first rows of a task, with logits drawn at random."""

    kind = "problem"

    @pytest.fixture
    def task(self) -> Task:
        """A task of the problem, with rows to train on."""
        pytest.fail(
            f"{type(self).__name__} must override the fixture `task` and return a task of the "
            "problem",
            pytrace=False,
        )

    @pytest.fixture
    def plugin(self, task: Task) -> Problem:
        return task.problem.of(task)

    @pytest.fixture
    def checked(self, task: Task) -> Problem:
        return problem_of(task)

    @pytest.fixture
    def inputs(self, task: Task, checked: Problem) -> Inputs:
        """The first rows of two languages, as in evaluation."""
        return self._inputs(task, checked, windows=True)

    @pytest.fixture
    def trained(self, task: Task, checked: Problem) -> Inputs:
        """The same as in training."""
        return self._inputs(task, checked, windows=False)

    @staticmethod
    def _inputs(task: Task, problem: Problem, windows: bool) -> Inputs:
        from xlt_cli.testing.inputs import Inputs

        rows = [task.load("train", code).examples[:MOST] for code in task.languages("train")[:2]]
        return Inputs(problem, [example for own in rows for example in own], windows)

    def test_keeps_the_parameters_it_is_made_with(self, plugin: Plugin) -> None:
        """A problem has no parameters, and the labels of its task."""
        assert isinstance(plugin, Problem)
        if tuple(plugin.ids) != plugin.labels:
            broken(f"the ids of the labels {plugin.labels} are {plugin.ids}", Problem)

    def test_states_its_metrics_and_the_outputs_of_its_head(
        self, task: Task, checked: Problem
    ) -> None:
        if not checked.metrics or not all(isinstance(m, Metric) for m in checked.metrics):
            broken(f"its metrics are {checked.metrics!r}", Metric)
        if len(set(checked.metric_names)) < len(checked.metrics):
            broken(f"two metrics have one name: {checked.metric_names}", Metric)
        if checked.head.over == "labels" and not checked.head.labels:
            broken("its head is over labels and names none", Head)

    def test_encodes_each_example_in_its_place(self, inputs: Inputs) -> None:
        ids = [features[0].id for features in inputs.features]
        due = [example.id for example in inputs.examples]
        if ids != due:
            broken(f"the inputs are of the examples {ids}, and of {due} there were", Problem.encode)

    def test_losses_are_finite_and_have_a_gradient(self, checked: Problem, trained: Inputs) -> None:
        logits, batch = trained.batch(range(len(trained.examples)))
        leaf = logits.requires_grad_()
        losses = checked.losses(leaf, batch)  # what the runner refuses is raised
        if not losses.isfinite().all():
            broken(f"the losses {losses.tolist()} are not finite", Problem.losses)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        if leaf.grad is None or not leaf.grad.any() or not leaf.grad.isfinite().all():
            broken("no finite gradient of the losses reaches the logits", Problem.losses)

    def test_losses_are_the_criterions_where_it_says_so(
        self, task: Task, checked: Problem, trained: Inputs
    ) -> None:
        if not takes_criterion(task.problem):
            pytest.skip("its losses are its own")
        logits, batch = trained.batch(range(len(trained.examples)))
        losses = []
        for criterion in (Criterion(), Criterion(focal_gamma=2.0), Criterion()):
            checked.criterion = criterion
            losses.append(checked.losses(logits, batch))
        if not losses[0].equal(losses[2]) or losses[0].equal(losses[1]):
            broken(
                "it says that it takes a criterion, and another one gives the same losses", Problem
            )

    def test_loss_depends_on_no_other_example_and_no_padding(self, trained: Inputs) -> None:
        from xlt_cli.testing.inputs import losses

        rows = range(len(trained.examples))
        together, wide = losses(trained, rows), losses(trained, rows, WIDE)
        for row in rows:
            alone = losses(trained, [row])[0]
            cases = [(together[row], wide[row], "with padding")]
            cases += [] if trained.problem.contrasts else [(alone, together[row], "beside others")]
            for one, other, where in cases:
                if _differ(one, other):
                    broken(
                        f"the loss of an example is {float(one):.6f}, and {float(other):.6f} "
                        f"{where}",
                        Problem.losses,
                    )

    def test_loss_depends_on_the_batch_where_it_says_so_and_not_on_its_order(
        self, trained: Inputs
    ) -> None:
        from xlt_cli.testing.inputs import losses

        if not trained.problem.contrasts:
            pytest.skip("the loss of an example depends on no other")
        rows = list(range(len(trained.examples)))
        together, turned = losses(trained, rows), losses(trained, rows[::-1]).flip(0)
        alone = [losses(trained, [row])[0] for row in rows]
        if not any(map(_differ, alone, together)):
            broken("it contrasts examples, and each has the same loss alone", Problem)
        for one, other in zip(together, turned, strict=True):
            if _differ(one, other):
                broken("its losses depend on the order of examples in a batch", Problem.losses)

    def test_softmax_of_logits_gives_what_it_classifies(
        self, checked: Problem, trained: Inputs
    ) -> None:
        if not checked.classifies:
            pytest.skip("its logits give no probabilities of labels")
        stated, head = f"it classifies {checked.classifies}", checked.head
        if checked.grouped or (checked.labelled and len(head.labels) < 2):
            broken(f"{stated}, and its logits give no probabilities of them", Problem)
        if head.per_token != (checked.classifies == "tokens"):
            broken(f"{stated}, and its head is {'' if head.per_token else 'not '}per token", Head)
        logits, batch = trained.batch(range(len(trained.examples)))
        if batch.targets.shape != logits.shape[:-1]:
            broken(f"{stated}, and has targets {list(batch.targets.shape)}", Problem.targets)
        one, other = checked.losses(logits, batch), checked.losses(logits + 2, batch)
        if any(map(_differ, one, other)):
            broken(
                f"{stated}, and its losses change where 2 is added to all logits, which leaves "
                "their softmax as it is",
                Problem.losses,
            )

    def test_predictions_depend_on_no_other_example_and_no_padding(self, inputs: Inputs) -> None:
        rows = list(range(len(inputs.examples)))
        together = inputs.said(rows)  # what the runner refuses is raised
        turned, wide = inputs.said(rows[::-1])[::-1], inputs.said(rows, WIDE)
        for row in rows:
            others = [turned[row], wide[row]]
            if inputs.problem.searches:  # among all examples, whatever their order
                alone = together[row]
            else:
                (alone,) = inputs.said([row])
                others.append(together[row])
            for other in others:
                if (alone.id, alone.gold, alone.predicted) != (
                    other.id,
                    other.gold,
                    other.predicted,
                ):
                    broken(f"alone, an example got {alone}; in a batch, {other}", Problem.predict)

    def test_predictions_can_be_stored_and_sent(self, checked: Problem, inputs: Inputs) -> None:
        rows = range(len(inputs.examples))
        for prediction in inputs.said(rows):
            for value in (prediction.gold, prediction.predicted):
                if not _can_be_stored(value):
                    broken(f"a prediction holds {value!r}, which cannot be stored", Prediction)
        features = [feature for row in rows for feature in inputs.features[row]]
        kept = checked.predict(inputs.batch(rows)[0], features)
        try:
            pickle.dumps(kept)
        except Exception as error:
            broken(f"what is kept cannot be sent to another process: {error}", Problem.predict)

    def test_statistics_of_an_example_depend_on_no_other(
        self, checked: Problem, inputs: Inputs
    ) -> None:
        said = inputs.said(range(len(inputs.examples)))
        together = checked.statistics(said)  # what the runner refuses is raised
        turned = checked.statistics(said[::-1])[::-1]
        for place, prediction in enumerate(said):
            alone = checked.statistics([prediction])[0]
            for other in (together[place], turned[place]):
                if alone.shape != other.shape or (alone != other).any():
                    broken(
                        f"the statistics of an example are {alone} alone and {other} among others",
                        Problem.statistics,
                    )

    def test_scores_several_sums_at_once_as_one_by_one(
        self, checked: Problem, inputs: Inputs
    ) -> None:
        statistics = checked.statistics(inputs.said(range(len(inputs.examples))))
        half = len(statistics) // 2
        sums = [statistics.sum(0), statistics[:half].sum(0), statistics[half:].sum(0)]
        together = _scored(checked, _stacked(sums))
        for place, own in enumerate(sums):
            alone = _scored(checked, own)
            for name in alone:
                one, other = float(alone[name]), float(together[name][place])
                if _apart(one, other):
                    broken(
                        f"of the same sums, {name} is {one} alone and {other} among several",
                        Problem.score,
                    )

    def test_scores_each_sample_as_its_own_rows(self, checked: Problem, inputs: Inputs) -> None:
        import numpy as np

        statistics = checked.statistics(inputs.said(range(len(inputs.examples))))
        counts = np.random.default_rng(1).integers(0, 3, (3, len(statistics))).astype(float)
        together = checked.score_samples(statistics, counts)
        for place, own in enumerate(counts):
            rows = np.repeat(statistics, own.astype(int), axis=0)
            alone = checked.score_samples(rows, np.ones((1, len(rows))))
            for name, figures in together.items():
                one, other = float(alone[name][0]), float(figures[place])
                if _apart(one, other):
                    broken(
                        f"of the same rows, {name} is {one} alone and {other} by their counts",
                        Problem.score_samples,
                    )

    def test_score_is_in_the_bounds_of_its_unit(self, checked: Problem, inputs: Inputs) -> None:
        statistics = checked.statistics(inputs.said(range(len(inputs.examples))))
        scores = _all_scores(checked, statistics)
        for metric in checked.metrics:
            value = scores[metric.name]
            if metric.unit == "share" and not -TOLERANCE <= value <= 1 + TOLERANCE:
                broken(f"{metric.name} is a share, and {value}", Metric)

    def test_right_answers_score_best(self, checked: Problem, inputs: Inputs) -> None:
        said = inputs.said(range(len(inputs.examples)))
        right = [replace(prediction, predicted=prediction.gold) for prediction in said]
        best, other = (_all_scores(checked, checked.statistics(own)) for own in (right, said))
        for metric in checked.metrics:
            one, two = best[metric.name], other[metric.name]
            if metric.better(two, one + (TOLERANCE if metric.higher_is_better else -TOLERANCE)):
                broken(f"{metric.name} of right answers is {one}, and of others {two}", Metric)

    def test_an_open_threshold_is_the_best_for_its_predictions(
        self, checked: Problem, inputs: Inputs
    ) -> None:
        if not checked.open_threshold:
            pytest.skip("its predictions count from no threshold on that is still to be chosen")
        said = inputs.said(range(len(inputs.examples)))
        threshold = checked.best_threshold(said)
        main = checked.metrics[0]

        def scored(at: float) -> float:
            kept = checked.above(said, at)
            if [p.id for p in kept] != [p.id for p in said]:
                broken("it leaves predictions out", Problem.above)
            return float(_scored(checked, checked.statistics(kept).sum(0))[main.name])

        for other in (threshold - 0.1, threshold + 0.1):
            if main.better(scored(other) - TOLERANCE, scored(threshold)):
                broken(
                    f"{main.name} is better from {other} on than from {threshold} on",
                    Problem.best_threshold,
                )

    def test_silence_counts_as_wrong(self, checked: Problem, inputs: Inputs) -> None:
        if not checked.votes:
            pytest.skip("no smoothed classifier votes on its answers")
        said = inputs.said(range(len(inputs.examples)))
        silent = [replace(prediction, predicted=None) for prediction in said]
        scores = _all_scores(checked, checked.statistics(silent))
        for metric in checked.metrics:
            if metric.of_examples and scores[metric.name] > 0:
                broken(
                    f"{metric.name} of a model that is always silent is {scores[metric.name]}",
                    Prediction,
                )


def _scored(problem: Problem, sums: np.ndarray) -> dict[str, Any]:
    """Scores by name, of the shape of the sums."""
    scores = problem.score(sums)
    for name, values in scores.items():
        shape = getattr(values, "shape", ())
        if tuple(shape) != sums.shape[:-1]:
            broken(f"{name} of sums {list(sums.shape)} is of shape {list(shape)}", Problem.score)
    return scores


def _all_scores(problem: Problem, statistics: np.ndarray) -> dict[str, float]:
    """Every metric of some examples."""
    import numpy as np

    of_rows = problem.score_samples(statistics, np.ones((1, len(statistics))))
    scores = _scored(problem, statistics.sum(0))
    if sorted((*scores, *of_rows)) != sorted(problem.metric_names):
        all_names = [*scores, *of_rows]
        broken(f"it scores {all_names}, and its metrics are {problem.metrics}", Problem.score)
    return {name: float(v) for name, v in scores.items()} | {
        name: float(values[0]) for name, values in of_rows.items()
    }


def _apart(one: float, other: float) -> bool:
    """Whether two figures differ; two that are not defined do not."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) != math.isnan(other)
    return abs(one - other) > TOLERANCE * max(1, abs(one))


def _stacked(sums: list[np.ndarray]) -> np.ndarray:
    import numpy as np

    return np.stack(sums)


def _can_be_stored(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_can_be_stored, value))
    return value is None or type(value) in (str, int, float, bool)


def _differ(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool((one - other).abs() > TOLERANCE * other.abs().clamp(min=1))
