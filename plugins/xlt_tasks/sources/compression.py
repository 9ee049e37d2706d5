"""Compressed files: which suffixes stand for them, and their content."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

from xlt_cli.api import DataError

DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}


def inner_suffix(name: str) -> str:
    """The suffix of the format: `.tsv` of `dev-en.tsv` and of `dev-en.tsv.gz`."""
    path = Path(name)
    return (path.with_suffix("") if path.suffix in DECOMPRESS else path).suffix


def is_compressed(path: Path) -> bool:
    """Whether a file's name says that it is compressed."""
    return path.suffix in DECOMPRESS


def read_bytes(path: Path) -> bytes:
    """The content of a file, decompressed if its name says that it is compressed.

    Raises:
        DataError: the file cannot be read, or is not what its name says.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not is_compressed(path):
        return data
    try:
        return DECOMPRESS[path.suffix](data)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            f"not a readable {path.suffix} file: {error}",
            str(path),
            "the download may be incomplete: download the file again",
        ) from error


def unreadable(path: Path, error: OSError) -> DataError:
    """The error for a file or folder that the system does not let us read."""
    if isinstance(error, PermissionError):
        return DataError(
            "permission to read it is missing", str(path), "check its owner and its mode"
        )
    return DataError(f"it cannot be read: {error.strerror or error}", str(path))
