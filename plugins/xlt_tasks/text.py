"""Text without labels, for masked language modelling: no plugin to write."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pydantic import Field

from xlt_cli.api import DataError, Split, TextExample
from xlt_tasks.sources.columns import TEXT, Columns
from xlt_tasks.sources.files import FileSet
from xlt_tasks.unlabelled import (
    Texts,
    UnlabelledParams,
    UnlabelledTask,
    first_that_finds,
    without_repetitions,
)


class Text(UnlabelledTask):
    """A sentence or a paragraph a row; a text file has one on each line.

    The rows of other tasks serve as well: each text of a row is a row of its own, and texts that
    come again are left out, except where rows are aligned.
    """

    api_version = 1
    name = "text"
    summary = "your own text without labels, for masked language modelling"
    reference = "Devlin et al. 2019, arXiv:1810.04805"
    texts = 1

    class Params(UnlabelledParams):
        """The files, and how their text is masked."""

        columns: Texts | None = Field(
            None,
            description="the columns with texts, each a row of its own: names (of a header line), "
            "or numbers from 1; default: the column `text`, the first, or the whole line of a .txt "
            "file",
        )
        aligned: bool = Field(
            False,
            description="whether row i is the same item in every language; texts that come again "
            "then stay",
        )

    params: Params

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self.aligned = self.params.aligned  # the user knows, not the class

    @property
    def source(self) -> FileSet:
        if self.params.files is not None:
            return self.params.file_set(self.params.path)
        naming = self.params.naming
        lines = {split: f"{pattern}.txt" for split, pattern in naming.patterns.items()}
        namings = (naming, dataclasses.replace(naming, patterns=lines))
        return first_that_finds(self.params, namings)

    @property
    def columns(self) -> Columns:
        """The columns to read: the last one stands as the target."""
        if self.params.columns is None:
            return TEXT
        *others, last = self.params.columns
        return Columns((tuple(others),), (last,), named=True)

    def known(self, split: Split) -> tuple[str, ...]:
        return self.source.languages(split)

    def rows(self, split: Split, language: str) -> tuple[str, list[TextExample], Sequence[str]]:
        read, tables = self.source.read(split, language, self.columns)
        examples: list[TextExample] = []
        number = empty = 0
        for table in tables:
            for record in table.records:
                number += 1
                for place, text in enumerate((*record.inputs, record.target)):
                    if text is not None and not isinstance(text, str):
                        raise DataError(f"{text!r} is no text", table.where(record))
                    if text is None or not text.strip():
                        empty += 1
                        continue
                    id_ = f"{number}" + (f"-{place + 1}" if record.inputs else "")
                    examples.append(TextExample(id_, (text,), (language,)))
        examples, notes = without_repetitions(examples, empty, self.aligned)
        if not examples:
            raise DataError("there is no text in it", read)
        return read, examples, notes
