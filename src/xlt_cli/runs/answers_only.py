"""Copies of predictions without the probabilities, which are nearly all of their bytes.

All else of a row stays: its answers, and what a condition gave it beyond (a certified `radius`).
Lines of cells.jsonl name the checksum of the new file, and `left_out`: what it lacks.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlt_cli.runs import atomic, prediction_lines, prediction_table
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store, cells_of, digest

LEFT_OUT = ("probabilities",)


def copy(folder: Path, to: Path) -> None:
    """Copies the predictions of an evaluation's directory, and the list of its cells.

    A file that is damaged, or of no cell, is left out: its cell is missing in both directories.
    """
    store, copied = Store(folder), Store(to)
    lines = atomic.read_lines(folder / "cells.jsonl")
    newest = {cell: n for n, line in enumerate(lines) if (cell := _cell(line)) is not None}
    for cell, number in newest.items():
        content = _content(store.file(cell), cell, lines[number].get("sha256"))
        if content is not None:
            place = copied.file(cell)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            lines[number] = {**lines[number], "sha256": sha256, "left_out": list(LEFT_OUT)}
    if lines:
        written = b"".join(atomic.json_bytes(line) + b"\n" for line in lines)
        to.mkdir(parents=True, exist_ok=True)
        (to / "cells.jsonl").write_bytes(written)


def correct(made_from: dict[str, str], folder: Path, to: Path) -> None:
    """Has `computed_from` of a summary name the copied cells, if it named those of the original."""
    before = cells_of(folder)
    own = [cell for cell, (_, weights) in before.items() if weights == made_from.get("weights")]
    if made_from.get("cells") == digest(before, own):
        made_from["cells"] = digest(cells_of(to), own)


def _cell(line: Any) -> Cell | None:
    """The cell of a line; None for a line that says of none."""
    try:
        return Cell((line["first"], line["second"]), line.get("condition", ""))
    except (KeyError, TypeError, AttributeError):
        return None


def _content(file: Path, cell: Cell, sha256: Any) -> bytes | None:
    """A file of predictions, without probabilities; None if it is not what the line says."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).hexdigest() != sha256:
        return None
    if file.suffix != prediction_table.SUFFIX:
        rows = prediction_lines.decode(content)
        bare = [(*cell.languages, replace(row, probabilities=())) for row in rows]
        content = prediction_table.encode(bare)
    return prediction_table.without_probabilities(content)
