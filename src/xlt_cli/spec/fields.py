"""The fields of the models that a location in a spec leads to."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel

from xlt_cli.spec.yaml_lines import Loc


def fields_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The names of the fields of the model that stands at `loc` under `model`."""
    at_place = model_at(model, loc)
    return list(at_place.model_fields) if at_place is not None else []


def model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model that stands at `loc` under `model`; None if there is none."""
    current: Any = model
    for part in loc:
        if isinstance(part, str):
            fields = getattr(current, "model_fields", {})
            if part not in fields:
                return None
            current = fields[part].annotation
        current = _model_in(current)
        if current is None:
            return None
    at_place: type[BaseModel] = current
    return at_place


def is_nullable(model: type[BaseModel], loc: Loc) -> bool:
    """Whether null may be written for the field at `loc`, or for the list that it is an item of."""
    while loc and isinstance(loc[-1], int):
        loc = loc[:-1]
    owner = model_at(model, loc[:-1]) if loc else None
    if owner is None or loc[-1] not in owner.model_fields:
        return False
    field = owner.model_fields[str(loc[-1])]
    return type(None) in typing.get_args(field.annotation) or loc[-1] == "perturbation"


def _model_in(annotation: Any) -> Any:
    """The pydantic model inside `Model`, `list[Model]`, `Model | None`, `Annotated[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (list, typing.Union, types.UnionType, typing.Annotated):
        for inner in typing.get_args(annotation):
            inside = _model_in(inner)
            if inside is not None:
                return inside
    return None
