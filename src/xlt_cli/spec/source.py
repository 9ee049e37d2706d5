"""A spec as it was written: the file, the overrides on top of it, and where each value stands.

Errors name the file and line (or the `--set`) a value comes from, the path of the field, what was
expected and, for names, the nearest valid one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from xlt_cli.errors import SpecError, near
from xlt_cli.spec.yaml_lines import Document, Loc, dotted, parse, parse_given

LIST_ITEM = re.compile(r"([A-Za-z_]+)\[([0-9]+)\]")
SUFFIXES = (".yaml", ".yml")
ABOVE_PATHS = {
    "sweep.grid": 2,
    "sweep.zip": 2,
    "sweep.points": 3,
    "sweep.exclude": 3,
    "sweep.search.space": 3,
}
"""Where the keys are paths themselves, and how many parts stand above them."""
SPEC = "spec"
"""What errors call the file of an experiment."""

LARGEST = 256 * 1024
"""Bytes of a spec file; a larger file is something else, given by mistake."""


@dataclass(frozen=True)
class Override:
    """A value put on top of what the file says.

    Attributes:
        where: names who put it there.
        texts: the source text of numbers, booleans and null, by their place in the value.
    """

    loc: Loc
    value: Any
    where: str
    texts: Mapping[Loc, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A spec as given: the file, and the overrides on top of it."""

    document: Document
    text: str
    overrides: tuple[Override, ...] = ()

    def where(self, loc: Loc) -> str:
        """Where the value at `loc` comes from."""
        loc = as_written(self.assembled, loc)
        for override in reversed(self.overrides):
            if loc[: len(override.loc)] == override.loc:
                inside = f": {dotted(loc)}" if loc != override.loc else ""
                return override.where + inside
        within = [o.where for o in self.overrides if loc and o.loc[: len(loc)] == loc]
        note = f" (with {', '.join(within)})" if within else ""
        return self.document.where(loc) + note

    def line(self, loc: Loc) -> int:
        """The line of the file that the value at `loc` stands on; 0 if it does not."""
        return self.document.lines.get(as_written(self.assembled, loc), 0)

    @cached_property
    def assembled(self) -> Any:
        """What the file says, with the overrides put in; not to be changed."""
        value = copy.deepcopy(self.document.value)
        for override in self.overrides:
            _assign(value, override)
        return value

    @cached_property
    def texts(self) -> dict[Loc, str]:
        """The source text of every number, boolean and null, by place."""
        texts = dict(self.document.texts)
        for override in self.overrides:
            texts = {loc: t for loc, t in texts.items() if not _below(loc, override.loc)}
            texts |= {(*override.loc, *loc): t for loc, t in override.texts.items()}
        return texts

    def texts_below(self, loc: Loc) -> dict[Loc, str]:
        """Those of the value at `loc`, by their place in it."""
        loc = as_written(self.assembled, loc)
        return {at[len(loc) :]: text for at, text in self.texts.items() if _below(at, loc)}


def as_written(value: Any, loc: Loc) -> Loc:
    """A location without the parts that the written value has no place for.

    These are the indices of lists of one that were written as their item, and the names that
    pydantic gives to the members of a union.
    """
    kept = []
    for part in loc:
        if isinstance(part, int) and not isinstance(value, list | None):
            continue
        if isinstance(part, str) and not isinstance(value, dict | str | None):
            continue
        kept.append(part)
        below = isinstance(value, dict) and part in value
        below = below or (isinstance(value, list) and part in range(len(value)))
        value = value[part] if below else None
    return tuple(kept)


def _below(loc: Loc, above: Loc) -> bool:
    return loc[: len(above)] == above


def read(
    path: Path,
    overrides: Sequence[str] = (),
    kind: str = SPEC,
    fields: str = "'encoder' and 'stages'",
) -> Source:
    """Reads a file in YAML.

    Args:
        overrides: `path.of.field=value`, values as in YAML.
        kind: what errors call the file.
        fields: what it has at least, in words.

    Raises:
        SpecError: it cannot be read, or is no mapping.
    """
    hint = "`xlt init` writes one to start from" if kind == SPEC else ""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SpecError(f"larger than a {kind} can be ({LARGEST // 1024} KiB)", str(path))
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"the {kind} is not valid UTF-8", f"{path}: byte {error.start}") from None
    except OSError as error:
        raise SpecError(
            f"cannot read the {kind}: {error.strerror}",
            str(path),
            _near_file(path) or hint,
        ) from None
    document = parse(text, path)
    if not isinstance(document.value, dict):
        raise SpecError(f"a {kind} is a mapping with at least {fields}", str(path), hint)
    return Source(document, text, tuple(parse_override(item) for item in overrides))


def _near_file(path: Path) -> str:
    """A hint at the file that is meant; empty if none is near."""
    try:
        if path.is_dir():
            specs = sorted(file.name for file in path.glob("*.y*ml"))
            return f"this is a folder; it has {', '.join(specs[:8])}" if specs else ""
        files = [file.name for file in path.parent.iterdir() if file.is_file()]
    except OSError:
        return ""
    same = [name for name in files if Path(name).stem == path.stem and name.endswith(SUFFIXES)]
    meant = same[0] if same else near(path.name, files)
    return f"did you mean {path.parent / meant}?" if meant else ""


def parse_override(item: str) -> Override:
    """`stages.0.epochs=1` -> ("stages", 0, "epochs") and 1."""
    path, separator, value = item.partition("=")
    where = f"--set {item if len(item) <= 80 else item[:77] + '...'}"
    if not separator:
        raise SpecError("an override has the form path.of.field=value", where)
    given = parse_given(value, where)
    return Override(parse_path(path, where), given.value, where, given.texts)


def parse_path(path: str, where: str) -> Loc:
    """`stages.0.epochs` -> ("stages", 0, "epochs").

    What stands below sweep.grid, sweep.zip and sweep.search.space, or below an item of
    sweep.points and sweep.exclude, is itself a path.

    Raises:
        SpecError: a part is empty.
    """
    parts = [part.strip() for part in path.split(".")]
    if not all(parts) or LIST_ITEM.search(path):
        dots = LIST_ITEM.sub(r"\1.\2", path)
        hint = f"write the number of a list item after a dot: {dots}" if dots != path else ""
        raise SpecError(
            f"'{path}' is not the path of a field, such as stages.0.epochs", where, hint
        )
    firsts = (".".join(parts[:count]) for count in (2, 3))
    above = next((ABOVE_PATHS[first] for first in firsts if first in ABOVE_PATHS), len(parts))
    if len(parts) > above:
        parts = [*parts[:above], ".".join(parts[above:])]
    return tuple(int(p) if re.fullmatch("[0-9]{1,9}", p) else p for p in parts)


def values(source: Source) -> Any:
    """What the file says, with the overrides put in; a copy to work on."""
    return copy.deepcopy(source.assembled)


def _assign(value: Any, override: Override) -> None:
    """Sets a field; mappings on the way are made, list items must be there."""
    loc = override.loc
    for depth, part in enumerate(loc):
        _check_step(value, loc[:depth], part, override.where)
        if depth == len(loc) - 1:
            value[part] = copy.deepcopy(override.value)
            return
        below = value.get(part) if isinstance(value, dict) else value[part]
        following = loc[depth + 1]
        if isinstance(below, str | dict) and isinstance(following, int):  # `languages: en`
            below = [below]
        elif isinstance(below, str):  # `encoder: NAME` and then --set encoder.freeze_layers=6
            below = {"name": below}
        elif below is None:  # `evaluations` has one item by default
            below = [{}] if following == 0 else {}
        value[part] = below
        value = below


def _check_step(value: Any, above: Loc, part: str | int, where: str) -> None:
    """Raises SpecError if nothing can be set at `part` of the value that stands at `above`."""
    if isinstance(value, list):
        if not isinstance(part, int) or part >= len(value):
            named = isinstance(part, str) and part.isidentifier()
            raise SpecError(
                f"'{dotted(above)}' has no item '{part}': it has {len(value)}, counted from 0",
                where,
                f"give the number of the item: {dotted((*above, 0, part))}" if named else "",
            )
    elif not isinstance(value, dict):
        raise SpecError(f"'{dotted(above)}' is a single value without fields", where)
    elif isinstance(part, int):
        raise SpecError(f"'{part}' is a number where a field's name is expected", where)
