"""The task `checklist`: rows of behavioural tests, made from a file of templates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from pydantic import Field

from xlt_cli.api import (
    DataError,
    PluginParams,
    Rows,
    SequenceExample,
    Split,
    Task,
    did_you_mean,
)
from xlt_cli.problems import SequenceClassification
from xlt_tasks.checklist.reading import read
from xlt_tasks.checklist.templates import Templates

SHIPPED = Path(__file__).parent
"""The folder of the templates that ship."""
NOT_REVIEWED = "the templates were not reviewed by native speakers of all languages"


class CheckList(Task):
    """Short texts from templates, each made to test one capability. `xlt analyze checklist` reports
    the failures of each capability; accuracy alone says less.

    The templates that ship are pairs of sentences with the labels of paraphrase tasks, in the
    languages of the embedded example task."""

    api_version = 1
    name = "checklist"
    summary = "behavioural tests from templates, your own or those for paraphrases"
    reference = "Ribeiro et al. 2020, Beyond Accuracy: Behavioral Testing (ACL)"
    problem = SequenceClassification
    metric = "accuracy"
    aligned = True
    origin = "generated"
    tags = ("challenge",)

    class Params(PluginParams):
        templates: str = Field(
            "paraphrase", description="a file of templates (.yaml), or the name of shipped ones"
        )

    params: Params

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        if not self._is_file:
            self.caveat = NOT_REVIEWED  # type: ignore[misc]

    @cached_property
    def templates(self) -> Templates:
        """What its file says."""
        return read(self._path)

    @property
    def _is_file(self) -> bool:
        return Path(self.params.templates).suffix in (".yaml", ".yml")

    @property
    def _path(self) -> Path:
        if self._is_file:
            return Path(self.params.templates)
        path = SHIPPED / f"{self.params.templates}.yaml"
        if not path.is_file():
            known = [file.stem for file in SHIPPED.glob("*.yaml")]
            raise DataError(
                f"there are no templates '{self.params.templates}'",
                "checklist",
                f"give a file (templates: FILE.yaml); {did_you_mean(self.params.templates, known)}",
            )
        return path

    def check(self) -> None:
        if not self._path.is_file():
            raise DataError("there is no such file of templates", str(self._path))

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.templates.labels)

    @property
    def texts(self) -> int | None:  # type: ignore[override]
        return self.templates.texts

    def languages(self, split: Split) -> tuple[str, ...]:
        return self.templates.languages if split == "test" else ()

    def missing(self, split: Split) -> str:
        return "behavioural tests have a test split only"

    def files(self) -> Sequence[Path]:
        return (self._path,)

    def load(self, split: Split, language: str) -> Rows:
        from xlt_tasks.checklist.cases import rows

        if language not in self.languages(split):
            raise DataError(
                f"there are no tests in '{language}' in the {split} split",
                str(self._path),
                did_you_mean(language, self.languages(split)) or self.missing(split),
            )
        examples = tuple(
            SequenceExample(row.id, row.texts, row.label, (language,) * len(row.texts))
            for row in rows(self.templates, language)
        )
        return Rows(examples, f"templates of {self._path.name}")
