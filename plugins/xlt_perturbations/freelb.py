"""FreeLB: the mean of the losses along a path of adversarial noise."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import EmbeddingPerturbation, PluginParams, Seam
from xlt_perturbations import ascent, balls

if TYPE_CHECKING:
    import torch


class FreeLB(EmbeddingPerturbation):
    """Gradients of the parameters are averaged over the steps of the attack.

    Magnitudes are absolute, as in the authors' code. All steps' graphs are kept until the backward
    pass: memory grows with `steps`.
    """

    api_version = 1
    name = "freelb"
    summary = "FreeLB: adversarial training on every step of the attack"
    at_evaluation = (
        "it updates the model with the gradients of each step of its attack; "
        "`adversarial` attacks alone"
    )
    reference = "Zhu et al. 2020, arXiv:1909.11764"

    class Params(PluginParams):
        steps: int = Field(
            3,
            ge=1,
            description="number of losses that are averaged; there is one step of ascent less",
        )
        learning_rate: float = Field(4e-2, ge=0, description="l2 norm of a step, per example")
        init_magnitude: float = Field(
            8e-2,
            ge=0,
            description="magnitude of the initial noise, uniform in +-this / sqrt(tokens * D)",
        )
        max_norm: float | None = Field(
            None, gt=0, description="bound on the l2 norm of an example's noise; None: no bound"
        )
        clean_weight: float = Field(
            0.0, ge=0, le=1, description="weight of the clean loss; the attacked loss has the rest"
        )
        warmup: float = Field(
            0.0, ge=0, le=1, description="fraction of the stage without an attack, at its beginning"
        )
        special: bool = Field(False, description="attack special tokens as well")

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "clean" if progress < self.params.warmup else "attack"

    def loss(self, seam: Seam) -> torch.Tensor:
        """The mean of the losses along the attack, mixed with the clean one, [B]."""
        p = self.params
        still = p.init_magnitude == 0 and (p.learning_rate == 0 or p.steps == 1)
        if still or p.clean_weight == 1 or ascent.waiting(seam, p.warmup):
            return ascent.clean_loss(seam)
        attacked = self._attacked(seam)
        if p.clean_weight == 0:
            return attacked
        return p.clean_weight * ascent.clean_loss(seam) + (1 - p.clean_weight) * attacked

    def _attacked(self, seam: Seam) -> torch.Tensor:
        import torch

        p, embeddings = self.params, seam.embeddings
        touched = balls.touched(seam, p.special)
        dimensions = touched.sum(dim=1, keepdim=True).clamp(min=1) * embeddings.shape[-1]
        noise = 2 * seam.draws.uniform(*embeddings.shape[1:], dtype=touched.dtype) - 1
        noise = noise * touched * p.init_magnitude / dimensions.sqrt()
        losses: list[torch.Tensor] = []
        for step in range(p.steps):
            if step == p.steps - 1:
                losses.append(seam.loss(seam.logits(embeddings + noise.to(embeddings.dtype))))
                break
            with torch.enable_grad():
                noise = noise.detach().requires_grad_()
                losses.append(seam.loss(seam.logits(embeddings + noise.to(embeddings.dtype))))
                total = losses[-1].sum()
            rise = ascent.slope(total, noise, keep=True) * touched
            noise = noise.detach() + p.learning_rate * balls.direction(rise, "l2-sentence")
            if p.max_norm is not None:
                noise = balls.project(noise, noise.new_full((), p.max_norm), "l2-sentence")
        return torch.stack(losses).mean(dim=0)
