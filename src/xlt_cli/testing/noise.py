"""Whether noise is Gaussian and of the deviation that a perturbation states, by measuring it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlt_cli.api import EmbeddingPerturbation

if TYPE_CHECKING:
    import torch

    from xlt_cli.testing.bench import Bench

GAUSSIAN_RULE = EmbeddingPerturbation.gaussian
ROWS = (3, 7)
DRAWS = 100


def measured(plugin: EmbeddingPerturbation, bench: Bench) -> str:
    """What is wrong with the noise on some rows; empty if nothing is.

    The bounds are at least six standard errors of what is measured, so that chance passes them
    less than once in a million.
    """
    import torch

    here = bench.seam(ROWS)
    touched = here.perturbable
    drawn = torch.stack([plugin.perturbed(here) - here.embeddings for _ in range(DRAWS)]).double()
    stated = plugin.deviation(here).double()
    for place in range(len(ROWS)):
        noise = drawn[:, place, touched[place]]  # [draws, tokens, size]
        fault = _fault(noise, float(stated[place]))
        if fault:
            return fault
    return ""


def _fault(noise: torch.Tensor, stated: float) -> str:
    count = noise.numel()
    deviation = float(noise.square().mean().sqrt())
    if abs(deviation / stated - 1) > 6 * (2 * count) ** -0.5:
        return f"deviation() states {stated:.6g}, and the noise has {deviation:.6g}"
    unit = noise / stated
    if abs(float(unit.mean())) > 6 * count**-0.5:
        return f"the mean of the noise is {float(unit.mean()):.3f} deviations, not 0"
    fourth = float(unit.pow(4).mean())  # 3, with a variance of 96 / n
    if abs(fourth - 3) > 6 * (96 / count) ** 0.5:
        return f"the fourth moment of the noise is {fourth:.2f} deviations^4, a Gaussian's is 3"
    draws = len(noise)
    each = unit.square().mean(dim=0)  # of each coordinate; its variance is 2 / draws
    if float((each - 1).abs().max()) > 7 * (2 / draws) ** 0.5:
        return "the deviation differs from coordinate to coordinate"
    # The sum over all coordinates has their number as its variance only if none goes with another.
    sums = unit.flatten(1).sum(dim=1)
    together = float(sums.square().mean()) / unit[0].numel()
    if abs(together - 1) > 6 * (2 / draws) ** 0.5:
        return f"its coordinates are not independent (their sum has {together:.2f} of the variance)"
    return ""
