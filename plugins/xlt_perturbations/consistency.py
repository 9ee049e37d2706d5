"""Consistency training: an example and its noisy version get one prediction."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import PluginParams, Problem, Seam
from xlt_perturbations import ascent, divergence

if TYPE_CHECKING:
    import torch


class Consistency(divergence.Comparing):
    """The clean loss, and the symmetric KL divergence from the prediction for a second view.

    The second view is what the perturbations of text or segmentation beside it make of the
    example; each of their copies is a view of its own.
    """

    api_version = 1
    name = "consistency"
    summary = "xTune: symmetric KL between the predictions for a text and its noisy version"
    at_evaluation = (
        "it compares an example with its noisy version; the noise itself can be tested under"
    )
    reference = "Zheng et al. 2021 (xTune), arXiv:2106.08226, section 3.1"
    companion = "noisy"

    class Params(PluginParams):
        weight: float = Field(
            5.0, ge=0, description="weight of the divergence; lambda 1 in the paper"
        )
        noisy_weight: float = Field(0.0, ge=0, description="weight of the loss of the noisy view")
        stop_gradient: bool = Field(
            True,
            description="the target prediction of each divergence term is held constant, as "
            "in the paper; otherwise, gradients flow to both predictions of both terms",
        )

    params: Params

    def problem_fault(self, problem: Problem) -> str:
        if problem.classifies == "tokens":
            return "the tokens of a noisy version are not those of the clean one"
        return super().problem_fault(problem)

    def phase(self, progress: float) -> Hashable:
        return "noise"

    def loss(self, seam: Seam) -> torch.Tensor:
        """loss + noisy_weight * noisy loss + weight * (KL + KL), [B]."""
        p = self.params
        if p.weight == 0 and p.noisy_weight == 0:
            return ascent.clean_loss(seam)
        (view,) = seam.companions
        clean, noisy = seam.logits(seam.embeddings), view.logits(view.embeddings)
        if p.stop_gradient:
            apart = divergence.kl(clean.detach(), noisy, seam.batch)
            apart = apart + divergence.kl(noisy.detach(), clean, seam.batch)
        else:
            apart = divergence.symmetric_kl(clean, noisy, seam.batch)
        total = seam.loss(clean) + p.weight * apart
        return total + p.noisy_weight * view.loss(noisy) if p.noisy_weight else total
