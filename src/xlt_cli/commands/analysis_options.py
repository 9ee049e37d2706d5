"""Options of the command line from the `Params` of a plugin, and from options to the plugin.

The text of an option is validated like a value of a spec, with the same types and errors. Lists may
be written with commas, and other values as YAML.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from xlt_cli.api import Analysis

LISTS = (list, tuple, set, frozenset)
BOUNDS = {"ge": "x>={}", "gt": "x>{}", "le": "x<={}", "lt": "x<{}"}
"""pydantic's constraints, and their notation in the help."""


def generated(params: type[BaseModel]) -> dict[str, Any]:
    """The option of each field, by the field's name, as Typer takes them."""
    return {name: _option(name, info) for name, info in params.model_fields.items()}


def build(
    plugin: type[Analysis], given: Mapping[str, str | bool | None], stored: Mapping[str, Any] = {}
) -> Analysis:
    """The analysis with the given options; others are as stored, or have their defaults.

    Raises:
        SpecError: an option has an invalid value.
    """
    from xlt_cli.registry.guard import make
    from xlt_cli.spec.source import Override, Source, values
    from xlt_cli.spec.values import validated
    from xlt_cli.spec.yaml_lines import Document

    overrides = []
    for name, value in given.items():
        if value is not None:
            info = plugin.Params.model_fields[name]
            parsed, texts = _parsed(info, value, flag(name))
            overrides.append(Override((info.alias or name,), parsed, flag(name), texts))
    document = Document(Path(f"xlt analyze {plugin.name}"), dict(stored), {})
    source = Source(document, "", tuple(overrides))
    params = validated(plugin.Params, values(source), source, (), plugin.name)
    return typing.cast("Analysis", make(plugin, params))


def flag(name: str) -> str:
    """The option of a field."""
    return f"--{name.replace('_', '-')}"


def _parsed(info: FieldInfo, value: str | bool, where: str) -> tuple[Any, Mapping[Any, str]]:
    from xlt_cli.spec.yaml_lines import parse_given

    if isinstance(value, bool):
        return value, {}
    kinds = _kinds(info.annotation)
    if str in kinds or Path in kinds:
        return value, {}
    listed = any(typing.get_origin(kind) in LISTS or kind in LISTS for kind in kinds)
    if listed and not value.lstrip().startswith("["):
        value = f"[{value}]"
    document = parse_given(value, where)
    return document.value, document.texts


def _option(name: str, info: FieldInfo) -> Any:
    kinds = _kinds(info.annotation)
    said = ["required"]
    if not info.is_required():
        said = [f"default: {_text(info.get_default(call_default_factory=True, validated_data={}))}"]
    for constraint in info.metadata:
        for bound, shown in BOUNDS.items():
            if getattr(constraint, bound, None) is not None:
                said.append(shown.format(getattr(constraint, bound)))
    text = " ".join(filter(None, (info.description, f"[{'; '.join(said)}]")))
    if kinds == [bool]:
        both = f"{flag(name)}/--no-{flag(name)[2:]}"
        return Annotated[bool | None, typer.Option(both, help=text, show_default=False)]
    words = [str(word) for kind in kinds for word in _words(kind)]

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return Annotated[
        str | None,
        typer.Option(
            flag(name),
            metavar=_metavar(kinds, words),
            help=text,
            show_default=False,
            autocompletion=complete,
        ),
    ]


def _kinds(annotation: Any) -> list[Any]:
    """The types that an annotation allows, without None."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _kinds(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [kind for part in typing.get_args(annotation) for kind in _kinds(part)]
    return [] if annotation in (None, type(None)) else [annotation]


def _words(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()


def _metavar(kinds: list[Any], words: list[str]) -> str:
    if words:
        return f"[{'|'.join(words)}]"
    names = {int: "<int>", float: "<float>", str: "<str>", Path: "<path>"}
    shown = list(dict.fromkeys(names.get(kind, "<value>") for kind in kinds))
    return "|".join(shown) or "<value>"


def _text(default: Any) -> str:
    """A default in the notation of the option."""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, LISTS):
        return ",".join(map(str, default)) or "none"
    return "none" if default is None else str(default)
