"""The figures of stored cells, and what must be said beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.data.place import place
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.notes import notes, words_notes
from xlt_cli.evaluation.plan import Plan, make_plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.formats import csv
from xlt_cli.reports import validity
from xlt_cli.reports.evaluation import records
from xlt_cli.reports.summary import Counted, certified_figures, counted, summarise
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

ABOUT = ("source", "sha256", "rows")
"""What results say of the data of a language: all rows of the split, whatever the limit."""


def summarise_all(
    plan: Plan, store: Store, subject: Subject, known: Mapping[Cell, Counted] | None = None
) -> None:
    """Writes the figures of all cells in the store.

    Args:
        known: what need not be read from the store.
    """
    done = stored(plan, store)
    everything = summary(_covering(plan, done), store, subject, done, known)
    store.write_summary(everything, csv.records(records([everything])))


def summary(
    plan: Plan,
    store: Store,
    subject: Subject,
    asked: Sequence[Cell],
    known: Mapping[Cell, Counted] | None = None,
) -> dict[str, Any]:
    """The figures of stored cells, and what must be said beside them.

    Args:
        known: what need not be read from the store.
    """
    known = known or {}
    problem = plan.problem
    counts = {**known, **_read(plan, store, [cell for cell in asked if cell not in known])}
    cells = {cell.languages: counts[cell] for cell in asked}
    figures = summarise(problem, plan.task.metric, cells, subject.trained_on, plan.aligned)
    warned = [*figures.warnings, *plan.warnings, *held_out.warnings(plan, subject.used)]
    languages = list(dict.fromkeys(language for cell in asked for language in cell.languages))
    data = {x: plan.rows.about(plan.task, plan.evaluation.split, x) for x in languages}
    smoothing = plan.evaluation.smoothing
    votes = asked if smoothing else ()
    certified = {cell_name(c.languages): certified_figures(store.read(c)) for c in votes}
    return {
        "task": plan.task.name,
        "split": plan.evaluation.split,
        "limit": plan.evaluation.limit,
        "place": place(plan.task, [about["source"] for about in data.values()]),
        "demonstration": plan.task.demonstration,
        **({"scoring": problem.scoring} if problem.scoring else {}),
        **figures.as_dict(),
        **({"smoothing": smoothing.model_dump(), "certified": certified} if smoothing else {}),
        **({"collapse": plan.evaluation.collapse} if plan.evaluation.collapse else {}),
        "data": {x: {name: about[name] for name in ABOUT} for x, about in data.items()},
        "warnings": warned,
        "notes": [
            *map(validity.note, warned),
            *notes(plan, subject),
            *words_notes(problem, cells, subject.max_length),
            *store.notes(),
        ],
    }


def stored(plan: Plan, store: Store) -> list[Cell]:
    """The cells that a store has of the model under test."""
    return store.done(words=plan.task.problem.by_words)


def _read(plan: Plan, store: Store, cells: Sequence[Cell]) -> dict[Cell, Counted]:
    problem = plan.problem
    return {cell: counted(problem, store.bare(cell)) for cell in cells}


def _covering(plan: Plan, cells: Sequence[Cell]) -> Plan:
    """A plan of all languages of some cells, whose rows are aligned only if all of them are."""
    languages = list(dict.fromkeys(language for cell in cells for language in cell.languages))
    if set(languages) <= set(plan.languages):
        return plan
    covering = plan.resolved.changed(languages=languages, settings=["standard"])
    return make_plan(covering, plan.rows)
