"""A spec as it was written: the file, the overrides on top of it, and where each value stands.

Errors name the file and line (or the `--set`) a value comes from, the path of the field, what was
expected and, for names, the nearest valid one.
"""

from __future__ import annotations

import copy
import re
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from xlt_cli.errors import SpecError, did_you_mean
from xlt_cli.yaml_lines import Document, Loc, dotted, parse, parse_value

LARGEST = 256 * 1024
"""Bytes of a spec file; a larger file is something else, given by mistake."""


@dataclass(frozen=True)
class Override:
    """A value put on top of what the file says; `where` names who put it there."""

    loc: Loc
    value: Any
    where: str


@dataclass(frozen=True)
class Source:
    """A spec as given: the file, and the overrides on top of it."""

    document: Document
    text: str
    overrides: tuple[Override, ...] = ()

    def where(self, loc: Loc) -> str:
        """Where the value at `loc` comes from."""
        loc = self._as_written(loc)
        for override in reversed(self.overrides):
            if loc[: len(override.loc)] == override.loc:
                inside = f": {dotted(loc)}" if loc != override.loc else ""
                return override.where + inside
        within = [o.where for o in self.overrides if loc and o.loc[: len(loc)] == loc]
        note = f" (with {', '.join(within)})" if within else ""
        return self.document.where(loc) + note

    def _as_written(self, loc: Loc) -> Loc:
        """The location without the indices of lists of one that were written as their item."""
        value, kept = values(self), []
        for part in loc:
            if isinstance(part, int) and isinstance(value, str | dict):
                continue
            kept.append(part)
            below = isinstance(value, dict) and part in value
            below = below or (isinstance(value, list) and part in range(len(value)))
            value = value[part] if below else None
        return tuple(kept)


def read(path: Path, overrides: Sequence[str] = ()) -> Source:
    """Reads a spec file; overrides are `path.of.field=value`, values as in YAML."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise SpecError(f"larger than a spec can be ({LARGEST // 1024} KiB)", str(path))
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError("the spec is not valid UTF-8", f"{path}: byte {error.start}") from None
    except OSError as error:
        raise SpecError(
            f"cannot read the spec: {error.strerror}",
            str(path),
            "`xlt init` writes one to start from",
        ) from None
    document = parse(text, path)
    if not isinstance(document.value, dict):
        raise SpecError(
            "a spec is a mapping with at least 'encoder' and 'stages'",
            str(path),
            "`xlt init` writes one to start from",
        )
    return Source(document, text, tuple(parse_override(item) for item in overrides))


def parse_override(item: str) -> Override:
    """`stages.0.epochs=1` -> ("stages", 0, "epochs") and 1."""
    path, separator, value = item.partition("=")
    where = f"--set {item if len(item) <= 80 else item[:77] + '...'}"
    if not separator:
        raise SpecError("an override is of the form path.of.field=value", where)
    return Override(parse_path(path, where), parse_value(value, where), where)


def parse_path(path: str, where: str) -> Loc:
    """`stages.0.epochs` -> ("stages", 0, "epochs").

    What stands below sweep.grid, or below a point of sweep.points, is itself a path.

    Raises:
        SpecError: a part is empty.
    """
    parts = [part.strip() for part in path.split(".")]
    if not all(parts):
        raise SpecError(f"'{path}' is not a path of a field, as stages.0.epochs is", where)
    above = {"sweep.grid": 2, "sweep.points": 3}.get(".".join(parts[:2]), len(parts))
    if len(parts) > above:
        parts = [*parts[:above], ".".join(parts[above:])]
    return tuple(int(p) if re.fullmatch("[0-9]{1,9}", p) else p for p in parts)


def values(source: Source) -> Any:
    """What the file says, with the overrides put in."""
    value = copy.deepcopy(source.document.value)
    for override in source.overrides:
        _assign(value, override)
    return value


def first_error(
    error: ValidationError, prefix: Loc, model: type[BaseModel], source: Source, plugin: str = ""
) -> SpecError:
    """One of pydantic's errors as ours; the others are counted.

    An unknown name goes first: most often it is why another is missing.
    """
    errors = error.errors(include_url=False)
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    loc: Loc = tuple(first["loc"])
    hint = ""
    if first["type"] == "extra_forbidden":
        owner = f" of '{plugin}'" if plugin and len(loc) == 1 else ""
        what = f"unknown {'parameter' if plugin else 'field'} '{loc[-1]}'{owner}"
        hint = did_you_mean(str(loc[-1]), _fields_at(model, loc[:-1]))
        if plugin and not model.model_fields:
            hint = f"'{plugin}' takes no parameters"
    elif first["type"] == "missing":
        what = f"'{loc[-1]}' is missing"
        hint = f"`xlt show {plugin}` lists the parameters" if plugin else ""
    else:
        what = first["msg"].removeprefix("Value error, ")
        if first["type"] == "model_type":
            what = "a mapping of names to values is expected here"
        if not isinstance(first["input"], dict | list | BaseModel):
            what += f", not {_shown(first['input'])}"
        if first["type"] == "literal_error":
            valid = re.findall("'([^']*)'", str(first["ctx"]["expected"]))
            hint = did_you_mean(str(first["input"]), valid)
    if len(errors) > 1:
        hint = f"{hint}\n({len(errors) - 1} more after this one)".strip()
    return SpecError(what, source.where(prefix + loc), hint)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _fields_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The names of the fields of the model that stands at `loc` under `model`."""
    current: Any = model
    for part in loc:
        if isinstance(part, str):
            fields = getattr(current, "model_fields", {})
            if part not in fields:
                return []
            current = fields[part].annotation
        current = _model_in(current)
        if current is None:
            return []
    return list(current.model_fields)


def _model_in(annotation: Any) -> Any:
    """The pydantic model inside `Model`, `list[Model]`, `Model | None`, `Annotated[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (list, typing.Union, types.UnionType, typing.Annotated):
        for inner in typing.get_args(annotation):
            found = _model_in(inner)
            if found is not None:
                return found
    return None


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
        elif isinstance(below, str):  # `encoder: mbert` and then --set encoder.freeze_layers=6
            below = {"name": below}
        elif below is None:  # `evaluations` has one item by default
            below = [{}] if following == 0 else {}
        value[part] = below
        value = below


def _check_step(value: Any, above: Loc, part: str | int, where: str) -> None:
    """Raises SpecError if nothing can be set at `part` of the value that stands at `above`."""
    if isinstance(value, list):
        if not isinstance(part, int) or part >= len(value):
            raise SpecError(
                f"'{dotted(above)}' has no item '{part}': it has {len(value)}, counted from 0",
                where,
            )
    elif not isinstance(value, dict):
        raise SpecError(f"'{dotted(above)}' is a single value, with nothing to set below it", where)
    elif isinstance(part, int):
        raise SpecError(f"'{part}' is a number where a field's name is expected", where)
