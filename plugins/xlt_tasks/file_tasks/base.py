"""What the tasks share whose files are named and written as their class states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from xlt_cli.api import DataError, PluginError, PluginParams, Split, Task, did_you_mean
from xlt_tasks.examples.cells import cell_text
from xlt_tasks.own_files import checked_map
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import DATA_DIR, Folder, data_dir, locate
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Table
from xlt_tasks.sources.text import read_lines

NOT_TRANSLATED = frozenset({"", "NS"})
"""What stands where a sentence was not translated, in sets that have such rows."""


class FolderParams(PluginParams):
    """Where the files are."""

    path: Path | None = Field(
        None,
        description="the folder of the files, or one that holds it under its usual name; default: "
        "$XLT_DATA_DIR; relative paths are also looked up there",
    )


class FileTask(Task):
    """A task whose files are named and written as its class states.

    Attributes:
        folder: the usual name of the folder of the files.
        releases: the forms in which the data are published; the first that the folder has files of
            is read.
        untranslated: the texts that stand for a sentence that is missing; such rows are left out.
    """

    folder: ClassVar[str]
    releases: ClassVar[tuple[Release, ...]]
    untranslated: ClassVar[frozenset[str]] = frozenset({""})

    class Params(FolderParams):
        """Where the files are."""

    params: FolderParams
    map_name: ClassVar[str] = "label_map"

    def __init__(self, params: FolderParams | None = None) -> None:
        super().__init__(params)
        checked_map(getattr(self.params, self.map_name, {}), self.labels, self.map_name)

    def check(self) -> None:
        """The folder is there."""
        self.locate()

    def locate(self) -> tuple[Folder, Release]:
        """The folder of the files, and the form in which they are.

        Raises:
            PluginError: the class states no releases, or no folder.
        """
        self._check_stated()
        base = self.params.path or data_dir()
        if base is None:
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
            raise DataError(
                f"{DATA_DIR} has no folder '{self.folder}'", str(base), "set the task's `path`"
            )
        return inner if inner.path.is_dir() else given, self.releases[0]

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
        folder, release = self.locate()
        return release.file_set(folder, self.untranslated)

    def column(self, split: Split, language: str, name: str) -> list[str]:
        """The values of another column than those that are read, by its name or number; "" for
        null."""
        columns = Columns(((),), (name,), named=True)
        _, tables, _ = self.read(split, language, columns)
        return [cell_text(record.target) for table in tables for record in table.records]

    def companion(self, name: str) -> Path:
        """A file that says more of the rows, in the folder of the others."""
        return self.locate()[0].path / name

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
        """What the folder holds instead of a split."""
        return self.source.missing(split)

    def files(self) -> Sequence[Path] | None:
        return self.source.all_files()

    def languages(self, split: Split) -> tuple[str, ...]:
        folder, release = self.locate()
        belonging = release.languages
        codes = release.file_set(folder, self.untranslated).languages(split)
        return tuple(code for code in codes if not belonging or code in belonging)

    def read(
        self, split: Split, language: str, columns: Columns | None = None
    ) -> tuple[str, list[Table], Release]:
        """What was read, its tables, and the form in which they are.

        Args:
            columns: default: those of the release.
        """
        folder, release = self.locate()
        if release.languages and language not in release.languages:
            raise DataError(
                f"'{self.name}' has no language '{language}'",
                f"{self.name} ({language}, {split})",
                f"languages: {did_you_mean(language, release.languages)}",
            )
        source = release.file_set(folder, self.untranslated)
        return *source.read(split, language, columns or release.columns), release
