"""What the tasks of retrieval share: where their files are, and rows from pairs of translations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from xlt_cli.api import DataError, Rows, Split, did_you_mean
from xlt_cli.problems import (
    Candidate,
    Problem,
    RetrievalExample,
    RetrievalParams,
    SentenceRetrieval,
)
from xlt_tasks.examples.cells import cell_text
from xlt_tasks.file_tasks.base import FileTask
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.dataset import HubFiles
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.text import read_lines

TRANSLATED = Columns((("1",),), ("2",), named=True)
"""A sentence and its translation."""


class RetrievalTaskParams(FolderParams, RetrievalParams):
    """Where the files are, and how vectors are made of texts and compared."""


class RetrievalTask(FileTask):
    """Queries and a pool of candidates in each language."""

    problem: ClassVar[type[Problem]] = SentenceRetrieval
    labels = ()
    metric = "accuracy"
    family = "retrieval"
    texts = 1

    class Params(RetrievalTaskParams):
        """Where the files are, and how vectors are made of texts and compared."""

    params: RetrievalTaskParams

    def published(self, names: str) -> dict[str, Path]:
        """The files of the folder by language, where their names match an expression that has a
        group `language`; they need not end like the files of a table. None for those on the hub."""
        folder, _ = self.found()
        if isinstance(folder, HubFiles):
            return {}
        found = ((re.fullmatch(names, name), name) for name in folder.names(0))
        return {match["language"]: folder.path / name for match, name in found if match}

    def not_published(self, language: str, split: Split, known: Iterable[str]) -> DataError:
        """The error for a language without files."""
        return DataError(
            f"there is no {split} file of '{self.name}' for the language '{language}'",
            self.found()[0].place(),
            f"languages of this split: {did_you_mean(language, sorted(known))}",
        )


class AlignedParams(RetrievalTaskParams):
    """Where the files are, what is searched for, and how vectors are made and compared."""

    pivot: str = Field(
        "en",
        min_length=1,
        description="the language that the sentences of every other language are paired with",
    )
    query: Literal["pivot", "language"] = Field(
        "language",
        description="whose sentences are the queries: those of the pivot, searched in the "
        "language, or those of the language, searched in the pivot",
    )


class AlignedSentences(RetrievalTask):
    """Sentences and their translations into one pivot language; each is a query for the other.

    By default, the first two columns of a file are a sentence of its language and the translation.
    """

    releases: ClassVar[tuple[Release, ...]] = (Release(columns=TRANSLATED),)

    class Params(AlignedParams):
        """Where the files are, what is searched for, and how vectors are made and compared."""

    params: AlignedParams

    def pairs(self, split: Split, language: str) -> tuple[str, Sequence[tuple[str, str]]]:
        """What was read, and of each pair the sentence of the language and that of the pivot.

        Raises:
            DataError: the files are missing, or are not aligned.
        """
        read, tables, _ = self.read(split, language)
        rows = (record for table in tables for record in table.records)
        return read, [(cell_text(row.inputs[0]), cell_text(row.target)) for row in rows]

    def row_languages(self, language: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((language, self.params.pivot)))

    def load(self, split: Split, language: str) -> Rows:
        read, pairs = self.pairs(split, language)
        pivot, examples = self.params.pivot, []
        for number, (own, other) in enumerate(pairs, 1):
            key = str(number)
            if not own.strip() or not other.strip():
                raise DataError("a sentence of the pair is empty", f"{read}, pair {number}")
            if self.params.query == "pivot":
                query, asked, found = other, pivot, Candidate(key, own, language)
            else:
                query, asked, found = own, language, Candidate(key, other, pivot)
            name = f"{split}-{number}"
            examples.append(RetrievalExample.of(name, query, asked, [found], [key]))
        return Rows(tuple(examples), read)


def aligned_lines(first: Path, second: Path) -> list[tuple[str, str]]:
    """The lines of two files, side by side; DataError if they are not as many."""
    one, other = read_lines(first), read_lines(second)
    if len(one) != len(other):
        raise DataError(
            f"the files have {len(one):,} and {len(other):,} lines: they are not translations "
            "line by line",
            f"{first}, {second}",
        )
    return list(zip(one, other, strict=True))
