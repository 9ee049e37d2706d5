"""Retrieval and mining in one's own files or any data set on the hub: no plugin to write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import Field

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import (
    AnswerRetrieval,
    BitextMining,
    Candidate,
    Problem,
    RetrievalExample,
    RetrievalParams,
    SentenceRetrieval,
)
from xlt_tasks.own_files import DataParams, Names, OwnData
from xlt_tasks.retrieval.base import TRANSLATED
from xlt_tasks.sources.columns import Columns


class OwnPairParams(DataParams, RetrievalParams):
    """The files, and how vectors are made of texts and compared."""

    columns: Names | None = Field(
        None,
        max_length=2,
        description="the columns with the query and the text that is right: names (of a header "
        "line), or numbers from 1 (from the end: -1); default: the first two",
    )
    candidate_language: str | None = Field(
        None,
        min_length=1,
        description="the language of the texts that are searched, e.g. that of the translations; "
        "default: that of the queries",
    )
    aligned: bool = Field(
        False,
        description="whether row i is the same item in every language; rows are then not put "
        "together where a text occurs twice",
    )


class OwnPairs(OwnData):
    """A query and a right text a row; the right texts of a language's rows are its pool.

    A query that occurs in several rows has several right texts, and a text that does is one of the
    pool.

    Attributes:
        alone: whether a row may have one of the two only.
    """

    problem: ClassVar[type[Problem]]
    labels = ()
    texts = 1
    family = "retrieval"
    alone: ClassVar[bool] = False

    class Params(OwnPairParams):
        """The files, and how vectors are made of texts and compared."""

    params: OwnPairParams

    def __init__(self, params: OwnPairParams | None = None) -> None:
        super().__init__(params)
        self.aligned = self.params.aligned

    def row_languages(self, language: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((language, self.params.candidate_language or language)))

    def load(self, split: Split, language: str) -> Rows:
        chosen = self.params.columns
        columns = Columns(((chosen[0],),), (chosen[1],), named=True) if chosen else TRANSLATED
        read, tables = self.source.read(split, language, columns)
        rows = []
        for table in tables:
            for record in table.records:
                where = table.where(record)
                query, text = (
                    self._text(cell, where) for cell in (record.inputs[0], record.target)
                )
                if not query and not text:
                    raise DataError("both texts are empty", where, "leave the row out")
                rows.append((query, text))
        examples = tuple(self._examples(split, language, rows))
        if not any(example.query for example in examples):
            raise DataError(f"there are no queries in '{language}'", str(tables[0].path))
        return Rows(examples, read, tuple(note for table in tables for note in table.notes))

    def _text(self, cell: object, where: str) -> str:
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            if self.alone:
                return ""
            raise DataError("a text of the pair is empty", where, "leave the row out")
        if not isinstance(cell, str):
            raise DataError(f"expected a text, found {cell!r}", where, "choose other `columns`")
        return cell

    def _examples(
        self, split: Split, language: str, rows: list[tuple[str, str]]
    ) -> Iterator[RetrievalExample]:
        other = self.params.candidate_language or language
        pool: dict[str, Candidate] = {}
        asked: dict[tuple[str, str], _Asked] = {}
        for number, (query, text) in enumerate(rows, 1):
            name = str(number)
            same = ("query", query) if query and not self.aligned else ("row", name)
            one = asked.setdefault(same, _Asked(name, query))
            if not text:
                continue
            key = name if self.aligned else text
            if key not in pool:
                pool[key] = Candidate(name, text, other)
                one.beside.append(pool[key])
            if query:
                one.right.append(pool[key].key)
        for one in asked.values():
            if one.query or one.beside:
                right = list(dict.fromkeys(one.right))
                name = f"{split}-{one.name}"
                yield RetrievalExample.of(name, one.query, language, one.beside, right)


@dataclass
class _Asked:
    """A query, the candidates that no query before it has, and the keys of those that are right."""

    name: str
    query: str
    beside: list[Candidate] = field(default_factory=list)
    right: list[str] = field(default_factory=list)


class OwnRetrieval(OwnPairs):
    """Each query has a right text in the pool, e.g. its translation."""

    api_version = 1
    name = "text-retrieval"
    summary = "your own files: which text of a pool goes with a text (translations, paraphrases)"
    problem = SentenceRetrieval
    metric = "accuracy"


class OwnAnswers(OwnPairs):
    """Each query has one or several right texts in the pool, e.g. sentences that answer it."""

    api_version = 1
    name = "answer-ranking"
    summary = "your own files: which texts of a pool answer a question, by rank"
    problem = AnswerRetrieval
    metric = "map_at_20"


class OwnMining(OwnPairs):
    """Texts of two collections, of which some are translations of each other.

    A row has a pair, or one text alone, which is no translation of any.
    """

    api_version = 1
    name = "pair-mining"
    summary = "your own files: the pairs of translations in two collections of sentences"
    problem = BitextMining
    metric = "f1"
    alone = True
