"""Virtual adversarial training: the noise that changes the prediction most, without labels."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from xlt_cli.api import PluginParams, Seam
from xlt_perturbations import ascent, balls, divergence

if TYPE_CHECKING:
    import torch


class Vat(divergence.Comparing):
    """The clean loss and KL(clean || noisy), the noise found by power iteration."""

    api_version = 1
    name = "vat"
    summary = "virtual adversarial training: KL from the clean prediction, by power iteration"
    at_evaluation = (
        "it looks for noise that changes the model's own answers, as a loss; "
        "`adversarial` attacks the gold labels"
    )
    reference = "Miyato et al. 2018, arXiv:1704.03976; on embeddings: Miyato et al. 2017"

    class Params(PluginParams):
        weight: float = Field(1.0, ge=0, description="weight of the divergence")
        norm: Literal["l2-token", "l2-sentence"] = Field(
            "l2-sentence", description="shape of the ball"
        )
        epsilon: float = Field(
            0.05, ge=0, description="radius, relative to the mean norm of a text's embeddings"
        )
        absolute: bool = Field(
            False, description="epsilon and xi are the radii themselves, not relative"
        )
        steps: int = Field(1, ge=1, description="number of steps of power iteration")
        xi: float = Field(
            0.01,
            gt=0,
            description="radius at which gradients are computed, in the units of epsilon",
        )
        warmup: float = Field(
            0.0,
            ge=0,
            le=1,
            description="fraction of the stage without the divergence, at its beginning",
        )
        special: bool = Field(False, description="perturb special tokens as well")

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "clean" if progress < self.params.warmup else "attack"

    def loss(self, seam: Seam) -> torch.Tensor:
        """The clean loss + weight * divergence, [B]."""
        p = self.params
        if p.weight == 0 or p.epsilon == 0 or ascent.waiting(seam, p.warmup):
            return ascent.clean_loss(seam)
        clean = seam.logits(seam.embeddings)
        noise = self._noise(seam, clean.detach()).to(seam.embeddings.dtype)
        noisy = seam.logits(seam.embeddings + noise)
        # The clean prediction is a constant here: only the noisy one is to move.
        return seam.loss(clean) + p.weight * divergence.kl(clean.detach(), noisy, seam.batch)

    def _noise(self, seam: Seam, clean: torch.Tensor) -> torch.Tensor:
        p, embeddings = self.params, seam.embeddings
        touched = balls.touched(seam, p.special)
        unit = balls.radius(embeddings, touched, p.norm, 1.0, p.absolute)
        noise = seam.draws.normal(*embeddings.shape[1:], dtype=touched.dtype)
        ahead = balls.direction(noise * touched, p.norm)
        for _ in range(p.steps):
            rise = ascent.gradient(
                lambda at: divergence.kl(clean, ascent.noisy(seam, at), seam.batch),
                p.xi * unit * ahead,
                seam.parameters_fixed,
            )
            ahead = balls.direction(rise * touched, p.norm)
        return p.epsilon * unit * ahead
