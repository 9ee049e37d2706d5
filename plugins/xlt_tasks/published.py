"""What the published tasks share: their data come from a folder or from the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import Field, model_validator

from xlt_cli.api import DataError, Split, Task
from xlt_tasks.folder_params import Revision, SourceName, one_source
from xlt_tasks.own_files import FileParams, checked_map
from xlt_tasks.sources.dataset import MAIN
from xlt_tasks.sources.files import FileSet
from xlt_tasks.sources.folder import DATA_DIR, data_dir, locate
from xlt_tasks.sources.hub import Hub, Repository
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Source


class PublishedParams(FileParams):
    """Where the data come from."""

    source: SourceName = "auto"
    path: Path | None = Field(
        None,
        description="a folder of {train,dev,test}-LANGUAGE.SUFFIX files, or one that contains "
        "a folder with the task's name; relative paths are also looked up in $XLT_DATA_DIR",
    )
    revision: Revision = MAIN

    _one_source = model_validator(mode="after")(one_source)


class PublishedTask(Task):
    """A task that is read from a folder in XTREME's layout, or from its repository on the hub.

    Attributes:
        repository: the data set on the hub.
        releases: other forms in which the data are published, which are looked for where a folder
            has no files in XTREME's layout and `files` is not given.
    """

    repository: ClassVar[Repository]
    releases: ClassVar[tuple[Release, ...]] = ()

    class Params(PublishedParams):
        """Where the data come from."""

    params: PublishedParams
    map_name: ClassVar[str] = "label_map"

    def __init__(self, params: PublishedParams | None = None) -> None:
        super().__init__(params)
        checked_map(getattr(self.params, self.map_name), self.labels, self.map_name)

    def check(self) -> None:
        """A folder that is named is there; the hub is not asked."""
        _ = self.source

    def missing(self, split: Split) -> str:
        """What the folder holds instead of a split."""
        source = self.source
        return source.missing(split) if isinstance(source, FileSet) else ""

    def files(self) -> Sequence[Path] | None:
        return self.source.all_files()

    def languages(self, split: Split) -> tuple[str, ...]:
        return self.source.languages(split)

    @property
    def source(self) -> Source:
        """The folder or the hub; decided when data are asked for."""
        wanted, path = self.params.source, self.params.path
        if wanted == "hub":
            return self._hub
        if path is not None:
            return replace(self._files(path, self.name), on_hub=True)
        base = data_dir()
        if base is not None and (base / self.name).is_dir():
            return replace(self._files(base / self.name), on_hub=True)
        if wanted == "folder":
            raise DataError(
                f"{DATA_DIR} has no folder '{self.name}'"
                if base
                else f"no folder is given for the task '{self.name}'",
                str(base or ""),
                f"set the task's `path`, or set {DATA_DIR} to a folder that contains '{self.name}'",
            )
        return self._hub

    def _files(self, path: Path, inner: str | None = None) -> FileSet:
        """The files of a folder, in the first form in which there are any."""
        usual = self.params.file_set(path, inner)
        naming = self.params.naming
        if self.params.files is None and not naming.find(usual.files.names(naming.depth)):
            folder = locate(path, inner, naming)
            for release in self.releases:
                if release.is_in(folder):
                    return release.file_set(folder, usual.untranslated)
        return usual

    @cached_property
    def _hub(self) -> Hub:
        return Hub(self.repository, self.params.revision, self.name)
