"""Evaluations of a run in an archive: figures of stored cells, without data, model or torch.

The figures are computed from the archived predictions, as those of the run are. What only the data
can tell is taken from the records that were made with them: what tasks say of their rows
(`fingerprints.json`), whether rows were held out and where they are from (`results.json`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from xlt_cli.errors import RunError
from xlt_cli.evaluation.conditions import of_stored
from xlt_cli.evaluation.counts import stored
from xlt_cli.evaluation.extras import Extras
from xlt_cli.evaluation.plan import Plan, with_alignment
from xlt_cli.evaluation.recorded import HELD_OUT, RecordedRows, among, labels_of
from xlt_cli.evaluation.subject import Subject
from xlt_cli.evaluation.summary import summary
from xlt_cli.languages import own_codes
from xlt_cli.reports import validity
from xlt_cli.reports.evaluation import title
from xlt_cli.runs import atomic, predictions
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ResolvedEvaluation
from xlt_cli.spec.identity import evaluation_stated
from xlt_cli.spec.trained import Trained

HINT = "an archive has what was stored when it was written: evaluate the run itself for more"


@dataclass(frozen=True)
class _Found:
    """A stored evaluation, and its figures as they were computed with the data."""

    store: Store
    results: Mapping[str, Any]


def evaluate_archived(
    run: Run, evaluations: Sequence[ResolvedEvaluation], extras: Extras
) -> list[dict[str, Any]]:
    """The figures of evaluations whose cells are all stored, as `evaluate` has them.

    Args:
        run: in an opened archive.

    Raises:
        RunError: cells, conditions or columns are asked for that the archive cannot tell.
    """
    trained = Trained.stored(run.spec)
    results = []
    for resolved in evaluations:
        found = _found(run, resolved.spec)
        plan = _plan(run, resolved, found, extras)
        _check_stored(run, plan, found)
        subject = _subject(trained, found)
        made = summary(plan, found.store, subject, plan.cells)
        results.append(_as_recorded(made, found.results))
    return results


def _found(run: Run, evaluation: Evaluation) -> _Found:
    """What the archive has of an evaluation.

    Paths are cut short in an archive, so that its directory has another name than its content.
    """
    wanted = evaluation_stated(evaluation)
    tested = []
    for name, about, results in predictions.summaries(run.evaluations):
        if results is None:
            continue
        if evaluation_stated(Evaluation.model_validate(about)) == wanted:
            store = Store(run.evaluations / name, about, run.weights)
            return _Found(store, results)
        tested.append(title(results))
    assert evaluation.task is not None
    raise RunError(
        f"the archive has no results of '{run.name}' on {evaluation.task.name} "
        f"({evaluation.split}) that were computed so",
        run.name,
        f"it has {'; '.join(tested) or 'none'}. {HINT[0].upper()}{HINT[1:]}",
    )


def _plan(run: Run, resolved: ResolvedEvaluation, found: _Found, extras: Extras) -> Plan:
    """The plan of an evaluation, over languages that are stored."""
    evaluation, recorded = resolved.spec, found.results["data"]
    where = f"{resolved.task.name} ({evaluation.split})"
    known = list(recorded)
    languages = own_codes(evaluation.languages or known, known, where)
    why = "the archive has no rows of '{task}'"
    rows = RecordedRows(recorded=_about_rows(run, found), why=why, hint=HINT)
    plan = Plan(resolved, languages, rows, False, (), extras=extras)
    plan.conditions = of_stored(resolved, plan.problem, _conditions(found.store))
    absent = [x for x in languages if x not in recorded]
    if absent or not plan.task.aligned:
        return plan
    differ = [w for w in found.results["warnings"] if w["kind"] == "labels_differ"]
    if evaluation.collapse and differ:  # the labels that differ may be one class
        return plan
    return with_alignment(plan, labels_of(found.store, languages))


def _about_rows(run: Run, found: _Found) -> dict[str, dict[str, Any]]:
    """What is recorded of the rows of each language: hash, source, number of rows, notes."""
    fingerprints = atomic.read_json(run.path / "fingerprints.json") or {}
    split, task = found.results["split"], found.results["task"]
    about = {}
    for language, data in found.results["data"].items():
        of_rows = [
            recorded
            for key, recorded in fingerprints.items()
            if key.startswith(task)
            and key.endswith(f"/{split}/{language}")
            and recorded.get("sha256") == data["sha256"]
        ]
        about[language] = {**(of_rows[-1] if of_rows else {}), **data}
    return about


def _conditions(store: Store) -> dict[str, Mapping[str, Any]]:
    """What the conditions of stored cells were given, by key; the newest last."""
    keys = dict.fromkeys(cell.condition for cell in predictions.cells_of(store.path))
    return {key: given for key in keys if key and (given := store.given(key)) is not None}


def _check_stored(run: Run, plan: Plan, found: _Found) -> None:
    """Refuses cells that are not stored."""
    done = set(stored(plan, found.store))
    absent = [cell for cell in plan.cells if cell not in done]
    if not absent and plan.cells:
        return
    cells = ", ".join(dict.fromkeys(validity.cell_name(cell.languages) for cell in absent))
    raise RunError(
        f"the archive has no predictions of '{run.name}' on {plan.task.name} "
        f"({plan.evaluation.split}) in {cells}",
        run.name,
        HINT,
    )


def _subject(trained: Trained, found: _Found) -> Subject:
    """The model, of which only its answers are there."""

    def refuse(*_: object) -> NoReturn:
        raise RunError(
            "the archive has no model and no tokenizer", found.store.path.parent.parent.name, HINT
        )

    load: Callable[..., Any] = refuse
    return Subject(
        load,
        load,
        [],
        set(found.results["trained_on"]),
        trained.caveats,
        trained.max_length,
        found.store.weights,
        trained.encoder,
    )


def _as_recorded(made: Mapping[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with what was known of their data: where they are from, and what was not held out."""
    known = [among(w, made["data"]) for w in recorded["warnings"] if w["kind"] in HELD_OUT]
    held_out = [warning for warning in known if warning is not None]
    warned = [*made["warnings"], *held_out]
    notes = made["notes"][len(made["warnings"]) :]
    return {
        **made,
        "place": recorded["place"],
        "warnings": warned,
        "notes": [*map(validity.note, warned), *notes],
    }
