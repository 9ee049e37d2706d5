"""LAReQA: the sentences that answer a question, in all languages at once (XQuAD-R)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import AnswerRetrieval, Candidate, RetrievalExample
from xlt_tasks.question_answering.reading import SHAPE, list_of, start_of, text_of
from xlt_tasks.retrieval.base import RetrievalTask
from xlt_tasks.sources.jsonl import check_surrogates
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.text import read_text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as the files have it.

    Attributes:
        borders: the places where each of its sentences begins and ends.
        questions: of each its id, its text, and the first character of its first answer.
    """

    context: str
    borders: list[tuple[int, int]]
    questions: list[tuple[str, str, int]]


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
            for name, asked, _ in paragraph.questions:
                right = answers[name]
                examples.append(
                    RetrievalExample.of(f"{split}-{name}", asked, language, found, right)
                )
                found = ()  # the pool has each candidate once
        return Rows(tuple(examples), str(path), self._notes)

    @property
    def _notes(self) -> tuple[str, ...]:
        present = self.languages("test")
        missing = [code for code in self.published_languages if code not in present]
        return (f"the pool has no sentences in {', '.join(missing)}",) if missing else ()

    @cached_property
    def _pool(self) -> tuple[dict[int, tuple[Candidate, ...]], dict[str, list[str]]]:
        """The candidates of each paragraph in all languages, and the keys of each answer.

        Raises:
            DataError: the languages have different questions.
        """
        pool: dict[int, tuple[Candidate, ...]] = {}
        answers: dict[str, list[str]] = {}
        asked: dict[str, set[str]] = {}
        for language in self.languages("test"):
            path = self.source.file("test", language)
            asked[language] = set()
            for number, paragraph in enumerate(self._paragraphs(path), 1):
                context, borders = paragraph.context, paragraph.borders
                sentences = [context[start:end] for start, end in borders]
                keys = [f"{language}_{number}_{place}" for place in range(len(sentences))]
                pool[number] = (
                    *pool.get(number, ()),
                    *(
                        Candidate(key, with_paragraph(sentence, context), language)
                        for key, sentence in zip(keys, sentences, strict=True)
                    ),
                )
                for name, _, at in paragraph.questions:
                    right = next((context[a:b] for a, b in borders if a <= at < b), None)
                    if right is None:
                        where = f"{path}: question {name}"
                        raise DataError("no sentence holds the answer", where)
                    own = [key for key, s in zip(keys, sentences, strict=True) if s == right]
                    answers.setdefault(name, []).extend(own)
                    asked[language].add(name)
        for language, names in asked.items():
            if lacking := answers.keys() - names:
                raise DataError(
                    f"there is no question '{min(lacking)}', which other languages have",
                    str(self.source.file("test", language)),
                    "take the files of all languages from one release, or remove this one",
                )
        return pool, answers

    def _paragraphs(self, path: Path) -> Iterator[Paragraph]:
        """The paragraphs of a language, with the borders of their sentences.

        Raises:
            DataError: a file is in another layout.
        """
        data = _read(path)
        named = re.match(r"breaks\.([^.]+)\.", path.name)
        if named is None or not isinstance(data, list):
            for place, paragraph in _listed(data, path):
                given = paragraph.get("sentence_breaks") if isinstance(paragraph, dict) else None
                yield _checked(paragraph, given, place, place)
            return
        questions = path.parent.parent / "xquad" / f"xquad.{named[1]}.json"
        paragraphs = list(_listed(_read(questions), questions))
        if len(paragraphs) != len(data):
            raise DataError(
                f"it is of {len(data)} paragraphs, and there are {len(paragraphs)}",
                f"{path}, {questions}",
            )
        each = zip(paragraphs, data, strict=True)
        for number, ((place, paragraph), breaks) in enumerate(each, 1):
            yield _checked(paragraph, breaks, place, f"{path}: paragraph {number}")


def with_paragraph(sentence: str, paragraph: str) -> str:
    """The text of a candidate: a sentence, and the paragraph that it stands in behind it."""
    return (sentence + paragraph).replace("\n", "")


def _read(path: Path) -> Any:
    if not path.is_file():
        raise DataError("there is no such file", str(path), "it belongs to the data of `xquad`")
    text = read_text(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"not valid JSON: {error.msg}", f"{path}:{error.lineno}") from error
    check_surrogates(text, document, str(path))
    return document


def _listed(document: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """The paragraphs of a document, with their places in the file."""
    for a, article in enumerate(list_of(document, "data", str(path)), 1):
        place = f"{path}: article {a}"
        for p, paragraph in enumerate(list_of(article, "paragraphs", place), 1):
            yield f"{place}, paragraph {p}", paragraph


def _checked(paragraph: Any, breaks: Any, place: str, place_of_breaks: str) -> Paragraph:
    context = text_of(paragraph, "context", place)
    borders = _borders(breaks, context, place_of_breaks)
    questions = []
    for number, asked in enumerate(list_of(paragraph, "qas", place), 1):
        at = f"{place}, question {number}"
        name, question = text_of(asked, "id", at), text_of(asked, "question", at)
        answers = list_of(asked, "answers", at)
        if not answers:
            raise DataError("the question has no answer", at, SHAPE)
        first = answers[0].get("answer_start") if isinstance(answers[0], dict) else None
        questions.append((name, question, start_of(first, at)))
    return Paragraph(context, borders, questions)


def _borders(breaks: Any, context: str, place: str) -> list[tuple[int, int]]:
    """Where the sentences of a paragraph begin and end.

    Raises:
        DataError: they are no parts of the paragraph, or no numbers.
    """
    expected = (
        "expected the first character of each sentence and the one behind it: [[0, 165], "
        "[166, 288]]"
    )
    pairs = breaks if isinstance(breaks, list) else [breaks]
    for pair in pairs:
        said = f"the borders of a sentence are {json.dumps(pair)}"
        if not isinstance(pair, list) or [type(one) for one in pair] != [int, int]:
            raise DataError(f"{said}, not two numbers", place, expected)
        if not 0 <= pair[0] < pair[1] <= len(context):
            what = f"{said}, and its paragraph has {len(context):,} characters"
            raise DataError(what, place, expected)
    return [(start, end) for start, end in pairs]
