"""SMART: predictions change little where embeddings change little."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import PluginParams, Seam
from xlt_perturbations import ascent, balls, divergence

if TYPE_CHECKING:
    import torch

TINY = 1e-30
"""Below every gradient that is not zero."""


class Smart(divergence.Comparing):
    """The clean loss and the symmetric KL divergence between clean and noisy predictions.

    The noise is found nearly as in the authors' code: small Gaussian noise plus a step along the
    divergence's gradient, the sum divided by its largest coordinate, token by token. There it ends
    at 1 per token, on embeddings after layer normalisation, whose coordinates are of that size;
    here, on word embeddings, at `radius` relative to the size of theirs. The gradient is so small
    beside the first noise that the latter decides the direction, unless `normalise` is on.
    """

    api_version = 1
    name = "smart"
    summary = "SMART: symmetric KL between predictions with and without adversarial noise"
    at_evaluation = (
        "it looks for noise that changes the model's own answers, as a loss; "
        "`adversarial` attacks the gold labels"
    )
    reference = "Jiang et al. 2020, arXiv:1911.03437, its smoothness-inducing regulariser"

    class Params(PluginParams):
        weight: float = Field(1.0, ge=0, description="weight of the divergence")
        radius: float = Field(
            1.0,
            ge=0,
            description="largest coordinate of a token's noise, relative to the mean norm of a "
            "text's embeddings / sqrt(D)",
        )
        absolute: bool = Field(
            False, description="the radius is the bound of a coordinate itself, not relative"
        )
        steps: int = Field(1, ge=1, description="number of steps of gradient ascent")
        step_size: float = Field(1e-3, ge=0, description="step size: factor of the gradient")
        normalise: bool = Field(
            False, description="divide each token's gradient by its largest coordinate first"
        )
        noise: float = Field(1e-5, gt=0, description="standard deviation of the initial noise")
        stabiliser: float = Field(
            1e-6, gt=0, description="added to the divisor (`epsilon` in the authors' code)"
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
        if p.weight == 0 or p.radius == 0 or ascent.waiting(seam, p.warmup):
            return ascent.clean_loss(seam)
        clean = seam.logits(seam.embeddings)
        noise = self._noise(seam, clean.detach()).to(seam.embeddings.dtype)
        changed = divergence.symmetric_kl(clean, seam.logits(seam.embeddings + noise), seam.batch)
        return seam.loss(clean) + p.weight * changed

    def _noise(self, seam: Seam, clean: torch.Tensor) -> torch.Tensor:
        p, embeddings = self.params, seam.embeddings
        touched = balls.touched(seam, p.special)
        radius = balls.radius(embeddings, touched, "linf", p.radius, p.absolute)
        noise = seam.draws.normal(*embeddings.shape[1:], dtype=touched.dtype)
        noise = noise * p.noise * touched
        for _ in range(p.steps):
            rise = ascent.gradient(
                lambda at: divergence.symmetric_kl(clean, ascent.noisy(seam, at), seam.batch),
                noise,
                seam.parameters_fixed,
            )
            if p.normalise:
                rise = rise / rise.abs().amax(dim=-1, keepdim=True).clamp(min=TINY)
            noise = (noise + p.step_size * rise) * touched
            noise = radius * noise / (noise.abs().amax(dim=-1, keepdim=True) + p.stabiliser)
        return noise
