"""PAN-X (WikiANN): persons, organisations and locations in sentences of Wikipedia."""

from __future__ import annotations

import dataclasses
import re
from typing import ClassVar

from pydantic import Field

from xlt_cli.api import NOT_STATED, Rows, Split
from xlt_cli.problems import TokenLabelling
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.own_files import LabelMap
from xlt_tasks.published import PublishedParams, PublishedTask
from xlt_tasks.sources.columns import WORDS
from xlt_tasks.sources.hub import Repository
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Form, Table

# XTREME's 40 languages, and 8 more of WikiANN's.
LANGUAGES = (
    "af", "ar", "az", "bg", "bn", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gu", "he",
    "hi", "hu", "id", "it", "ja", "jv", "ka", "kk", "ko", "lt", "ml", "mr", "ms", "my", "nl", "pa",
    "pl", "pt", "qu", "ro", "ru", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "yo", "zh",
)  # fmt: skip

RAW = Form("none", suffix=".conll")
PREFIX = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*:(?=.)", re.DOTALL)


class PanX(PublishedTask):
    """Named entities; scored by entity F1. Reads XTREME's files, which have no tags for the test
    rows, and those of its source (Rahimi et al. 2019: `sw/train`, or `sw-train` as XTREME unpacks
    them), in which each word has the code of its language before it (`sw:Rais`)."""

    api_version = 1
    name = "panx"
    summary = "named entities in 48 languages, from Wikipedia's links"
    reference = "Pan et al. 2017, WikiANN (ACL), split by Rahimi et al. 2019; hub: wikiann"
    problem = TokenLabelling
    metric = "f1"
    family = "entities"
    published_languages = LANGUAGES
    licence = NOT_STATED
    origin = "native"
    repository = Repository("unimelb-nlp/wikiann", LANGUAGES)
    releases = (
        Release("{language}/{split}", form=RAW),
        Release("{language}-{split}", form=RAW),
        Release("*/{language}/{split}", form=RAW),
    )
    map_name: ClassVar[str] = "tag_map"

    class Params(PublishedParams):
        """Where the data come from, and what their tags stand for."""

        tag_map: LabelMap = Field(
            {},
            description="tags of the files and the task's tags that they stand for, e.g. "
            "{B-DATE: O}; `drop` leaves the sentence out",
        )

    params: Params

    @property
    def labels(self) -> tuple[str, ...]:
        return ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

    def load(self, split: Split, language: str) -> Rows:
        columns = dataclasses.replace(WORDS, values=frozenset(self.labels))
        read, tables = self.source.read(split, language, columns)
        tables = [_without_language(table) for table in tables]
        tag_map = self.params.tag_map
        examples, notes = build_sentences(tables, split, language, self.labels, tag_map)
        return Rows(examples, read, notes)


def _without_language(table: Table) -> Table:
    """The words without the code of their language, if all of a file have the same before them."""
    words = [word for record in table.records for word in record.inputs[0]]
    match = PREFIX.match(words[0]) if isinstance(words[0], str) else None
    if match is None or not all(isinstance(w, str) and w.startswith(match[0]) for w in words):
        return table
    start = len(match[0])
    records = (
        dataclasses.replace(record, inputs=([word[start:] for word in record.inputs[0]],))
        for record in table.records
    )
    return dataclasses.replace(table, records=tuple(records))
