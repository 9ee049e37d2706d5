"""Words in text: splitting with exact reconstruction, and carrying case over.

A word is a run of letters, digits and the marks that combine with them (vowel signs, accents),
with apostrophes and joiners inside it. In scripts without spaces between words a run of
characters counts as one word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from xlt_cli.api import Problem
from xlt_cli.languages import lookup, serves

# Thai and Lao, Tibetan, Myanmar, Khmer, kana (and bopomofo), Han.
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
DOTTED = str.maketrans({"i": "İ", "ı": "I"})
UNDOTTED = str.maketrans({"İ": "i", "I": "ı"})
DOTTED_LANGUAGES = ("tr", "az")


def split(text: str) -> list[str]:
    """Gaps and words in turn, a gap at both ends; joined, they are the text.

    >>> split("No, it's…")
    ['', 'No', ', ', "it's", '…']
    """
    return _words().split(text)


def map_words(text: str, change: Callable[[str], str]) -> str:
    """The text with each word changed and all else as it was."""
    pieces = split(text)
    pieces[1::2] = [change(word) for word in pieces[1::2]]
    return "".join(pieces)


def letters(text: str) -> list[str]:
    """Characters, each with the marks that combine with it."""
    clusters: list[str] = []
    for char in text:
        if clusters and unicodedata.category(char)[0] == "M":
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def core(token: str) -> tuple[str, str, str]:
    """What stands before, in and after the part that starts and ends with a word.

    >>> core('"well-known",')
    ('"', 'well-known', '",')
    """
    pieces = split(token)
    if len(pieces) == 1:
        return token, "", ""
    return pieces[0], "".join(pieces[1:-1]), pieces[-1]


def match_case(word: str, model: str, language: str = "") -> str:
    """The word in the case of a model: Title or UPPER; otherwise as it is.

    Scripts without case have nothing to change.
    """
    if model == "I" or not model[:1].isupper():  # English writes its "I" so in all places.
        return word
    if len(model) > 1 and model.isupper():
        return upper(word, language)
    if model[1:] == model[1:].lower():
        return upper(word[:1], language) + word[1:]
    return word


def bound_fault(problem: Problem) -> str:
    """Why words cannot be moved or left out; empty if they can."""
    return (
        "its labels belong to words, which therefore cannot be moved or left out"
        if problem.by_words
        else ""
    )


def is_unspaced(text: str) -> bool:
    """Whether most of the text's letters are of scripts that put no space between words."""
    letters = sum(char.isalpha() for char in text)
    return 2 * len(UNSPACED.findall(text)) > letters


def upper(word: str, language: str) -> str:
    """The word in capitals, as its language has them."""
    return (word.translate(DOTTED) if _has_dotted_capitals(language) else word).upper()


def lower(word: str, language: str) -> str:
    """The word in small letters, as its language has them."""
    return (word.translate(UNDOTTED) if _has_dotted_capitals(language) else word).lower()


@cache
def _has_dotted_capitals(language: str) -> bool:
    return lookup(language) is not None and serves(DOTTED_LANGUAGES, language)


@cache
def _words() -> re.Pattern[str]:
    """The pattern of a word, as a group, so that splitting by it keeps it."""
    letters = rf"(?:[^\W_]+|[{_marks()}]+)+"
    return re.compile(rf"({letters}(?:['’\u200c\u200d]{letters})*)")


def _marks() -> str:
    """Ranges of the combining marks, which `\\w` leaves out."""
    ranges: list[list[int]] = []
    for block in (range(0x300, 0x20000), range(0xE0100, 0xE01F0)):
        for code in block:
            if unicodedata.category(chr(code))[0] != "M":
                continue
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
