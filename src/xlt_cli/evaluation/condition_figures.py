"""The figures of cells under the conditions of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.api import MeasuredTable
from xlt_cli.evaluation import by_language
from xlt_cli.evaluation.changed import shares, unchanged_notes
from xlt_cli.evaluation.conditions import Tested
from xlt_cli.evaluation.counts import read, stored
from xlt_cli.evaluation.draws import Drawn
from xlt_cli.evaluation.notes import words_notes
from xlt_cli.evaluation.plan import Plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.languages import among
from xlt_cli.reports import validity
from xlt_cli.reports.draws import beside, over, repeated
from xlt_cli.reports.drops import drops
from xlt_cli.reports.summary import Counted, summarise
from xlt_cli.reports.validity import cell_name
from xlt_cli.runs.cells import Cell, Pair
from xlt_cli.runs.predictions import Store

SHARED = ("metric", "trained_on")
"""Figures that are the whole evaluation's."""


def figures(
    plan: Plan,
    store: Store,
    subject: Subject,
    counts: Mapping[Cell, Counted],
    conditions: Sequence[Drawn],
) -> list[dict[str, Any]]:
    """The figures under each condition but the evaluation's own, and the drop from clean.

    Args:
        counts: of the cells that are asked for.
        conditions: the conditions of those cells.
    """
    if not conditions:
        return []
    needed = {cell.languages for cell in counts if cell.condition}
    clean = {cell: count for cell, count in counts.items() if not cell.condition}
    absent = [
        cell
        for cell in stored(plan, store)
        if not cell.condition and cell not in clean and cell.languages in needed
    ]
    clean |= read(plan, store, absent)
    before = {cell.languages: count for cell, count in clean.items()}
    changes = store.changed()
    return [_entry(plan, store, subject, drawn, before, counts, changes) for drawn in conditions]


def measured(tested: Tested | None, store: Store, cells: Sequence[Cell]) -> dict[str, Any]:
    """The figures that a condition has beyond the metrics, and how tables show them."""
    what = tested.condition.measured if tested is not None else None
    if tested is None or what is None:
        return {}
    return {
        what.name: {cell_name(c.languages): tested.condition.figures(store.read(c)) for c in cells},
        "measured": measured_as_dict(what),
    }


def measured_as_dict(what: MeasuredTable) -> dict[str, Any]:
    """How tables show what a condition measures."""
    fields = ("name", "title", "shown")
    columns = [{field: getattr(column, field) for field in fields} for column in what.columns]
    return {"name": what.name, "title": what.title, "columns": columns}


def _axes(tested: Tested | None) -> dict[str, Any]:
    """The axes of its curves, by the name of the figure."""
    what = tested.condition.measured if tested is not None else None
    axes = {column.name: column.axis for column in what.columns if column.axis} if what else {}
    return {"axes": axes} if axes else {}


def _entry(
    plan: Plan,
    store: Store,
    subject: Subject,
    drawn: Drawn,
    clean: Mapping[Pair, Counted],
    counts: Mapping[Cell, Counted],
    changes: Mapping[Cell, Mapping[str, Any]],
) -> dict[str, Any]:
    tested, draws = drawn.first, len(drawn.keys)
    scored = over(plan.scorer, draws)
    pairs = [cell.languages for cell in counts if cell.condition == drawn.keys[0]]
    whole = [p for p in pairs if all(Cell(p, key) in counts for key in drawn.keys)]
    each = {pair: [counts[Cell(pair, key)] for key in drawn.keys] for pair in whole}
    cells = {pair: own[0] if draws == 1 else beside(own) for pair, own in each.items()}
    summary = summarise(scored, plan.scorer.main, cells, subject.trained_on, plan.aligned)
    unseen = [p for p in cells if not any(among(x, subject.trained_on) for x in p)]
    lost = drops(scored, repeated(clean, draws), cells, unseen, plan.aligned)
    changed = shares(changes, drawn.keys, list(cells), unseen)
    firsts = {pair: own[0] for pair, own in each.items()}
    alone = [Cell(pair, drawn.keys[0]) for pair in cells] if draws == 1 else []
    return {
        **drawn.about(store.given(drawn.keys[0]) or {}),
        **{name: value for name, value in summary.as_dict().items() if name not in SHARED},
        **({**measured(tested, store, alone), **_axes(tested)} if alone else {}),
        **lost,
        **by_language.grouped(plan, scored, cells, subject.trained_on, repeated(clean, draws)),
        **({"changed": changed} if changed else {}),
        "notes": [
            *map(validity.note, summary.warnings),
            *_said(plan, tested),
            *_searched(plan, tested, drawn.keys[0], firsts),
            *unchanged_notes(changed),
            *words_notes(plan.scorer, firsts, subject.max_length),
        ],
    }


def _said(plan: Plan, tested: Tested | None) -> list[str]:
    if tested is None:
        return ["its plugin is not installed, so that only stored predictions are evaluated"]
    mute = [x for x in plan.languages if not tested.serves((x, x))]
    left_out = f"'{tested.condition.name}' does not support {', '.join(mute)}; left out"
    return [*tested.said(), *([left_out] if mute else [])]


def _searched(
    plan: Plan, tested: Tested | None, key: str, cells: Mapping[Pair, Counted]
) -> list[str]:
    """What must be said of a search: where its examples are, and which rows it did not begin."""
    if tested is None or not tested.searches:
        return []
    said = [f"the examples that it found are in conditions/{key}/examples, a file a language"]
    for pair, cell in cells.items():
        rows = plan.rows_in(pair[0])
        if left := rows - len(cell.ids):
            said.append(
                f"{cell_name(pair)}: {left:,} of {rows:,} rows were not begun within "
                f"{tested.condition.seconds:g} seconds; they are left out of all its figures"
            )
    if "generalized" in plan.evaluation.settings:
        said.append(f"'{tested.condition.name}' searches in one language at a time, no pairs")
    return said
