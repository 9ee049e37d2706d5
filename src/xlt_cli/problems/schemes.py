"""Schemes of entity tags: what a tag says of its word's place in an entity.

    BIO    B- begins, I- goes on; IOB1 (B- only between entities) and IOB2 are read alike
    IO     I- only
    IOE    I- goes on, E- ends; IOE1 and IOE2 are read alike
    BIOES  B- begins, I- goes on, E- ends, S- is an entity of one word; also called IOBES
    BILOU  the same with L- for E- and U- for S-; also called BIOUL
    BMES   the same with M- for I-
    BMEWO  as BMES, with W- for S-

A tag is a mark and a type (`B-PER`, `PER-B`, `B_PER`), or a mark alone (`B`); one further tag
stands outside all entities. BIO, IO and IOE are read as conlleval and seqeval read them: a mark
that cannot follow the one before begins an entity. The others are read strictly: what is not a
whole entity is none.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from xlt_cli.api import TaskFacts
from xlt_cli.errors import DataError, did_you_mean

Role = Literal["B", "I", "E", "S"]
"""Begins an entity, goes on in it, ends it, is all of it."""

Span = tuple[str, int, int]
"""An entity: its type, its first and its last word."""

MARKS: dict[str, dict[Role, str]] = {
    "BIO": {"B": "B", "I": "I"},
    "IO": {"I": "I"},
    "IOE": {"I": "I", "E": "E"},
    "BIOES": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "BILOU": {"B": "B", "I": "I", "E": "L", "S": "U"},
    "BMES": {"B": "B", "I": "M", "E": "E", "S": "S"},
    "BMEWO": {"B": "B", "I": "M", "E": "E", "S": "W"},
}
ALIASES = {
    "IOB": "BIO", "IOB1": "BIO", "IOB2": "BIO", "IOE1": "IOE", "IOE2": "IOE",
    "IOBES": "BIOES", "BIOUL": "BILOU",
}  # fmt: skip
WORDS = "none"
"""Stated for tags that are scored word by word."""

NAMES = (*MARKS, *ALIASES, WORDS)

LENIENT = ("BIO", "IO", "IOE")

_ENOUGH: dict[str, tuple[str, ...]] = {
    "BIO": ("B", "BI"),
    "IO": ("I",),
    "IOE": ("EI",),
    "BIOES": ("BES", "BEIS"),
    "BILOU": ("BL", "BIL", "BLU", "BILU"),
    "BMES": ("BEM", "BEMS"),
    "BMEWO": ("BEW", "BEMW"),
}
"""Marks from which a scheme can be told (`B-`, `I-` and `E-` alone may be two of them)."""

_OUTSIDE = ("o", "_", "-", "out", "outside", "other", "none", "null", "0")
_SEPARATORS = "-_:/|.+"
_ALL = "BIESLUMW"


@dataclass(frozen=True)
class Form:
    """How mark and type are written.

    Attributes:
        place: of the mark, before or after the type; alone if there is no type.
        lower: whether marks are in lower case.
    """

    place: Literal["before", "after", "alone"]
    separator: str = ""
    lower: bool = False

    def read(self, tag: str) -> tuple[str, str] | None:
        """The mark, in upper case, and the type; None for a tag of another form."""
        if self.place == "alone":
            mark, kind = tag, ""
        elif self.place == "before":
            mark, _, kind = tag.partition(self.separator)
        else:
            kind, _, mark = tag.rpartition(self.separator)
        marks = _ALL.lower() if self.lower else _ALL
        if len(mark) != 1 or mark not in marks:
            return None
        # A type begins with a letter or digit: `I---------` is a positional part of speech.
        if self.place != "alone" and not re.match(r"[^\W_]", kind):
            return None
        return mark.upper(), kind

    def write(self, mark: str, kind: str) -> str:
        mark = mark.lower() if self.lower else mark
        if self.place == "after":
            return f"{kind}{self.separator}{mark}"
        return f"{mark}{self.separator}{kind}"


_FORMS = tuple(
    Form(place, separator, lower)  # type: ignore[arg-type]
    for lower in (False, True)
    for place, separators in (("before", _SEPARATORS), ("after", _SEPARATORS), ("alone", ("",)))
    for separator in separators
)


@dataclass(frozen=True)
class Scheme:
    """A scheme in the form of a task's tags."""

    name: str
    form: Form

    @cached_property
    def _roles(self) -> dict[str, Role]:
        return {mark: role for role, mark in MARKS[self.name].items()}

    def read(self, tag: str | None) -> tuple[Role, str] | None:
        """Role and type of a word; None outside entities, and of a word that was not seen."""
        parts = None if tag is None else self.form.read(tag)
        if parts is None or parts[0] not in self._roles:
            return None
        return self._roles[parts[0]], parts[1]

    def entities(self, tags: Sequence[str | None]) -> set[Span]:
        """The entities of a sentence; a word that was not seen is outside of them."""
        read = [self.read(tag) for tag in tags]
        if self.name not in LENIENT:
            return _whole(read)
        from seqeval.metrics.sequence_labeling import get_entities

        return set(get_entities(["-".join(word) if word else "O" for word in read]))

    def spread(self, tag: str, count: int) -> list[str]:
        """The tags of `count` words that stand in the place of one with this tag."""
        parts = self.read(tag)
        if parts is None or count < 2:
            return [tag] * count
        role, kind = parts
        first, last = ("B", "E") if role == "S" else (role, role)
        if first == "E":
            first = "I"
        if last == "B":
            last = "I"
        roles: list[Role] = [first, *["I"] * (count - 2), last]  # type: ignore[list-item]
        return [self.form.write(MARKS[self.name][r], kind) for r in roles]


def scheme_of(tags: Collection[str], stated: str | None = None) -> Scheme | None:
    """The scheme of a task's tags; None if the tags are scored word by word.

    Args:
        stated: one of `NAMES`, where the task states it.

    Raises:
        DataError: the tags are of no scheme that can be told, or not of the stated one.
    """
    if stated is not None:
        return _stated(tags, stated)
    for form in _FORMS:
        marks, rest = _parts(tags, form)
        name = _named(marks)
        if name and _is_outside(rest):
            return Scheme(name, form)
    for form in _FORMS:
        marks, rest = _parts(tags, form)
        if marks and (_is_outside(rest) or _mostly_entities(tags, form)):
            raise DataError(
                f"the tags look like those of entities, but their scheme is unclear: {_list(tags)}",
                "the task's tags",
                f"state it with `scheme:` (one of {', '.join(MARKS)}; {WORDS}: words are scored, "
                "not entities)",
            )
    return None


def stated_fault(task: type[TaskFacts]) -> str:
    """What is wrong with the scheme that a task's class states; empty if nothing is."""
    scheme = inspect.getattr_static(task, "scheme", None)
    if scheme is None or (hasattr(scheme, "__get__") and not inspect.isroutine(scheme)):
        return ""  # none, or a property that computes it for each instance
    if isinstance(scheme, str) and scheme.lower() in {name.lower() for name in NAMES}:
        return ""
    return f"scheme = {scheme!r}: {did_you_mean(str(scheme), NAMES)}"


def _stated(tags: Collection[str], stated: str) -> Scheme | None:
    known = {name.lower(): name for name in NAMES}
    name = known.get(stated.lower())
    if name is None:
        raise DataError(
            f"'{stated}' is not a tagging scheme", "scheme", f"one of {', '.join(NAMES)}"
        )
    if name == WORDS:
        return None
    name = ALIASES.get(name, name)
    own = set(MARKS[name].values())
    for form in _FORMS:
        marks, rest = _parts(tags, form)
        if marks and marks <= own and len(rest) <= 1:
            return Scheme(name, form)
    raise DataError(
        f"the tags do not follow the scheme {name}, whose marks are {', '.join(sorted(own))}: "
        f"{_list(tags)}",
        "the task's tags",
        "each tag except one must be a mark and a type (B-PER), or a mark alone",
    )


def _parts(tags: Collection[str], form: Form) -> tuple[set[str], list[str]]:
    """The marks of the tags that are of a form, and the other tags."""
    read = {tag: form.read(tag) for tag in tags}
    marks = {parts[0] for parts in read.values() if parts}
    return marks, [tag for tag, parts in read.items() if not parts]


def _named(marks: set[str]) -> str | None:
    together = "".join(sorted(marks))
    return next((name for name, enough in _ENOUGH.items() if together in enough), None)


def _is_outside(rest: Sequence[str]) -> bool:
    """Whether these are no tags, or the one that stands outside entities."""
    return not rest or (len(rest) == 1 and rest[0].lower() in _OUTSIDE)


def _mostly_entities(tags: Collection[str], form: Form) -> bool:
    """Whether half of the tags, the one outside left aside, say that they begin or go on."""
    typed = [form.read(tag) for tag in tags if tag.lower() not in _OUTSIDE]
    if form.place == "alone" or not typed:
        return False
    return 2 * sum(parts is not None and parts[0] in "BI" for parts in typed) >= len(typed)


def _list(tags: Collection[str]) -> str:
    shown = list(tags)[:20]
    return ", ".join(shown) + (f" and {len(tags) - 20} more" if len(tags) > 20 else "")


def _whole(read: Sequence[tuple[Role, str] | None]) -> set[Span]:
    """The entities that begin and end as they should."""
    spans: set[Span] = set()
    start: tuple[str, int] | None = None
    for place, word in enumerate(read):
        role, kind = word or ("", "")
        if role == "S":
            spans.add((kind, place, place))
        if role == "E" and start is not None and start[0] == kind:
            spans.add((kind, start[1], place))
        if role == "B":
            start = (kind, place)
        elif role != "I" or start is None or start[0] != kind:
            start = None
    return spans
