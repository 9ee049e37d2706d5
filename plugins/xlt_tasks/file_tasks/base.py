"""What the tasks share whose files are named and written as their class states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from xlt_cli.api import DataError, PluginError, Split, Task, did_you_mean
from xlt_tasks.examples.cells import cell_text
from xlt_tasks.folder_params import FolderParams
from xlt_tasks.own_files import checked_map
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.dataset import HubFiles
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import DATA_DIR, Folder, data_dir, locate
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Table
from xlt_tasks.sources.text import read_lines

NOT_TRANSLATED = frozenset({"", "NS"})
"""What stands where a sentence was not translated, in sets that have such rows."""


OWN_DATA = {
    "sequence-classification": "text-classification",
    "token-classification": "token-labelling",
    "span-extraction": "question-answering",
    "multiple-choice": "multiple-choice",
    "regression": "text-regression",
    "intent-and-slots": "utterances",
    "sentence-retrieval": "text-retrieval",
    "answer-retrieval": "answer-ranking",
    "bitext-mining": "pair-mining",
}
"""The task of each problem that reads any data set of the hub."""


class FileTask(Task):
    """A task whose files are named and written as its class states.

    Attributes:
        folder: the usual name of the folder of the files.
        releases: the forms in which the data are published; the first that the folder has files of
            is read.
        on_hub: the copy of the data on the hub; None: none is known.
        untranslated: the texts that stand for a sentence that is missing; such rows are left out.
    """

    folder: ClassVar[str]
    releases: ClassVar[tuple[Release, ...]]
    on_hub: ClassVar[OnHub | None] = None
    untranslated: ClassVar[frozenset[str]] = frozenset({""})

    class Params(FolderParams):
        """Where the files are."""

    params: FolderParams
    map_name: ClassVar[str] = "label_map"

    def __init__(self, params: FolderParams | None = None) -> None:
        super().__init__(params)
        checked_map(getattr(self.params, self.map_name, {}), self.labels, self.map_name)

    def check(self) -> None:
        """A folder that is named is there; the hub is not asked."""
        self.found()

    def found(self) -> tuple[Folder | HubFiles, Release]:
        """Where the files are, a folder or a repository on the hub, and the form in which they are.

        Raises:
            DataError: there is no such folder, or no copy on the hub is known.
            PluginError: the class states no releases, or no folder.
        """
        self._check_stated()
        if self.params.source == "hub":
            return self._on_hub()
        otherwise = self.params.source == "auto" and self.on_hub is not None
        base = self.params.path or data_dir()
        if base is None:
            if otherwise:
                return self._on_hub()
            raise DataError(
                f"no folder is given for the task '{self.name}'",
                "",
                f"set the task's `path`, or set {DATA_DIR} to a folder that holds '{self.folder}'",
            )
        given = locate(base)
        inner = Folder(given.path / self.folder)
        for folder in (given, inner) if inner.path.is_dir() else (given,):
            for release in self.releases:
                if release.is_in(folder):
                    return folder, release
        if not inner.path.is_dir() and self.params.path is None:
            if otherwise:
                return self._on_hub()
            raise DataError(
                f"{DATA_DIR} has no folder '{self.folder}'", str(base), "set the task's `path`"
            )
        return inner if inner.path.is_dir() else given, self.releases[0]

    def locate(self) -> Folder:
        """The folder of the files.

        Raises:
            DataError: they are on the hub.
        """
        files, _ = self.found()
        if isinstance(files, HubFiles):
            raise DataError(
                f"'{self.name}' needs a folder here, and its data are read from the hub",
                files.name,
                "set the task's `path`",
            )
        return files

    def _on_hub(self) -> tuple[HubFiles, Release]:
        if self.on_hub is None:
            own = OWN_DATA.get(self.problem.name)
            reads = f"; `{own}` reads any data set of the hub (`dataset: ORG/NAME`)" if own else ""
            raise DataError(
                f"no copy of the data of '{self.name}' on the hub is known",
                "",
                f"remove `source: hub`, and set `path` or {DATA_DIR}{reads}",
            )
        files = self._copy.files
        assert isinstance(files, HubFiles)
        return files, self.on_hub.release

    @cached_property
    def _copy(self) -> FileSet:
        """The files on the hub, which are listed once. Results say how their rows differ."""
        assert self.on_hub is not None
        self.caveat = self.on_hub.differs or self.caveat  # type: ignore[misc]
        return self.on_hub.file_set(self.params.revision, self.untranslated)

    def _check_stated(self) -> None:
        stated: object = self.releases
        whole = isinstance(stated, tuple) and all(isinstance(one, Release) for one in stated)
        where = f"{type(self).__module__}.{type(self).__name__}"
        if not stated or not whole:
            raise PluginError(
                f"releases = {stated!r:.80} is not a tuple of one Release or more",
                where,
                "write `releases = (Release(...),)`, with a comma",
            )
        if not isinstance(self.folder, str):
            raise PluginError(f"folder = {self.folder!r} is not the name of a folder", where)

    @property
    def source(self) -> FileSet:
        """The files."""
        files, release = self.found()
        if isinstance(files, HubFiles):
            return self._copy
        on_hub = self.on_hub is not None
        return replace(release.file_set(files, self.untranslated), on_hub=on_hub)

    def column(self, split: Split, language: str, name: str) -> list[str]:
        """The values of another column than those that are read, by its name or number; "" for
        null."""
        columns = Columns(((),), (name,), named=True)
        _, tables, _ = self.read(split, language, columns)
        return [cell_text(record.target) for table in tables for record in table.records]

    def companion(self, name: str) -> Path:
        """A file that says more of the rows, in the folder of the others."""
        return self.locate().path / name

    def companion_lines(self, name: str) -> list[str]:
        """The lines of a file that says more of the rows, which must be there."""
        path = self.companion(name)
        if not path.is_file():
            raise DataError(
                f"'{self.name}' needs this file beside its data",
                str(path),
                f"add it; `xlt show {self.name}` names the publication that it is from",
            )
        return read_lines(path)

    def listed_ids(self, file: Path, prefix: str) -> Callable[[int], str]:
        """The id of each row by its number: what a line of a file names, after a prefix."""
        names = read_lines(file)

        def row_id(number: int) -> str:
            if number > len(names):
                raise DataError(
                    f"it names {len(names):,} rows, and the data have more",
                    str(file),
                    "the files belong to different versions of the data: fetch them again",
                )
            return f"{prefix}{names[number - 1]}"

        return row_id

    def missing(self, split: Split) -> str:
        """What the folder or the repository holds instead of a split."""
        return self.source.missing(split)

    def files(self) -> Sequence[Path] | None:
        return self.source.all_files()

    def languages(self, split: Split) -> tuple[str, ...]:
        belonging = self.found()[1].languages
        codes = self.source.languages(split)
        return tuple(code for code in codes if not belonging or code in belonging)

    def read(
        self, split: Split, language: str, columns: Columns | None = None
    ) -> tuple[str, list[Table], Release]:
        """What was read, its tables, and the form in which they are.

        Args:
            columns: default: those of the release.
        """
        _, release = self.found()
        if release.languages and language not in release.languages:
            raise DataError(
                f"'{self.name}' has no language '{language}'",
                f"{self.name} ({language}, {split})",
                f"languages: {did_you_mean(language, release.languages)}",
            )
        return *self.source.read(split, language, columns or release.columns), release
