"""PAN-X (WikiANN): persons, organisations and locations in sentences of Wikipedia."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from pydantic import Field

from xlt_cli.api import NOT_STATED, Rows, Split
from xlt_cli.problems import TokenLabelling
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.own_files import LabelMap
from xlt_tasks.published import PublishedParams, PublishedTask
from xlt_tasks.sources.columns import WORDS
from xlt_tasks.sources.hub import Repository

# XTREME's 40 languages, and 8 more of WikiANN's.
LANGUAGES = (
    "af", "ar", "az", "bg", "bn", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gu", "he",
    "hi", "hu", "id", "it", "ja", "jv", "ka", "kk", "ko", "lt", "ml", "mr", "ms", "my", "nl", "pa",
    "pl", "pt", "qu", "ro", "ru", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "yo", "zh",
)  # fmt: skip


class PanX(PublishedTask):
    """Named entities; scored by entity F1."""

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
        tag_map = self.params.tag_map
        examples, notes = build_sentences(tables, split, language, self.labels, tag_map)
        return Rows(examples, read, notes)
