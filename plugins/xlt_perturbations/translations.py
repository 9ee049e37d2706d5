"""Sentences with their translations, in files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlt_cli.api import DataError, SequenceExample, serves

NAME = re.compile(
    r"(?P<one>[a-z]{2,3}(?:[-_][A-Z][A-Za-z]+)?)-(?P<other>[a-z]{2,3}(?:[-_][A-Z][A-Za-z]+)?)"
)
LAYOUT = "files named en-de.tsv, each line a sentence, a tab and its translation"


@dataclass(frozen=True)
class Translations:
    """Pairs of a sentence and its translation from one file.

    Attributes:
        languages: of the two columns.
        sha256: of the file.
    """

    languages: tuple[str, str]
    pairs: tuple[SequenceExample, ...]
    sha256: str


def files(path: Path) -> list[Path]:
    """The files of a folder that are named after two languages, or the one file that is given.

    Raises:
        DataError: there is none.
    """
    if path.is_file():
        named = [path]
    else:
        named = sorted(file for file in path.glob("*.tsv") if NAME.fullmatch(file.stem))
    if not named:
        raise DataError("there are no translations", str(path), f"expected {LAYOUT}")
    return named


@cache
def read(path: Path) -> Translations:
    """The pairs of one file, named after the languages of its columns.

    Raises:
        DataError: the name does not say the languages, or a line is not two sentences.
    """
    named = NAME.fullmatch(path.stem)
    if named is None:
        raise DataError(
            "the name of the file does not contain its languages", str(path), f"expected {LAYOUT}"
        )
    languages = (named["one"], named["other"])
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read the file: {error.strerror}", str(path)) from error
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise DataError("the file is not UTF-8", f"{path}:{number}") from error
    pairs = []
    # Not splitlines(), which breaks lines at more characters than the newline.
    for number, line in enumerate(text.split("\n"), start=1):
        fields = [field.strip() for field in line.split("\t")]
        if fields == [""]:
            continue
        if len(fields) != 2 or not all(fields):
            raise DataError(
                f"expected a sentence, a tab and its translation, not {line[:80]!r}",
                f"{path}:{number}",
            )
        pairs.append(SequenceExample(f"{path.stem}-{number}", tuple(fields), "", languages))
    if not pairs:
        raise DataError("the file is empty", str(path))
    return Translations(languages, tuple(pairs), hashlib.sha256(content).hexdigest())


def chosen(read: Sequence[Translations], languages: Sequence[str] | None) -> list[Translations]:
    """Those whose two languages are all among `languages`; all of them for None."""
    if languages is None:
        return list(read)
    return [each for each in read if all(serves(languages, code) for code in each.languages)]
