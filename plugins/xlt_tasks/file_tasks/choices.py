"""Tasks whose rows are a context and several choices, from a folder or from the hub."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from xlt_cli.api import DataError, Rows, Split, did_you_mean
from xlt_cli.problems import MultipleChoice
from xlt_tasks.examples.choices import Choices, build_choices
from xlt_tasks.file_tasks.base import FileTask
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.dataset import HubFiles
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Table


class ChoiceTask(FileTask):
    """Which of several texts goes with a context?

    Attributes:
        first_answer: the number by which the files mean the first choice.
        own_codes: what the files call a language, where that is not its code: `{"ja": "jp"}`.
        fixed_question: whether the question is a phrase of the task, which noise leaves as it is.
    """

    problem = MultipleChoice
    metric = "accuracy"
    family = "choice"
    labels = ()
    first_answer: ClassVar[int] = 0
    own_codes: ClassVar[Mapping[str, str]] = MappingProxyType({})
    fixed_question: ClassVar[bool] = False

    @abstractmethod
    def row(self, cells: Mapping[str, Any]) -> Choices:
        """A row from its cells by the names of their columns.

        Raises:
            ValueError: a cell is not what it should be.
        """

    def languages(self, split: Split) -> tuple[str, ...]:
        names = {own: code for code, own in self.own_codes.items()}
        codes = {names.get(code, code) for code in self.source.languages(split)}
        return tuple(sorted(codes & {*self.published_languages}))

    def read(
        self, split: Split, language: str, columns: Columns | None = None
    ) -> tuple[str, list[Table], Release]:
        files, _ = self.found()
        if isinstance(files, HubFiles) and language not in self.published_languages:
            raise DataError(
                f"'{self.name}' has no language '{language}'",
                f"{files.name} ({language}, {split})",
                did_you_mean(language, self.published_languages),
            )
        own = self.own_codes.get(language)
        if own is not None and own in self.source.languages(split):
            language = own
        return super().read(split, language, columns)

    def load(self, split: Split, language: str) -> Rows:
        read, tables, release = self.read(split, language)
        names = (*release.columns.inputs[0], release.columns.targets[0])
        examples, notes = build_choices(
            tables,
            names,
            self.row,
            split,
            language,
            first_answer=self.first_answer,
            fixed_question=self.fixed_question,
        )
        return Rows(examples, read, notes)
