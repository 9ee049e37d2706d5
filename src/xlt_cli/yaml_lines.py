"""YAML that remembers where everything stands, and refuses duplicate keys.

Corrections to YAML 1.1 as PyYAML reads it: `no`, `yes`, `on` and `off` are words (`no` is
Norwegian), so are dates (`revision: 2024-01-01`) and `=`, and `2e-5` is a number. Aliases are
allowed, and what they stand for is copied; they may neither go in circles nor swell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from xlt_cli.errors import SpecError

Loc = tuple[str | int, ...]

MOST_VALUES = 100_000
"""Values that a document may have, aliases written out: a short file can stand for billions."""
_CORE = "tag:yaml.org,2002:"
_TAGS = {_CORE + tag for tag in ("str", "int", "float", "bool", "null", "seq", "map", "merge")}


@dataclass(frozen=True)
class Document:
    """A parsed YAML document and the line (from 1) of every value in it."""

    path: Path
    value: Any
    lines: dict[Loc, int]

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


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2's booleans and floats, and without dates."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, regexp)
        for tag, regexp in resolvers
        if not tag.endswith((":bool", ":float", ":timestamp", ":value"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)$"),
    list("-+0123456789."),
)


def parse(text: str, path: Path) -> Document:
    """Parses one YAML document.

    Raises:
        SpecError: broken YAML, a duplicate key, a key that is no word, or several documents.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            walk = _Walk(path)
            if node is not None:
                walk.visit(node, ())
            value = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SpecError(f"not valid YAML: {error.problem}", f"{path}{place}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"not valid YAML: the character U+{ord(text[error.position]):04X} is not allowed"
        raise SpecError(what, f"{path}:{line}") from None
    except RecursionError:
        raise SpecError("not valid YAML: nested too deeply", str(path)) from None
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise SpecError(f"not valid YAML: {error}", str(path)) from None
    return Document(path, _tree(value), walk.lines)


def parse_value(text: str, where: str = "") -> Any:
    """One value as YAML reads it, for `--set path=value`.

    What is not YAML is taken for a word, unless it begins like a list or a mapping.

    Raises:
        SpecError: a broken list or mapping; `where` says who gave it.
    """
    try:
        return parse(text, Path(where)).value
    except SpecError as error:
        if text.lstrip().startswith(("{", "[")):
            raise SpecError(error.what, where, f"the value is: {text}") from None
        return text


class _Walk:
    """Goes through a document's nodes: notes the lines, refuses what is not allowed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Loc, int] = {}
        self._count = 0
        self._open: set[int] = set()

    def visit(self, node: yaml.Node, loc: Loc) -> None:
        line = node.start_mark.line + 1
        self.lines.setdefault(loc, line)
        self._count += 1
        if self._count > MOST_VALUES:
            raise self._error(f"more than {MOST_VALUES} values, aliases written out", line, ())
        if id(node) in self._open:
            raise self._error("an alias stands for something that contains it", line, loc)
        if node.tag not in _TAGS:
            raise self._error(f"the tag '{node.tag.replace(_CORE, '!!')}' is unknown", line, loc)
        self._open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*loc, index))
        elif isinstance(node, yaml.MappingNode):
            self._mapping(node, loc)
        self._open.remove(id(node))

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> None:
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise self._error("a key must be a word", line, loc)
            inner = (*loc, key.value)
            if inner in self.lines:
                raise self._error(
                    f"the key '{key.value}' stands here twice",
                    line,
                    inner,
                    f"the first is on line {self.lines[inner]}",
                )
            self.lines[inner] = line
            self.visit(item, inner)

    def _error(self, what: str, line: int, loc: Loc, hint: str = "") -> SpecError:
        place = f"{self.path}:{line}"
        return SpecError(what, f"{place}: {dotted(loc)}" if loc else place, hint)


def _tree(value: Any) -> Any:
    """A copy in which no two places share a list or a mapping, so that changing one is safe."""
    if isinstance(value, dict):
        return {key: _tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tree(item) for item in value]
    return value
