"""Tasks whose rows are a context and several choices, from a folder or from the hub."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from xlt_cli.api import DataError, Rows, Split, did_you_mean
from xlt_cli.problems import MultipleChoice
from xlt_tasks.examples.choices import Choices, build_choices
from xlt_tasks.file_tasks.base import FileTask, FolderParams
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.dataset import HubFiles, HubLayout
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import DATA_DIR, data_dir
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


class ChoiceTask(FileTask):
    """Which of several texts goes with a context?

    Attributes:
        repository: the data set on the hub, whose configurations are languages; empty: it is not
            there.
        hub_release: the columns and the names of splits there.
        first_answer: the number by which the files mean the first choice.
        own_codes: what the files call a language, where that is not its code: `{"ja": "jp"}`.
        fixed_question: whether the question is a phrase of the task, which noise leaves as it is.
    """

    problem = MultipleChoice
    metric = "accuracy"
    family = "choice"
    labels = ()
    repository: ClassVar[str] = ""
    hub_release: ClassVar[Release]
    first_answer: ClassVar[int] = 0
    own_codes: ClassVar[Mapping[str, str]] = MappingProxyType({})
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
        return self._hub if self.on_hub else replace(super().source, on_hub=bool(self.repository))

    @cached_property
    def _hub(self) -> FileSet:
        if not self.repository:
            raise DataError(
                f"the data of '{self.name}' are not on the hub",
                f"no folder '{self.folder}' in {DATA_DIR}",
                "set the task's `path`",
            )
        files = HubFiles(self.repository, self.params.revision)
        layout = HubLayout(files, "{language}", self.hub_release.splits)
        return FileSet(files, layout, renames=False)

    def languages(self, split: Split) -> tuple[str, ...]:
        names = {own: code for code, own in self.own_codes.items()}
        codes = {names.get(code, code) for code in self.source.languages(split)}
        return tuple(sorted(codes & {*self.published_languages}))

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
        source, own = self.source, self.own_codes.get(language)
        if own is not None and own in source.languages(split):
            language = own
        return *source.read(split, language, columns or release.columns), release

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
