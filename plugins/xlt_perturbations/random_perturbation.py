"""RS-RP: training on word embeddings with random noise added (randomized smoothing)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from xlt_cli.api import EmbeddingPerturbation, PluginParams, Seam
from xlt_perturbations import ascent, balls
from xlt_perturbations.balls import unit_noise

if TYPE_CHECKING:
    import torch


class RandomPerturbation(EmbeddingPerturbation):
    """Noise from an l2 ball around each token's embedding, drawn afresh for every batch.

    The radius is relative to the mean l2 norm of the example's own word embeddings, so that one
    value means the same for encoders whose embeddings differ in scale, and for an example
    whatever batch it is in.

    Gaussian noise also serves randomized smoothing in evaluation, whose certificate is then for
    changes of the positions that noise may touch.
    """

    api_version = 1
    name = "random-perturbation"
    summary = "RS-RP: random noise in a ball around each word embedding"
    at_evaluation = "noise is added to the word embeddings of each example"
    reference = "Huang et al. 2021 (Robust-XLT), section 3.2; Cohen et al. 2019"
    strength = "radius"

    class Params(PluginParams):
        radius: float = Field(
            0.5,
            ge=0,
            description="radius of the ball, relative to the mean norm of a text's embeddings",
        )
        distribution: Literal["uniform", "gaussian"] = Field(
            "uniform",
            description="uniform in the ball, or Gaussian with this root-mean-square norm",
        )
        samples: int = Field(
            1, ge=1, description="number of draws for each example, whose losses are averaged"
        )
        clean_weight: float = Field(
            0.0, ge=0, le=1, description="weight of the clean loss; the noisy loss has the rest"
        )
        special: bool = Field(False, description="perturb special tokens as well")

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "noise"

    def loss(self, seam: Seam) -> torch.Tensor:
        """Loss at embeddings + noise, mixed with the clean one, [B]."""
        p = self.params
        if p.clean_weight == 1:
            return ascent.clean_loss(seam)
        noisy = seam.loss(seam.logits(self.perturbed(seam)))
        for _ in range(p.samples - 1):
            noisy = noisy + seam.loss(seam.logits(self.perturbed(seam)))
        noisy = noisy / p.samples
        if p.clean_weight == 0:
            return noisy
        return p.clean_weight * ascent.clean_loss(seam) + (1 - p.clean_weight) * noisy

    def perturbed(self, seam: Seam) -> torch.Tensor:
        """The embeddings with noise, [B, L, D]; padding and special tokens stay as they are."""
        p, embeddings = self.params, seam.embeddings
        touched = balls.touched(seam, p.special)
        radii = balls.radius(embeddings, touched, "l2-token", p.radius)
        noise = unit_noise(balls.precise(embeddings), p.distribution, seam.draws)
        return embeddings + (noise * (radii * touched)).to(embeddings.dtype)

    @property
    def gaussian(self) -> bool:
        return self.params.distribution == "gaussian"

    def deviation(self, seam: Seam) -> torch.Tensor:
        """radius / sqrt(D), for each example's radius, [B]."""
        if not self.gaussian:
            return super().deviation(seam)
        touched = balls.touched(seam, self.params.special)
        radii = balls.radius(seam.embeddings, touched, "l2-token", self.params.radius)
        deviations: torch.Tensor = radii.flatten() / seam.embeddings.shape[-1] ** 0.5
        return deviations
