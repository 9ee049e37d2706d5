"""The loss of a stage as one torch module: embed, perturb, encode, compare.

One module, so that data-parallel training and mixed precision wrap the whole of it.
"""

from __future__ import annotations

import torch

from xlt_cli.api import Batch, EmbeddingPerturbation, EncoderModel, Seam
from xlt_cli.problems import Problem


class StageLoss(torch.nn.Module):
    """Losses of the examples of a batch, [B], under a stage's embedding perturbation if any."""

    def __init__(
        self,
        model: EncoderModel,
        problem: Problem,
        perturbation: EmbeddingPerturbation | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.problem = problem
        self.perturbation = perturbation

    def forward(self, batch: Batch, seed: int, progress: float = 0.0) -> torch.Tensor:
        embeddings = self.model.embed(batch)
        if self.perturbation is None:
            return self.problem.losses(self.model.logits(embeddings, batch), batch.targets)
        generator = torch.Generator(device=embeddings.device)
        generator.manual_seed(seed)
        return self.perturbation.loss(
            Seam(
                embeddings=embeddings,
                batch=batch,
                perturbable=~batch.special_mask,
                logits=lambda changed: self.model.logits(changed, batch),
                loss=lambda logits: self.problem.losses(logits, batch.targets),
                generator=generator,
                progress=progress,
            )
        )
