"""LAReQA: the sentences that answer a question, in all languages at once (XQuAD-R)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import AnswerRetrieval, Candidate, RetrievalExample
from xlt_tasks.retrieval.base import RetrievalTask
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.text import read_text


class Lareqa(RetrievalTask):
    """The pool of every language is the sentences of all languages that the folder has. A candidate
    is a sentence with its paragraph behind it, as in XTREME-R, and the sentence with the answer is
    right in every language.

    Reads the authors' `LANGUAGE.json`, or `breaks.LANGUAGE.json` (the borders of sentences) with
    the files of `xquad` beside its folder. XTREME-R cuts questions off at 96 tokens and candidates
    at 256: set `max_length` accordingly.
    """

    api_version = 1
    name = "lareqa"
    summary = "answers to questions among the sentences of 11 languages"
    reference = "Roy et al. 2020, LAReQA (EMNLP); XTREME-R (EMNLP 2021)"
    problem = AnswerRetrieval
    metric = "map_at_20"
    aligned = True
    published_languages = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")
    licence = "CC BY-SA 4.0"
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    folder = "lareqa"
    releases = (
        Release({"test": "breaks.{language}.json"}),
        Release({"test": "{language}.json"}),
        Release({"test": "xquad-r/{language}.json"}),
    )

    def row_languages(self, language: str) -> tuple[str, ...]:
        return self.languages("test")

    def load(self, split: Split, language: str) -> Rows:
        path = self.source.file(split, language)
        pool, answers = self._pool
        examples: list[RetrievalExample] = []
        for number, paragraph in enumerate(self._paragraphs(path), 1):
            found = pool.get(number, ())
            for question in paragraph["qas"]:
                name, right = question["id"], answers[question["id"]]
                asked = question["question"]
                examples.append(
                    RetrievalExample.of(f"{split}-{name}", asked, language, found, right)
                )
                found = ()  # the pool has each candidate once
        return Rows(tuple(examples), str(path))

    @cached_property
    def _pool(self) -> tuple[dict[int, tuple[Candidate, ...]], dict[str, list[str]]]:
        """The candidates of each paragraph in all languages, and the keys of each answer."""
        pool: dict[int, tuple[Candidate, ...]] = {}
        answers: dict[str, list[str]] = {}
        for language in self.languages("test"):
            path = self.source.file("test", language)
            for number, paragraph in enumerate(self._paragraphs(path), 1):
                context = paragraph["context"]
                breaks = paragraph["sentence_breaks"]
                sentences = [context[start:end] for start, end in breaks]
                keys = [f"{language}_{number}_{place}" for place in range(len(sentences))]
                pool[number] = (
                    *pool.get(number, ()),
                    *(
                        Candidate(key, with_paragraph(sentence, context), language)
                        for key, sentence in zip(keys, sentences, strict=True)
                    ),
                )
                for question in paragraph["qas"]:
                    at = question["answers"][0]["answer_start"]
                    right = next((context[a:b] for a, b in breaks if a <= at < b), None)
                    if right is None:
                        where = f"{path}: question {question['id']}"
                        raise DataError("no sentence holds the answer", where)
                    own = [key for key, s in zip(keys, sentences, strict=True) if s == right]
                    answers.setdefault(question["id"], []).extend(own)
        return pool, answers

    def _paragraphs(self, path: Path) -> Iterator[dict[str, Any]]:
        """The paragraphs of a language, with the borders of their sentences."""
        data = _read(path)
        if isinstance(data, dict):
            yield from _listed(data)
            return
        language = path.name.split(".")[1]
        questions = path.parent.parent / "xquad" / f"xquad.{language}.json"
        paragraphs = list(_listed(_read(questions)))
        if len(paragraphs) != len(data):
            raise DataError(
                f"it is of {len(data)} paragraphs, and there are {len(paragraphs)}",
                f"{path}, {questions}",
            )
        for paragraph, breaks in zip(paragraphs, data, strict=True):
            yield {**paragraph, "sentence_breaks": breaks}


def with_paragraph(sentence: str, paragraph: str) -> str:
    """The text of a candidate: a sentence, and the paragraph that it stands in behind it."""
    return (sentence + paragraph).replace("\n", "")


def _read(path: Path) -> Any:
    if not path.is_file():
        raise DataError("there is no such file", str(path), "it belongs to the data of `xquad`")
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"not valid JSON: {error.msg}", f"{path}:{error.lineno}") from error


def _listed(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for article in document["data"]:
        yield from article["paragraphs"]
