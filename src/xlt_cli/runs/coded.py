"""Stored answers as codes: each distinct value once, and which of them each row has.

Statistics of whole sweeps read tens of millions of answers, of which a cell has few distinct ones.
Its file holds them as codes, and an object for each row would take most of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xlt_cli.runs import prediction_table

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import parquet

KEPT, ROWS_KEPT = 64, 1_000_000
"""Cells whose ids and gold answers are kept at most, and rows of all of them: runs of a task are
asked the same."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A column.

    Attributes:
        distinct: its values, in the order in which they first occur.
        codes: which of them each row has, [n].
    """

    distinct: list[Any]
    codes: np.ndarray

    @classmethod
    def of(cls, values: Sequence[Any]) -> Coded:
        """The codes of values."""
        code = {value: number for number, value in enumerate(dict.fromkeys(values))}
        return cls(list(code), np.fromiter(map(code.__getitem__, values), np.intp, len(values)))

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Coded):
            return self is other
        return self.distinct == other.distinct and np.array_equal(self.codes, other.codes)

    __hash__ = None  # type: ignore[assignment]

    def listed(self) -> list[Any]:
        """The value of each row."""
        return list(map(self.distinct.__getitem__, self.codes.tolist()))


@dataclass(frozen=True)
class CodedAnswers:
    """A cell in columns, without probabilities. Cells of the same rows may share columns of them:
    they are not to be changed."""

    ids: list[str]
    golds: Coded
    predicted: Coded


_kept: dict[tuple[Any, ...], tuple[list[str], Coded]] = {}
"""Ids and gold answers, by the bytes that they are stored as."""


def decode(content: bytes) -> CodedAnswers:
    """The answers of a file of predictions.

    Raises:
        ValueError: it is none, or of a later format.
    """
    file, shape = prediction_table.open_file(content, ["gold", "predicted"])
    if shape != "text":
        ids, golds, predicted = prediction_table.decode_answers(content)
        return CodedAnswers(ids, Coded.of(golds), Coded.of(predicted))
    stored = _stored(file.metadata, content)
    asked = _kept.get(stored)
    if asked is None:
        table = prediction_table.read_columns(file, ["id", "gold"])
        asked = table.column("id").to_pylist(), _coded(table.column("gold"))
        _keep(stored, asked)
    told = prediction_table.read_columns(file, ["predicted"]).column("predicted")
    return CodedAnswers(*asked, _coded(told))


def _keep(stored: tuple[Any, ...], asked: tuple[list[str], Coded]) -> None:
    """Keeps ids and gold answers, in place of the oldest ones."""
    _kept[stored] = asked
    rows = 0
    for number, (key, (ids, _)) in enumerate(reversed(list(_kept.items()))):
        rows += len(ids)
        if number >= KEPT or rows > ROWS_KEPT:
            del _kept[key]


def _stored(metadata: parquet.FileMetaData, content: bytes) -> tuple[Any, ...]:
    """What ids and gold answers are decoded from, both of them texts: equal only if they are."""
    parts: list[Any] = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for chunk in map(group.column, range(group.num_columns)):
            name = chunk.path_in_schema
            if name in ("id", "gold"):
                # A dictionary, if there is one, stands before the pages that use it.
                start = chunk.dictionary_page_offset or chunk.data_page_offset
                end = start + chunk.total_compressed_size
                parts += name, chunk.compression, content[start:end]
    return tuple(parts)


def _coded(column: pyarrow.ChunkedArray) -> Coded:
    """A column that is read as codes."""
    parts = column.chunks
    if len(parts) == 1 and not column.null_count:
        # Arrow's own conversion imports pandas, which takes as long as a thousand cells.
        return Coded(parts[0].dictionary.to_pylist(), np.from_dlpack(parts[0].indices))
    return Coded.of(column.to_pylist())
