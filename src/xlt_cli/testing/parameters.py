"""Parameters at their extremes, by what a plugin's `Params` says of them."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from xlt_cli.api import Plugin, PluginParams, UserError


def at_bounds(plugin: Plugin) -> list[PluginParams]:
    """The plugin's parameters with one of them at a bound, turned over, or at another word.

    Parameters that do not go together, and those that `check` refuses, are left out.
    """
    given = plugin.params.model_dump(by_alias=True)
    variants = []
    for field, info in type(plugin.params).model_fields.items():
        name = info.alias or field
        for value in _extremes(info.annotation, info.metadata):
            if value == given[name]:
                continue
            try:
                params = type(plugin.params).model_validate({**given, name: value})
                type(plugin)(params).check()
            except (ValidationError, UserError):
                continue
            variants.append(params)
    return variants


def _extremes(annotation: Any, metadata: list[Any]) -> list[Any]:
    if annotation is bool:
        return [False, True]
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    bounds = [getattr(limit, side, None) for limit in metadata for side in ("ge", "le")]
    return [bound for bound in bounds if bound is not None]
