"""BUCC 2018: pairs of translations hidden among the sentences of two collections."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import BitextMining, Candidate, MiningParams, RetrievalExample
from xlt_tasks.file_tasks.base import FolderParams
from xlt_tasks.retrieval.base import RetrievalTask
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.text import read_lines

NAMES = {"dev": "dev|sample", "test": "test|training"}
"""What splits are called in XTREME, and in the shared task."""


class Bucc(RetrievalTask):
    """Reads XTREME's files, `LANGUAGE-en.SPLIT.LANGUAGE`, `.en` (id, tab, sentence) and `.gold`;
    the shared task calls dev `sample` and test `training`.

    A row is a sentence of the language, and one of the English collection: its translation where it
    has one, so that a `limit` cuts both collections alike. Tests need the gold pairs, which some
    copies lack.
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
        return (language, "en")

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
        pairs = dict(_fields(gold))
        strange = [f"{a} {b}" for a, b in pairs.items() if a not in own or b not in english]
        if strange:
            raise DataError("there are no sentences of a gold pair", str(gold), strange[0])
        paired = set(pairs.values())
        others = (key for key in english if key not in paired)
        examples = []
        for key in chain(own, repeat("")):
            other = pairs.get(key) or next(others, None)
            if not key and other is None:
                break
            found = [] if other is None else [Candidate(other, english[other], "en")]
            right = [pairs[key]] if key in pairs else []
            query = own.get(key, "")
            examples.append(RetrievalExample.of(key or f"{other}", query, language, found, right))
        return Rows(tuple(examples), str(gold))

    def _golds(self, split: Split) -> dict[str, Path]:
        names = NAMES.get(split)
        return self.published(rf"(?P<language>[a-z]+)-en\.({names})\.gold") if names else {}


def _fields(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(read_lines(path), 1):
        first, tab, second = line.partition("\t")
        if not tab or not first.strip() or not second.strip():
            raise DataError("expected two fields, separated by a tab", f"{path}:{number}")
        yield first.strip(), second.strip()


def _sentences(path: Path) -> dict[str, str]:
    return dict(_fields(path))
