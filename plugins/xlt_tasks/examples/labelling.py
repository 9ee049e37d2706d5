"""Records as examples of token labelling."""

from __future__ import annotations

from collections.abc import Sequence

from xlt_cli.api import DataError, Split, TokenExample
from xlt_tasks.examples.labels import LabelReader
from xlt_tasks.sources.table import Record, Table


def build_sentences(
    tables: Sequence[Table], split: Split, language: str, tags: Sequence[str]
) -> tuple[TokenExample, ...]:
    """The sentences, each with the number of its place in the files as its id."""
    examples: list[TokenExample] = []
    for table in tables:
        reader = LabelReader(tags, table.class_names)
        for record in table.records:
            number = len(examples) + 1
            words = _words(record, table)
            read = []
            for i, tag in enumerate(record.target):
                known = reader.get(tag)
                if known is None:
                    raise reader.error(tag, table.where(record, i))
                read.append(known)
            languages = (language,)
            examples.append(TokenExample(f"{split}-{number}", words, tuple(read), languages))
    return tuple(examples)


def _words(record: Record, table: Table) -> tuple[str, ...]:
    words, tags = record.inputs[0], record.target
    if not isinstance(words, list) or not isinstance(tags, list):
        raise DataError("words and tags are to be lists", table.where(record))
    if len(words) != len(tags):
        raise DataError(f"{len(words)} words but {len(tags)} tags", table.where(record))
    if not words:
        raise DataError("the sentence has no words", table.where(record), "leave it out")
    for i, word in enumerate(words):
        if not isinstance(word, str) or not word:
            raise DataError(
                "the word is empty" if word in ("", None) else f"the word is {word!r}",
                table.where(record, i),
                "a word is a string that is not empty",
            )
    return tuple(words)
