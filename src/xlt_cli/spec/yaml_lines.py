"""YAML 1.2 that remembers where everything stands and how it was written.

Plain scalars are read by the core schema of YAML 1.2: `010` is ten, `0o10` eight, `1:30` and
`1_000` are words, and so are `no`, `yes`, `on` and `off` (`no` is Norwegian). Two things differ
from the schema: `.inf` and `.nan` are words, since no field takes them, and a key is always a word.
Numbers, booleans and null keep their source text, so that a field that holds text takes `1.10` for
"1.10". Aliases are copied; they may neither go in circles nor swell. Duplicate keys are refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from xlt_cli.errors import SpecError

Loc = tuple[str | int, ...]

MOST_VALUES = 100_000
"""Values that a document may have, aliases written out: a short file can stand for billions."""
_CORE = "tag:yaml.org,2002:"
_PLAIN = (
    ("null", re.compile(r"|~|null|Null|NULL")),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("int", re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    ("float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")),
    ("merge", re.compile("<<")),
)
_TAGS = {_CORE + tag for tag in ("str", "seq", "map", *(tag for tag, _ in _PLAIN))}


@dataclass(frozen=True)
class Document:
    """A parsed YAML document, the line (from 1) of every value in it, and the source text of every
    number, boolean and null."""

    path: Path
    value: Any
    lines: Mapping[Loc, int]
    texts: Mapping[Loc, str] = field(default_factory=dict)

    def where(self, loc: Loc) -> str:
        """`file:line: stages.0.epochs`, or the nearest place above that is known."""
        known = loc
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known)
        place = f"{self.path}:{line}" if line else str(self.path)
        return f"{place}: {dotted(loc)}" if loc else place


def dotted(loc: Loc) -> str:
    """`stages.0.epochs`."""
    return ".".join(str(part) for part in loc)


def parse(text: str, path: Path) -> Document:
    """Parses one YAML document.

    Raises:
        SpecError: broken YAML, a duplicate key, a key that is no word, or several documents.
    """
    reader = YAML(typ="safe", pure=True)
    reader.Resolver = _CoreSchema
    walk = _Walk(path)
    try:
        with warnings.catch_warnings(action="ignore", category=ReusedAnchorWarning):
            node = reader.compose(text)
        value = walk.value(node, ()) if node is not None else None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        what, hint = _in_words(str(error.problem))
        raise SpecError(f"not valid YAML: {what}", f"{path}{place}", hint) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"not valid YAML: the character U+{ord(text[error.position]):04X} is not allowed"
        raise SpecError(what, f"{path}:{line}") from None
    except RecursionError:
        raise SpecError("not valid YAML: nested too deeply", str(path)) from None
    except (YAMLError, ValueError, LookupError) as error:
        raise SpecError(f"not valid YAML: {error}", str(path)) from None
    return Document(path, value, walk.lines, walk.texts)


def parse_value(text: str, where: str = "") -> Any:
    """One value as YAML reads it; see `parse_given`."""
    return parse_given(text, where).value


def parse_given(text: str, where: str = "") -> Document:
    """One value from the command line, as `--set path=value` has it.

    What is not YAML is taken for a word, unless it begins like a list or a mapping.

    Raises:
        SpecError: a broken list or mapping; `where` says who gave it.
    """
    try:
        return parse(text, Path(where))
    except SpecError as error:
        if text.lstrip().startswith(("{", "[")):
            raise SpecError(error.what, where, f"the value is: {text}") from None
        return Document(Path(where), text, {})


class _CoreSchema(VersionedResolver):
    """The types of plain scalars; ruamel.yaml's own rules also know binary numbers and dates."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            tag = next((tag for tag, pattern in _PLAIN if pattern.fullmatch(value)), "str")
            return Tag(suffix=_CORE + tag)
        return super().resolve(kind, value, implicit)


def _in_words(problem: str) -> tuple[str, str]:
    """ruamel.yaml's description of a fault as ours, with what to do about it."""
    if r"'\t'" in problem:
        return "a tab where only spaces are allowed", "use spaces instead of the tab"
    if "unknown escape character" in problem:
        hint = r"single quotes take a backslash as it is: 'C:\data'"
        return f"{problem} after a backslash in double quotes", hint
    if "mapping values are not allowed" in problem:
        return problem, (
            "write `name: value`, with a space after the colon; the fields of one mapping begin in "
            "the same column, and a text with ': ' in it needs quotes"
        )
    return problem, ""


class _Walk:
    """Turns nodes into values: notes lines and source texts, refuses what is not allowed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Loc, int] = {}
        self.texts: dict[Loc, str] = {}
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: Node, loc: Loc) -> Any:
        """The value of a node; nothing in it is shared with another place."""
        self.lines.setdefault(loc, _line(node))
        with self._inside(node, loc):
            if isinstance(node, SequenceNode):
                return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
            if isinstance(node, MappingNode):
                return self._mapping(node, loc)
            return self._scalar(node, loc)

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Any]:
        made = {}
        for key, (line, item) in self._entries(node, loc).items():
            self.lines[*loc, key] = line
            made[key] = self.value(item, (*loc, key))
        return made

    def _entries(self, node: MappingNode, loc: Loc) -> dict[str, tuple[int, Node]]:
        """Lines and nodes of a mapping by key, with what `<<` merges below its own keys."""
        own: dict[str, tuple[int, Node]] = {}
        merged: dict[str, tuple[int, Node]] = {}
        for key, item in node.value:
            line = _line(key)
            if not isinstance(key, ScalarNode):
                raise self._error("a key must be a word", line, loc)
            if key.value in own:
                first = f"the first is on line {own[key.value][0]}"
                inner = (*loc, key.value)
                raise self._error(f"the key '{key.value}' occurs twice", line, inner, first)
            own[key.value] = (line, item)
            if key.tag == f"{_CORE}merge":
                merged = self._merged(item, (*loc, "<<"))
                del own["<<"]
        return merged | own

    def _merged(self, node: Node, loc: Loc) -> dict[str, tuple[int, Node]]:
        """The entries of a mapping, or of several of which the first that has a key wins."""
        with self._inside(node, loc):
            if isinstance(node, MappingNode):
                return self._entries(node, loc)
            if not isinstance(node, SequenceNode):
                raise self._error("only mappings can be merged", _line(node), loc)
            entries: dict[str, tuple[int, Node]] = {}
            for item in node.value:
                entries = self._merged(item, loc) | entries
            return entries

    def _scalar(self, node: Node, loc: Loc) -> Any:
        text, tag = node.value, (node.tag or "").removeprefix(_CORE)
        if tag in ("str", "merge"):
            return text
        self.texts[loc] = text
        if tag == "null":
            return None
        if tag == "bool":
            return {"true": True, "false": False}[text.lower()]
        if tag == "float":
            return float(text)
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text if base == 10 else text[2:], base)

    @contextmanager
    def _inside(self, node: Node, loc: Loc) -> Iterator[None]:
        """Refuses circles, swelling and unknown tags."""
        line = _line(node)
        self._count += 1
        if self._count > MOST_VALUES:
            raise self._error(f"more than {MOST_VALUES} values, aliases written out", line, ())
        if id(node) in self._open:
            raise self._error("an alias refers to a value that contains it", line, loc)
        if node.tag not in _TAGS:
            tag = str(node.tag).replace(_CORE, "!!")
            raise self._error(f"the tag '{tag}' is unknown", line, loc)
        self._open.add(id(node))
        yield
        self._open.remove(id(node))

    def _error(self, what: str, line: int, loc: Loc, hint: str = "") -> SpecError:
        place = f"{self.path}:{line}"
        return SpecError(what, f"{place}: {dotted(loc)}" if loc else place, hint)


def _line(node: Node) -> int:
    line: int = node.start_mark.line + 1
    return line
