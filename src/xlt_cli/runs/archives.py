"""Where archives may be written: folders that are read without the runs they are of."""

from __future__ import annotations

import contextlib
import lzma
from collections.abc import Iterator
from pathlib import Path

from xlt_cli.errors import DataError
from xlt_cli.runs import checksums

_DAMAGES = (
    lzma.LZMAError, EOFError, KeyError, IndexError, TypeError, ValueError, AttributeError,
)  # fmt: skip
"""What reading raises where values are missing, or are others than were written."""


def check_place(folder: Path, contents: str) -> None:
    """Refuses a folder that holds something else: an archive replaces what is there.

    Args:
        contents: the file that every archive of this kind has.

    Raises:
        DataError: it does.
    """
    if folder.exists() and not (folder / contents).is_file():
        if folder.is_dir() and not any(folder.iterdir()):
            return
        raise DataError("the folder exists but is not an archive", str(folder), "give a new folder")


def check_whole(folder: Path) -> None:
    """Refuses an archive in which a file is missing, or holds something else than was written.

    Raises:
        DataError: there is one.
    """
    damage = checksums.damage(folder)
    if damage:
        hint = "bring it back from a copy"
        raise DataError(f"the archive is incomplete: {damage}", str(folder), hint)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Says which file of an archive is damaged, whatever is wrong with it.

    Raises:
        DataError: reading it failed.
    """
    try:
        yield
    except _DAMAGES as error:
        raise DataError(
            f"the archive is damaged ({type(error).__name__})",
            str(path),
            "bring it back from a copy",
        ) from error
