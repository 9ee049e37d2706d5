"""What the sets of question answering share: where their files are, and what becomes of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from xlt_cli.api import DataError, Rows, Split, did_you_mean
from xlt_cli.problems import SpanExtraction
from xlt_cli.problems.span_scores import Normalisation
from xlt_tasks.file_tasks.base import FileTask
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.question_answering.reading import Question, read_questions
from xlt_tasks.question_answering.rows import examples, with_answers
from xlt_tasks.question_answering.settings import AnswerParams
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.naming import Naming

ALL = "mul"
"""The language of a file whose ids begin with the names of languages."""
DEV_AS_TEST = "the published development set: the answers of the test set are not public"


class QuestionParams(FolderParams, AnswerParams):
    """Where the data come from, and how answers are found in passages."""


class QuestionAnswering(FileTask):
    """Questions, passages and answers in them.

    Attributes:
        normalisation: which official script's normalisation answers are compared with.
        id_languages: for files that hold all languages, the language by the first part of the ids.
    """

    problem = SpanExtraction
    labels = ()
    metric = "f1"
    family = "question-answering"
    texts = 2
    normalisation: ClassVar[Normalisation] = "squad"
    untranslated = frozenset()
    id_languages: ClassVar[Mapping[str, str]] = {}

    class Params(QuestionParams):
        """Where the data come from, and how answers are found in passages."""

    params: QuestionParams

    def languages(self, split: Split) -> tuple[str, ...]:
        languages = self.source.languages(split)
        if languages != (ALL,):
            return languages
        _, questions = self._read(split, ALL)
        return tuple(sorted({self._language(question) for question in questions}))

    def load(self, split: Split, language: str) -> Rows:
        source = self.source
        if source.language != ALL:
            read, questions = self._read(split, language)
        else:
            read, every = self._read(split, ALL)
            questions = [one for one in every if self._language(one) == language]
            if not questions:
                known = sorted({self._language(one) for one in every})
                raise DataError(
                    f"there are no {split} rows in the language '{language}'",
                    read,
                    did_you_mean(language, known),
                )
        notes = [DEV_AS_TEST] if split == "test" and _has_dev_as_test(source) else []
        questions, only = self.wanted(questions, read)
        kept, said = with_answers(questions, read, unanswerable=self.params.unanswerable)
        return Rows(examples(kept, split, language), read, (*notes, *only, *said))

    def wanted(
        self, questions: list[Question], where: str
    ) -> tuple[list[Question], tuple[str, ...]]:
        """The questions that are asked for, and what is to be said of it."""
        return questions, ()

    def _read(self, split: Split, language: str) -> tuple[str, list[Question]]:
        read, paths = self.source.paths(split, language)
        return read, [question for path in paths for question in read_questions(path)]

    def _language(self, question: Question) -> str:
        name = question.id.partition("-")[0]
        return self.id_languages.get(name, name)


def _has_dev_as_test(source: FileSet) -> bool:
    patterns = source.layout.patterns if isinstance(source.layout, Naming) else {}
    dev = patterns.get("dev", "{split}")
    return "{split}" not in dev and dev == patterns.get("test")
