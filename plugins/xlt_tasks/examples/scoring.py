"""Records as examples of regression."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from xlt_cli.api import DataError, Split
from xlt_cli.problems import ScoredExample
from xlt_tasks.sources.table import Record, Table, counted


def build_scored(
    tables: Sequence[Table],
    split: Split,
    language: str,
    scale: tuple[float, float] | None = None,
    row_id: Callable[[int], str] | None = None,
    untranslated: frozenset[str] = frozenset(),
) -> tuple[tuple[ScoredExample, ...], tuple[str, ...]]:
    """The examples, each with the number of its row as its id, and the notes.

    Args:
        scale: the lowest and the highest score that there may be.
        row_id: an example's id by the number of its row; default: the split and the number.
        untranslated: what stands for a text that is missing; such rows are left out.
    """
    row_id = row_id or (lambda number: f"{split}-{number}")
    examples: list[ScoredExample] = []
    number = missing = 0
    for table in tables:
        for record in table.records:
            number += 1
            where = table.where(record)
            texts = tuple("" if text is None else text for text in record.inputs)
            if any(isinstance(text, str) and text in untranslated for text in texts):
                missing += 1
                continue
            for place, text in enumerate(texts, start=1):
                if not isinstance(text, str) or not text.strip():
                    said = "is empty" if isinstance(text, str) else f"is {text!r}"
                    raise DataError(f"text {place} {said}", where, "fill it in, or remove the row")
            score = _score(record, where, scale, _header(table, record))
            examples.append(ScoredExample(row_id(number), texts, score, (language,) * len(texts)))
    if not examples:
        raise DataError("no rows are left: a text of each is missing", str(tables[0].path))
    notes = [note for table in tables for note in table.notes]
    if missing:
        notes.append(f"{counted(missing, 'row')} left out: a text is missing")
    return tuple(examples), tuple(notes)


def _score(record: Record, where: str, scale: tuple[float, float] | None, hint: str) -> float:
    """The score of a row, if it is a number and on the scale."""
    value = record.target
    try:
        if isinstance(value, bool) or "_" in str(value):  # Python reads 1_5 as 15
            raise ValueError
        score = float(value)
    except (TypeError, ValueError):
        if value in (None, ""):
            raise DataError("there is no score", where, "add it, or leave the row out") from None
        raise DataError(f"the score is {value!r}, expected a number", where, hint) from None
    if not math.isfinite(score):
        raise DataError(f"the score is {value!r}, expected a number", where, hint)
    if scale and not scale[0] <= score <= scale[1]:
        raise DataError(f"the score {value} is not from {scale[0]:g} to {scale[1]:g}", where)
    return score


def _header(table: Table, record: Record) -> str:
    """What to do where the first line may be a header under other names."""
    if not table.first_line or record is not table.records[0]:
        return "write it with a point, as 3.25"
    named = ", ".join(table.first_line)
    return f"if the first line is a header, its names are not known: {named}"
