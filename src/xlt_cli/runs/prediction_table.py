"""Predictions as a Parquet table, which pandas, polars and duckdb read as it is.

A row for each example of a cell:

    id             text
    first, second  the language of each text
    gold           the label; or a list, with one for each word
    predicted      the same shape; null where the model abstained, or for a word that it never saw
    probabilities  of the labels, in their order; in 32 bits, which hold six decimals
    and a column for each further number that a condition gave (a certified `radius`)

The latter are there only if some row has a value, and so are probabilities. Answers that are
neither texts nor lists of texts are stored as JSON, and the table's metadata say so
(`xlt.answers`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xlt_cli.problems import Prediction

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

FORMAT = 2
"""Of stored predictions; format 1 were lines of JSON, compressed."""

SUFFIX = ".parquet"

LEVEL = 3
"""Of zstd, for what is written while a model predicts."""

DENSEST = 19
"""Of zstd, for archives."""

DECIMALS = 6

COLUMNS = ("id", "first", "second", "gold", "predicted", "probabilities")
"""Those that every table may have."""

Shape = Literal["text", "words", "json"]


def encode(rows: Iterable[tuple[str, str, Prediction]], level: int = LEVEL) -> bytes:
    """Rows as the bytes of a Parquet file: languages of the two texts, and the prediction."""
    return _encoded(*_columns(rows), level)


def encode_cell(languages: tuple[str, str], predictions: Sequence[Prediction]) -> bytes:
    """The same of rows in the same languages."""
    first, second = ([language] * len(predictions) for language in languages)
    return _encoded(first, second, predictions, LEVEL)


def _encoded(
    first: Sequence[str], second: Sequence[str], predictions: Sequence[Prediction], level: int
) -> bytes:
    import pyarrow

    columns, shape = _answers(
        [p.id for p in predictions],
        first,
        second,
        [p.gold for p in predictions],
        [p.predicted for p in predictions],
    )
    probabilities = [p.probabilities for p in predictions]
    if any(probabilities):
        columns["probabilities"] = _lists(probabilities)
    given = [p.values for p in predictions if p.values]
    for name in dict.fromkeys(chain.from_iterable(given)):
        columns[name] = pyarrow.array([p.values.get(name) for p in predictions], pyarrow.float64())
    return _written(columns, shape, level)


def encode_answers(
    ids: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    golds: Sequence[Any],
    predicted: Sequence[Any],
    level: int = DENSEST,
) -> bytes:
    """Many cells from columns, without probabilities: a run may have a million rows."""
    columns, shape = _answers(ids, first, second, golds, predicted)
    return _written(columns, shape, level, repeated=True)


def without_probabilities(content: bytes) -> bytes:
    """The same file without probabilities, uncompressed: an archive of many compresses them all.

    Statistics of the columns, which nothing here reads, are left out as well.

    Raises:
        ValueError: it is none, or of a later format.
    """
    table, shape = _opened(content, without=["probabilities"])
    columns = {name: table.column(name) for name in table.column_names}
    return _written(columns, shape, level=None)


def decode_columns(content: bytes) -> dict[str, list[Any]]:
    """The columns of `encode_answers`, by name.

    Raises:
        ValueError: it is no such file.
    """
    names = ["id", "first", "second", "gold", "predicted"]
    table, shape = _opened(content, names)
    columns = {name: table.column(name).to_pylist() for name in names}
    for name in ("gold", "predicted") if shape != "text" else ():
        columns[name] = [_given(answer, shape) for answer in columns[name]]
    return columns


def _answers(
    ids: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    golds: Sequence[Any],
    predicted: Sequence[Any],
) -> tuple[dict[str, Any], Shape]:
    import pyarrow

    shape = _shape(golds, predicted)
    answer = pyarrow.list_(pyarrow.string()) if shape == "words" else pyarrow.string()
    return {
        "id": pyarrow.array(ids, pyarrow.string()),
        "first": pyarrow.array(first, pyarrow.string()),
        "second": pyarrow.array(second, pyarrow.string()),
        "gold": pyarrow.array(_stored(golds, shape), answer),
        "predicted": pyarrow.array(_stored(predicted, shape), answer),
    }, shape


def _lists(rows: Sequence[Sequence[float]]) -> pyarrow.Array:
    """A column of lists of numbers in 32 bits, an empty list being null."""
    import pyarrow

    kind = pyarrow.list_(pyarrow.float32())
    lengths = np.fromiter(map(len, rows), dtype=np.int32, count=len(rows))
    if not lengths.all():
        return pyarrow.array([row or None for row in rows], kind)
    ends = lengths.cumsum(dtype=np.int32)
    flat = np.fromiter(chain.from_iterable(rows), dtype=np.float64, count=ends[-1])
    return pyarrow.ListArray.from_arrays(
        np.concatenate([[np.int32(0)], ends]), flat.astype(np.float32), type=kind
    )


def _written(
    columns: Mapping[str, Any], shape: Shape, level: int | None, repeated: bool = False
) -> bytes:
    """The bytes of a file.

    Args:
        level: of zstd; None for a file that is not compressed and has no statistics.
        repeated: whether ids recur, one cell after another.
    """
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table(dict(columns)).replace_schema_metadata(
        {"xlt.format": str(FORMAT), "xlt.answers": shape}
    )
    words = ".list.element" if shape == "words" else ""
    buffer = io.BytesIO()
    parquet.write_table(
        table,
        buffer,
        compression="none" if level is None else "zstd",
        compression_level=level,
        use_dictionary=[
            *(["id"] if repeated else []),
            *("first", "second", f"gold{words}", f"predicted{words}"),
        ],
        column_encoding={} if repeated else {"id": "DELTA_BYTE_ARRAY"},
        row_group_size=max(1, len(table)),
        write_statistics=level is not None,
    )
    return buffer.getvalue()


def decode(content: bytes) -> list[tuple[str, str, Prediction]]:
    """The rows of a Parquet file that `encode` made.

    Raises:
        ValueError: it is none, or of a later format.
    """
    table, shape = _opened(content)
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    nothing: list[Any] = [None] * len(table)
    further = {name: columns[name] for name in columns if name not in COLUMNS}
    return [
        (
            first,
            second,
            Prediction(
                identifier,
                _given(gold, shape),
                _given(predicted, shape),
                tuple(round(p, DECIMALS) for p in probabilities or ()),
                {
                    name: numbers[row]
                    for name, numbers in further.items()
                    if numbers[row] is not None
                },
            ),
        )
        for row, (identifier, first, second, gold, predicted, probabilities) in enumerate(
            zip(
                columns["id"],
                columns["first"],
                columns["second"],
                columns["gold"],
                columns["predicted"],
                columns.get("probabilities", nothing),
                strict=True,
            )
        )
    ]


def decode_answers(content: bytes) -> tuple[list[str], list[Any], list[Any]]:
    """Ids, gold answers and predicted ones, several times as fast.

    Raises:
        ValueError: it is no such file.
    """
    table, shape = _opened(content, ["id", "gold", "predicted"], ["gold", "predicted"])
    ids = _ids(table.column("id"))
    golds, predicted = (_listed(table.column(name)) for name in ("gold", "predicted"))
    if shape == "text":
        return ids, golds, predicted
    return ids, [_given(g, shape) for g in golds], [_given(p, shape) for p in predicted]


_last: list[tuple[pyarrow.ChunkedArray, list[str]]] = []
"""The ids of the cell that was read last: most cells of a task have the same."""


def _ids(column: pyarrow.ChunkedArray) -> list[str]:
    """The values of a column of ids; texts that the last one had are the same objects."""
    for known, ids in _last:
        if column.equals(known):
            return list(ids)
    ids = column.to_pylist()
    _last[:] = [(column, ids)]
    return list(ids)


def _listed(column: pyarrow.ChunkedArray) -> list[Any]:
    """The values of a column; equal texts of one that is read as codes are one object."""
    import pyarrow

    values: list[Any] = []
    for part in column.chunks:
        if pyarrow.types.is_dictionary(part.type) and not part.null_count:
            texts = np.array([*part.dictionary.to_pylist(), None], dtype=object)[:-1]
            values += texts[np.from_dlpack(part.indices)].tolist()
        else:
            values += part.to_pylist()
    return values


def _opened(
    content: bytes,
    columns: list[str] | None = None,
    coded: Sequence[str] = (),
    without: Sequence[str] = (),
) -> tuple[pyarrow.Table, Shape]:
    """The table of a file, and the shape of its answers.

    Args:
        columns: those that are read; all by default.
        coded: those of them that are read as codes of their distinct values, if they are texts.
        without: in place of `columns`, those that are not read.
    """
    file, shape = open_file(content, coded)
    names = file.schema_arrow.names if columns is None else columns
    return read_columns(file, [name for name in names if name not in without]), shape


def open_file(content: bytes, coded: Sequence[str] = ()) -> tuple[ParquetFile, Shape]:
    """A file before its columns are read, and the shape of its answers.

    Args:
        coded: columns that are read as codes of their distinct values, if they are texts.

    Raises:
        ValueError: it is no such file, or of a later format.
    """
    import pyarrow
    from pyarrow import parquet

    source = pyarrow.BufferReader(content)
    try:
        # Twice as fast as parquet.read_table for small files, and without pandas.
        try:
            file = parquet.ParquetFile(source, read_dictionary=list(coded))
        except KeyError:  # these are lists of texts
            file = parquet.ParquetFile(source)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(str(error)) from error
    metadata = file.metadata.metadata or {}
    written = int(metadata.get(b"xlt.format", b"0"))
    if written != FORMAT:
        raise ValueError(f"its format is {written}; this version of xlt reads {FORMAT}")
    return file, metadata[b"xlt.answers"].decode()


def read_columns(file: ParquetFile, names: list[str]) -> pyarrow.Table:
    """Some columns of a file.

    Raises:
        ValueError: it lacks one, or is damaged.
    """
    import pyarrow

    try:
        table = file.read(names, use_threads=False)
    except (pyarrow.ArrowException, OSError) as error:  # what cannot be decompressed is an OSError
        raise ValueError(str(error)) from error
    absent = [name for name in names if name not in table.column_names]
    if absent:
        raise ValueError(f"it has no column '{absent[0]}'")
    return table


def _columns(
    rows: Iterable[tuple[str, str, Prediction]],
) -> tuple[list[str], list[str], list[Prediction]]:
    first: list[str] = []
    second: list[str] = []
    predictions: list[Prediction] = []
    for one, other, prediction in rows:
        first.append(one)
        second.append(other)
        predictions.append(prediction)
    return first, second, predictions


def _shape(*columns: Sequence[Any]) -> Shape:
    types = set().union(*(map(type, column) for column in columns)) - {type(None)}
    if types <= {str}:
        return "text"
    answers = list(chain.from_iterable(columns))
    given = [answer for answer in answers if answer is not None]
    words = all(isinstance(answer, tuple | list) for answer in given)
    if words and all(word is None or isinstance(word, str) for a in given for word in a):
        return "words"
    return "json"


def _stored(answers: Sequence[Any], shape: Shape) -> Sequence[Any]:
    if shape != "json":
        return answers
    return [a if a is None else json.dumps(a, ensure_ascii=False) for a in answers]


def _given(answer: Any, shape: Shape) -> Any:
    if shape == "text" or answer is None:
        return answer
    if shape == "words":
        return tuple(answer)
    return _frozen(json.loads(answer))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
