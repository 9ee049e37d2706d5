"""The model that a stage leaves in memory: what it published need not be loaded again."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.api import Encoder, EncoderModel, Head


class Left:
    """A model whose weights are those that its stage has published, until somebody takes it.

    Args:
        head: that it was trained with.
        weights: the hash of the published weights.
    """

    def __init__(self, model: EncoderModel, head: Head, weights: str) -> None:
        self._model: EncoderModel | None = model
        self._head, self._weights = head, weights

    def take(
        self, encoder: Encoder, head: Head, weights: str, checkpoint: Path
    ) -> EncoderModel | None:
        """The model as the encoder would load it from the checkpoint; None if it has to be loaded.

        Either way it is not held here any more.

        Args:
            weights: the hash of the checkpoint's.
        """
        model, self._model = self._model, None
        if model is None or (head, weights) != (self._head, self._weights) or not head.has_weights:
            return None
        return encoder.reopened(model, head, checkpoint)
