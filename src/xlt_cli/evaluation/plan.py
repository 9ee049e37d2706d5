"""What an evaluation comes to: its languages, its rows, its cells."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from xlt_cli.api import Example, Task
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import DataError, UserError
from xlt_cli.evaluation.conditions import Tested, of_evaluation, of_record
from xlt_cli.evaluation.extras import NONE, Extras
from xlt_cli.languages import among, own_code, own_codes
from xlt_cli.problems import Problem
from xlt_cli.problems.collapse import collapsed as counted_as
from xlt_cli.problems.collapse import problem_under
from xlt_cli.reports import validity
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.summary import check_alignment
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ResolvedEvaluation


@dataclass
class Plan:
    """An evaluation with its languages known and its rows loaded.

    Attributes:
        aligned: whether one id is the same item in all these languages; averages are then
            resampled over items jointly.
        notes: what was seen of the alignment.
        warnings: the same, as values (see `reports.validity`).
        conditions: what the cells are under, in the spec's order.
        extras: what is asked of results beyond the figures of cells.
    """

    resolved: ResolvedEvaluation
    languages: list[str]
    rows: RowStore
    aligned: bool
    notes: tuple[str, ...]
    warnings: tuple[dict[str, Any], ...] = ()
    conditions: list[Tested] = field(default_factory=list)
    extras: Extras = NONE

    @property
    def evaluation(self) -> Evaluation:
        """What is evaluated, as data."""
        return self.resolved.spec

    @property
    def task(self) -> Task:
        """The task whose rows are predicted."""
        return self.resolved.task

    @property
    def problem(self) -> Problem:
        """The task's problem, over the classes that its labels are counted as."""
        return problem_under(self.task, self.evaluation.collapse)

    @property
    def scorer(self) -> Scorer:
        """What its figures are computed with."""
        metrics = self.resolved.metrics
        return Scorer(self.problem, metrics.main, metrics.extra)

    def counted(self, language: str) -> Sequence[Example]:
        """The rows of a language, their labels counted as classes."""
        evaluation = self.evaluation
        rows = self.rows.load(self.task, evaluation.split, language, evaluation.limit)
        return counted_as(rows, evaluation.collapse)

    def rows_in(self, language: str) -> int:
        """How many rows of a language are evaluated."""
        rows: int = self.rows.about(self.task, self.evaluation.split, language)["rows"]
        return min(rows, self.evaluation.limit or rows)

    def tested(self, key: str, store: Store) -> Tested | None:
        """The condition of cells, also one that only the store knows; None if it is not here."""
        own = next((tested for tested in self.conditions if tested.key == key), None)
        record = store.given(key) if own is None and key else None
        with contextlib.suppress(UserError, ValidationError, KeyError, TypeError):
            return of_record(record, key, self.problem) if record else own
        return None

    @property
    def cells(self) -> list[Cell]:
        """Condition by condition, those of the languages that it serves."""
        cells = (
            Cell(pair, tested.key)
            for tested in self.conditions
            for pair in self.pairs
            if tested.serves(pair)
        )
        return list(dict.fromkeys(cells))  # conditions may have draws in common

    @property
    def pairs(self) -> list[Pair]:
        """Standard ones first, then pairs of different languages where they are asked for."""
        generalized = "generalized" in self.evaluation.settings
        standard = "standard" in self.evaluation.settings
        return [
            *[(a, a) for a in self.languages if standard],
            *[(a, b) for a in self.languages for b in self.languages if a != b and generalized],
        ]


def make_plan(resolved: ResolvedEvaluation, rows: RowStore) -> Plan:
    """Loads and checks the rows of an evaluation.

    Raises:
        DataError: rows are missing or malformed, or (for the generalized setting) not aligned.
    """
    evaluation, task = resolved.spec, resolved.task
    known, where = list(task.languages(evaluation.split)), f"{task.name} ({evaluation.split})"
    languages = own_codes(evaluation.languages or known, known, where)
    if not languages:
        raise DataError(f"the task '{task.name}' has no {evaluation.split} split", where)
    if "generalized" in evaluation.settings and len(languages) < 2:
        raise DataError(
            "the generalized setting needs two languages or more",
            f"{task.name} ({evaluation.split}, {languages[0]})",
        )
    loaded = {
        language: rows.load(task, evaluation.split, language, evaluation.limit)
        for language in languages
    }
    if "generalized" in evaluation.settings:
        _check_pairs(task, loaded)
    plan = Plan(resolved, languages, rows, aligned=False, notes=())
    plan.conditions = of_evaluation(resolved, plan.problem)
    _check_served(plan)
    _load_dev(plan)
    if not task.aligned:
        return plan
    labels = {
        language: {e.id: label for e in examples if (label := e.shared_label()) is not None}
        for language, examples in loaded.items()
    }
    return with_alignment(plan, labels)


def with_alignment(plan: Plan, labels: Mapping[str, Mapping[str, str]]) -> Plan:
    """The plan of an aligned task, which is aligned if the labels do not speak against it.

    Args:
        labels: of each item in each language.

    Raises:
        DataError: they do, and pairs of languages are asked for.
    """
    try:
        check_alignment(plan.task.name, labels)
    except DataError as error:
        if "generalized" in plan.evaluation.settings:
            raise
        differing = tuple(validity.disagreements(labels))
        return replace(plan, notes=(error.what,), warnings=differing)
    return replace(plan, aligned=True, notes=_shared(labels))


def _load_dev(plan: Plan) -> None:
    """Loads the rows that thresholds are chosen on, so that they are known to be there.

    Raises:
        DataError: a language has none.
    """
    if not plan.problem.open_threshold:
        return
    known = plan.task.languages("dev")
    for language in plan.languages:
        if own_code(language, known) is None:
            raise DataError(
                f"'{plan.task.name}' needs a threshold, which is chosen on dev rows, and has none "
                f"in '{language}'",
                f"{plan.task.name} ({plan.evaluation.split}, {language})",
                "state it: `threshold` among the task's parameters",
            )
        plan.rows.load(plan.task, "dev", language, plan.evaluation.limit)


def _check_served(plan: Plan) -> None:
    for tested in plan.conditions:
        if any(map(tested.serves, plan.pairs)):
            continue
        if tested.searches and "standard" not in plan.evaluation.settings:
            raise DataError(
                f"the condition '{tested.condition.name}' searches in one language at a time",
                f"{plan.task.name} ({plan.evaluation.split}, generalized)",
                "add the setting `standard`",
            )
        raise DataError(
            f"the condition '{tested.condition.name}' supports none of these languages",
            f"{plan.task.name} ({plan.evaluation.split}, {', '.join(plan.languages)})",
            f"it supports {', '.join(tested.condition.speaks or ())}",
        )


def check_claims(plan: Plan, trained_on: Collection[str]) -> None:
    """Refuses languages of which it cannot be said whether the model was trained on them.

    Raises:
        UserError: a language is unknown; known before anything is predicted.
    """
    for language in plan.languages:
        among(language, trained_on, f"{plan.task.name} ({plan.evaluation.split}, {language})")


def _check_pairs(task: Task, loaded: dict[str, Sequence[Example]]) -> None:
    for language, examples in loaded.items():
        for example in examples:
            if not task.problem.pairs or len(example.languages) != 2:
                raise DataError(
                    "the generalized setting needs a task whose examples have two texts",
                    f"{task.name} ({language}): example '{example.id}'",
                )


def _shared(labels: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Says how many items all languages share, if some lack some."""
    everywhere = set.intersection(*(set(ids) for ids in labels.values()))
    anywhere = set.union(*(set(ids) for ids in labels.values()))
    if len(everywhere) == len(anywhere):
        return ()
    return (f"{len(everywhere):,} of {len(anywhere):,} items exist in all languages",)
