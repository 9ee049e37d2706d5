"""Questions as examples of span extraction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xlt_cli.api import DataError, Split
from xlt_cli.problems import SpanExample
from xlt_tasks.question_answering.reading import Question
from xlt_tasks.sources.table import counted


def with_answers(
    questions: Sequence[Question], read: str, *, unanswerable: bool
) -> tuple[Sequence[Question], tuple[str, ...]]:
    """Those that are kept, and what is to be said of it: questions without an answer are left out,
    unless the model may answer that there is none."""
    kept = [question for question in questions if question.answers]
    if unanswerable or len(kept) == len(questions):
        return questions, ()
    if not kept:
        raise DataError(
            f"none of the {counted(len(questions), 'question')} has an answer",
            read,
            "the answers were removed, as in some copies of test sets: use files of the "
            "official release",
        )
    without = counted(len(questions) - len(kept), "question")
    return kept, (f"{without} without an answer left out",)


def examples(questions: Sequence[Question], split: Split, language: str) -> tuple[SpanExample, ...]:
    """The rows. An id that occurs again gets a number, and a row without an id that of the row."""
    counts: Counter[str] = Counter()
    made = []
    for number, one in enumerate(questions, 1):
        name = one.id or f"{split}-{number}"
        counts[name] += 1
        if counts[name] > 1:
            name = f"{name}#{counts[name]}"
        texts = one.question, one.context, one.answers
        made.append(SpanExample(name, *texts, (language, language)))
    return tuple(made)
