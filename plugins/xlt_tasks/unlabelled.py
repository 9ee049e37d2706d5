"""What the tasks on text without labels share: how it is masked, and rows that are kept for dev."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from xlt_cli.api import DataError, Rows, Split, Task, TextExample
from xlt_cli.problems import MaskedLanguageModelling
from xlt_tasks.own_files import FileParams, distinct
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.naming import Naming
from xlt_tasks.sources.table import counted

Texts = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(distinct)]


class UnlabelledParams(FileParams):
    """The files, and how their text is masked."""

    path: Path = Field(
        description="a folder of files; relative paths are also looked up in $XLT_DATA_DIR"
    )
    probability: float = Field(0.15, gt=0, lt=1, description="share of the tokens that are masked")
    whole_words: bool = Field(False, description="mask all pieces of a word together")
    dev_rows: int = Field(
        0,
        ge=0,
        description="where the files have no dev split: so many of the training rows, the last "
        "ones, are kept for it",
    )


class UnlabelledTask(Task):
    """A task of masked language modelling on one's own files."""

    problem = MaskedLanguageModelling
    metric = "perplexity"

    class Params(UnlabelledParams):
        """The files, and how their text is masked."""

    params: UnlabelledParams

    @property
    def labels(self) -> tuple[str, ...]:
        return ()

    @property
    @abstractmethod
    def source(self) -> FileSet:
        """The files."""

    def check(self) -> None:
        """The folder is there."""
        self.params.file_set(self.params.path)

    def missing(self, split: Split) -> str:
        """What the folder holds instead of a split."""
        hint = "`dev_rows: N` keeps the last N training rows for it; " if split == "dev" else ""
        return hint + self.source.missing(split)

    def files(self) -> Sequence[Path] | None:
        return self.source.all_files()

    def languages(self, split: Split) -> tuple[str, ...]:
        return self.known(self._read(split))

    def load(self, split: Split, language: str) -> Rows:
        read = self._read(split)
        source, examples, notes = self.rows(read, language)
        kept = self.params.dev_rows if self.params.dev_rows and read == "train" else 0
        if kept and not self.known("dev"):
            if kept >= len(examples):
                raise DataError(
                    f"dev_rows is {kept}, and there are {counted(len(examples), 'row')}", source
                )
            examples = examples[-kept:] if split == "dev" else examples[:-kept]
        named = (dataclasses.replace(e, id=f"{split}-{e.id}") for e in examples)
        return Rows(tuple(named), source, tuple(notes))

    def _read(self, split: Split) -> Split:
        """The split whose files hold the rows of one."""
        kept = split == "dev" and self.params.dev_rows and not self.known("dev")
        return "train" if kept else split

    @abstractmethod
    def known(self, split: Split) -> tuple[str, ...]:
        """The languages that a split has files for."""

    @abstractmethod
    def rows(self, split: Split, language: str) -> tuple[str, list[TextExample], Sequence[str]]:
        """What was read, the rows of a file with their numbers as ids, and notes."""


def first_that_finds(params: UnlabelledParams, namings: Sequence[Naming]) -> FileSet:
    """The files of a folder under the first naming that finds any; else under the first."""
    plain = params.file_set(params.path)
    names: dict[int | None, Sequence[str]] = {}
    for naming in namings:
        if naming.depth not in names:
            names[naming.depth] = plain.files.names(naming.depth)
        if naming.find(names[naming.depth]):
            return dataclasses.replace(plain, layout=naming)
    return dataclasses.replace(plain, layout=namings[0])


def without_repetitions(
    examples: Sequence[TextExample], empty: int, aligned: bool = False
) -> tuple[list[TextExample], list[str]]:
    """The first of the examples of each content, and notes on what is left out.

    Args:
        aligned: all examples stay: one may come again in one language and not in another.
    """
    first: dict[tuple[str, ...], TextExample] = {}
    for example in examples:
        first.setdefault((example.id,) if aligned else example.texts, example)
    left = len(examples) - len(first)
    notes = []
    if left:
        notes.append(f"{counted(left, 'row')} left out: their text came before")
    if empty:
        notes.append(f"{counted(empty, 'row')} left out: they have no text")
    return list(first.values()), notes
