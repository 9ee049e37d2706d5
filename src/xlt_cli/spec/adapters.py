"""The adapter of a stage, as a spec states it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from xlt_cli.api import NewAdapter
from xlt_cli.spec.model import Model, as_list

PREVIOUS = "previous"
RANK, ALPHA, DROPOUT = 8, 16.0, 0.1
"""Defaults of LoRA and DoRA: like those of fields, they are part of what names mean."""


def _listed(targets: object) -> object:
    """One name, or several with commas between them, as a list."""
    return targets if targets == "default" else as_list(targets)


class Adapter(Model):
    """What a stage trains in place of the encoder's weights, and what becomes of it."""

    kind: Literal["lora", "dora", "ia3", "previous"] = Field(
        description="lora (Hu et al. 2022), dora (Liu et al. 2024) or ia3 (Liu et al. 2022): a new "
        "adapter of this kind; previous: the one that the stage before kept, trained further"
    )
    rank: int | None = Field(None, ge=1, description="lora, dora: rank of the matrices; default: 8")
    alpha: float | None = Field(
        None, gt=0, description="lora, dora: their product is scaled by alpha / rank; default: 16"
    )
    dropout: float | None = Field(
        None, ge=0, lt=1, description="lora, dora: dropout of their input; default: 0.1"
    )
    targets: Annotated[
        Literal["default"] | Annotated[list[str], Field(min_length=1)], BeforeValidator(_listed)
    ] = Field(
        "default",
        description="names of the linear layers that get one (or the ends of their names); "
        "default: those that peft adapts in the architecture",
    )
    over: Literal["adapted", "base"] = Field(
        "adapted",
        description="what a new adapter is put on after a stage that kept one: the model adapted "
        "by it, or the base without it",
    )
    after: Literal["merge", "keep"] = Field(
        "merge",
        description="what the stage's model is: merge: an ordinary one, the adapter merged into "
        "its weights; keep: the unchanged base and the adapter, which the next stage can go on "
        "with",
    )

    @model_validator(mode="after")
    def _settings_are_of_its_kind(self) -> Self:
        if self.kind in ("lora", "dora"):
            self.rank = RANK if self.rank is None else self.rank
            self.alpha = ALPHA if self.alpha is None else self.alpha
            self.dropout = DROPOUT if self.dropout is None else self.dropout
            return self
        stated = [n for n in ("rank", "alpha", "dropout") if getattr(self, n) is not None]
        if self.kind == PREVIOUS:
            stated += [] if self.targets == "default" else ["targets"]
            stated += [] if self.over == "adapted" else ["over"]
        if stated:
            of = "the adapter goes on as it is" if self.kind == PREVIOUS else "it has none"
            raise ValueError(f"{' and '.join(stated)} cannot be set for '{self.kind}': {of}")
        return self

    def new(self) -> NewAdapter | None:
        """The adapter to be added; None where the one of the stage before goes on."""
        if self.kind == "previous":
            return None
        targets = None if self.targets == "default" else tuple(self.targets)
        if self.kind == "ia3":
            return NewAdapter(self.kind, targets=targets)
        assert self.rank is not None
        assert self.alpha is not None
        return NewAdapter(self.kind, self.rank, self.alpha, self.dropout or 0.0, targets)


def by_kind(value: object) -> object:
    """`lora` for the mapping that names nothing but the kind."""
    return {"kind": value} if isinstance(value, str) else value
