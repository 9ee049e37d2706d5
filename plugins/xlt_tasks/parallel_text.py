"""Sentences and their translations, for translation language modelling: no plugin to write."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from xlt_cli.api import SPLITS, DataError, Split, TextExample, same_language
from xlt_tasks.sources.columns import TEXT, Columns
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.naming import Naming
from xlt_tasks.sources.table import Table
from xlt_tasks.unlabelled import (
    Texts,
    UnlabelledParams,
    UnlabelledTask,
    first_that_finds,
    without_repetitions,
)

POSITIONS = ("1", "2")


class ParallelText(UnlabelledTask):
    """A sentence and its translation in one input, with masks in both.

    The languages of a stage are those of the translations; `first` is the other one.
    """

    api_version = 1
    name = "parallel-text"
    summary = "your own sentences and their translations, for translation language modelling"
    reference = "Conneau and Lample 2019, arXiv:1901.07291"
    texts = 2

    class Params(UnlabelledParams):
        """The files, and how their text is masked."""

        first: str = Field("en", min_length=1, description="the language of the first sentences")
        layout: Literal["columns", "files"] = Field(
            "columns",
            description="columns: a sentence and its translation stand in two columns of one file, "
            "by default FIRST-LANGUAGE.tsv (all of it for training) or SPLIT-FIRST-LANGUAGE.tsv; "
            "files: they stand on the same lines of two files, by default SPLIT-LANGUAGE.txt",
        )
        columns: Texts | None = Field(
            None,
            max_length=2,
            description="the columns with the sentence and with its translation (layout: files: "
            "the one column of both): names (of a header line), or numbers from 1",
        )

        @model_validator(mode="after")
        def _fit(self) -> ParallelText.Params:
            wanted = 2 if self.layout == "columns" else 1
            if self.columns is not None and len(self.columns) != wanted:
                raise ValueError(f"`layout: {self.layout}` needs {wanted} of `columns`")
            return self

    params: Params

    @property
    def source_language(self) -> str:  # type: ignore[override]
        """The language of the translations, if there is one only; a stage names others."""
        known = self.known("train")
        return known[0] if len(known) == 1 else self.params.first

    @property
    def source(self) -> FileSet:
        p = self.params
        if p.files is not None:
            return p.file_set(p.path)
        usual = p.naming
        if p.layout == "files":
            lines = {split: f"{pattern}.txt" for split, pattern in usual.patterns.items()}
            namings = (dataclasses.replace(usual, patterns=lines), usual)
        else:
            named = dict.fromkeys(SPLITS, f"{{split}}-{p.first}-{{language}}")
            whole: dict[Split, str] = {"train": f"{p.first}-{{language}}"}
            namings = (Naming(named, p.splits), Naming(whole, p.splits))
        return first_that_finds(p, namings)

    def known(self, split: Split) -> tuple[str, ...]:
        languages = self.source.languages(split)
        if self.params.layout == "columns":
            return languages
        if not any(same_language(code, self.params.first) for code in languages):
            return ()
        return tuple(code for code in languages if not same_language(code, self.params.first))

    def row_languages(self, language: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.params.first, language)))

    def rows(self, split: Split, language: str) -> tuple[str, list[TextExample], Sequence[str]]:
        p = self.params
        examples: list[TextExample] = []
        empty = 0
        read, pairs = self._pairs(split, language)
        for number, (texts, where) in enumerate(pairs, 1):
            strange = next((t for t in texts if t is not None and not isinstance(t, str)), None)
            if strange is not None:
                raise DataError(f"{strange!r} is no text", where)
            if any(not text or not text.strip() for text in texts):
                empty += 1
                continue
            examples.append(TextExample(f"{number}", texts, (p.first, language)))
        examples, notes = without_repetitions(examples, empty)
        if not examples:
            raise DataError("there are no pairs of sentences in it", read)
        return read, examples, notes

    def _pairs(self, split: Split, language: str) -> tuple[str, list[tuple[tuple[str, str], str]]]:
        """What was read, and of each row the two sentences and its place."""
        p = self.params
        if p.layout == "columns":
            one, other = p.columns or POSITIONS
            read, tables = self.source.read(
                split, language, Columns(((one,),), (other,), named=True)
            )
            return read, [
                ((record.inputs[0], record.target), table.where(record))
                for table in tables
                for record in table.records
            ]
        column = TEXT if p.columns is None else Columns(((),), (p.columns[0],), named=True)
        known = self.source.languages(split)
        first = next((code for code in known if same_language(code, p.first)), p.first)
        (read, own), (other_read, others) = (
            self.source.read(split, code, column) for code in (first, language)
        )
        sides = [_lines(own), _lines(others)]
        if len(sides[0]) != len(sides[1]):
            raise DataError(
                f"the files have {len(sides[0]):,} and {len(sides[1]):,} rows: they are not "
                "translations line by line",
                f"{read}, {other_read}",
            )
        paired = zip(*sides, strict=True)
        return other_read, [((a, b), where) for (a, _), (b, where) in paired]


def _lines(tables: Sequence[Table]) -> list[tuple[str, str]]:
    return [(r.target, table.where(r)) for table in tables for r in table.records]
