"""The sentences of SIB-200, which are those of FLORES-200, as translations of each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from pydantic import Field

from xlt_cli.api import DataError, SequenceExample, Split, same_language
from xlt_tasks.retrieval.base import AlignedParams, AlignedSentences
from xlt_tasks.sib200 import LANGUAGES, Sib200


class Sib200Retrieval(AlignedSentences):
    """Line i is the same sentence in every language; topics are left out. Also to train on."""

    api_version = 1
    name = "sib200-retrieval"
    summary = "translations among the sentences of SIB-200, in 205 languages and scripts"
    reference = (
        "Adelani et al. 2024, SIB-200 (EACL); NLLB Team 2022, FLORES-200; hub: Davlan/sib200"
    )
    aligned = True
    source_language = "deu_Latn"
    published_languages = LANGUAGES
    licence = "CC BY-SA 4.0 (FLORES-200)"
    origin = "human-translated"
    origins = {"eng_Latn": "native"}  # noqa: RUF012  (see Task)
    tags = ("low-resource",)
    folder = Sib200.folder
    releases = Sib200.releases
    on_hub = Sib200.on_hub

    class Params(AlignedParams):
        """Where the files are, what is searched for, and how vectors are made and compared."""

        pivot: str = Field("eng_Latn", description="the language that all others are paired with")

    def languages(self, split: Split) -> tuple[str, ...]:
        pivot = self.params.pivot
        return tuple(code for code in super().languages(split) if not same_language(code, pivot))

    @cached_property
    def _topics(self) -> Sib200:
        own = self.params
        return Sib200(Sib200.Params(path=own.path, source=own.source, revision=own.revision))

    def pairs(self, split: Split, language: str) -> tuple[str, Sequence[tuple[str, str]]]:
        rows, pivot = (self._topics.load(split, code) for code in (language, self.params.pivot))
        own, others = ({e.id: e for e in read.examples} for read in (rows, pivot))
        if own.keys() != others.keys():
            raise DataError(
                f"its sentences are not those of '{self.params.pivot}'", rows.source, pivot.source
            )
        return rows.source, [(_text(own[id_]), _text(others[id_])) for id_ in others]


def _text(example: object) -> str:
    assert isinstance(example, SequenceExample)
    return example.texts[0]
