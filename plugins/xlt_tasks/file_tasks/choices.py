"""Tasks whose rows are a context and several choices, from a folder or from the hub."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from xlt_cli.api import DataError, Rows, Split, did_you_mean
from xlt_cli.problems import ChoiceExample, MultipleChoice
from xlt_tasks.file_tasks.base import FileTask, FolderParams
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.dataset import HubFiles, HubLayout
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import data_dir
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Table


class ChoiceParams(FolderParams):
    """Where the data come from."""

    source: Literal["auto", "folder", "hub"] = Field(
        "auto",
        description="auto: a folder, if `path` is given or $XLT_DATA_DIR has a folder of the "
        "task's usual name; otherwise the hub",
    )
    revision: str = Field(
        "main",
        min_length=1,
        description="branch, tag or commit on the hub; results record the commit",
    )

    @model_validator(mode="after")
    def _one_source(self) -> ChoiceParams:
        if self.source == "hub" and self.path is not None:
            raise ValueError("`path` has no effect with `source: hub`; remove one of the two")
        return self


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


class ChoiceTask(FileTask):
    """Which of several texts goes with a context?

    Attributes:
        repository: the data set on the hub. Its configurations are languages.
        hub_release: the columns and the names of splits there.
        first_answer: the number by which the files mean the first choice.
        fixed_question: whether the question is a phrase of the task, which noise leaves as it is.
    """

    problem = MultipleChoice
    metric = "accuracy"
    family = "choice"
    labels = ()
    repository: ClassVar[str]
    hub_release: ClassVar[Release]
    first_answer: ClassVar[int] = 0
    fixed_question: ClassVar[bool] = False

    class Params(ChoiceParams):
        """Where the data come from."""

    params: ChoiceParams

    @abstractmethod
    def row(self, cells: Mapping[str, Any]) -> Choices:
        """A row from its cells by the names of their columns.

        Raises:
            ValueError: a cell is not what it should be.
        """

    @property
    def on_hub(self) -> bool:
        """Whether the data are read from the hub."""
        p = self.params
        if p.source != "auto" or p.path is not None:
            return p.source == "hub"
        base = data_dir()
        return base is None or not (base / self.folder).is_dir()

    def check(self) -> None:
        """A folder that is named is there; the hub is not asked."""
        if not self.on_hub:
            self.locate()

    @property
    def source(self) -> FileSet:
        return self._hub if self.on_hub else super().source

    @cached_property
    def _hub(self) -> FileSet:
        files = HubFiles(self.repository, self.params.revision)
        return FileSet(files, HubLayout(files, "{language}", self.hub_release.splits))

    def languages(self, split: Split) -> tuple[str, ...]:
        codes = self.source.languages(split)
        return tuple(code for code in codes if code in self.published_languages)

    def read(
        self, split: Split, language: str, columns: Columns | None = None
    ) -> tuple[str, list[Table], Release]:
        release = self.hub_release if self.on_hub else self.locate()[1]
        if self.on_hub and language not in self.published_languages:
            raise DataError(
                f"'{self.name}' has no language '{language}'",
                f"{self.repository} ({language}, {split})",
                did_you_mean(language, self.published_languages),
            )
        return *self.source.read(split, language, columns or release.columns), release

    def load(self, split: Split, language: str) -> Rows:
        read, tables, release = self.read(split, language)
        names = (*release.columns.inputs[0], release.columns.targets[0])
        examples: list[ChoiceExample] = []
        for table in tables:
            for record in table.records:
                values = (*record.inputs, record.target)
                where = table.where(record)
                try:
                    row = self.row(dict(zip(names, values, strict=True)))
                except ValueError as error:
                    raise DataError(str(error), where) from error
                examples.append(
                    ChoiceExample(
                        f"{split}-{len(examples) + 1 if row.id is None else row.id}",
                        row.context,
                        row.question,
                        row.choices,
                        self._right(row, where),
                        (language, language),
                        self.fixed_question,
                    )
                )
        notes = tuple(note for table in tables for note in table.notes)
        return Rows(tuple(examples), read, notes)

    def _right(self, row: Choices, where: str) -> int:
        """The number of the right choice, from 0, once the row's texts are known to be texts."""
        named = {f"choice {number}": text for number, text in enumerate(row.choices, 1)}
        for name, text in {"the context": row.context, **named}.items():
            if not isinstance(text, str) or not text.strip():
                said = "is empty" if text in (None, "") or isinstance(text, str) else f"is {text!r}"
                raise DataError(f"{name} {said}, expected a text", where, "fill it in")
        first, count = self.first_answer, len(row.choices)
        numbers = {str(number + first): number for number in range(count)}
        right = numbers.get(str(row.answer).strip())
        if right is None:
            last = first + count - 1
            raise DataError(
                f"the right choice is {row.answer!r}, expected a number from {first} to {last}",
                where,
                "test sets without answers cannot be scored",
            )
        return right
