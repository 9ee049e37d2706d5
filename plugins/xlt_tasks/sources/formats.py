"""Which reader reads which file: by its suffix, before that of a compression."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from xlt_cli.api import DataError
from xlt_tasks.sources import delimited, jsonl, parquet, plain, words
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.compression import DECOMPRESS, inner_suffix
from xlt_tasks.sources.table import FOUND_OUT, Form, Table

Reader = Callable[[Path, Columns, Form], Table]

READERS: dict[str, Reader] = {
    ".tsv": delimited.read_tsv,
    ".csv": delimited.read_csv,
    ".jsonl": jsonl.read,
    ".json": jsonl.read_document,
    ".ndjson": jsonl.read,
    ".parquet": parquet.read,
    ".arrow": parquet.read_arrow,
    ".feather": parquet.read_arrow,
    ".conll": words.read,
    ".conllu": words.read,
    ".bio": words.read,
    ".iob": words.read,
    ".iob2": words.read,
}
WORDS_ONLY = frozenset({".conll", ".conllu", ".bio", ".iob", ".iob2"})
"""Formats that hold a word a line and nothing else."""


@functools.lru_cache(maxsize=1 << 14)  # a folder's names are asked for again and again
def suffix_of(name: str) -> str | None:
    """The suffix of a file that can be read, e.g. `.tsv.gz`; None for other files."""
    inner = inner_suffix(name)
    if inner not in READERS:
        return None
    return inner + "".join(end for end in DECOMPRESS if name.endswith(inner + end))


def read(path: Path, columns: Columns, form: Form = FOUND_OUT) -> Table:
    """The records of a file.

    Raises:
        DataError: the file cannot be read, or does not hold what is expected.
    """
    suffix = form.suffix or inner_suffix(path.name)
    if suffix == ".txt" and columns.lines:
        return plain.read(path)
    if suffix == ".txt":
        suffix = ".conll" if columns.per_word else ".tsv"
    if suffix not in READERS:
        raise DataError(
            f"the file format '{path.suffix}' is not supported",
            str(path),
            f"formats: {', '.join(READERS)}, each also with {', '.join(DECOMPRESS)}",
        )
    if suffix in WORDS_ONLY and not columns.per_word:
        raise DataError(
            f"a {suffix} file has one word per line, and one row per line is required",
            str(path),
            "use the task token-labelling for words; it does not use a `language_column` with "
            "this format",
        )
    return READERS[suffix](path, columns, form)
