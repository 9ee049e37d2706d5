"""Which file holds which split and language: by the files' names."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from xlt_cli.api import SPLITS, Split
from xlt_tasks.sources.formats import suffix_of

SPLIT_NAMES: dict[Split, tuple[str, ...]] = {
    "train": ("train",),
    "dev": ("dev", "validation", "valid", "val", "development"),
    "test": ("test",),
}
"""The names that a split may have in a file's name."""

NEAR_NAMES: Mapping[Split, tuple[str, ...]] = {
    "train": ("training", "trn"),
    "dev": ("devel", "eval", "tune"),
    "test": ("testing", "tests", "tst"),
}
"""Further names that are suggested, with `splits`, and not read without being asked."""

DEFAULT_PATTERN = "{split}-{language}"
LANGUAGE = "[A-Za-z][A-Za-z0-9]*(?:[_-](?:[A-Za-z][A-Za-z0-9]*|[0-9]{3,4}))*"
"""A code or a name; its later parts begin with a letter, or are a region or year (es-419)."""
FIELD = re.compile(r"\{([^{}]*)\}|(\*\*/|\*\*|\*)")
CODE = re.compile(r"(?<![A-Za-z{])(?:[a-z]{2,3}(?:[_-][A-Z][a-z]{3})?|[A-Z]{2})(?![A-Za-z}])")
"""What looks like a language's code, and is no field of a pattern."""
_SPLIT_WORDS = "|".join(
    name for split in SPLITS for name in (*SPLIT_NAMES[split], *NEAR_NAMES[split])
)
SPLIT_WORD = re.compile(rf"(?<![A-Za-z])(?:{_SPLIT_WORDS})(?![A-Za-z])", re.IGNORECASE)
FIELDS = ("split", "language")
GLOBS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}

FilesByPart = dict[tuple[Split, str | None], list[str]]
"""The names of the files of a split in a language; None where the name does not say it."""


@dataclass(frozen=True)
class Naming:
    """How the files of a data set are named.

    Attributes:
        patterns: for each split the names of its files, with `{split}` and `{language}`.
        splits: what a split is called in the names, where that is none of the usual names.
        whole: whether patterns describe whole names, which then end in the suffix of no format.
        codes: the languages' codes by what the names call them, where that is another name.
    """

    patterns: Mapping[Split, str] = field(
        default_factory=lambda: dict.fromkeys(SPLITS, DEFAULT_PATTERN)
    )
    splits: Mapping[Split, str] = field(default_factory=dict)
    whole: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)

    def find(self, names: Iterable[str]) -> FilesByPart:
        """The files by split and language, each list in order of the names."""
        by_part: FilesByPart = defaultdict(list)
        ordered = sorted(names)
        for split, pattern in self.patterns.items():
            expression = self._compile(split, pattern)
            complete = self.whole or _has_suffix(pattern)
            for name in ordered:
                match = expression.fullmatch(name if complete else _without_suffix(name))
                if match is not None:
                    called = match.groupdict().get("language")
                    language = None if called is None else self.codes.get(called, called)
                    by_part[split, language].append(name)
        return dict(by_part)

    def several(self, split: Split) -> bool:
        """Whether the data of one split and language may be several files."""
        return "*" in self.patterns.get(split, "")

    def example(self, split: Split, language: str) -> str:
        """The name that a file of a split and language is to have."""
        pattern = self.patterns.get(split, DEFAULT_PATTERN)
        name = pattern.replace("{split}", self.splits.get(split, split))
        called = next((own for own, code in self.codes.items() if code == language), language)
        name = name.replace("{language}", called)
        whole = self.whole or _has_suffix(pattern) or "*" in pattern
        return name if whole else f"{name}.tsv"

    @property
    def depth(self) -> int | None:
        """How many folders deep the files are; None if they may be anywhere below."""
        if any("**" in pattern for pattern in self.patterns.values()):
            return None
        return max((pattern.count("/") for pattern in self.patterns.values()), default=0)

    @property
    def says_language(self) -> bool:
        """Whether every name says the language of its file."""
        return all("{language}" in pattern for pattern in self.patterns.values())

    def _compile(self, split: Split, pattern: str) -> re.Pattern[str]:
        names = (self.splits[split],) if split in self.splits else SPLIT_NAMES[split]
        return compile_pattern(pattern, names)


@functools.cache
def compile_pattern(pattern: str, splits: tuple[str, ...] = ()) -> re.Pattern[str]:
    """The expression that names match which follow a pattern; its groups are the fields."""
    groups = {"split": "|".join(map(re.escape, splits)), "language": LANGUAGE}
    seen: set[str] = set()
    parts, end = [], 0
    for match in FIELD.finditer(pattern):
        parts.append(re.escape(pattern[end : match.start()]))
        end = match.end()
        name = match[1]
        if name is None:
            parts.append(GLOBS[match[2]])
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            seen.add(name)
            parts.append(f"(?P<{name}>{groups[name]})")
    return re.compile("".join(parts) + re.escape(pattern[end:]), re.DOTALL)


def check_pattern(pattern: str) -> None:
    """Refuses a pattern with unknown fields; ValueError says which."""
    unknown = [match[1] for match in FIELD.finditer(pattern) if match[1] not in (*FIELDS, None)]
    if unknown:
        raise ValueError(
            f"'{{{unknown[0]}}}' in `files` is unknown; use {{split}} and {{language}}"
        )
    if not pattern or pattern.startswith("/") or ".." in pattern.split("/"):
        raise ValueError("`files` must name files inside the folder, e.g. '{language}/{split}.tsv'")


def suggest(names: Iterable[str]) -> tuple[str, dict[Split, str]] | None:
    """The pattern that most of the given names follow, and what they call the splits.

    Returns:
        The pattern, and the names of splits that `splits` must state; None if no name has the
        name of a split.
    """
    counts: dict[str, int] = defaultdict(int)
    called: dict[str, dict[Split, str]] = defaultdict(dict)
    for name in list(names)[:500]:
        suffix = suffix_of(name) or (".txt" if name.endswith(".txt") else None)
        word = SPLIT_WORD.search(name.removesuffix(suffix or ""))
        if suffix is None or word is None:
            continue
        stem = name[: word.start()] + "{split}" + name[word.end() :].removesuffix(suffix)
        patterns = {stem + suffix: 1}
        for token in CODE.finditer(stem):
            pattern = stem[: token.start()] + "{language}" + stem[token.end() :]
            patterns[pattern + suffix] = 100 + (len(token[0]) == 2)
        for pattern, weight in patterns.items():
            counts[pattern] += weight
            split = _split_called(word[0].lower())
            if word[0] not in SPLIT_NAMES[split]:
                called[pattern][split] = word[0]
    if not counts:
        return None
    best = max(counts, key=lambda pattern: (counts[pattern], pattern))
    return best, called[best]


def _split_called(word: str) -> Split:
    return next(split for split in SPLITS if word in (*SPLIT_NAMES[split], *NEAR_NAMES[split]))


def _has_suffix(pattern: str) -> bool:
    return suffix_of(pattern) is not None or pattern.endswith((".txt", ".txt.gz"))


@lru_cache(10_000)
def _without_suffix(name: str) -> str:
    """A name without the suffix of its format; empty if no format has its suffix."""
    suffix = suffix_of(name)
    return "" if suffix is None else name.removesuffix(suffix)
