"""What the sets of question answering share: where their files are, and what becomes of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from xlt_cli.api import DataError, Rows, Split, Task, did_you_mean
from xlt_cli.problems import SpanExtraction
from xlt_cli.problems.span_scores import Normalisation
from xlt_tasks.question_answering.reading import Question, read_questions
from xlt_tasks.question_answering.rows import examples, with_answers
from xlt_tasks.question_answering.settings import AnswerParams
from xlt_tasks.sources.dataset import HubFiles
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import DATA_DIR, Folder, data_dir, locate
from xlt_tasks.sources.naming import Naming
from xlt_tasks.sources.release import Release

ALL = "mul"
"""The language of a file whose ids begin with the names of languages."""
DEV_AS_TEST = "the published development set: the answers of the test set are not public"


class QuestionParams(AnswerParams):
    """Where the data come from, and how answers are found in passages."""

    path: Path | None = Field(
        None,
        description="the folder of the files, or one that holds it under its usual name; default: "
        "$XLT_DATA_DIR; relative paths are also looked up there",
    )
    source: Literal["auto", "folder", "hub"] = Field(
        "auto",
        description="auto: a folder, if `path` is given or $XLT_DATA_DIR has the task's folder; "
        "otherwise the hub",
    )
    revision: str = Field(
        "main",
        min_length=1,
        description="branch, tag or commit on the hub; results record the commit",
    )

    @model_validator(mode="after")
    def _one_source(self) -> QuestionParams:
        if self.source == "hub" and self.path is not None:
            raise ValueError("`path` has no effect with `source: hub`; remove one of the two")
        return self


class QuestionAnswering(Task):
    """Questions, passages and answers in them.

    Attributes:
        normalisation: which official script's normalisation answers are compared with.
        folder: the usual name of the folder of the files.
        releases: the forms in which the data are published; the first that the folder has files of
            is read.
        repository: the name of the data set on the hub; empty: it is not there.
        hub_release: how its files are named.
        id_languages: for files that hold all languages, the language by the first part of the ids.
    """

    problem = SpanExtraction
    labels = ()
    metric = "f1"
    family = "question-answering"
    texts = 2
    normalisation: ClassVar[Normalisation] = "squad"
    folder: ClassVar[str]
    releases: ClassVar[tuple[Release, ...]]
    repository: ClassVar[str] = ""
    hub_release: ClassVar[Release]
    id_languages: ClassVar[Mapping[str, str]] = {}

    class Params(QuestionParams):
        """Where the data come from, and how answers are found in passages."""

    params: QuestionParams

    def check(self) -> None:
        """A folder that is named is there; the hub is not asked."""
        _ = self.source

    @property
    def source(self) -> FileSet:
        """The files of a folder or of the hub; decided when data are asked for."""
        if self.params.source == "hub":
            return self._hub
        base = self.params.path or data_dir()
        if base is None and self.params.source == "folder":
            raise DataError(
                f"no folder is given for the task '{self.name}'",
                "",
                f"set the task's `path`, or set {DATA_DIR} to a folder that holds '{self.folder}'",
            )
        if base is None:
            return self._hub
        given = locate(base)
        inner = Folder(given.path / self.folder)
        for folder in (given, inner) if inner.path.is_dir() else (given,):
            for release in self.releases:
                if release.is_in(folder):
                    return release.file_set(folder, frozenset())
        if not inner.path.is_dir() and self.params.path is None:
            if self.params.source == "auto":
                return self._hub
            hint = "set the task's `path`"
            raise DataError(f"{DATA_DIR} has no folder '{self.folder}'", str(base), hint)
        folder = inner if inner.path.is_dir() else given
        return self.releases[0].file_set(folder, frozenset())

    @cached_property
    def _hub(self) -> FileSet:
        if not self.repository:
            raise DataError(
                f"the data of '{self.name}' are not on the hub",
                f"no folder '{self.folder}' in {DATA_DIR}",
                "set the task's `path`",
            )
        files = HubFiles(self.repository, self.params.revision)
        release = self.hub_release
        return FileSet(files, release.naming, language=release.language, renames=False)

    def missing(self, split: Split) -> str:
        """What the folder or the repository holds instead of a split."""
        return self.source.missing(split)

    def files(self) -> Sequence[Path] | None:
        return self.source.all_files()

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
