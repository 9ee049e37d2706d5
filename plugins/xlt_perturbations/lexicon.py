"""Word lists in files: found, checked, read once per process."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlt_cli.api import DataError

DATA_DIR = "XLT_DATA_DIR"
FOLDER = "lexicons"


@dataclass(frozen=True)
class Lexicon:
    """Words and what each may become, in the file's order.

    Attributes:
        entries: by word.
        sha256: of the file.
    """

    entries: Mapping[str, tuple[str, ...]]
    sha256: str


def default_path(name: str = "") -> Path | None:
    """The folder of lexicons in $XLT_DATA_DIR, or a file in it; None where that is not set."""
    base = os.environ.get(DATA_DIR)
    return Path(base).expanduser() / FOLDER / name if base else None


def given_path(path: Path) -> Path:
    """A path that a spec names; a relative one is also looked up in $XLT_DATA_DIR."""
    path = path.expanduser()
    base = os.environ.get(DATA_DIR)
    if base and not path.is_absolute() and not path.exists():
        return Path(base).expanduser() / path
    return path


@cache
def read_neighbors(path: Path) -> Lexicon:
    """A JSON object of words, each with a list of the words near it.

    A word among its own neighbours, and a neighbour listed twice, count once.
    """
    data, text = _read(path)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"this is not JSON: {error.msg}", f"{path}:{error.lineno}") from error
    if not isinstance(content, dict):
        raise DataError("expected a JSON object of words", str(path))
    entries = {word: _neighbors(word, listed, path) for word, listed in content.items()}
    return Lexicon(entries, hashlib.sha256(data).hexdigest())


@cache
def read_dictionary(path: Path) -> Lexicon:
    """A file of two columns, a word and its translation, with a line for each translation.

    Words are looked up in lower case.
    """
    data, text = _read(path)
    entries: dict[str, dict[str, None]] = {}
    # Not splitlines(), which breaks lines at more characters than the newline.
    for number, line in enumerate(text.split("\n"), start=1):
        fields = [field.strip() for field in line.split("\t")]
        if fields == [""]:
            continue
        if len(fields) != 2 or not all(fields):
            raise DataError(
                f"expected a word, a tab and its translation, not {line!r}", f"{path}:{number}"
            )
        entries.setdefault(fields[0].lower(), {})[fields[1]] = None
    if not entries:
        raise DataError("the dictionary is empty", str(path))
    translations = {word: tuple(others) for word, others in entries.items()}
    return Lexicon(translations, hashlib.sha256(data).hexdigest())


def _neighbors(word: str, listed: object, path: Path) -> tuple[str, ...]:
    if not isinstance(listed, list) or not all(
        # One word each, so that the number of words is kept.
        isinstance(near, str) and near.split() == [near]
        for near in listed
    ):
        raise DataError(f"the neighbours of {word!r} are not a list of words", str(path))
    return tuple(dict.fromkeys(near for near in listed if near != word))


def _read(path: Path) -> tuple[bytes, str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read the file: {error.strerror}", str(path)) from error
    try:
        return data, data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError("the file is not UTF-8", f"{path}:{line}") from error
