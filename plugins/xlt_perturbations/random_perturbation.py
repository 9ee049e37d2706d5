"""RS-RP: training on word embeddings with random noise added (randomized smoothing)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from xlt_cli.api import EmbeddingPerturbation, PluginParams, Seam

if TYPE_CHECKING:
    import torch


class RandomPerturbation(EmbeddingPerturbation):
    """Noise from an l2 ball around each token's embedding, drawn afresh for every batch.

    The radius is relative to the mean l2 norm of the example's own word embeddings, so that one
    value means the same for encoders whose embeddings differ in scale, and for an example
    whatever batch it is in.
    """

    api_version = 1
    name = "random-perturbation"
    summary = "RS-RP: random noise in a ball around each word embedding"
    reference = "Huang et al. 2021 (Robust-XLT), section 3.2; Cohen et al. 2019"

    class Params(PluginParams):
        radius: float = Field(
            0.5, ge=0, description="of the ball, relative to the mean norm of a text's embeddings"
        )
        distribution: Literal["uniform", "gaussian"] = Field(
            "uniform",
            description="uniform in the ball, or Gaussian of that root-mean-square norm",
        )

    params: Params

    def loss(self, seam: Seam) -> torch.Tensor:
        """Loss at embeddings + noise, [B]; padding and special tokens stay as they are."""
        embeddings = seam.embeddings
        touched = seam.perturbable.to(embeddings.dtype)
        norms = embeddings.detach().norm(dim=-1) * touched
        # An example may have no words that noise may touch.
        means = norms.sum(dim=1, keepdim=True) / touched.sum(dim=1, keepdim=True).clamp(min=1)
        radii = (self.params.radius * means * touched).unsqueeze(-1)
        noise = unit_noise(embeddings, self.params.distribution, seam.generator)
        return seam.loss(seam.logits(embeddings + noise * radii))


def unit_noise(like: torch.Tensor, distribution: str, generator: torch.Generator) -> torch.Tensor:
    """Noise of radius 1 for each vector of [..., D].

    Uniform in the ball: a Gaussian direction times U^(1/D). Gaussian: standard deviation
    1/sqrt(D), whose norm has a root mean square of 1.
    """
    import torch

    size = like.shape[-1]
    noise: torch.Tensor = torch.randn(
        like.shape, generator=generator, device=like.device, dtype=like.dtype
    )
    if distribution == "gaussian":
        return noise.div(size**0.5)
    depth: torch.Tensor = torch.rand(
        like.shape[:-1], generator=generator, device=like.device, dtype=like.dtype
    )
    return noise.div(noise.norm(dim=-1, keepdim=True)).mul(depth.unsqueeze(-1).pow(1 / size))
