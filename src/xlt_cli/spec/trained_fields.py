"""The types of two fields of a stage: class weights, and the parts that it freezes."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from xlt_cli.spec.model import Model


class Freeze(Model):
    """Parts of the model that a stage leaves as they are."""

    embeddings: bool = Field(False, description="all embeddings (words, positions, ...)")
    layers: int = Field(0, ge=0, description="this many layers, from the input on")
    encoder: bool = Field(False, description="everything but the head")


def frozen(value: object) -> object:
    """`encoder` and `embeddings` for the mapping that names one part."""
    return {value: True} if value in ("encoder", "embeddings") else value


def _weights(value: object) -> object:
    """Says what is wrong with class weights: pydantic would say what no alternative is."""
    if isinstance(value, dict):
        for label, weight in value.items():
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not number or not 0 < weight < math.inf:
                raise ValueError(f"the weight of '{label}' is a number above 0, not {weight!r}")
    elif value not in (None, "balanced"):
        raise ValueError("write `balanced`, or a weight for each label: {label: 2.0}")
    return value


ClassWeights = Annotated[
    Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]], BeforeValidator(_weights)
]
