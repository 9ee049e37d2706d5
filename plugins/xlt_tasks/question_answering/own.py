"""Questions on passages of one's own files or of any data set on the hub: no plugin to write."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from xlt_cli.api import DataError, Rows, Split
from xlt_cli.problems import SpanExtraction
from xlt_cli.problems.span_scores import Normalisation
from xlt_tasks.own_files import DataParams, Names, OwnData
from xlt_tasks.question_answering.reading import Question, question_of, read_questions
from xlt_tasks.question_answering.rows import examples, with_answers
from xlt_tasks.question_answering.settings import AnswerParams
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.compression import inner_suffix

USUAL = ("question", "context", "answers")


class OwnQuestionParams(DataParams, AnswerParams):
    """The files, and what is in them."""

    columns: Names | None = Field(
        None,
        min_length=3,
        max_length=4,
        description="the columns with the question, the passage and the answers; or four: the "
        "question, the passage, the text of the one answer and its first character, from 0. "
        "Default: question, context, answers; files in SQuAD's layout (.json) have no columns",
    )
    id_column: str | None = Field(
        None, min_length=1, description="the column with the id of a row; default: its number"
    )
    normalisation: Normalisation = Field(
        "squad", description="the official script by which answers are compared"
    )
    aligned: bool = Field(
        False, description="whether rows with the same id are the same item in every language"
    )


class OwnQuestions(OwnData):
    """Passages, questions and the places of the answers: JSON in SQuAD's layout, or rows with
    columns, whose answers are an object of lists (`text`, `answer_start`), as on the hub, or one
    text and its place."""

    api_version = 1
    name = "question-answering"
    summary = "your own files: questions, and the part of a passage that answers each"
    problem = SpanExtraction
    metric = "f1"
    labels = ()
    texts = 2

    class Params(OwnQuestionParams):
        """The files, and what is in them."""

    params: OwnQuestionParams

    def __init__(self, params: OwnQuestionParams | None = None) -> None:
        super().__init__(params)
        self.aligned = self.params.aligned
        self.normalisation = self.params.normalisation

    def load(self, split: Split, language: str) -> Rows:
        read, questions = self._questions(split, language)
        kept, notes = with_answers(questions, read, unanswerable=self.params.unanswerable)
        return Rows(examples(kept, split, language), read, notes)

    def _questions(self, split: Split, language: str) -> tuple[str, list[Question]]:
        if self.params.columns is None and self.params.language_column is None:
            read, paths = self.source.paths(split, language)
            if all(inner_suffix(path.name) == ".json" for path in paths):
                return read, [question for path in paths for question in read_questions(path)]
        read, tables = self.source.read(split, language, self._columns)
        return read, [
            self._question(record.inputs, record.target, table.where(record))
            for table in tables
            for record in table.records
        ]

    @property
    def _columns(self) -> Columns:
        question, passage, answers, *start = self.params.columns or USUAL
        name = [] if self.params.id_column is None else [self.params.id_column]
        named = self.params.columns is not None or bool(name)
        return Columns(((question, passage, *start, *name),), (answers,), named=named)

    def _question(self, cells: tuple[Any, ...], answers: Any, where: str) -> Question:
        question, passage, *rest = cells
        if self.params.columns is not None and len(self.params.columns) == 4:
            start = str(rest.pop(0)).strip()
            if not start.isdecimal():
                what = f"the answer's first character is {start!r}, expected a number from 0"
                raise DataError(what, where)
            answers = {"text": [answers], "answer_start": [int(start)]}
        return question_of(rest[0] if rest else None, question, passage, answers, where)
