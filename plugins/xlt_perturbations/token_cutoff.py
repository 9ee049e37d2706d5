"""Token cutoff: predictions hold where some words' embeddings are erased."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import PluginParams, Seam
from xlt_perturbations import ascent, balls, divergence

if TYPE_CHECKING:
    import torch


class TokenCutoff(divergence.Comparing):
    """The loss of the text, of the text with embeddings erased, and the divergence between both.

    Of n tokens, rate * n (rounded up) are erased, but never all. Their positions stay.
    """

    api_version = 1
    name = "token-cutoff"
    summary = "token cutoff: some word embeddings set to zero, with a consistency loss"
    at_evaluation = (
        "it compares an example with one that lacks tokens; `word-dropout` leaves words out"
    )
    reference = "Shen et al. 2020, arXiv:2009.13818"

    class Params(PluginParams):
        rate: float = Field(0.1, ge=0, lt=1, description="fraction of a text's tokens to erase")
        span: bool = Field(False, description="erase adjacent tokens")
        cut_weight: float = Field(1.0, ge=0, description="weight of the loss with tokens erased")
        consistency_weight: float = Field(
            1.0,
            ge=0,
            description="weight of the Jensen-Shannon divergence between the two predictions",
        )
        special: bool = Field(False, description="erase special tokens as well")

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "noise"

    def loss(self, seam: Seam) -> torch.Tensor:
        """The clean loss + cut_weight * cut loss + consistency_weight * divergence, [B]."""
        p = self.params
        if p.rate == 0:
            return ascent.clean_loss(seam)
        clean = seam.logits(seam.embeddings)
        cut = seam.logits(seam.embeddings.masked_fill(self._chosen(seam), 0.0))
        apart = divergence.jensen_shannon(clean, cut, seam.batch)
        return seam.loss(clean) + p.cut_weight * seam.loss(cut) + p.consistency_weight * apart

    def _chosen(self, seam: Seam) -> torch.Tensor:
        """True for the tokens to erase, [B, L, 1]."""
        p = self.params
        eligible = balls.touched(seam, p.special).squeeze(-1).bool()
        total = eligible.sum(dim=1, keepdim=True)
        exact = p.rate * total.double() - 1e-6  # 0.1 * 30 is 3, whatever floats say
        count = exact.ceil().long().minimum(total - 1).clamp(min=0)
        draws = seam.draws.uniform(eligible.shape[1])
        if p.span:
            start = (draws[:, :1] * (total - count + 1)).long()
            rank = eligible.cumsum(dim=1) - 1 - start
            eligible = eligible & (rank >= 0)
        else:
            rank = draws.masked_fill(~eligible, 2.0).argsort(dim=1).argsort(dim=1)
        return (eligible & (rank < count)).unsqueeze(-1)
