"""Balls of noise around word embeddings: norms, radii, projection, sampling.

Shapes: embeddings and noise [B, L, D], `touched` (1 where noise may go) [B, L, 1], radii [B, 1, 1].
Everything is per example, and in float32 at least, whatever the model computes in.

    l2-token     a ball around each token's embedding
    l2-sentence  one ball around all of an example's embeddings
    linf         a bound on each coordinate
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xlt_cli.api import Draws, Seam

if TYPE_CHECKING:
    import torch

Norm = Literal["l2-token", "l2-sentence", "linf"]


def precise(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in float32, or as it is where it has that precision."""
    return tensor if tensor.dtype.itemsize >= 4 else tensor.float()


def lengths(vectors: torch.Tensor, dims: tuple[int, ...] = (-1,)) -> torch.Tensor:
    """l2 norms over dimensions that are kept."""
    import torch

    norms: torch.Tensor = torch.linalg.vector_norm(vectors, dim=dims, keepdim=True)
    return norms


def touched(seam: Seam, special: bool = False) -> torch.Tensor:
    """1 where noise may go and 0 elsewhere, [B, L, 1]; special tokens on request only."""
    positions = seam.batch.attention_mask.bool() if special else seam.perturbable
    return positions.unsqueeze(-1).to(precise(seam.embeddings).dtype)


def radius(
    embeddings: torch.Tensor,
    touched: torch.Tensor,
    norm: Norm,
    epsilon: float,
    absolute: bool = False,
) -> torch.Tensor:
    """The ball's radius for each example, [B, 1, 1].

    Absolute: epsilon itself. Otherwise epsilon times the mean l2 norm of the embeddings that may
    be touched, times sqrt(their number) for the ball around a sentence and 1/sqrt(D) for the bound
    on a coordinate. One epsilon is then of one size in each norm: the three balls lie within each
    other (linf in l2-token in l2-sentence). Gradients do not flow through it.
    """
    vectors = precise(embeddings.detach())
    if absolute:
        return vectors.new_full((len(vectors), 1, 1), epsilon)
    # An example may have no words that noise may touch.
    count = touched.sum(dim=1, keepdim=True).clamp(min=1)
    mean = (lengths(vectors) * touched).sum(dim=1, keepdim=True) / count
    if norm == "l2-sentence":
        mean = mean * count.sqrt()
    elif norm == "linf":
        mean = mean / vectors.shape[-1] ** 0.5
    return epsilon * mean


def norms(noise: torch.Tensor, norm: Norm) -> torch.Tensor:
    """The norm of the noise, [B, L, 1] for `l2-token` and [B, 1, 1] otherwise."""
    if norm == "l2-token":
        return lengths(noise)
    if norm == "l2-sentence":
        return lengths(noise, (1, 2))
    return noise.abs().amax(dim=(1, 2), keepdim=True)


def project(noise: torch.Tensor, radius: torch.Tensor, norm: Norm) -> torch.Tensor:
    """The nearest point (in l2) of the ball."""
    import torch

    if norm == "linf":
        return noise.maximum(-radius).minimum(radius)
    size = norms(noise, norm).clamp(min=torch.finfo(noise.dtype).tiny)
    return noise * (radius / size).clamp(max=1)


def direction(gradient: torch.Tensor, norm: Norm) -> torch.Tensor:
    """The vector of norm 1 along which a linear function of that gradient rises most.

    Zero where the gradient is zero; exact also where its square would be.
    """
    import torch

    if norm == "linf":
        return gradient.sign()
    dims = (-1,) if norm == "l2-token" else (1, 2)
    largest = gradient.abs().amax(dim=dims, keepdim=True)
    scaled = gradient / largest.clamp(min=torch.finfo(gradient.dtype).tiny)
    return scaled / norms(scaled, norm).clamp(min=1)  # at least 1 unless all is zero


def sample(touched: torch.Tensor, size: int, norm: Norm, draws: Draws) -> torch.Tensor:
    """Noise drawn uniformly from the unit ball of `size` coordinates a token, [B, L, size]."""
    like = touched.expand(-1, -1, size)
    if norm == "l2-token":
        return unit_noise(like, "uniform", draws) * touched
    if norm == "linf":
        return (2 * draws.uniform(*like.shape[1:], dtype=like.dtype) - 1) * touched
    noise = draws.normal(*like.shape[1:], dtype=like.dtype) * touched
    depth = draws.uniform(1, 1, dtype=like.dtype)
    dimensions = touched.sum(dim=1, keepdim=True).clamp(min=1) * size
    return direction(noise, norm) * depth.pow(1 / dimensions)


def unit_noise(like: torch.Tensor, distribution: str, draws: Draws) -> torch.Tensor:
    """Noise of radius 1 for each vector of [B, ..., D].

    Uniform in the ball: a Gaussian direction times U^(1/D). Gaussian: standard deviation
    1/sqrt(D), whose norm has a root mean square of 1.
    """
    size = like.shape[-1]
    noise = draws.normal(*like.shape[1:], dtype=like.dtype)
    if distribution == "gaussian":
        return noise.div(size**0.5)
    depth = draws.uniform(*like.shape[1:-1], dtype=like.dtype)
    return noise.div(noise.norm(dim=-1, keepdim=True)).mul(depth.unsqueeze(-1).pow(1 / size))
