"""The stored answers of a run, found by the test sets that a question names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from xlt_cli.analyses.stored import languages_trained_on
from xlt_cli.errors import DamagedFile, DataError
from xlt_cli.problems.collapse import problem_under
from xlt_cli.references.stored import chosen_share, shares_of
from xlt_cli.reports.measured import measure
from xlt_cli.reports.validity import is_collapsed
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store, cells_of, summaries
from xlt_cli.spec import CLEAN, Evaluation, PluginUse
from xlt_cli.spec.building import build_task
from xlt_cli.spec.identity import plugin_stated
from xlt_cli.spec.question import TestSet
from xlt_cli.spec.seen_languages import trained_languages


@dataclass(frozen=True)
class Found:
    """A test set as one run has it.

    Attributes:
        evaluation: what it is an evaluation of.
        keys: of the draws of its condition; one empty key for the texts as they are.
        pairs: its cells.
        aligned: whether an id is one item in all languages.
    """

    store: Store
    evaluation: Evaluation
    keys: tuple[str, ...]
    pairs: tuple[Pair, ...]
    aligned: bool


@dataclass(frozen=True)
class Answered:
    """What a run answered in a cell.

    Attributes:
        rows: a hash of the ids and gold labels.
        metric: the name of the metric.
        value: of the metric.
        effects: how far each row moves it, [n], in 32 bits; mean 0.
    """

    rows: str
    metric: str
    value: float
    effects: np.ndarray


@dataclass
class TestedRun:
    """A run and its answers, read once.

    Attributes:
        seed: None for a model that was not trained with a seed.
        rows: the ids of what was asked, by the hash of rows; shared by all runs.
        damages: what was wrong with files that were looked for and could not be read.
    """

    run: Run
    rows: dict[str, list[str]]
    damages: list[str] = field(default_factory=list)
    _answered: dict[tuple[str, Cell, str | None], Answered] = field(default_factory=dict)
    _found: dict[int, Found | None] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Of the training."""
        return int(self.run.seed)

    @cached_property
    def trained_on(self) -> tuple[str, ...]:
        """The languages of all its stages."""
        return tuple(languages_trained_on(self.run))

    @cached_property
    def before(self) -> tuple[str, ...]:
        """The languages of the stages before its last one."""
        stages = self.run.spec.stages[:-1] if "spec" in self.run.record else []
        return tuple(dict.fromkeys(x for stage in stages for x in trained_languages(stage)))

    @cached_property
    def _evaluations(self) -> list[tuple[str, Evaluation, Mapping[str, Any]]]:
        return [
            (name, Evaluation.model_validate(about), results)
            for name, about, results in summaries(self.run.evaluations)
            if about and results is not None
        ]

    @cached_property
    def _tasks(self) -> dict[str, dict[str, Any]]:
        return {
            name: plugin_stated(evaluation.task, "task")
            for name, evaluation, _ in self._evaluations
            if evaluation.task is not None
        }

    def gives_one_answer(self, one: TestSet) -> bool:
        """Whether the run has collapsed, as its evaluation of a set says."""
        found = self.find(one)
        if found is None:
            return False
        folder = found.store.path
        results = next(r for name, _, r in self._evaluations if name == folder.name)
        return bool(is_collapsed(folder, results))

    def find(self, one: TestSet) -> Found | None:
        """A test set with all its cells; None if the run lacks it.

        What a set leaves open of its task, such as where its files are, is not looked at.

        Raises:
            DataError: the run has several evaluations that it may be.
        """
        if id(one) not in self._found:
            self._found[id(one)] = self._search(one)
        return self._found[id(one)]

    def _search(self, one: TestSet) -> Found | None:
        wanted = plugin_stated(one.task, "task")
        fitting = []
        for name, evaluation, results in self._evaluations:
            if not wanted.items() <= self._tasks.get(name, {}).items():
                continue
            if evaluation.split != one.split:
                continue
            if one.limit is not None and evaluation.limit != one.limit:
                continue
            keys = _keys(one.condition, results)
            if keys is None:
                continue
            store = _store(self.run, name)
            try:
                done = set(store.whole())
            except DamagedFile as error:  # the run lacks the set, as if it was not tested on it
                self.damages.append(f"{error.what}: {error.where}")
                continue
            pairs = sorted({cell.languages for cell in done if cell.condition == keys[0]})
            is_pair = one.setting == "generalized"
            pairs = [p for p in pairs if (p[0] != p[1]) == is_pair]
            if pairs and all(Cell(pair, key) in done for pair in pairs for key in keys):
                task = build_task(_task(evaluation))
                fitting.append(Found(store, evaluation, keys, tuple(pairs), bool(task.aligned)))
        if len(fitting) > 1:
            names = ", ".join(found.store.path.name for found in fitting)
            raise DataError(
                f"'{self.run.name}' has several evaluations of {one.title}: {names}",
                hint="say in the question's file which one is meant, by its `limit`",
            )
        return fitting[0] if fitting else None

    def answered(self, found: Found, pair: Pair, key: str, metric: str | None) -> Answered:
        """What it answered in a cell.

        Args:
            metric: a metric that is a share; None for the accuracy, or the main metric of a task
                that has none.

        Raises:
            DataError: the task has no such metric.
        """
        cell = Cell(pair, key)
        place = found.store.path.name, cell, metric
        if place not in self._answered:
            self._answered[place] = self._read(found, cell, metric)
        return self._answered[place]

    def _read(self, found: Found, cell: Cell, wanted: str | None) -> Answered:
        evaluation = found.evaluation
        task = build_task(_task(evaluation))
        problem = problem_under(task, evaluation.collapse)
        shares = shares_of(problem)
        metric = chosen_share(shares, task.metric, wanted)
        if metric is None:
            known = ", ".join(one.name for one in shares)
            which = f" '{wanted}'" if wanted else ""
            raise DataError(
                f"'{task.name}' has no metric{which} that is a share, better when higher",
                hint=f"choose another `metric` ({known})"
                if known
                else "leave the set out of the question's file",
            )
        answers = found.store.coded(cell)
        measured = measure(problem, metric.name, {cell.languages: answers}, aligned=False)
        rows = measured.rows[cell.languages]
        self.rows.setdefault(rows, answers.ids)
        scored = measured.scores[cell.languages]
        return Answered(rows, metric.name, scored.value, scored.effects)


def _task(evaluation: Evaluation) -> PluginUse:
    assert evaluation.task is not None
    return evaluation.task


def _keys(wanted: PluginUse, results: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The keys of the draws of a condition; None if it was not tested."""
    if wanted.name == CLEAN:
        return ("",)
    stated = plugin_stated(wanted, "condition")
    for part in results.get("conditions", ()):
        given = PluginUse.model_validate(part["given"])
        if given.name == wanted.name and plugin_stated(given, "condition") == stated:
            return tuple(part.get("keys") or (part["key"],))
    return None


def _store(run: Run, folder: str) -> Store:
    path = run.evaluations / folder
    *_, (_, weights) = cells_of(path).values()
    return Store(path, {}, weights)


def shared_pairs(found: Sequence[Found]) -> list[Pair]:
    """The cells that all have, in the order of the first."""
    return [pair for pair in found[0].pairs if all(pair in one.pairs for one in found)]
