"""What a pydantic model states beyond its defaults: the part of it that enters names and keys.

A field that is at its default is left out, however that came about, so that a model which gains a
field keeps its names.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError


def stated(model: BaseModel) -> dict[str, Any]:
    """The fields that are not at their defaults, as JSON values; nested models likewise."""
    defaults, dumped = _defaults(model), model.model_dump(mode="json")
    return {
        name: _json(getattr(model, name), dumped[name], len(_models(info.annotation)) != 1)
        for name, info in type(model).model_fields.items()
        if name in dumped
        and (info.is_required() or not _same(getattr(model, name), defaults.get(name)))
    }


def _defaults(model: BaseModel) -> dict[str, Any]:
    """The values that fields have where only the required ones are given.

    They come through the model's own validators: a validator may turn a default into something
    else. A model that is not valid with its required fields alone has its fields' plain defaults.
    """
    kind, fields = type(model), type(model).model_fields
    required = {name: getattr(model, name) for name, info in fields.items() if info.is_required()}
    try:
        whole = kind.model_validate(
            {
                info.alias or name: required[name]
                for name, info in fields.items()
                if name in required
            }
        )
    except ValidationError:
        return {
            name: info.get_default(call_default_factory=True, validated_data=model.__dict__)
            for name, info in fields.items()
        }
    return {name: getattr(whole, name) for name in fields}


def _same(value: Any, default: Any) -> bool:
    """Equality for which `True` is not 1."""
    return isinstance(value, bool) == isinstance(default, bool) and bool(value == default)


def _json(value: Any, dumped: Any, named: bool) -> Any:
    """A value as JSON; models in it, at any depth, without what is at its default.

    Args:
        named: put the names of models' classes there: the field takes several, which may differ
            in nothing but their defaults.
    """
    if isinstance(value, BaseModel):
        return {**({"": type(value).__name__} if named else {}), **stated(value)}
    if isinstance(value, Mapping) and isinstance(dumped, dict) and len(value) == len(dumped):
        pairs = zip(value.values(), dumped.items(), strict=True)
        return {name: _json(part, own, named) for part, (name, own) in pairs}
    if isinstance(value, list | tuple) and isinstance(dumped, list) and len(value) == len(dumped):
        return [_json(part, own, named) for part, own in zip(value, dumped, strict=True)]
    if isinstance(value, set | frozenset) and isinstance(dumped, list):
        return sorted(dumped, key=lambda part: json.dumps(part, sort_keys=True))
    return dumped


def _models(annotation: Any) -> set[type[BaseModel]]:
    """The classes of models that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for part in typing.get_args(annotation) for model in _models(part)}
