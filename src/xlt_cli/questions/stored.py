"""The stored answers of a run, found by the test sets that a question names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from xlt_cli.analyses.stored import languages_trained_on
from xlt_cli.errors import DamagedFile, DataError
from xlt_cli.problems.collapse import problem_under
from xlt_cli.reports.measured import statistics_of
from xlt_cli.reports.validity import is_collapsed
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store, cells_of, summaries
from xlt_cli.spec import CLEAN, Evaluation, PluginUse
from xlt_cli.spec.building import build_task
from xlt_cli.spec.identity import plugin_stated
from xlt_cli.spec.question import TestSet


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
class Rows:
    """What was asked in a cell; cells of many runs have the same.

    Attributes:
        key: a hash of ids and gold labels.
    """

    key: str
    ids: list[str]


@dataclass
class TestedRun:
    """A run and its answers, read once.

    Attributes:
        seed: None for a model that was not trained with a seed.
        rows: what was asked, by key; shared by all runs.
    """

    run: Run
    rows: dict[str, Rows]
    _right: dict[tuple[str, Cell], tuple[str, np.ndarray]] = field(default_factory=dict)
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
            except DamagedFile:  # the run lacks the set, as one that was not tested on it
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

    def right(self, found: Found, pair: Pair, key: str) -> tuple[str, np.ndarray]:
        """The key of what was asked in a cell, and which rows were answered rightly, [n] of 0 or 1.

        Raises:
            DataError: the task has no accuracy.
        """
        cell = Cell(pair, key)
        place = found.store.path.name, cell
        if place not in self._right:
            self._right[place] = self._read(found, cell)
        return self._right[place]

    def _read(self, found: Found, cell: Cell) -> tuple[str, np.ndarray]:
        evaluation = found.evaluation
        problem = problem_under(build_task(_task(evaluation)), evaluation.collapse)
        accuracy = next((one.name for one in problem.metrics if one.of_examples), None)
        if accuracy is None:
            raise DataError(
                f"'{_task(evaluation).name}' has no metric that is a share of the rows",
                hint="leave the set out of the question's file",
            )
        answers = found.store.coded(cell)
        text = "\n\n".join(map("\n".join, (answers.ids, map(str, answers.golds.listed()))))
        key = hashlib.sha256(text.encode()).hexdigest()
        self.rows.setdefault(key, Rows(key, answers.ids))
        right = problem.score(statistics_of(problem, answers))[accuracy]
        return key, np.asarray(right, dtype=np.float32)


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
