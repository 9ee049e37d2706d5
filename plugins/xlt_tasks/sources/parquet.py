"""Parquet files, the hub's format.

Read by pyarrow and not by `datasets.load_dataset`, which would keep a second copy of the data in
its own cache; `datasets` decodes the features that it has written into the file's schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.api import DataError
from xlt_tasks.sources.table import Columns, Record, Table
from xlt_tasks.sources.text import empty, unreadable

if TYPE_CHECKING:
    import pyarrow


def read(path: Path, columns: Columns) -> Table:
    """The records of a .parquet file."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            schema = file.schema_arrow
            inputs, target = columns.find(schema.names, str(path))
            content = file.read(columns=[*inputs, target])
        values = [content.column(name).to_pylist() for name in (*inputs, target)]
    except (ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise unreadable(path, error) from error
        raise DataError(
            f"not a readable parquet file: {str(error).splitlines()[0]}",
            str(path),
            "it may be the rest of a broken download: fetch it again",
        ) from error
    records = tuple(
        Record(number, tuple(row), label)
        for number, (*row, label) in enumerate(zip(*values, strict=True), 1)
    )
    if not records:
        raise empty(path)
    return Table(path, records, _class_names(schema, target), unit="row")


def _class_names(schema: pyarrow.Schema, column: str) -> tuple[str, ...] | None:
    """The names of a column's class ids, if the file was written by `datasets` and has them."""
    if b"huggingface" not in (schema.metadata or {}):
        return None
    from datasets import Features

    feature = Features.from_arrow_schema(schema)[column]
    feature = getattr(feature, "feature", feature)  # of a list: that of its items
    names = getattr(feature, "names", None)
    return tuple(names) if names else None
