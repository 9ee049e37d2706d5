"""What is recorded of rows that were predicted, in place of rows that are not at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlt_cli.api import Example, Split, Task
from xlt_cli.data.rows import RowStore
from xlt_cli.errors import RunError
from xlt_cli.runs import predictions
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

HELD_OUT = ("not_held_out", "perhaps_not_held_out")
"""The warnings that need the rows."""


@dataclass
class RecordedRows(RowStore):
    """Rows of some languages, and what is recorded of those of others.

    Attributes:
        recorded: of each of these others hash, source, number of rows and notes.
        why: they are not at hand.
        hint: what to do about it.
    """

    recorded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    why: str = "the rows of '{task}' are not at hand"
    hint: str = ""

    def load(
        self, task: Task, split: Split, language: str, limit: int | None = None
    ) -> Sequence[Example]:
        if language in self.recorded:
            raise RunError(self.why.format(task=task.name), language, self.hint)
        return super().load(task, split, language, limit)

    def notes(self, task: Task, split: Split, language: str) -> tuple[str, ...]:
        if language in self.recorded:
            return tuple(self.recorded[language].get("notes", ()))
        return super().notes(task, split, language)

    def about(self, task: Task, split: Split, language: str) -> dict[str, Any]:
        if language in self.recorded:
            return dict(self.recorded[language])
        return super().about(task, split, language)


def labels_of(store: Store, languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """The label of each item in each language, as stored cells have it."""
    there = predictions.cells_of(store.path)
    cells = {x: store.answers(Cell((x, x))) for x in languages if Cell((x, x)) in there}
    return {
        language: {
            i: gold for i, gold in zip(own.ids, own.golds, strict=True) if isinstance(gold, str)
        }
        for language, own in cells.items()
    }


def among(warning: Mapping[str, Any], languages: Iterable[str]) -> dict[str, Any] | None:
    """A warning about some of the languages that it names; None if it names none of them."""
    if not warning["cells"]:
        return dict(warning)
    wanted = set(languages)
    places = [n for n, cell in enumerate(warning["cells"]) if cell in wanted]
    of_cells = {name: [warning[name][n] for n in places] for name in ("cells", "rows", "of")}
    return {**warning, **of_cells} if places else None
