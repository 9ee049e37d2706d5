"""A perturbation of the embeddings that learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import EmbeddingPerturbation, PluginError, PluginParams, Seam

if TYPE_CHECKING:
    import torch


class LearnedAttack(EmbeddingPerturbation):
    """A small network moves each word so that the loss rises; the model learns to withstand it."""

    api_version = 1
    name = "learned-attack"
    summary = "a network learns the change of embeddings that raises the loss"

    class Params(PluginParams):
        radius: float = Field(0.2, ge=0, description="largest change of a coordinate")
        hidden: int = Field(8, ge=1, le=64, description="width of the network")

    params: Params

    def own_module(self, width: int) -> torch.nn.Module:
        from torch import nn

        hidden = self.params.hidden
        return nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, width))

    def loss(self, seam: Seam) -> torch.Tensor:
        change = self.change(seam)
        # The value is that of the change, its gradient is turned round: the network makes the loss
        # rise while the model makes it fall.
        return seam.loss(seam.logits(seam.embeddings + 2 * change.detach() - change))

    def perturbed(self, seam: Seam) -> torch.Tensor:
        return seam.embeddings + self.change(seam)

    def change(self, seam: Seam) -> torch.Tensor:
        """What the network puts on the words, [B, L, D]."""
        if seam.module is None:
            raise PluginError("the network of 'learned-attack' is there in training only")
        made: torch.Tensor = seam.module(seam.embeddings.detach()).tanh()
        return self.params.radius * made * seam.perturbable[..., None]
