"""Parquet files, the hub's format, and the other files of Arrow.

Read by pyarrow and not by `datasets.load_dataset`, which would keep a second copy of the data in
its own cache; `datasets` decodes the features that it has written into the file's schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli.api import DataError
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.compression import is_compressed, read_bytes, unreadable
from xlt_tasks.sources.table import FOUND_OUT, Form, Record, Table
from xlt_tasks.sources.text import empty

if TYPE_CHECKING:
    import pyarrow


def read(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The records of a .parquet file."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(_open(path)) as file:
            schema = file.schema_arrow
            names = columns.find(schema.names, str(path))
            content = file.read(columns=list(dict.fromkeys(names.all)))
    except (ArrowException, OSError) as error:
        raise _broken(path, "parquet", error) from error
    return _table(path, content, schema, columns)


def class_names(path: Path, columns: Columns) -> tuple[str, ...] | None:
    """What a .parquet file says that the class ids of its labels mean; None if it says nothing."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_schema

    try:
        with _open(path) as file:
            schema = read_schema(file)
    except (ArrowException, OSError) as error:
        raise _broken(path, "parquet", error) from error
    return _class_names(schema, columns.find(schema.names, str(path)).target)


def read_arrow(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The records of an .arrow or .feather file: Arrow's file form, or its stream form."""
    from pyarrow import ArrowException, ArrowInvalid, ipc

    try:
        try:
            with ipc.open_file(_open(path)) as file:
                content = file.read_all()
        except ArrowInvalid:
            with ipc.open_stream(_open(path)) as stream:
                content = stream.read_all()
    except (ArrowException, OSError) as error:
        raise _broken(path, "Arrow", error) from error
    return _table(path, content, content.schema, columns)


def _table(path: Path, content: Any, schema: pyarrow.Schema, columns: Columns) -> Table:
    names = columns.find(schema.names, str(path))
    values = [_values(content.column(name)) for name in (*names.inputs, names.target)]
    languages = [None] * content.num_rows
    if names.language is not None:
        languages = content.column(names.language).to_pylist()
    records = tuple(
        Record(number, tuple(row), label, language)
        for number, (*row, label, language) in enumerate(zip(*values, languages, strict=True), 1)
    )
    if not records:
        raise empty(path)
    return Table(path, records, _class_names(schema, names.target), unit="row")


def _values(column: pyarrow.ChunkedArray) -> list[Any]:
    """A column's values; a number of 32 bits as the decimal that it was made of (3.8, not
    3.799999952316284)."""
    import pyarrow

    if column.type == pyarrow.float32():
        column = column.cast(pyarrow.string()).cast(pyarrow.float64())
    return list(column.to_pylist())


def _open(path: Path) -> Any:
    """What pyarrow reads from: the file, or its decompressed content."""
    import pyarrow

    if is_compressed(path):
        return pyarrow.BufferReader(read_bytes(path))
    return pyarrow.OSFile(str(path), "rb")


def _broken(path: Path, kind: str, error: Exception) -> DataError:
    if isinstance(error, PermissionError):
        return unreadable(path, error)
    return DataError(
        f"not a readable {kind} file: {str(error).splitlines()[0]}",
        str(path),
        "the download may be incomplete: download the file again",
    )


def _class_names(schema: pyarrow.Schema, column: str) -> tuple[str, ...] | None:
    """The names of a column's class ids, if the file was written by `datasets` and has them."""
    if b"huggingface" not in (schema.metadata or {}):
        return None
    from datasets import Features

    feature = Features.from_arrow_schema(schema)[column]
    feature = getattr(feature, "feature", feature)  # of a list: that of its items
    names = getattr(feature, "names", None)
    return tuple(names) if names else None
