"""Heads: what turns a model's hidden states into the outputs that a problem asks for."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from xlt_cli.api.plugin import Plugin

if TYPE_CHECKING:
    import torch


class HeadBuilder(Plugin):
    """Builds the layers over hidden states, for any encoder that runs in two halves.

    An encoder's parameter `pooling` names one. Where it names none, the head whose name is the
    shape itself is built.

    Attributes:
        shape: the shape of head that it builds: the `kind` of the `Head` that a problem asks for.
    """

    plugin_kind = "head"
    shape: ClassVar[str]

    @abstractmethod
    def build(self, hidden_size: int, outputs: int, dropout: float) -> torch.nn.Module:
        """A module that is called with hidden states [B, L, H] and their batch.

        It returns logits, [B, outputs], or [B, L, outputs] where the problem's head is per token.
        New weights are drawn from torch's global generator. A head whose last layer is a linear
        layer named `out` also opens checkpoints that have its outputs in another order.
        """
