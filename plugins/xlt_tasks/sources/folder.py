"""A folder of files, wherever a spec or the environment says that it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlt_cli.api import DataError
from xlt_tasks.sources.compression import unreadable
from xlt_tasks.sources.naming import Naming

DATA_DIR = "XLT_DATA_DIR"
LAYOUT = "expected files named {train,dev,test}-LANGUAGE.tsv (or .jsonl, .parquet, ...)"


@dataclass(frozen=True)
class Folder:
    """The files below a folder."""

    path: Path
    kind: str = "folder"

    def names(self, depth: int | None = None) -> Sequence[str]:
        """The names of the files, relative and with `/`, down to a depth of folders."""
        return sorted(_walk(self.path, "", depth))

    def place(self, name: str = "") -> str:
        """Where the folder is, or a file of it."""
        return str(self.path / name)

    def bring(self, names: Sequence[str]) -> tuple[str, list[Path]]:
        """The file (for several, the folder) as the source, and the files."""
        paths = [self.path / name for name in names]
        return str(paths[0] if len(paths) == 1 else self.path), paths

    def all_files(self) -> list[Path]:
        """All files below the folder."""
        return [self.path / name for name in self.names()]


def locate(path: Path, task: str | None = None, naming: Naming | None = None) -> Folder:
    """The folder that a spec names: with the files in it, or with a folder named as the task.

    A relative path is looked up from the working directory, then from XLT_DATA_DIR.
    """
    folder = path.expanduser()
    if not folder.exists() and not folder.is_absolute():
        folder = (data_dir() or Path()) / folder
    if not folder.exists():
        raise DataError(
            "there is no such folder",
            str(folder),
            f"set `path` to a folder of data; {LAYOUT}",
        )
    if not folder.is_dir():
        raise DataError(
            "this is a file, not a folder", str(folder), "give the folder that contains it"
        )
    if task is not None and (folder / task).is_dir() and not _holds(folder, naming or Naming()):
        folder = folder / task
    return Folder(folder)


def data_dir() -> Path | None:
    """The folder of data that XLT_DATA_DIR names; read when asked, so that it can be set late."""
    value = os.environ.get(DATA_DIR)
    if not value:
        return None
    base = Path(value).expanduser()
    if not base.is_dir():
        # Going on without it would silently take other data than was meant.
        raise DataError(f"{DATA_DIR} is not a folder", str(base), "correct it, or unset it")
    return base


def _holds(folder: Path, naming: Naming) -> bool:
    return bool(naming.find(Folder(folder).names(naming.depth)))


def _walk(
    folder: Path, prefix: str, depth: int | None, above: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The files of a folder and of those in it; hidden ones and folders of tools are left out, and
    so are links that lead nowhere or back to a folder that they are in.

    Args:
        above: the real paths of the folders that this one is in.
    """
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise unreadable(folder, error) from error
    within = above | {os.path.realpath(folder)}
    for entry in entries:
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_symlink() and not os.path.exists(entry.path):
            continue
        if entry.is_file():
            yield prefix + entry.name
        elif entry.is_dir() and depth != 0 and os.path.realpath(entry.path) not in within:
            deeper = None if depth is None else depth - 1
            yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", deeper, within)
