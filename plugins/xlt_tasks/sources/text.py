"""Text files as lines, whatever the platform that wrote them."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.api import DataError


def read_lines(path: Path) -> list[str]:
    r"""The lines of a UTF-8 file, split at `\n` only; blank lines at the end are left out.

    `str.splitlines` would also split at U+2028 and at control characters, which occur inside
    sentences. A byte-order mark and a `\r` before the `\n` are no part of the text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"byte {data[error.start]:#04x} at offset {error.start} is not valid UTF-8",
            f"{path}:{line}",
            "convert the file, e.g. with `iconv -f LATIN1 -t UTF-8`",
        ) from error
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise empty(path)
    return lines


def unreadable(path: Path, error: OSError) -> DataError:
    """The error for a file or folder that the system does not let us read."""
    if isinstance(error, PermissionError):
        return DataError(
            "there is no permission to read it", str(path), "check its owner and its mode"
        )
    return DataError(f"it cannot be read: {error.strerror or error}", str(path))


def empty(path: Path) -> DataError:
    """The error for a file with nothing in it."""
    return DataError("the file is empty", str(path), "it may be the rest of a broken download")
