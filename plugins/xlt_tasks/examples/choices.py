"""Records as examples of multiple choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.api import DataError, Split
from xlt_cli.problems import ChoiceExample
from xlt_tasks.examples.labels import texts_of
from xlt_tasks.sources.table import Table


@dataclass(frozen=True)
class Choices:
    """A row of the files.

    Attributes:
        answer: what the file says is right: a number.
        id: identifies the row within its split; None: its number.
    """

    context: str
    choices: tuple[str, ...]
    answer: Any
    question: str = ""
    id: str | None = None


def build_choices(
    tables: Sequence[Table],
    names: Sequence[str],
    row: Callable[[Mapping[str, Any]], Choices],
    split: Split,
    language: str,
    *,
    first_answer: int = 0,
    fixed_question: bool = False,
) -> tuple[tuple[ChoiceExample, ...], tuple[str, ...]]:
    """The examples and the notes.

    Args:
        names: of the cells of a record, the answer last.
        row: makes a row of its cells by name; a ValueError says what is wrong with one, and a
            TypeError is of cells that are no texts.
        first_answer: the number by which the files mean the first choice. A class id, where the
            file names its classes, counts from 0.
        fixed_question: whether the question is a phrase of the task, which noise leaves as it is.
    """
    examples: list[ChoiceExample] = []
    for table in tables:
        for record in table.records:
            answer = record.target
            if table.class_names is not None and isinstance(answer, int) and answer >= 0:
                answer += first_answer
            where = table.where(record)
            try:
                made = row(dict(zip(names, (*record.inputs, answer), strict=True)))
            except ValueError as error:
                raise DataError(str(error), where) from error
            except TypeError as error:
                raise DataError(f"a cell is not what it should be: {error}", where) from error
            examples.append(
                ChoiceExample(
                    f"{split}-{len(examples) + 1 if made.id is None else made.id}",
                    made.context,
                    made.question,
                    made.choices,
                    _right(made, first_answer, where),
                    (language, language),
                    fixed_question,
                )
            )
    return tuple(examples), tuple(note for table in tables for note in table.notes)


def _right(row: Choices, first: int, where: str) -> int:
    """The number of the right choice, from 0, once the row's texts are known to be texts."""
    named = {f"choice {number}": text for number, text in enumerate(row.choices, 1)}
    for name, text in {"the context": row.context, **named}.items():
        if not isinstance(text, str) or not text.strip():
            said = "is empty" if text in (None, "") or isinstance(text, str) else f"is {text!r}"
            raise DataError(f"{name} {said}, expected a text", where, "fill it in")
    if not isinstance(row.question, str):
        raise DataError(f"the question is {row.question!r}, expected a text", where, "fill it in")
    numbers = {str(number + first): number for number in range(len(row.choices))}
    answer = row.answer.strip() if isinstance(row.answer, str) else row.answer
    right = next((numbers[text] for text in texts_of(answer) if text in numbers), None)
    if right is None:
        raise DataError(
            f"the right choice is {row.answer!r}, expected a number from {first} to "
            f"{first + len(row.choices) - 1}",
            where,
            "test sets without answers cannot be scored; if another number means the first choice, "
            "state it (`first_answer` of multiple-choice)",
        )
    return right
