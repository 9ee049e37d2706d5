"""The figures of stored cells, and what must be said beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from xlt_cli.data.place import place
from xlt_cli.evaluation import by_language, draws, held_out
from xlt_cli.evaluation import condition_figures as conditions
from xlt_cli.evaluation.counts import read, stored
from xlt_cli.evaluation.covering import covering
from xlt_cli.evaluation.draws import Drawn
from xlt_cli.evaluation.extras import NONE
from xlt_cli.evaluation.notes import notes, words_notes
from xlt_cli.evaluation.plan import Plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.formats import csv
from xlt_cli.reports import validity
from xlt_cli.reports.evaluation import records
from xlt_cli.reports.scorer import Scorer
from xlt_cli.reports.summary import Counted, summarise
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import CLEAN

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
    known = {**(known or {})}
    known |= read(plan, store, [cell for cell in done if cell not in known])
    lacking = undefined(plan.scorer, {cell: known[cell] for cell in done})
    said: tuple[str, ...] = ()
    kept = [cell for cell in done if cell.languages not in lacking]
    if kept:  # one language must not keep all others from having figures, now and later
        said = tuple(f"{cell_name(pair)}: left out, {why}" for pair, why in lacking.items())
        done = kept
    wide = covering(plan, done, store)
    wide = replace(wide, extras=NONE, notes=(*wide.notes, *said))
    everything = summary(wide, store, subject, done, known, draws.stored(wide, store, done))
    store.write_summary(everything, csv.records(records([everything])))


def undefined(scorer: Scorer, counts: Mapping[Cell, Counted]) -> dict[Pair, str]:
    """Of languages for whose rows a metric is not defined, which one, under any condition."""
    lacking: dict[Pair, str] = {}
    for cell, own in counts.items():
        found = scorer.score(own.statistics.sum(axis=0))
        once = scorer.score_samples(own.statistics, np.ones((1, len(own.ids))))
        for name, value in {**found, **once}.items():
            if np.isnan(value).any():
                lacking.setdefault(cell.languages, f"as '{name}' is not defined for its rows")
    return lacking


def summarised(plan: Plan, store: Store) -> bool:
    """Whether the store has the figures of all its cells, with the metrics of a plan."""
    return store.summarised(plan.scorer.main, plan.scorer.extra_stated)


def summary(
    plan: Plan,
    store: Store,
    subject: Subject,
    asked: Sequence[Cell],
    known: Mapping[Cell, Counted] | None = None,
    under: Sequence[Drawn] | None = None,
) -> dict[str, Any]:
    """The figures of stored cells, and what must be said beside them.

    Those of the evaluation's own condition stand at the top, those of others under `conditions`.

    Args:
        known: what need not be read from the store.
        under: the conditions of the cells; None: as the plan has them.
    """
    known = known or {}
    scorer, evaluation = plan.scorer, plan.evaluation
    counts = {**known, **read(plan, store, [cell for cell in asked if cell not in known])}
    counts = {cell: counts[cell] for cell in asked}
    if under is None:
        under = draws.asked(plan, [cell.condition for cell in asked if cell.condition])
    own = [cell for cell in asked if not cell.condition]
    cells = {cell.languages: counts[cell] for cell in own}
    figures = summarise(scorer, scorer.main, cells, subject.trained_on, plan.aligned)
    warned = [*figures.warnings, *plan.warnings, *held_out.warnings(plan, subject.used)]
    languages = list(dict.fromkeys(language for cell in asked for language in cell.languages))
    data = {x: plan.rows.about(plan.task, evaluation.split, x) for x in languages}
    former = evaluation.former
    measured = conditions.measured(plan.tested("", store), store, own)
    others = conditions.figures(plan, store, subject, counts, under)
    return {
        "task": plan.task.name,
        "split": evaluation.split,
        "limit": evaluation.limit,
        "place": place(plan.task, [about["source"] for about in data.values()]),
        "demonstration": plan.task.demonstration,
        **({"scoring": scorer.scoring} if scorer.scoring else {}),
        **figures.as_dict(),
        **({"extra_metrics": scorer.extra_stated} if scorer.extra else {}),
        **by_language.facts(plan, store, subject, languages),
        **by_language.grouped(plan, scorer, cells, subject.trained_on),
        **({former.name: former.params, **measured} if former is not None else {}),
        **({"collapse": evaluation.collapse} if evaluation.collapse else {}),
        **({"condition": CLEAN, "conditions": others} if others else {}),
        "data": {x: {name: about[name] for name in ABOUT} for x, about in data.items()},
        "warnings": warned,
        "notes": [
            *map(validity.note, warned),
            *notes(plan, subject),
            *words_notes(scorer, cells, subject.max_length),
            *store.notes(),
        ],
    }
