"""Adapters: small modules in a model's layers that are trained in place of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

AdapterKind = Literal["lora", "dora", "ia3"]


@dataclass(frozen=True)
class NewAdapter:
    """An adapter that a stage adds to a model.

    Attributes:
        rank, alpha, dropout: of LoRA and DoRA: the rank of the matrices, the factor `alpha / rank`
            of their product, and the dropout probability of their input. Other kinds have none.
        targets: the names of the linear layers that get one, or the ends of their names; None for
            the usual ones of the architecture.
    """

    kind: AdapterKind
    rank: int = 8
    alpha: float = 16.0
    dropout: float = 0.0
    targets: tuple[str, ...] | None = None


class TakesAdapters(Protocol):
    """What an `EncoderModel`, or the backbone below its head, has if it can be given adapters.

    It has one adapter at a time. While it has one, the adapter and the head are trained and all
    other weights are frozen; `save` writes both such that `Encoder.load_model` opens the model with
    its adapter.
    """

    @property
    def adapter(self) -> dict[str, Any] | None:
        """What the adapter is, as JSON values; None if the model has none."""
        ...

    def check_adapter(self, adapter: NewAdapter) -> None:
        """Checks that the adapter fits the model.

        Raises:
            UserError: the model has no such layers, or the usual ones are not known.
        """
        ...

    def adapt(self, adapter: NewAdapter) -> None:
        """Adds a new adapter, its weights drawn from torch's global generator.

        Raises: as above.
        """
        ...

    def merge_adapter(self) -> None:
        """Adds the adapter to the weights: the model is an ordinary one with the same outputs."""
        ...

    def drop_adapter(self) -> None:
        """Removes the adapter: the model is the one that it was put on, with the head as it is."""
        ...
