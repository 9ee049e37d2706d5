"""From values as YAML has them to a model: fields that hold text take it as it was written."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from xlt_cli.spec.faults import spec_error
from xlt_cli.spec.fields import fields_at
from xlt_cli.spec.source import Source, as_written
from xlt_cli.spec.yaml_lines import Loc

WANT_TEXT = ("string_type", "path_type", "literal_error", "enum")
"""pydantic's errors for what would be right if it were text."""
M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], value: Any, source: Source, prefix: Loc = (), plugin: str = "") -> M:
    """The model of `value`, which stands at `prefix` in the source.

    Where pydantic wants text and the value is a number, a boolean or an item that is null, the
    source text takes its place: a label `1.10` is "1.10".

    Raises:
        SpecError: what is wrong with the value, all of it.
    """
    texts = source.texts_below(prefix)
    value = copy.deepcopy(value)
    while True:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            wanting = [
                (as_written(value, tuple(single["loc"])), single)
                for single in error.errors(include_url=False)
                if single["type"] in WANT_TEXT
            ]
            put = [_put_text(value, loc, single, texts, model) for loc, single in wanting]
            if not any(put):
                raise spec_error(error, prefix, model, source, plugin) from None


def _put_text(
    value: Any, loc: Loc, error: Mapping[str, Any], texts: Mapping[Loc, str], model: type[BaseModel]
) -> bool:
    """Puts the source text at `loc`, if there is one and it is wanted there."""
    text = texts.get(loc)
    if text is None or not loc:
        return False
    *above, last = loc
    for part in above:
        value = value[part]
    if isinstance(value[last], str):
        return False
    is_field = last in fields_at(model, tuple(above))
    if value[last] is None and (is_field or not text):
        return False  # `model: null` is a field that was left open
    if error["type"] in ("literal_error", "enum") and f"'{text}'" not in error["ctx"]["expected"]:
        return False
    value[last] = text
    return True
