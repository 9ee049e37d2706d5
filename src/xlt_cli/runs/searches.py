"""Rows of a search that is not done yet: a line of JSON for those that ended in one round.

Each line names the model (a hash of its weights) and the seconds that the cell has taken so far.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xlt_cli.api import Example, Prediction
from xlt_cli.runs import atomic


@dataclass(frozen=True)
class SearchedRow:
    """The example that was found in the place of one, and the answer to it."""

    example: Example
    prediction: Prediction


@dataclass(frozen=True)
class Progress:
    """What is done of a cell, and how many seconds that took."""

    rows: tuple[SearchedRow, ...]
    seconds: float


@dataclass(frozen=True)
class SearchLog:
    """The file of a cell.

    Attributes:
        weights: hash of the model; lines of another one are passed over.
        keeps: whether it writes at all.
    """

    path: Path
    weights: str
    keeps: bool = True

    def read_only(self) -> SearchLog:
        """The same log, for a process beside the one that writes it."""
        return replace(self, keeps=False)

    def read(self, examples: Sequence[Example]) -> Progress:
        """The rows so far; those of examples that are not there any more are passed over."""
        originals = {example.id: example for example in examples}
        rows, seconds = [], 0.0
        for line in atomic.read_lines(self.path):
            with contextlib.suppress(KeyError, TypeError):
                if line["weights"] != self.weights:
                    continue
                known = [row for row in line["rows"] if row["id"] in originals]
                rows += [_row(originals[row["id"]], row) for row in known]
                seconds = max(seconds, line["seconds"])
        return Progress(tuple(rows), seconds)

    def append(self, rows: Sequence[SearchedRow], seconds: float) -> None:
        """Keeps the rows that ended in a round."""
        if self.keeps:
            lines = [_as_json(row) for row in rows]
            line = {"weights": self.weights, "seconds": round(seconds, 3), "rows": lines}
            atomic.append_line(self.path, line)

    def remove(self) -> None:
        """Forgets the rows, which are stored as a cell now."""
        if self.keeps:
            self.path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # of another cell, too
                self.path.parent.rmdir()


def _as_json(row: SearchedRow) -> dict[str, Any]:
    fields: Any = row.example
    example = {field.name: getattr(fields, field.name) for field in dataclasses.fields(fields)}
    prediction = row.prediction
    return {
        "id": prediction.id,
        "example": example,
        "gold": prediction.gold,
        "predicted": prediction.predicted,
        "probabilities": prediction.probabilities,
        "values": dict(prediction.values),
    }


def _row(original: Any, row: dict[str, Any]) -> SearchedRow:
    example = {name: _frozen(value) for name, value in row["example"].items()}
    prediction = Prediction(
        row["id"],
        _frozen(row["gold"]),
        _frozen(row["predicted"]),
        tuple(row["probabilities"]),
        row["values"],
    )
    return SearchedRow(replace(original, **example), prediction)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
