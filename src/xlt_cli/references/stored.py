"""Which stored evaluations of runs are of the same test sets, and their figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlt_cli.analyses.stored import languages_trained_on, own_task
from xlt_cli.api import Metric
from xlt_cli.errors import DataError
from xlt_cli.problems import Problem
from xlt_cli.problems.collapse import problem_under
from xlt_cli.reports.measured import statistics_of
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.coded import CodedAnswers
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store, cells_of, summaries
from xlt_cli.spec import CLEAN, Evaluation
from xlt_cli.spec.building import build_task
from xlt_cli.spec.identity import evaluation_stated
from xlt_cli.stats.intervals import Interval, Resampled, average, draws, wilson

STATED = {"task", "split", "limit", "windows", "collapse"}
"""What an evaluation states where the model itself was tested, apart from its conditions."""

Place = tuple[str, tuple[str, ...]]
"""A test set: the directory of its evaluation, and the keys of its condition's draws."""


@dataclass(frozen=True)
class TestSet:
    """An evaluation under one condition, as one run has it.

    Attributes:
        keys: of the draws of the condition; one empty key for the texts as they are.
        condition: what tables call it.
        source: where its rows are from, if not from the task's usual place.
        collapsed: whether the model gives one answer to every row of the evaluation.
        curve: the noise, and its strength; those of one noise stand together.
    """

    folder: str
    keys: tuple[str, ...]
    evaluation: Evaluation
    condition: str
    source: str
    languages: tuple[str, ...]
    collapsed: bool
    curve: tuple[str, float]

    @property
    def place(self) -> Place:
        """What it has in common with the same test set of other runs."""
        return self.folder, self.keys

    @property
    def clean(self) -> bool:
        """Whether the texts are as they are."""
        return self.keys == ("",)


@dataclass(frozen=True)
class Subject:
    """A run and its test sets.

    Attributes:
        name: what tables call it.
        task: what its spec says of the task that it ended with; None for a model of others.
        incomplete: evaluations whose figures are not those of their cells, or that lack answers.
    """

    name: str
    run: Run
    task: Mapping[str, Any] | None
    trained_on: tuple[str, ...]
    sets: Mapping[Place, TestSet]
    incomplete: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """A metric of one run on some rows: accuracy, F1, or another in [0, 1].

    Attributes:
        share: in [0, 1], with its replicates; runs with the same rows have the same draws.
        rows: the number of rows that it is computed from.
        of_examples: whether it is the share of rows that have some property.
        cells: the number of cells that it is a mean over.
    """

    share: Resampled
    rows: int
    of_examples: bool = True
    cells: int = 1

    def interval(self) -> Interval:
        """With its 95% interval, as evaluations have it."""
        counted = self.of_examples and self.cells == 1
        return wilson(self.share.value, self.rows) if counted else self.share.interval()


def mean(parts: Sequence[Share]) -> Share:
    """The unweighted mean over languages, or over draws."""
    share = average([part.share for part in parts])
    rows, cells = sum(part.rows for part in parts), sum(part.cells for part in parts)
    return Share(share, rows, parts[0].of_examples, cells)


def subject(name: str, run: Run) -> Subject:
    """A run with the test sets that are stored of it."""
    sets: dict[Place, TestSet] = {}
    incomplete = []
    for folder, about, results in summaries(run.evaluations):
        if not about:
            continue
        evaluation = Evaluation.model_validate(about)
        if not set(evaluation_stated(evaluation)) <= STATED:
            continue
        own = list(_sets(folder, evaluation, results)) if results is not None else []
        if results is None or not _cells(own) <= set(_store(run, folder).done()):
            incomplete.append(folder)
        else:
            own.sort(key=lambda one: (not one.clean, one.curve))
            sets |= {one.place: one for one in own}
    trained_on = tuple(languages_trained_on(run))
    return Subject(name, run, own_task(run), trained_on, sets, tuple(incomplete))


def _cells(sets: Sequence[TestSet]) -> set[Cell]:
    return {Cell((x, x), key) for one in sets for key in one.keys for x in one.languages}


def _sets(folder: str, evaluation: Evaluation, results: Mapping[str, Any]) -> Iterator[TestSet]:
    parts = [{**results, "condition": CLEAN, "key": ""}, *results.get("conditions", ())]
    for part in parts:
        if languages := tuple(part["languages"]):
            keys = tuple(part.get("keys") or (part["key"],))
            name, source = str(part["condition"]), str(results.get("place") or "")
            fallen = bool(results.get("collapsed"))
            curve = str(part.get("curve", name)), float(part.get("strength", 0))
            yield TestSet(folder, keys, evaluation, name, source, languages, fallen, curve)


class Answered:
    """The figures of several runs on one test set, in each language.

    Args:
        subjects: those that have the set; the rows of the first one count.
        wanted: the name of a metric; None for the accuracy, or the main metric of a problem that
            has none.

    Attributes:
        metric: the name of the metric; None if the problem has no such metric that is a share.
        is_accuracy: whether it is a share of the rows.
        known: the names of the problem's metrics that are shares.
        shares: by language, then by the name of the run.
        others: by language, the runs that answered other rows than the first.
    """

    def __init__(
        self,
        place: Place,
        subjects: Sequence[Subject],
        languages: Sequence[str],
        wanted: str | None = None,
    ) -> None:
        evaluation = subjects[0].sets[place].evaluation
        assert evaluation.task is not None
        task = build_task(evaluation.task)
        problem = problem_under(task, evaluation.collapse)
        shares = shares_of(problem)
        metric = chosen_share(shares, task.metric, wanted)
        self.known = [one.name for one in shares]
        self.metric = metric.name if metric is not None else None
        self.is_accuracy = metric is not None and metric.of_examples
        self.shares: dict[str, dict[str, Share]] = {}
        self.others: dict[str, list[str]] = {}
        if metric is None:
            return
        # As in all figures, translations of an item are drawn together.
        shared = _items(place, subjects[0]) if task.aligned else None
        for language in languages:
            name = "aligned" if task.aligned else language
            of = (problem, metric)
            parts = [
                _of_cell(Cell((language, language), key), place[0], subjects, of, shared, name)
                for key in place[1]
            ]
            same = [s.name for s in subjects if all(s.name in part for part in parts)]
            self.shares[language] = {n: mean([part[n] for part in parts]) for n in same}
            self.others[language] = [s.name for s in subjects if s.name not in same]


def shares_of(problem: Problem) -> list[Metric]:
    """The metrics that are shares, better when higher."""
    return [one for one in problem.metrics if one.unit == "share" and one.higher_is_better]


def chosen_share(shares: Sequence[Metric], main: str, wanted: str | None) -> Metric | None:
    """The metric with a name; without one the accuracy, or else the task's own."""
    if wanted is not None:
        return next((one for one in shares if one.name == wanted), None)
    accuracy = next((one for one in shares if one.of_examples), None)
    return accuracy or next((one for one in shares if one.name == main), None)


def _of_cell(
    cell: Cell,
    folder: str,
    subjects: Sequence[Subject],
    of: tuple[Problem, Metric],
    shared: Sequence[str] | None,
    name: str,
) -> dict[str, Share]:
    """The figures of the runs that answered the rows of the first of them, by run.

    Args:
        of: the problem, and the metric of it.
        shared: the items that are drawn; None for those of the cell.
        name: of the draws; as evaluations draw them.

    Raises:
        DataError: the metric is not defined for the rows.
    """
    problem, metric = of
    first: CodedAnswers | None = None
    answered: dict[str, np.ndarray] = {}
    for one in subjects:
        own = _store(one.run, folder).coded(cell)
        first = first or own
        if (own.ids, own.golds) == (first.ids, first.golds):
            answered[one.name] = statistics_of(problem, own)
    ids = first.ids if first else []
    items = ids if shared is None else list(dict.fromkeys([*shared, *ids]))
    weights = draws(len(items), name)
    if items != ids:
        column = {identifier: number for number, identifier in enumerate(items)}
        weights = weights[:, [column[identifier] for identifier in ids]]
    scored = _mean_scores if metric.of_examples else _scores_of_sums
    return {
        run: Share(own, len(ids), metric.of_examples)
        for run, own in scored(problem, metric.name, answered, weights, cell).items()
    }


def _mean_scores(
    problem: Problem, metric: str, answered: Mapping[str, np.ndarray], weights: np.ndarray, _: Cell
) -> dict[str, Resampled]:
    """A metric that is the mean of what each row has, of all runs in one product."""
    right = {run: problem.score(statistics)[metric] for run, statistics in answered.items()}
    answers = np.stack(list(right.values()), axis=1)  # [N, K]
    with np.errstate(invalid="ignore"):  # of few rows, a resample may have none
        replicates = (weights @ answers) / weights.sum(axis=1, keepdims=True)
    return {
        run: Resampled(float(own.mean()), replicates[:, k])
        for k, (run, own) in enumerate(right.items())
    }


def _scores_of_sums(
    problem: Problem,
    metric: str,
    answered: Mapping[str, np.ndarray],
    weights: np.ndarray,
    cell: Cell,
) -> dict[str, Resampled]:
    """A metric of the sums over rows, such as F1."""
    shares = {}
    for run, statistics in answered.items():
        value = float(problem.score(statistics.sum(axis=0, keepdims=True))[metric][0])
        if math.isnan(value):
            raise DataError(
                f"the metric '{metric}' is not defined for the rows of '{cell.languages[0]}'",
                run,
                "name another one with --metric",
            )
        shares[run] = Resampled(value, problem.score(weights @ statistics)[metric])
    return shares


def _items(place: Place, one: Subject) -> list[str]:
    """All items of an evaluation on the texts as they are, in the order of its languages."""
    store = _store(one.run, place[0])
    clean = one.sets.get((place[0], ("",)))
    cells = [Cell((language, language)) for language in sorted(clean.languages if clean else ())]
    return list(dict.fromkeys(i for cell in cells for i in store.coded(cell).ids))


def _store(run: Run, folder: str) -> Store:
    path = run.evaluations / folder
    *_, (_, weights) = cells_of(path).values()
    return Store(path, {}, weights)
