"""Heads: layers from a model's hidden states to the outputs that a problem requires."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from xlt_cli.api.plugin import Plugin

if TYPE_CHECKING:
    import torch


class HeadBuilder(Plugin):
    """Builds a head on hidden states, for any encoder that runs in two halves.

    The parameter `pooling` of an encoder selects one. Without it, the head whose name equals the
    shape is built.

    Attributes:
        shape: the shape of the head, that is, the `kind` of the `Head` that a problem requires.
    """

    plugin_kind = "head"
    shape: ClassVar[str]

    @abstractmethod
    def build(self, hidden_size: int, outputs: int, dropout: float) -> torch.nn.Module:
        """Returns a module that is called with hidden states [B, L, H] and their batch.

        The module returns logits, [B, outputs], or [B, L, outputs] if the problem's head is per
        token. A head over the hidden `states` is asked for 0 outputs and returns [B, H]. New
        weights are drawn from torch's global generator. If its last layer is a linear layer named
        `out`, checkpoints with the outputs in another order can be opened as well.
        """
