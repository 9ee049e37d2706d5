"""Tasks: examples in several languages."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from xlt_cli.api.examples import Rows, Split
from xlt_cli.api.plugin import Plugin

if TYPE_CHECKING:
    from xlt_cli.api.problems import Problem


class Task(Plugin):
    """Examples in several languages, for one problem.

    Attributes:
        problem: the shape of the task, a subclass of `Problem`.
        metric: the published metric, one of the problem's; may depend on the parameters.
        aligned: whether one id is the same item in every language (needed for the generalized
            setting); may depend on the parameters.
        items: what names the items, where other tasks have translations of them: rows of tasks with
            the same `items` are of the same item if they have the same id. Empty: the task's own.
        source_language: the language that a stage trains on unless the spec says otherwise.
        texts: how many texts an example has, where that is known before loading; may depend on the
            parameters. The generalized setting needs two.
        scheme: of the tags of words, one of `xlt_cli.problems.schemes.NAMES`; None: as the tags
            show.
        demonstration: True for data that must never be taken for evidence.
    """

    plugin_kind = "task"
    problem: ClassVar[type[Problem]]
    metric: str
    aligned: bool = False
    items: str = ""
    texts: int | None = None
    source_language: ClassVar[str] = "en"
    scheme: str | None = None
    demonstration: ClassVar[bool] = False

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The labels, in order of their ids."""

    @abstractmethod
    def languages(self, split: Split) -> tuple[str, ...]:
        """The languages that this split is there for."""

    def missing(self, split: Split) -> str:
        """What there is instead of a split without languages, as a hint for the user."""
        return ""

    @abstractmethod
    def load(self, split: Split, language: str) -> Rows:
        """The rows of one split in one language.

        Raises:
            DataError: if the data is missing or malformed.
            OfflineError: if it would have to be fetched and cannot be.
        """

    def fetch(self, split: Split, language: str) -> None:
        """Brings everything that a later offline `load` needs."""
        self.load(split, language)
