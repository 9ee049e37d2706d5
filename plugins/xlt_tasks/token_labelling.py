"""Tags for the words of one's own files: no plugin to write."""

from __future__ import annotations

import dataclasses
from functools import cached_property

from pydantic import Field, model_validator

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import TokenLabelling as TokenProblem
from xlt_cli.problems.schemes import NAMES, scheme_of
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.own_files import DataParams, LabelMap, Names, OwnData, check_map, checked_map
from xlt_tasks.sources.columns import WORDS, Columns


class TokenLabelling(OwnData):
    """A word and its tag a line, a blank line after each sentence."""

    api_version = 1
    name = "token-labelling"
    summary = "your own files: a tag for each word (entities, parts of speech)"
    problem = TokenProblem

    class Params(DataParams):
        """The files, and their tags."""

        tags: Names | None = Field(
            None,
            description="the tags, in the order of the model's outputs; tags that follow a "
            "scheme for entities (BIO, BIOES, BILOU ...) are scored as entities, others word "
            "by word; default: those that Parquet files name themselves (ClassLabel)",
        )
        scheme: str | None = Field(
            None,
            description="the scheme of the tags, if it is not clear from them: one of "
            f"{', '.join(NAMES)} (none: words are scored)",
        )
        tag_map: LabelMap = Field(
            {},
            description="tags of the files and the task's tags that they stand for, e.g. "
            "{B-DATE: O}; `drop` leaves the sentence out",
        )
        columns: Names | None = Field(
            None,
            max_length=2,
            description="the columns with the words and their tags: names (of a header line), or "
            "numbers from 1 (from the end: -1)",
        )

        @model_validator(mode="after")
        def _fit(self) -> TokenLabelling.Params:
            if self.tags is None:
                return self
            check_map(self.tag_map, self.tags, "tag_map")
            try:
                scheme_of(self.tags, self.scheme)
            except DataError as error:
                raise ValueError(f"{error.what}; {error.hint}") from error
            return self

    params: Params

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self.scheme = self.params.scheme

    @property
    def metric(self) -> str:  # type: ignore[override]
        """Entity F1 exists for entities only; the problem knows which of the two it has."""
        return TokenProblem(self.labels, self.params.scheme).metric_names[0]

    @property
    def labels(self) -> tuple[str, ...]:
        return self._named if self.params.tags is None else self.params.tags

    @cached_property
    def _named(self) -> tuple[str, ...]:
        names = self.class_names(self._columns(frozenset()), "tags")
        checked_map(self.params.tag_map, names, "tag_map")
        return names

    @property
    def columns(self) -> Columns:
        """The columns to read."""
        return self._columns(frozenset((*self.labels, *self.params.tag_map)))

    def _columns(self, known: frozenset[str]) -> Columns:
        if self.params.columns is None:
            return dataclasses.replace(WORDS, values=known)
        words, tags = self.params.columns
        return Columns(((words,),), (tags,), per_word=True, named=True, values=known)

    def load(self, split: Split, language: str) -> Rows:
        read, tables = self.source.read(split, language, self.columns)
        tag_map = self.params.tag_map
        examples, notes = build_sentences(
            tables, split, language, self.labels, tag_map, columns=True
        )
        return Rows(examples, read, notes)
