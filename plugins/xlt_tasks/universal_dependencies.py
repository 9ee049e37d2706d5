"""Universal Dependencies as its authors publish it: treebanks in CoNLL-U."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BeforeValidator, Field

from xlt_cli.api import DataError, Rows, Split, TokenExample, did_you_mean
from xlt_tasks.examples.labelling import build_sentences
from xlt_tasks.file_tasks import Columns, OnHub, Release
from xlt_tasks.file_tasks.words import WordParams
from xlt_tasks.parts_of_speech import PartsOfSpeech
from xlt_tasks.sources.table import Table, counted

FILE = re.compile(r"(?:.*/)?[^_/]+_(?P<treebank>[^-/]+)(?:-ud-[^/]*|/[^/]*\.parquet)")
"""The name of a file, such as `de_gsd-ud-test.conllu`: its language, its treebank, its split; or on
the hub `de_gsd/test.parquet`."""
WITHHELD = "_"
"""Stands for each word of a treebank whose text may not be published with its annotation."""

Treebanks = dict[str, list[Table]]
"""The files of each treebank by its name; a large one may be in several (`-train-a`)."""


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class TreebankParams(WordParams):
    """Where the files are, and which treebanks are read."""

    treebank: Annotated[tuple[str, ...] | None, BeforeValidator(_names)] = Field(
        None,
        min_length=1,
        description="only this treebank of a language, or these, as files are named: gsd in "
        "de_gsd-ud-test.conllu; default: all that there are, joined, which a note says",
    )


class Ud(PartsOfSpeech):
    """Words and their UPOS from CoNLL-U: the syntactic words, without the lines of multiword tokens
    (`1-2`) and empty nodes (`8.1`). `path` is a folder of treebanks (`UD_German-GSD/...`), or of
    their files, with any languages. All treebanks of a language are joined unless `treebank` names
    some; those whose words are withheld are left out. Notes say both. Files of words and tags in
    XTREME's layout (test-de.tsv) are read as well.

    The copy on the hub has all treebanks; its `revision` may be a version of Universal
    Dependencies, such as "2.17"."""

    api_version = 1
    name = "ud"
    summary = "parts of speech in any treebanks of Universal Dependencies"
    reference = (
        "de Marneffe et al. 2021, Universal Dependencies (Computational Linguistics); "
        "hub: commul/universal_dependencies"
    )
    licence = "of each treebank: mostly CC BY-SA, some NC or GPL"
    folder = "ud"
    releases = (
        Release(),
        Release("{language}_*-ud-{split}*.conllu"),
        Release("*/{language}_*-ud-{split}*.conllu"),
    )
    on_hub = OnHub(
        "commul/universal_dependencies",
        Release(
            "parquet/{language}_*/{split}.parquet",
            Columns((("tokens",),), ("upos",), per_word=True),
        ),
    )

    class Params(TreebankParams):
        """Where the files are, and which treebanks are read."""

    params: TreebankParams

    def load(self, split: Split, language: str) -> Rows:
        read, tables, _ = self.read(split, language, self.word_columns)
        chosen = self._chosen(_by_treebank(tables, read), read)
        kept = {name: files for name, files in chosen.items() if not _withheld(files)}
        notes = [f"{name}: left out, its words are withheld" for name in chosen if name not in kept]
        if not kept:
            raise DataError(
                f"the words of {', '.join(chosen)} are withheld: each of them is {WITHHELD}",
                read,
                "put the words into the file as the treebank's README says, or read another one",
            )
        examples: list[TokenExample] = []
        for name, files in kept.items():
            built, said = build_sentences(files, split, language, self.labels, self.params.tag_map)
            start = f"{split}-{name}-" if name else f"{split}-"
            examples += (replace(e, id=start + e.id.rpartition("-")[2]) for e in built)
            notes += said
        if len(kept) > 1:
            sizes = {n: sum(len(table.records) for table in files) for n, files in kept.items()}
            parts = ", ".join(f"{name} ({counted(n, 'sentence')})" for name, n in sizes.items())
            notes.insert(0, f"{len(kept)} treebanks joined: {parts}")
        return Rows(tuple(examples), read, tuple(notes))

    def _chosen(self, known: Treebanks, read: str) -> Treebanks:
        """Those that are asked for, in that order."""
        wanted = self.params.treebank
        if wanted is None:
            return known
        for name in wanted:
            if name.lower() not in known:
                raise DataError(
                    f"there is no treebank '{name}'",
                    read,
                    did_you_mean(name, list(filter(None, known)))
                    or "the names of the files do not say their treebanks; remove `treebank`",
                )
        return {name.lower(): known[name.lower()] for name in wanted}


def _by_treebank(tables: Sequence[Table], read: str) -> Treebanks:
    found: Treebanks = defaultdict(list)
    names = Counter(_name(table) for table in tables)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise DataError(
            f"{twice[0]} is there {names[twice[0]]} times", read, "give a folder that has it once"
        )
    for table in tables:
        match = FILE.fullmatch(_name(table))
        found[match["treebank"].lower() if match else ""].append(table)
    return dict(found)


def _name(table: Table) -> str:
    """The name of a file; for one named by its split alone, with that of its folder."""
    path = table.path
    return f"{path.parent.name}/{path.name}" if path.suffix == ".parquet" else path.name


def _withheld(files: Sequence[Table]) -> bool:
    """Whether a treebank has underscores for its words (in a text, one may stand for itself)."""
    words = [word for table in files for record in table.records for word in record.inputs[0]]
    return words.count(WITHHELD) > len(words) / 2
