"""Questions from files: JSON in SQuAD's layout, and columns as on the hub."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlt_cli.api import DataError
from xlt_tasks.examples.cells import cell_text
from xlt_tasks.sources.compression import inner_suffix, read_bytes
from xlt_tasks.sources.jsonl import check_surrogates
from xlt_tasks.sources.text import empty, read_text

SHAPE = 'expected SQuAD\'s layout: {"data": [{"paragraphs": [{"context": "...", "qas": [...]}]}]}'
COLUMNS = ("id", "question", "context", "answers")


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a file has it.

    Attributes:
        answers: the texts of the answers, and their first characters in the passage; answers
            without a text are left out.
        title: of the article, in SQuAD's layout.
    """

    id: str
    question: str
    context: str
    answers: tuple[tuple[str, int], ...]
    title: str = ""


def read_questions(path: Path) -> list[Question]:
    """The questions of a file, in its order.

    Raises:
        DataError: it cannot be read, or is in another layout.
    """
    read = _parquet if inner_suffix(path.name) == ".parquet" else _document
    questions = list(read(path))
    if not questions:
        raise empty(path)
    return questions


def _document(path: Path) -> Iterator[Question]:
    text = read_text(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}"
        raise DataError(f"not valid JSON: {error.msg}", where, SHAPE) from error
    check_surrogates(text, document, str(path))
    for a, article in enumerate(list_of(document, "data", str(path)), 1):
        place = f"{path}: article {a}"
        for p, paragraph in enumerate(list_of(article, "paragraphs", place), 1):
            place = f"{path}: article {a}, paragraph {p}"
            context = text_of(paragraph, "context", place)
            for n, asked in enumerate(list_of(paragraph, "qas", place), 1):
                title = cell_text(article.get("title"))
                yield _question(asked, context, f"{place}, question {n}", title)


def _question(asked: Any, context: str, place: str, title: str) -> Question:
    question = text_of(asked, "question", place)
    answers = []
    if not asked.get("is_impossible"):
        for answer in list_of(asked, "answers", place):
            text = text_of(answer, "text", place)
            answers.append((text, start_of(answer.get("answer_start"), place)))
    told = _told(answers, context, place)
    return Question(cell_text(asked.get("id")), question, context, told, title)


def _parquet(path: Path) -> Iterator[Question]:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    try:
        table = read_table(io.BytesIO(read_bytes(path)))
    except ArrowException as error:
        what = f"not a readable parquet file: {str(error).splitlines()[0]}"
        hint = "the download may be incomplete: download the file again"
        raise DataError(what, str(path), hint) from error
    lacking = [name for name in COLUMNS if name not in table.column_names]
    if lacking:
        raise DataError(
            f"there is no column '{lacking[0]}'", str(path), f"expected {', '.join(COLUMNS)}"
        )
    for n, row in enumerate(table.select(COLUMNS).to_pylist(), 1):
        place = f"{path}: row {n}"
        yield question_of(row["id"], row["question"], row["context"], row["answers"], place)


def question_of(name: Any, question: Any, context: Any, answers: Any, place: str) -> Question:
    """A question from the cells of a row.

    Args:
        answers: the texts and their first characters: an object of two lists, as on the hub
            (`{"text": [...], "answer_start": [...]}`), or a list of objects as in SQuAD.

    Raises:
        DataError: a cell is not what it should be.
    """
    if isinstance(answers, dict):
        texts, starts = (list_of(answers, key, place) for key in ("text", "answer_start"))
        if len(texts) != len(starts):
            raise DataError(f"{len(texts)} answers but {len(starts)} places", place)
    elif isinstance(answers, list):
        texts = [text_of(answer, "text", place) for answer in answers]
        starts = [answer.get("answer_start") for answer in answers]
    else:
        raise DataError(
            f"the answers are {answers!r}, expected texts with their places",
            place,
            'e.g. {"text": ["Anna"], "answer_start": [7]}',
        )
    told = [
        (_string(text, "text", place), start_of(at, place))
        for text, at in zip(texts, starts, strict=True)
    ]
    asked, passage = _string(question, "question", place), _string(context, "context", place)
    return Question(cell_text(name), asked, passage, _told(told, passage, place))


def _told(answers: list[tuple[str, int]], context: str, place: str) -> tuple[tuple[str, int], ...]:
    """Each answer once; annotators often give the same.

    Raises:
        DataError: an answer is not where it should be in the passage.
    """
    told = tuple(dict.fromkeys(answer for answer in answers if answer[0].strip()))
    for text, start in told:
        if start < 0 or not context.startswith(text, start):
            raise DataError(
                f"the answer {text!r} is not at character {start} of the passage",
                place,
                _whereabouts(text, start, context),
            )
    return told


def _whereabouts(text: str, start: int, context: str) -> str:
    """Where an answer is instead, and what was counted if that explains it."""
    at = context.find(text)
    if at < 0:
        return "the passage does not contain it"
    units = (
        len(context[:at].encode("utf-16-le", "surrogatepass")) // 2,
        len(context[:at].encode("utf-8", "surrogatepass")),
    )
    counted = dict(zip(units, ("units of UTF-16", "bytes"), strict=True))
    if start in counted and start != at:
        return f"it is at character {at}: the file counts {counted[start]}, not characters"
    return f"characters are counted from 0; it is at character {at}"


def list_of(value: Any, name: str, place: str) -> list[Any]:
    """The list that an object has under a name; DataError if it has none."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise DataError(f"there is no list '{name}'", place, SHAPE)
    return found


def text_of(value: Any, name: str, place: str) -> str:
    """The text that an object has under a name; DataError if it has none."""
    return _string(value.get(name) if isinstance(value, dict) else None, name, place)


def _string(value: Any, name: str, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"there is no text '{name}'", place, SHAPE)
    return value


def start_of(value: Any, place: str) -> int:
    """The first character of an answer; DataError if it is no number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise DataError(f"answer_start is {json.dumps(value)}, not a number", place, SHAPE)
    return value
