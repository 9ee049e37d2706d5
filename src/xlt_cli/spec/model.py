"""What the models of a spec share: their base, and the types of their fields."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from xlt_cli.api import PluginUse, Split
from xlt_cli.api.plugin import by_name as _by_name


class Model(BaseModel):
    """Base of the spec's models: unknown keys are refused, and nothing is guessed (`true` is no
    number, `inf` is no learning rate)."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


class PerturbationUse(PluginUse):
    """A perturbation by name, with the share of the examples that it is for."""

    proportion: float | None = Field(
        None,
        gt=0,
        le=1,
        description="fraction of the examples; default: all, or for perturbations of "
        "embeddings an equal share of what the others leave",
    )


def as_list(value: object) -> object:
    """`de` and `de,sw` as lists."""
    if isinstance(value, str) and "," in value:
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, str) else value


def split_name(text: str) -> str:
    """A split by another of its names: `validation` is `dev`."""
    return SPLIT_NAMES.get(text.lower(), text)


def _split_name(value: object) -> object:
    return split_name(value) if isinstance(value, str) else value


def device_name(value: object) -> object:
    """`gpu` is what many call `cuda`."""
    text = value.lower() if isinstance(value, str) else value
    return re.sub("^gpu", "cuda", text) if isinstance(text, str) else value


def all_or_list(value: object) -> object:
    return None if value == "all" else as_list(value)


def uses(value: object) -> object:
    if value is None:
        return []
    return [_by_name(item) for item in value] if isinstance(value, list) else [_by_name(value)]


SPLIT_NAMES: dict[str, Split] = {
    **dict.fromkeys(("validation", "valid", "val", "development", "dev"), "dev"),
    **dict.fromkeys(("testing", "test"), "test"),
    **dict.fromkeys(("training", "train"), "train"),
}
"""What else the splits are called."""
NamedSplit = Annotated[Split, BeforeValidator(_split_name)]
Use = Annotated[PluginUse, BeforeValidator(_by_name)]
Uses = Annotated[list[PluginUse], BeforeValidator(uses)]
"""Plugins by name; a single one may be written without a list."""
Languages = Annotated[list[str], BeforeValidator(as_list), Field(min_length=1)]
