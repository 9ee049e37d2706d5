"""Records as examples of token labelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlt_cli.api import DataError, Split, TokenExample
from xlt_tasks.examples.labels import DROP, LabelReader
from xlt_tasks.sources.table import Record, Table


def build_sentences(
    tables: Sequence[Table],
    split: Split,
    language: str,
    tags: Sequence[str],
    tag_map: Mapping[str, str] | None = None,
    written: Mapping[str, str] | None = None,
    *,
    columns: bool = False,
) -> tuple[tuple[TokenExample, ...], tuple[str, ...]]:
    """The sentences, each with the number of its place in the files as its id, and the notes.

    A sentence with a word whose tag is mapped to `drop` is left out.

    Args:
        tag_map: what the user says that tags of the files stand for.
        written: the same of tags that the data set is known to have.
        columns: whether the task has the parameter `columns`, for hints.
    """
    examples: list[TokenExample] = []
    reader = LabelReader(tags, tag_map, "tag_map", written, columns=columns)
    number = 0
    for table in tables:
        for record in table.records:
            number += 1
            words = _words(record, table)
            read = []
            for i, tag in enumerate(record.target):
                known = reader.get(tag, table.class_names)
                if known is None:
                    reader.reject(tag, table.where(record, i), table.class_names)
                read.append(known or "")
            if DROP in read and DROP not in tags:
                continue
            languages = (language,)
            examples.append(TokenExample(f"{split}-{number}", words, tuple(read), languages))
    reader.check(tables)
    if not examples:
        raise DataError("no sentences are left: `tag_map` leaves them all out", str(tables[0].path))
    said = [note for table in tables for note in table.notes]
    return tuple(examples), (*said, *reader.notes("sentences with a tag"))


def _words(record: Record, table: Table) -> tuple[str, ...]:
    words, tags = record.inputs[0], record.target
    if not isinstance(words, list) or not isinstance(tags, list):
        raise DataError("words and tags must be lists", table.where(record))
    if len(words) != len(tags):
        raise DataError(f"{len(words)} words but {len(tags)} tags", table.where(record))
    if not words:
        raise DataError("the sentence has no words", table.where(record), "leave it out")
    for i, word in enumerate(words):
        if not isinstance(word, str) or not word:
            raise DataError(
                "the word is empty" if word in ("", None) else f"the word is {word!r}",
                table.where(record, i),
                "a word must be a non-empty string",
            )
    return tuple(words)
