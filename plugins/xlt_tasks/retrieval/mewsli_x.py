"""Mewsli-X: entity linking as retrieval of descriptions, and the English pairs to train it on.

Files and texts are those of `get-mewsli-x.sh` and of XTREME-R's scripts (`utils_mewslix.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import AnswerRetrieval, Candidate, RetrievalExample
from xlt_tasks.retrieval.base import RetrievalTask
from xlt_tasks.sources.jsonl import check_surrogates
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.text import lines_of, read_text

ENTITY_LANGUAGES = (
    "af", "ar", "az", "bg", "bn", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gu", "he",
    "hi", "ht", "hu", "id", "it", "ja", "jv", "ka", "kk", "ko", "lt", "ml", "mr", "ms", "my", "nl",
    "pa", "pl", "pt", "qu", "ro", "ru", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "wo",
    "yo", "zh",
)  # fmt: skip

T = TypeVar("T")
MADE = "expected the lines that get-mewsli-x.sh makes"


class MewsliX(RetrievalTask):
    """Mentions in news of 11 languages, and descriptions of entities in 50: a description is in one
    language, and right for mentions in all. The candidates that are no answer are spread over the
    rows, so that a `limit` makes the pool smaller in proportion. Train on `mewsli-x-pairs`."""

    api_version = 1
    name = "mewsli-x"
    summary = "mentions in news, and the entities that they stand for among a million"
    reference = "Ruder et al. 2021, XTREME-R (EMNLP); Botha et al. 2020, Mewsli (EMNLP)"
    problem = AnswerRetrieval
    metric = "map_at_20"
    published_languages = ("ar", "de", "en", "es", "fa", "ja", "pl", "ro", "ta", "tr", "uk")
    licence = "not stated"
    origin = "native"
    folder = "mewsli_x"
    releases = (Release({s: f"wikinews_mentions-{s}" for s in ("dev", "test")}, language="mul"),)

    def row_languages(self, language: str) -> tuple[str, ...]:
        return (language, *(code for code in ENTITY_LANGUAGES if code != language))

    def languages(self, split: Split) -> tuple[str, ...]:
        present = super().languages(split)
        return tuple(sorted(set(_made(self._file(split), _language)) if present else ()))

    def load(self, split: Split, language: str) -> Rows:
        path = self._file(split)

        def mentions(article: dict[str, Any]) -> list[tuple[str, str, str]]:
            if _language(article) != language:
                return []
            return [_mention(article["context"], one, path) for one in article["mentions"]]

        asked = [one for each in _made(path, mentions) for one in each]
        if not asked:
            raise self.not_published(language, split, self.languages(split))
        golds = {key for key, _, _ in asked}
        others = [candidate for key, candidate in self._entities.items() if key not in golds]
        rows = []
        for number, (key, name, query) in enumerate(asked):
            if key not in self._entities:
                raise DataError(f"there is no entity '{key}' among the candidates", str(path))
            found = [self._entities[key], *others[number :: len(asked)]]
            rows.append(RetrievalExample.of(f"{split}-{name}", query, language, found, [key]))
        return Rows(tuple(rows), str(path))

    def _file(self, split: Split) -> Path:
        return self.locate().path / f"wikinews_mentions-{split}.jsonl"

    @cached_property
    def _entities(self) -> dict[str, Candidate]:
        path = self.locate().path / "candidate_set_entities.jsonl"
        return {found.key: found for found in _made(path, described)}


class MewsliXPairs(RetrievalTask):
    """Mentions in English Wikipedia with the descriptions of their entities, to train on."""

    api_version = 1
    name = "mewsli-x-pairs"
    summary = "mentions in English Wikipedia, each with the description of its entity"
    reference = MewsliX.reference
    problem = AnswerRetrieval
    metric = "map_at_20"
    published_languages = ("en",)
    licence = MewsliX.licence
    origin = "native"
    folder = MewsliX.folder
    releases = (Release({s: f"wikipedia_pairs-{s}" for s in ("train", "dev")}, language="en"),)

    def load(self, split: Split, language: str) -> Rows:
        path = self.source.file(split, language)

        def example(pair: dict[str, Any]) -> RetrievalExample:
            asked, found = pair["contextual_mention"], described(pair["entity"])
            _, name, query = _mention(asked["context"], asked["mention"], path)
            return RetrievalExample.of(f"{split}-{name}", query, language, [found], [found.key])

        return Rows(tuple(_made(path, example)), str(path))


def _language(article: dict[str, Any]) -> str:
    return _text(article["context"], "language")


def _mention(context: dict[str, Any], mention: dict[str, Any], path: Path) -> tuple[str, str, str]:
    """The id of the entity that a mention is of, its own, and its sentence."""
    name = str(mention["example_id"])
    return _text(mention, "entity_id"), name, asked_of(context, mention, path)


def asked_of(context: dict[str, Any], mention: dict[str, Any], path: Path) -> str:
    """The sentence of a mention, which is in braces and stands before it as well."""
    text, span = _text(context, "text"), mention["mention_span"]
    start, end = span["start"], span["end"]
    if text[start:end] != span["text"]:
        raise DataError(
            f"the mention '{span['text']}' is not where it should be in the article's text",
            f"{path}: {mention['example_id']}",
            "get-mewsli-x.sh puts the texts of WikiNews into the files",
        )
    sentences = [(s["start"], s["end"]) for s in context["sentence_spans"]]
    first, last = next(((a, b) for a, b in sentences if a <= start and end <= b), (0, len(text)))
    left, right = (re.sub(r"\{(.*?)\}", r"(\1)", t) for t in (text[first:start], text[end:last]))
    return _in_one_line(f"{span['text']}: {left} {{ {span['text']} }} {right}")


def described(entity: dict[str, Any]) -> Candidate:
    """The sentences of an entity's description."""
    text = _text(entity, "description")
    sentences = " ".join(text[s["start"] : s["end"]] for s in entity["sentence_spans"])
    key, language = _text(entity, "entity_id"), _text(entity, "description_language")
    return Candidate(key, _in_one_line(sentences), language)


def _in_one_line(text: str) -> str:
    return " ".join(text.splitlines()).replace("  ", " ").strip()


def _text(found: dict[str, Any], name: str) -> str:
    """The text that an object has under a name; a TypeError says that it is none."""
    if not isinstance(found[name], str):
        raise TypeError(f"'{name}' is {found[name]!r:.40}, expected a text")
    return str(found[name])


def _made(path: Path, make: Callable[[dict[str, Any]], T]) -> Iterator[T]:
    """What is made of the object in each line.

    Raises:
        DataError: a line is no object, or lacks something.
    """
    for number, found in enumerate(_objects(path), 1):
        where = f"{path}:{number}"
        if not isinstance(found, dict):
            raise DataError(f"a JSON {type(found).__name__}, expected an object", where, MADE)
        try:
            made = make(found)
        except KeyError as error:
            raise DataError(f"there is no '{error.args[0]}'", where, MADE) from error
        except TypeError as error:
            what = f"the line is not as it should be: {error}"
            raise DataError(what, where, MADE) from error
        yield made


def _objects(path: Path) -> Iterator[Any]:
    if not path.is_file():
        raise DataError("there is no such file", str(path), "get-mewsli-x.sh makes it")
    for number, line in enumerate(lines_of(read_text(path)), 1):
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"not valid JSON: {error.msg}", where) from error
        check_surrogates(line, row, where)
        yield row
