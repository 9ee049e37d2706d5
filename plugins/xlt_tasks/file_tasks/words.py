"""Tasks whose rows are sentences, with a tag for each word."""

from __future__ import annotations

import dataclasses

from pydantic import Field

from xlt_cli.api import Rows, Split
from xlt_cli.problems import TokenLabelling
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.file_tasks.base import FileTask
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.own_files import LabelMap
from xlt_tasks.sources.columns import WORDS, Columns


class WordParams(FolderParams):
    """Where the files are, and what their tags stand for."""

    tag_map: LabelMap = Field(
        {},
        description="what tags of the files stand for, where they are not as published, e.g. "
        "{B-MISC: O}; `drop` leaves the sentence out",
    )


class WordTask(FileTask):
    """Sentences whose words have tags."""

    problem = TokenLabelling
    metric = "f1"
    map_name = "tag_map"

    class Params(WordParams):
        """Where the files are, and what their tags stand for."""

    params: WordParams

    @property
    def word_columns(self) -> Columns:
        """The columns with the words and their tags, and the tags that there may be."""
        stated = self.found()[1].columns
        known = frozenset((*self.labels, *self.params.tag_map))
        return dataclasses.replace(stated if stated.per_word else WORDS, values=known)

    def load(self, split: Split, language: str) -> Rows:
        read, tables, release = self.read(split, language, self.word_columns)
        examples, notes = build_sentences(
            tables, split, language, self.labels, self.params.tag_map, release.label_map
        )
        return Rows(examples, read, notes)
