"""The stored predictions of a run, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import DamagedFile, RunError
from xlt_cli.runs import predictions
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import split_name


def stored_predictions(
    run: Run, task: str | None, language: str | None, other: str | None, split: str | None
) -> list[dict[str, Any]]:
    """The predictions of the cells that are asked for, one row for each example.

    Raises:
        RunError: nothing is stored of what is asked for.
        DamagedFile: predictions are not what was written.
    """
    cells = list(_cells(run))
    chosen = [
        stored
        for stored in cells
        if task in (None, stored.task)
        and (split is None or split_name(split) == stored.split)
        and (language is None or stored.cell.languages == (language, other or language))
    ]
    if not chosen:
        known = dict.fromkeys(f"{c.task} {c.split} {'+'.join(c.cell.languages)}" for c in cells)
        raise RunError(
            "there are no such predictions",
            str(run.path),
            f"stored: {', '.join(known)}" if known else "evaluate the run first",
        )
    return [row for stored in chosen for row in _rows(stored)]


@dataclass(frozen=True)
class _Stored:
    """A cell whose predictions are stored."""

    store: Store
    cell: Cell

    @property
    def task(self) -> str:
        return str((self.store.about.get("task") or {}).get("name", ""))

    @property
    def split(self) -> str:
        return str(self.store.about.get("split", ""))


def _cells(run: Run) -> Iterator[_Stored]:
    """The cells of all evaluations, by the model that answered last."""
    for name, about, _ in predictions.summaries(run.evaluations):
        path = run.evaluations / name
        stored = predictions.cells_of(path)
        newest = [weights for _, weights in stored.values()][-1:]
        for cell, (_, weights) in stored.items():
            if [weights] == newest:
                yield _Stored(Store(path, about, weights), cell)


def _rows(stored: _Stored) -> Iterator[dict[str, Any]]:
    store, cell = stored.store, stored.cell
    first, second = cell.languages
    if cell not in store.done():
        raise DamagedFile(
            f"the predictions of {'+'.join(dict.fromkeys(cell.languages))} are missing or damaged",
            str(store.path),
            "evaluate the run again: damaged cells are predicted again",
        )
    for answer in store.read(cell):
        row: dict[str, Any] = {
            "evaluation": store.path.name,
            "task": stored.task,
            "split": stored.split,
            "condition": cell.condition,
            "language": first,
            "other": second,
            "id": answer.id,
            "gold": answer.gold,
            "predicted": answer.predicted,
        }
        if answer.probabilities:
            row["probabilities"] = answer.probabilities
        yield {**row, **answer.values}
