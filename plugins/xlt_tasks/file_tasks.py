"""Published data sets that are read from files: a class states where they are and what they hold.

`FileTask` finds the files, `TextTask` reads texts with a label, `SlicedTask` can be restricted to
some of its rows, and `WordTask` reads words with tags. A task derives from one of them and states
its facts; docs/adding-a-task.md shows how.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from xlt_cli.api import DataError, PluginParams, Rows, Split, Task, UserError, did_you_mean
from xlt_cli.problems import SequenceClassification, TokenLabelling
from xlt_tasks.examples.classification import ClassificationBuilder
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.own_files import LabelMap, check_map
from xlt_tasks.sources.columns import PAIR, SENTENCE_PAIR, SINGLE, WORDS, Columns
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import DATA_DIR, Folder, data_dir, locate
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Form, Table, counted

__all__ = [
    "NOT_TRANSLATED",
    "PAIR",
    "SENTENCE_PAIR",
    "SINGLE",
    "FileTask",
    "FolderParams",
    "Form",
    "Release",
    "SliceParams",
    "SlicedTask",
    "Slices",
    "TextTask",
    "WordTask",
]

NOT_TRANSLATED = frozenset({"", "NS"})
"""What stands where a sentence was not translated, in sets that have such rows."""


class FolderParams(PluginParams):
    """Where the files are."""

    path: Path | None = Field(
        None,
        description="the folder of the files, or one that holds it under its usual name; default: "
        "$XLT_DATA_DIR; relative paths are also looked up there",
    )


class TextParams(FolderParams):
    """Where the files are, and what their labels stand for."""

    label_map: LabelMap = Field(
        {},
        description="what labels of the files stand for, where they are not as published, e.g. "
        "{e: entailment}; `drop` leaves the row out",
    )


class WordParams(FolderParams):
    """Where the files are, and what their tags stand for."""

    tag_map: LabelMap = Field(
        {},
        description="what tags of the files stand for, where they are not as published, e.g. "
        "{B-MISC: O}; `drop` leaves the sentence out",
    )


class FileTask(Task):
    """A task whose files are named and written as its class states.

    Attributes:
        folder: the usual name of the folder of the files.
        releases: the forms in which the data are published; the first that the folder has files of
            is read.
        untranslated: the texts that stand for a sentence that is missing; such rows are left out.
    """

    folder: ClassVar[str]
    releases: ClassVar[tuple[Release, ...]]
    untranslated: ClassVar[frozenset[str]] = frozenset({""})

    class Params(FolderParams):
        """Where the files are."""

    params: FolderParams
    map_name: ClassVar[str] = "label_map"

    def __init__(self, params: FolderParams | None = None) -> None:
        super().__init__(params)
        try:
            check_map(getattr(self.params, self.map_name, {}), self.labels, self.map_name)
        except ValueError as error:
            raise UserError(str(error)) from None

    def check(self) -> None:
        """The folder is there."""
        self.locate()

    def locate(self) -> tuple[Folder, Release]:
        """The folder of the files, and the form in which they are."""
        base = self.params.path or data_dir()
        if base is None:
            raise DataError(
                f"no folder is given for the task '{self.name}'",
                "",
                f"set the task's `path`, or set {DATA_DIR} to a folder that holds '{self.folder}'",
            )
        given = locate(base)
        inner = Folder(given.path / self.folder)
        for folder in (given, inner) if inner.path.is_dir() else (given,):
            for release in self.releases:
                if release.is_in(folder):
                    return folder, release
        if not inner.path.is_dir() and self.params.path is None:
            raise DataError(
                f"{DATA_DIR} has no folder '{self.folder}'", str(base), "set the task's `path`"
            )
        return inner if inner.path.is_dir() else given, self.releases[0]

    @property
    def source(self) -> FileSet:
        """The files."""
        folder, release = self.locate()
        return release.file_set(folder, self.untranslated)

    def column(self, split: Split, language: str, name: str) -> list[str]:
        """The values of another column than those that are read, by its name or number."""
        columns = Columns(((),), (name,), named=True)
        _, tables, _ = self.read(split, language, columns)
        return [str(record.target) for table in tables for record in table.records]

    def companion(self, name: str) -> Path:
        """A file that says more of the rows, in the folder of the others."""
        return self.locate()[0].path / name

    def missing(self, split: Split) -> str:
        """What the folder holds instead of a split."""
        return self.source.missing(split)

    def languages(self, split: Split) -> tuple[str, ...]:
        folder, release = self.locate()
        belonging = release.languages
        codes = release.file_set(folder, self.untranslated).languages(split)
        return tuple(code for code in codes if not belonging or code in belonging)

    def read(
        self, split: Split, language: str, columns: Columns | None = None
    ) -> tuple[str, list[Table], Release]:
        """What was read, its tables, and the form in which they are.

        Args:
            columns: default: those of the release.
        """
        folder, release = self.locate()
        if release.languages and language not in release.languages:
            raise DataError(
                f"'{self.name}' has no language '{language}'",
                f"{self.name} ({language}, {split})",
                f"languages: {did_you_mean(language, release.languages)}",
            )
        source = release.file_set(folder, self.untranslated)
        return *source.read(split, language, columns or release.columns), release


class TextTask(FileTask):
    """One or two texts and a label a row."""

    problem = SequenceClassification
    metric = "accuracy"

    class Params(TextParams):
        """Where the files are, and what their labels stand for."""

    params: TextParams

    def load(self, split: Split, language: str) -> Rows:
        read, tables, release = self.read(split, language)
        wanted, said = self.wanted(split, language, sum(len(table.records) for table in tables))
        builder = ClassificationBuilder(
            self.labels,
            untranslated="drop",
            marks=self.untranslated,
            label_map=self.params.label_map,
            written=release.label_map,
            row_id=self.row_id(split, language),
            wanted=wanted,
        )
        examples, notes = builder.build(tables, split, language)
        return Rows(examples, read, (*notes, *said))

    def row_id(self, split: Split, language: str) -> Callable[[int], str]:
        """The id of each row by its number, from 1."""
        column = self.locate()[1].id_column
        if column is None:
            return lambda number: f"{split}-{number}"
        names = self.column(split, language, column)
        return lambda number: f"{split}-{names[number - 1]}"

    def wanted(
        self, split: Split, language: str, rows: int
    ) -> tuple[frozenset[int] | None, tuple[str, ...]]:
        """The numbers of the rows that are asked for, None for all, and what is to be said of it.

        Args:
            rows: how many there are.
        """
        return None, ()


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Slices = Annotated[tuple[str, ...] | None, BeforeValidator(_names)]


class SliceParams(TextParams):
    """Where the files are, and which of their rows are read."""

    slice: Slices = Field(
        None,
        min_length=1,
        description="only rows of this slice of the data, or of these; default: all rows",
    )


class SlicedTask(TextTask):
    """Texts and labels, some of whose rows can be asked for by the names of slices."""

    class Params(SliceParams):
        """Where the files are, and which of their rows are read."""

    params: SliceParams

    def wanted(
        self, split: Split, language: str, rows: int
    ) -> tuple[frozenset[int] | None, tuple[str, ...]]:
        asked = self.params.slice
        if asked is None:
            return None, ()
        of_rows = self.slices(split, language)
        if len(of_rows) != rows:
            raise DataError(
                f"slices are named for {len(of_rows):,} rows, and there are {rows:,}",
                f"{self.name} ({language}, {split})",
                "the files belong to different versions of the data: fetch them again",
            )
        known = sorted({name for names in of_rows for name in names})
        for name in asked:
            if name not in known:
                raise DataError(
                    f"'{self.name}' has no slice '{name}' in its {split} split",
                    f"{self.name} ({language}, {split})",
                    did_you_mean(name, known),
                )
        wanted = frozenset(n for n, names in enumerate(of_rows, 1) if not names.isdisjoint(asked))
        said = f"only the {counted(len(wanted), 'row')} of the slice {', '.join(asked)}"
        return wanted, (said,)

    def slices(self, split: Split, language: str) -> Sequence[frozenset[str]]:
        """The slices that each row belongs to; names in one field are separated by colons."""
        names = self.locate()[1].slice_columns
        columns = [self.column(split, language, name) for name in names]
        return [
            frozenset(name for value in row for name in value.split(":") if name)
            for row in zip(*columns, strict=True)
        ]


class WordTask(FileTask):
    """Sentences whose words have tags."""

    problem = TokenLabelling
    metric = "f1"
    map_name = "tag_map"

    class Params(WordParams):
        """Where the files are, and what their tags stand for."""

    params: WordParams

    def load(self, split: Split, language: str) -> Rows:
        known = frozenset((*self.labels, *self.params.tag_map))
        columns = dataclasses.replace(WORDS, values=known)
        read, tables, release = self.read(split, language, columns)
        examples, notes = build_sentences(
            tables, split, language, self.labels, self.params.tag_map, release.label_map
        )
        return Rows(examples, read, notes)
