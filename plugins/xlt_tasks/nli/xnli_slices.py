"""XNLI's rows by their genre, and by the reasoning that they need."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from xlt_cli.api import Split
from xlt_tasks.file_tasks import NOT_TRANSLATED, SliceParams, Slices
from xlt_tasks.nli.base import SlicedNliTask
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.text import read_lines
from xlt_tasks.xnli import Xnli


class XnliGenres(SlicedNliTask):
    """`slice` is one of the genres facetoface, fiction, government, letters, nineeleven, oup,
    slate, telephone, travel and verbatim. `dev.genre.txt` and `test.genre.txt` beside XNLI's files
    name the genre of each line."""

    api_version = 1
    name = "xnli-genres"
    summary = "XNLI's dev and test rows of some genres"
    reference = "Conneau et al. 2018, XNLI (EMNLP); genres by line: Aung Kyaw Htet and Dras 2024"
    aligned = True
    items = "xnli"
    published_languages = Xnli.published_languages
    licence = Xnli.licence
    origin = Xnli.origin
    origins = Xnli.origins
    untranslated = NOT_TRANSLATED
    folder = "xnli"
    releases = (Release({"dev": "dev-{language}", "test": "test-{language}"}),)

    def slices(self, split: Split, language: str) -> Sequence[frozenset[str]]:
        return [frozenset({x}) for x in self.companion_lines(f"{split}.genre.txt")]


class TaxiXnli(SlicedNliTask):
    """`slice` is a kind of reasoning: boolean, negation, spatial, temporal, causal or knowledge; by
    default all rows that were annotated for it. `test.reasoning.tsv` beside XNLI's files has a
    column for each, with 1 where a row needs it."""

    api_version = 1
    name = "taxi-xnli"
    summary = "XNLI's test rows by the reasoning that they need"
    reference = "K et al. 2021, Analyzing the Effects of Reasoning Types on Cross-Lingual Transfer"
    aligned = True
    items = "xnli"
    published_languages = Xnli.published_languages
    licence = "Computational Use of Data Agreement v1.0 (annotations); CC BY-NC 4.0 (XNLI)"
    origin = Xnli.origin
    origins = Xnli.origins
    untranslated = NOT_TRANSLATED
    folder = "xnli"
    releases = (Release({"test": "test-{language}"}),)

    class Params(SliceParams):
        """Where the files are, and which of their rows are read."""

        slice: Slices = Field(
            ("annotated",),
            min_length=1,
            description="only rows that need this kind of reasoning, or one of these",
        )

    def slices(self, split: Split, language: str) -> Sequence[frozenset[str]]:
        header, *rows = self.companion_lines(f"{split}.reasoning.tsv")
        _, *names = header.split("\t")
        needed = {}
        for row in rows:
            line, *values = row.split("\t")
            kinds = (name for name, value in zip(names, values, strict=True) if value == "1")
            needed[int(line)] = frozenset({"annotated", *kinds})
        lines = read_lines(self.source.file(split, language))
        return [needed.get(number, frozenset()) for number in range(1, len(lines) + 1)]
