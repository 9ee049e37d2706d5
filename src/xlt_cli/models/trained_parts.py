"""What a stage asks of a model besides its two halves: its head, frozen parts, less memory.

A model that can do so has a method for it (see `EncoderModel`); of any other it is refused.
"""

from __future__ import annotations

from typing import Any

from xlt_cli.api import EncoderModel
from xlt_cli.errors import UserError
from xlt_cli.spec import Stage


def about_head(model: EncoderModel) -> str:
    """Where the model's head is from, if the model says so."""
    return str(getattr(model, "about_head", ""))


def prepare(model: EncoderModel, stage: Stage, name: str) -> None:
    """Freezes parts and turns gradient checkpointing on, as a stage states it.

    Args:
        name: of the encoder.

    Raises:
        UserError: the model cannot do so.
    """
    where = f"encoder '{name}'"
    if stage.freeze is not None:
        parts = stage.freeze
        _method(model, "freeze_parts", "freeze", where)(
            embeddings=parts.embeddings, layers=parts.layers, encoder=parts.encoder
        )
    if stage.gradient_checkpointing:
        _method(model, "checkpoint_gradients", "gradient_checkpointing", where)()


def _method(model: Any, method: str, field: str, where: str) -> Any:
    """The model's method, or that of what is below a head of xlt's own."""
    for owner in (model, getattr(model, "backbone", None)):
        known = getattr(owner, method, None)
        if callable(known):
            return known
    raise UserError(
        f"the encoder's model cannot do what `{field}` asks for (it has no method {method})",
        where,
        f"leave `{field}` out",
    )
