"""A perturbation with a module of its own, which tests train."""

from __future__ import annotations

import torch

from xlt_cli.api import EmbeddingPerturbation, Seam


class Scales(EmbeddingPerturbation):
    """Noise whose strength in each dimension is learned."""

    api_version = 1
    name = "scales"
    summary = "for tests"

    def phase(self, progress: float) -> str:
        return "noise"

    def own_module(self, width: int) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.LayerNorm(width))

    def loss(self, seam: Seam) -> torch.Tensor:
        assert seam.module is not None
        noise = seam.draws.normal(*seam.embeddings.shape[1:], dtype=seam.embeddings.dtype)
        moved = 0.1 * seam.module(noise) * seam.perturbable[..., None]
        return seam.loss(seam.logits(seam.embeddings + moved))
