"""Text files as lines, whatever the platform that wrote them."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.api import DataError
from xlt_tasks.sources.compression import read_bytes

UTF_16 = "convert the file with `iconv -f UTF-16 -t UTF-8`"
SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xfe\x00\x00", "it is UTF-32, expected UTF-8", "convert the file with `iconv`"),
    (b"\xff\xfe", "it is UTF-16, expected UTF-8", UTF_16),
    (b"\xfe\xff", "it is UTF-16, expected UTF-8", UTF_16),
    (b"\x1f\x8b", "it is compressed by gzip", "let its name end in .gz"),
    (b"BZh", "it is compressed by bzip2", "let its name end in .bz2"),
    (b"\xfd7zXZ\x00", "it is compressed by xz", "let its name end in .xz"),
    (
        b"PK\x03\x04",
        "it is a zip archive (as .xlsx workbooks are)",
        "unpack it, or save the sheet as .csv",
    ),
    (b"PAR1", "it is a parquet file", "let its name end in .parquet"),
    (b"ARROW1", "it is an Arrow file", "let its name end in .arrow"),
    (
        b"version https://git-lfs",
        "it is a Git LFS pointer and not the data",
        "fetch the data with `git lfs pull`",
    ),
)
"""The first bytes of files that are often taken for text, and what to do about each."""


def read_text(path: Path) -> str:
    r"""The text of a UTF-8 file, without its byte-order mark.

    Where there is no `\n` at all, a `\r` ends a line.

    Raises:
        DataError: the file cannot be read, is empty, or is no UTF-8 text.
    """
    data = read_bytes(path)
    _check_kind(data, path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"byte {data[error.start]:#04x} at offset {error.start} is not valid UTF-8",
            f"{path}:{line}",
            "convert the file, e.g. with `iconv -f LATIN1 -t UTF-8`",
        ) from error
    text = text.removeprefix("\ufeff")
    if "\n" not in text:
        text = text.replace("\r", "\n")  # line ends of old Macintosh programs
    if not text.strip("\r\n"):
        raise empty(path)
    return text


def read_lines(path: Path) -> list[str]:
    r"""The lines of a UTF-8 file, split at `\n` only; blank lines at the end are left out."""
    return lines_of(read_text(path))


def lines_of(text: str) -> list[str]:
    r"""The lines of a text, split at `\n` only; blank lines at the end are left out.

    `str.splitlines` would also split at U+2028 and at control characters, which occur inside
    sentences. A `\r` before the `\n` is no part of the text.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def empty(path: Path) -> DataError:
    """The error for a file with nothing in it."""
    return DataError("the file is empty", str(path), "the download may be incomplete")


def _check_kind(data: bytes, path: Path) -> None:
    for signature, what, hint in SIGNATURES:
        if data.startswith(signature):
            raise DataError(what, str(path), hint)
    start = data[:2000]
    if start.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise DataError(
            "it is a web page and not the data",
            str(path),
            "download the file itself (on GitHub and the hub: `raw`, or `resolve` for `blob`)",
        )
    # UTF-16 without a byte-order mark decodes as UTF-8 where its text is Latin.
    if len(start) >= 8 and any(
        start[first::2].count(0) > 0.9 * len(start[first::2]) for first in (0, 1)
    ):
        raise DataError("it is UTF-16, expected UTF-8", str(path), UTF_16 + " (or UTF-16LE)")
