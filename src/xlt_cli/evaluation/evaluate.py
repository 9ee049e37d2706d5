"""Evaluation cell by cell: languages under a condition. Finished cells are never redone."""

from __future__ import annotations

from typing import Any

from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.evaluation.counts import stored
from xlt_cli.evaluation.filling import fill
from xlt_cli.evaluation.plan import Plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.evaluation.summary import summarise_all, summarised, summary
from xlt_cli.reports.summary import Counted
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store


def evaluate(
    plan: Plan, store: Store, subject: Subject, runtime: Runtime, reporter: Reporter
) -> dict[str, Any]:
    """Fills the missing cells of an evaluation; returns the figures of those asked for.

    Figures of all cells in the store are written to its results.json and results.csv.
    """
    absent = missing(plan, store)
    known: dict[Cell, Counted] = {}
    if absent:
        known = fill(plan, absent, store, subject, runtime, reporter)
    if runtime.is_main and (absent or not summarised(plan, store)):
        summarise_all(plan, store, subject, known)
    return summary(plan, store, subject, plan.cells, known)


def missing(plan: Plan, store: Store) -> list[Cell]:
    """The cells of a plan that are not stored."""
    done = set(stored(plan, store))
    return [cell for cell in plan.cells if cell not in done]
