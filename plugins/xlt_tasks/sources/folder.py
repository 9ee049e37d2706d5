"""A folder in XTREME's layout: `{train,dev,test}-{language}.{tsv,jsonl,parquet}`."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

from xlt_cli.api import DataError, Split, did_you_mean
from xlt_tasks.sources import jsonl, parquet, tsv
from xlt_tasks.sources.table import Columns, Table
from xlt_tasks.sources.text import unreadable

DATA_DIR = "XLT_DATA_DIR"
READERS = {".tsv": tsv.read, ".jsonl": jsonl.read, ".parquet": parquet.read}
# Neighbours such as train-en.source.txt, dev.ids.txt and ns-rows.tsv are no data of a language.
FILE_NAME = re.compile(r"(train|dev|test)-([A-Za-z][A-Za-z0-9_-]*)(\.tsv|\.jsonl|\.parquet)")
LAYOUT = "expected files named {train,dev,test}-LANGUAGE.tsv (or .jsonl, .parquet)"


class Folder:
    """The data files of one task."""

    untranslated = frozenset({"NS"})
    """XNLI's and PAWS-X's mark; an empty field in a file is an error instead."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def languages(self, split: Split) -> tuple[str, ...]:
        """The languages that the split has files for."""
        return tuple(sorted(language for found, language in scan(self.path) if found == split))

    def read(self, split: Split, language: str, columns: Columns) -> tuple[str, list[Table]]:
        """The file of a split in a language."""
        path = self.file(split, language)
        return str(path), [READERS[path.suffix](path, columns)]

    def file(self, split: Split, language: str) -> Path:
        """The path of that file; DataError if there is none, or more than one."""
        files = scan(self.path)
        found = files.get((split, language), [])
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(path.name for path in found)
            raise DataError(
                f"two files for the same data: {names}", str(self.path), "keep one of them"
            )
        languages = [known for of_split, known in files if of_split == split]
        if languages:
            raise DataError(
                f"there is no {split} file for the language '{language}'",
                str(self.path / f"{split}-{language}.tsv"),
                f"languages of this split: {did_you_mean(language, languages)}",
            )
        splits = sorted({of_split for of_split, _ in files})
        raise DataError(
            f"the folder has no {split} files",
            str(self.path / f"{split}-{language}.tsv"),
            f"it has files for {' and '.join(splits)}" if splits else LAYOUT,
        )


def scan(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """The data files of a folder by split and language."""
    files: dict[tuple[str, str], list[Path]] = defaultdict(list)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise unreadable(folder, error) from error
    for entry in entries:
        match = FILE_NAME.fullmatch(entry.name)
        if match and entry.is_file():
            files[match[1], match[2]].append(Path(entry.path))
    return dict(files)


def locate(path: Path, task: str | None = None) -> Folder:
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
        raise DataError("this is a file, not a folder", str(folder), "name the folder it is in")
    if task is not None and not scan(folder) and (folder / task).is_dir():
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
