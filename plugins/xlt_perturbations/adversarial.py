"""Adversarial training: the worst noise in a ball around the word embeddings, nearly."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import EmbeddingPerturbation, PluginParams, Seam
from xlt_perturbations import ascent, balls

if TYPE_CHECKING:
    import torch


class Adversarial(EmbeddingPerturbation):
    """Projected gradient ascent on the loss, within a ball.

    One step without a random start is the fast gradient method (Miyato et al. 2017), one step with
    it FGSM-RS (Wong et al. 2020). Without one, the clean loss's pass is the attack's first, and an
    update takes steps + 1 passes.
    """

    api_version = 1
    name = "adversarial"
    summary = "adversarial training: projected gradient ascent on the word embeddings"
    at_evaluation = "each batch is attacked, with gradients and the gold labels"
    reference = "Madry et al. 2018; Miyato et al. 2017; Huang et al. 2021 (Robust-XLT), section 3.1"
    strength = "epsilon"

    class Params(PluginParams):
        norm: balls.Norm = Field("l2-token", description="shape of the ball")
        epsilon: float = Field(
            0.05, ge=0, description="radius, relative to the mean norm of a text's embeddings"
        )
        absolute: bool = Field(False, description="epsilon is the radius itself, not relative")
        steps: int = Field(3, ge=1, description="number of steps of gradient ascent")
        step_size: float | None = Field(
            None,
            gt=0,
            description="length of a step, relative to epsilon; None: 2.5 / steps, at most 1.25",
        )
        random_start: bool = Field(
            False,
            description="start at a random point of the ball instead of its centre; with a "
            "clean loss, this needs one more pass",
        )
        clean_weight: float = Field(
            0.5, ge=0, le=1, description="weight of the clean loss; the attacked loss has the rest"
        )
        warmup: float = Field(
            0.0, ge=0, le=1, description="fraction of the stage without an attack, at its beginning"
        )
        special: bool = Field(False, description="attack special tokens as well")

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "clean" if progress < self.params.warmup else "attack"

    def loss(self, seam: Seam) -> torch.Tensor:
        """The attacked loss, mixed with the clean one, [B]."""
        weight = self.params.clean_weight
        if self.params.epsilon == 0 or weight == 1 or ascent.waiting(seam, self.params.warmup):
            return ascent.clean_loss(seam)
        if weight == 0:
            return seam.loss(seam.logits(self.perturbed(seam)))
        if not self.params.random_start and seam.embeddings.requires_grad:
            # The attack's first step is at the clean point, where the pass is made already.
            clean = ascent.clean_loss(seam)
            rise = ascent.slope(clean.sum(), seam.embeddings, keep=True)
            attacked = seam.loss(seam.logits(self._attacked(seam, rise)))
        else:
            clean, attacked = ascent.losses(seam, seam.embeddings, self._attacked(seam))
        return weight * clean + (1 - weight) * attacked

    def perturbed(self, seam: Seam) -> torch.Tensor:
        """The attacked embeddings, [B, L, D]; gradients flow to them as to the clean ones."""
        return self._attacked(seam)

    def _attacked(self, seam: Seam, rise: torch.Tensor | None = None) -> torch.Tensor:
        """The attacked embeddings; `rise` is the loss's gradient at the start, where known."""
        p, embeddings = self.params, seam.embeddings
        touched = balls.touched(seam, p.special)
        radius = balls.radius(embeddings, touched, p.norm, p.epsilon, p.absolute)
        step = radius * (p.step_size or min(2.5 / p.steps, 1.25))
        noise = touched.new_zeros(embeddings.shape)
        if p.random_start:
            noise = radius * balls.sample(touched, embeddings.shape[-1], p.norm, seam.draws)
        for number in range(p.steps):
            if number > 0 or rise is None:
                rise = ascent.gradient(
                    lambda at: seam.loss(ascent.noisy(seam, at)), noise, seam.parameters_fixed
                )
            ahead = balls.direction(balls.precise(rise) * touched, p.norm)
            noise = balls.project(noise + step * ahead, radius, p.norm)
        return embeddings + noise.to(embeddings.dtype)
