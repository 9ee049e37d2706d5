"""BUCC 2018: pairs of translations hidden among the sentences of two collections."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, repeat
from pathlib import Path

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import BitextMining, Candidate, MiningParams, RetrievalExample
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.retrieval.base import RetrievalTask
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.text import read_lines

NAMES = {"dev": "dev|sample", "test": "test|training"}
"""What splits are called in XTREME, and in the shared task."""


class Bucc(RetrievalTask):
    """Reads XTREME's files, `LANGUAGE-en.SPLIT.LANGUAGE`, `.en` (id, tab, sentence) and `.gold`;
    the shared task calls dev `sample` and test `training`.

    A row is a sentence of the language, and one of the English collection: its translation where it
    has one (or several), so that a `limit` cuts both collections alike. Tests need the gold pairs,
    which some copies lack.
    """

    api_version = 1
    name = "bucc"
    summary = "bitext mining between English and German, French, Russian and Chinese"
    reference = "Zweigenbaum et al. 2018, BUCC (LREC); XTREME (ICML 2020)"
    problem = BitextMining
    metric = "f1"
    published_languages = ("de", "fr", "ru", "zh")
    licence = "not stated"
    origin = "mixed"
    folder = "bucc"
    releases = (Release(),)

    class Params(FolderParams, MiningParams):
        """Where the files are, how vectors are made of texts, and which pairs are taken."""

    def row_languages(self, language: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((language, "en")))

    def missing(self, split: Split) -> str:
        return f"expected LANGUAGE-en.{split}.LANGUAGE, LANGUAGE-en.{split}.en and .gold"

    def languages(self, split: Split) -> tuple[str, ...]:
        return tuple(sorted(self._golds(split)))

    def load(self, split: Split, language: str) -> Rows:
        golds = self._golds(split)
        if language not in golds:
            raise self.not_published(language, split, golds)
        gold = golds[language]
        own, english = (_sentences(gold.with_suffix(f".{code}")) for code in (language, "en"))
        pairs: dict[str, list[str]] = {}
        for one, other in dict.fromkeys(_fields(gold)):
            if one not in own or other not in english:
                what = "there are no sentences of a gold pair"
                raise DataError(what, str(gold), f"{one} {other}")
            pairs.setdefault(one, []).append(other)
        paired = {other for every in pairs.values() for other in every}
        others = (key for key in english if key not in paired)
        examples = []
        for key in chain(own, repeat("")):
            right = pairs.get(key, [])
            beside = right or list(islice(others, 1))
            if not key and not beside:
                break
            found = [Candidate(other, english[other], "en") for other in beside]
            name, query = key or beside[0], own.get(key, "")
            examples.append(RetrievalExample.of(name, query, language, found, right))
        return Rows(tuple(examples), str(gold))

    def _golds(self, split: Split) -> dict[str, Path]:
        names = NAMES.get(split)
        return self.published(rf"(?P<language>[a-z]+)-en\.({names})\.gold") if names else {}


def _fields(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(read_lines(path), 1):
        first, tab, second = line.partition("\t")
        first, second = first.strip(), second.strip()
        if not tab or not first or not second or "\t" in second:
            raise DataError("expected two fields, separated by a tab", f"{path}:{number}")
        yield first, second


def _sentences(path: Path) -> dict[str, str]:
    """The sentences of a collection by their ids.

    Raises:
        DataError: an id stands twice.
    """
    sentences: dict[str, str] = {}
    for number, (key, text) in enumerate(_fields(path), 1):
        if key in sentences:
            raise DataError(f"the id '{key}' occurs twice", f"{path}:{number}")
        sentences[key] = text
    return sentences
