"""R-Drop: two dropout masks, one prediction."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import PluginParams, Seam
from xlt_perturbations import divergence

if TYPE_CHECKING:
    import torch


class RDrop(divergence.Comparing):
    """The mean loss of two passes and half the symmetric KL divergence between them.

    The noise is the model's own dropout: without any, this is plain training at twice the cost.
    """

    api_version = 1
    name = "r-drop"
    summary = "R-Drop: symmetric KL between two passes with dropout"
    at_evaluation = "it compares two passes with dropout, which is off in evaluation"
    reference = "Liang et al. 2021, arXiv:2106.14448"

    class Params(PluginParams):
        alpha: float = Field(1.0, ge=0, description="weight of the divergence")

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "noise"

    def loss(self, seam: Seam) -> torch.Tensor:
        """(loss + loss) / 2 + alpha * (KL + KL) / 2, [B]."""
        one, other = seam.logits(seam.embeddings), seam.logits(seam.embeddings)
        apart = divergence.symmetric_kl(one, other, seam.batch)
        return (seam.loss(one) + seam.loss(other) + self.params.alpha * apart) / 2
