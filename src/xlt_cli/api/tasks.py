"""Tasks: examples in several languages."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from xlt_cli.api.data_facts import Origin
from xlt_cli.api.examples import Rows, Split
from xlt_cli.api.plugin import Plugin
from xlt_cli.api.problems import Problem
from xlt_cli.languages import own_code


class Task(Plugin):
    """Examples in several languages, for one problem.

    Attributes:
        problem: the problem of the task, a subclass of `Problem`.
        metric: the main metric, one of the problem's metrics or of `metrics`; may depend on the
            parameters.
        metrics: the names of metric plugins that are computed in addition to the problem's metrics.
        aligned: whether rows with the same id are translations of each other (required by the
            generalized setting); may depend on the parameters.
        items: the name of the set of items, if other tasks contain translations of the same items:
            rows of tasks with the same `items` and the same id are translations of each other.
            Empty: no other task has the same items.
        source_language: the language that a stage trains on unless the spec says otherwise.
        texts: the number of texts of an example, if it is known before loading; may depend on the
            parameters. The generalized setting requires two.
        scheme: the tagging scheme, one of `xlt_cli.problems.schemes.NAMES`; None: derived from the
            tags.
        demonstration: whether the data is a demonstration only, which results state in a note.
        family: the group of tasks with the same labels, in name and meaning: `nli`, `paraphrase`,
            `topic`, `sentiment`, `entities`, or another word; empty: none.
        collapse: labels that count as one class where the labels of a model and of the task differ
            (see `xlt_cli.problems.collapse`); used if an evaluation states no collapse.
        published_languages: the languages of the published data, whichever files are on this
            machine; empty if the class does not know them.
        licence: the licence of the published data; `NOT_STATED` if its publishers state none.
        origin: how the texts were produced, one of `ORIGINS`.
        origins: the languages whose texts were produced in another way than `origin`.
        tags: members of `TAGS`.
    """

    plugin_kind = "task"
    problem: ClassVar[type[Problem]]
    metric: str
    metrics: tuple[str, ...] = ()
    aligned: bool = False
    items: str = ""
    texts: int | None = None
    source_language: ClassVar[str] = "en"
    scheme: str | None = None
    demonstration: ClassVar[bool] = False
    family: ClassVar[str] = ""
    collapse: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    published_languages: ClassVar[tuple[str, ...]] = ()
    licence: ClassVar[str] = ""
    origin: ClassVar[Origin] = ""
    origins: ClassVar[Mapping[str, Origin]] = MappingProxyType({})
    tags: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The labels, in order of their ids."""

    @abstractmethod
    def languages(self, split: Split) -> tuple[str, ...]:
        """The languages in which this split exists."""

    def missing(self, split: Split) -> str:
        """A hint for the user about the existing data, if the split has no languages."""
        return ""

    @abstractmethod
    def load(self, split: Split, language: str) -> Rows:
        """The rows of one split in one language.

        Raises:
            DataError: if the data is missing or malformed.
            OfflineError: if the data is not on this machine and cannot be downloaded.
        """

    def files(self) -> Sequence[Path] | None:
        """All files that the task's labels, languages and rows come from; by default None, for not
        known.

        A finished run is not looked at again as long as the files of its tasks are as they were.
        Where they are not known, its rows are loaded and compared each time.
        """
        return None

    def row_languages(self, language: str) -> tuple[str, ...]:
        """The languages of the texts in the rows of `load(split, language)`; by default this one.

        A task whose rows have texts in several languages, such as sentences with their
        translations, states all of them: a model that is trained on the rows has seen each, so that
        an evaluation in any of them is not zero-shot.
        """
        return (language,)

    @classmethod
    def origin_of(cls, language: str) -> Origin:
        """How the texts of a language were produced."""
        code = own_code(language, tuple(cls.origins))
        return cls.origin if code is None else cls.origins[code]

    def fetch(self, split: Split, language: str) -> None:
        """Downloads everything that a later offline `load` needs."""
        self.load(split, language)
