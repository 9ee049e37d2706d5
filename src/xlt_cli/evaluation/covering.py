"""A plan of all that an evaluation has stored, also in languages that are not asked for.

Their rows may have changed since, or be gone. Figures are then of the stored predictions all the
same, with what was recorded of the rows when they were predicted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xlt_cli.data.rows import RowStore, task_key
from xlt_cli.errors import DamagedFile, PluginError, UserError
from xlt_cli.evaluation.plan import Plan, make_plan, with_alignment
from xlt_cli.evaluation.recorded import HELD_OUT, RecordedRows, among, labels_of
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store


def covering(plan: Plan, cells: Sequence[Cell], store: Store) -> Plan:
    """A plan of all languages of stored cells, whose rows are aligned only if all of them are."""
    languages = list(dict.fromkeys(language for cell in cells for language in cell.languages))
    others = [language for language in languages if language not in plan.languages]
    if not others:
        return plan
    before = _results(store)
    gone: dict[str, Mapping[str, Any]] = {}
    said = []
    rows = plan.rows.copy()
    for language in others:
        known = _recorded(plan, language, store, before)
        fault = _fault(plan, rows, language, known)
        if known is not None and fault:
            gone[language] = known
            said.append(f"{language}: {fault}; its figures are those of the stored predictions")
    present = [language for language in languages if language not in gone]
    wide = make_plan(
        plan.resolved.changed(languages=present or plan.languages, settings=["standard"]),
        _as_they_are(rows, gone),
    )
    if not gone:
        return wide
    wide = replace(wide, languages=languages)
    if wide.aligned or not present:
        labels = labels_of(store, languages)
        wide = with_alignment(replace(wide, aligned=False, notes=(), warnings=()), labels)
    kept = [among(w, gone) for w in before.get("warnings", ()) if w["kind"] in HELD_OUT]
    warnings = (*wide.warnings, *(w for w in kept if w is not None and w["cells"]))
    return replace(wide, notes=(*wide.notes, *said), warnings=warnings)


def _results(store: Store) -> Mapping[str, Any]:
    """The figures that were written last; none where there are no whole ones."""
    try:
        return atomic.read_json(store.path / "results.json") or {}
    except DamagedFile:
        return {}


def _recorded(
    plan: Plan, language: str, store: Store, before: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What is known of the rows of a language that were predicted."""
    fingerprints = atomic.read_json(store.path.parent.parent / "fingerprints.json") or {}
    key = f"{task_key(plan.task)}/{plan.evaluation.split}/{language}"
    about = {**before.get("data", {}).get(language, {}), **fingerprints.get(key, {})}
    return about if "sha256" in about else None


def _fault(plan: Plan, rows: RowStore, language: str, known: Mapping[str, Any] | None) -> str:
    """Why the rows of a language are not those that were predicted; empty if they are.

    Raises:
        UserError: they cannot be read, and nothing is known of them.
    """
    task, split = plan.task, plan.evaluation.split
    try:
        rows.load(task, split, language)
    except PluginError:
        raise
    except UserError as error:
        if known is None:
            raise
        return f"its rows can no longer be read ({error.what})"
    if known is not None and rows.about(task, split, language)["sha256"] != known["sha256"]:
        return "its rows have changed since they were predicted"
    return ""


def _as_they_are(rows: RowStore, gone: Mapping[str, Mapping[str, Any]]) -> RowStore:
    return RecordedRows(**vars(rows), recorded=gone) if gone else rows
