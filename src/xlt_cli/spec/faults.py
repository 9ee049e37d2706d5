"""What is wrong with a spec, in the user's words: pydantic's errors as ours, all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from xlt_cli.errors import SpecError, UserError, did_you_mean
from xlt_cli.spec import hints
from xlt_cli.spec.fields import fields_at, is_nullable
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import Loc

MOST_SHOWN = 20
"""Faults of one spec that are listed; the others are counted."""


class Faults:
    """Gathers what is wrong in several places of a spec, to say it all at once."""

    def __init__(self) -> None:
        self.errors: list[UserError] = []

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Keeps the error that is raised within."""
        try:
            yield
        except UserError as error:
            self.errors.append(error)

    def complain(self) -> None:
        """Raises what has been gathered, as one error."""
        if self.errors:
            raise together(self.errors) from next(
                (error.__cause__ for error in self.errors if error.__cause__), None
            )


def together(errors: Iterable[UserError]) -> UserError:
    """Several errors as the first of them, with the others after it; each is said once."""
    every: list[UserError] = []
    for error in errors:
        for single in (replace(error, further=()), *error.further):
            if str(single) not in [str(other) for other in every]:
                every.append(single)
    first, *others = every
    return replace(first, further=tuple(others))


def spec_error(
    error: ValidationError, prefix: Loc, model: type[BaseModel], source: Source, plugin: str = ""
) -> SpecError:
    """All of pydantic's errors as one of ours.

    Unknown names go first: most often one is why another is missing.
    """
    errors = sorted(
        error.errors(include_url=False),
        key=lambda e: (e["type"] != "extra_forbidden", source.line(prefix + tuple(e["loc"]))),
    )
    meant = {
        (*single["loc"][:-1], name)
        for single in errors
        if single["type"] == "extra_forbidden"
        for name in hints.explained(model, tuple(single["loc"]))
    }
    said = [
        _one(single, prefix, model, source, plugin)
        for single in errors
        if single["type"] != "missing" or tuple(single["loc"]) not in meant
    ]
    if len(said) > MOST_SHOWN:
        more = len(said) - MOST_SHOWN
        said = [*said[:MOST_SHOWN], SpecError(f"{more} more of this kind are not listed")]
    whole = together(said)
    assert isinstance(whole, SpecError)
    return whole


def _one(
    error: Mapping[str, Any], prefix: Loc, model: type[BaseModel], source: Source, plugin: str
) -> SpecError:
    loc: Loc = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        by_path = prefix + loc in {override.loc for override in source.overrides}
        what, hint = _unknown(loc, error["input"], model, plugin, by_path)
    elif error["type"] == "missing":
        what = f"'{loc[-1]}' is missing"
        hint = f"`xlt show {plugin}` lists the parameters" if plugin else hints.nesting(loc)
        if not plugin and loc[-1] == "name":
            owner = next((part for part in reversed(loc[:-1]) if isinstance(part, str)), "")
            hint = hints.for_missing_name(error["input"], owner)
    else:
        what, hint = _wrong_value(error, loc, model)
    return SpecError(what, source.where(prefix + loc), hint)


def _unknown(
    loc: Loc, value: Any, model: type[BaseModel], plugin: str, by_path: bool
) -> tuple[str, str]:
    name, known = str(loc[-1]), fields_at(model, loc[:-1])
    if not plugin:
        hint = hints.for_field(model, loc, value, by_path) or did_you_mean(name, known)
        return f"unknown field '{name}'", hint
    owner = f" of '{plugin}'" if len(loc) == 1 else ""
    if not model.model_fields:
        return f"unknown parameter '{name}'{owner}", f"'{plugin}' takes no parameters"
    return f"unknown parameter '{name}'{owner}", hints.for_parameter(name, known)


def _wrong_value(error: Mapping[str, Any], loc: Loc, model: type[BaseModel]) -> tuple[str, str]:
    value, kind = error["input"], error["type"]
    what = error["msg"].removeprefix("Value error, ")
    if kind == "model_type":
        what = "a mapping of names to values is expected here"
    elif kind in ("list_type", "tuple_type"):
        what = "a list is expected here"
    elif kind == "dict_type":
        what = "a mapping is expected here"
    if not isinstance(value, dict | list | tuple | BaseModel) and kind != "value_error":
        what += f", not {_shown(value)}"
    field = next((part for part in reversed(loc) if isinstance(part, str)), "")
    if kind == "literal_error":
        valid = re.findall("'([^']*)'", str(error["ctx"]["expected"]))
        hint = hints.for_value(kind, value, field, loc) or did_you_mean(str(value), valid)
    else:
        hint = hints.for_value(kind, value, field, loc)
    if is_nullable(model, loc) and hints.means_nothing(value):
        hint = f"for none, write `{field}: null`"
    return what, hint


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
