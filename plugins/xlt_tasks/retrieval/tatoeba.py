"""Tatoeba: up to 1,000 sentences a language and their translations into English."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from pydantic import Field

from xlt_cli.api import DataError, Split
from xlt_tasks.retrieval.base import TRANSLATED, AlignedParams, AlignedSentences, aligned_lines
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release

LASER = r"tatoeba\.(?P<language>[a-z]{3})-eng\.(?P=language)"
"""The sentences of a language, as the authors publish them; the English ones end in `.eng`."""
FEW, SORTED = 20, 0.95
"""From so many sentences on, and from such a share of neighbours in order, they were sorted."""


class Tatoeba(AlignedSentences):
    """Reads LANGUAGE-en.tsv (sentence, tab, English), or the authors' files `tatoeba.xxx-eng.xxx`
    and `tatoeba.xxx-eng.eng`. The files that XTREME's scripts make of these are refused: their
    English side is sorted, so that they do not tell what is right. The copy on the hub has all
    languages, by the authors' codes (`deu`).

    As in XTREME, English sentences are the queries, and `layer: 8` is what it reports for mBERT.
    """

    api_version = 1
    name = "tatoeba"
    summary = "the translation of each of 1,000 sentences, in 112 languages"
    reference = (
        "Artetxe and Schwenk 2019, LASER (TACL); XTREME (ICML 2020); "
        "hub: mteb/tatoeba-bitext-mining"
    )
    licence = "CC BY 2.0 FR"
    origin = "native"
    folder = "tatoeba"
    releases = (Release({"test": "{language}-en"}, TRANSLATED),)
    on_hub = OnHub(
        "mteb/tatoeba-bitext-mining",
        Release(
            {"test": "test/{language}-eng.jsonl.gz"},
            Columns((("sentence1",),), ("sentence2",), named=True),
        ),
    )

    class Params(AlignedParams):
        """Where the files are, what is searched for, and how vectors are made and compared."""

        pivot: Literal["en"] = Field("en", description="the language that all are paired with")
        query: Literal["pivot", "language"] = Field(
            "pivot",
            description="whose sentences are the queries: the English ones (as in XTREME), or "
            "those of the language",
        )

    def languages(self, split: Split) -> tuple[str, ...]:
        published = sorted(self.published(LASER))
        return tuple(published) if published and split == "test" else super().languages(split)

    def pairs(self, split: Split, language: str) -> tuple[str, Sequence[tuple[str, str]]]:
        read, pairs = self._pairs(split, language)
        _check_order([english for _, english in pairs], read)
        return read, pairs

    def _pairs(self, split: Split, language: str) -> tuple[str, Sequence[tuple[str, str]]]:
        published = self.published(LASER)
        if not published:
            return super().pairs(split, language)
        if language not in published:
            raise self.not_published(language, split, published)
        own = published[language]
        return str(own), aligned_lines(own, own.with_suffix(".eng"))


def _check_order(sentences: Sequence[str], where: str) -> None:
    """Refuses sentences in alphabetical order: as the scripts leave them, they belong to nothing on
    their line."""
    steps = sum(one <= other for one, other in pairwise(sentences))
    if len(sentences) >= FEW and steps > SORTED * len(sentences):
        raise DataError(
            "its English sentences are in alphabetical order, so that line i does "
            "not translate line i",
            where,
            "XTREME's scripts sort them to hide what is right: use the files that they are made of",
        )
