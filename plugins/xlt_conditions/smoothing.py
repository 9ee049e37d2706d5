"""The smoothed classifier: votes of a model under Gaussian noise on its word embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from xlt_cli.api import (
    Answer,
    AnyPerturbation,
    Condition,
    EmbeddingPerturbation,
    MeasuredColumn,
    MeasuredTable,
    PluginParams,
    Prediction,
    Seam,
    SpecError,
    Task,
)

if TYPE_CHECKING:
    import numpy as np


RADIUS = "l2 radius, relative to the mean norm"
"""What certified radii are, for curves over them."""


class Smoothing(Condition):
    """Answers by majority vote under noise, with certified radii (Cohen et al. 2019).

    It abstains where the vote is not clear. The probabilities are shares of the votes; `radius` is
    the certified l2 radius of an example's noise, all tokens together, relative to the mean norm
    of its word embeddings.
    """

    api_version = 1
    name = "smoothing"
    summary = "randomized smoothing: majority vote under Gaussian noise, with certified radii"
    reference = "Cohen et al. 2019"
    acts = ("answer",)
    former_field = "{noise: {name: random-perturbation, distribution: gaussian}, samples: 200}"
    measured = MeasuredTable(
        "certified",
        "smoothed classifier",
        (
            MeasuredColumn("abstained", "abstained", "share"),
            MeasuredColumn("median_radius", "median radius"),
            MeasuredColumn("certified_accuracy", "certified accuracy at radius", "curve", RADIUS),
        ),
    )

    class Params(PluginParams):
        noise: AnyPerturbation = Field(description="perturbation plugin whose noise is Gaussian")
        samples: int = Field(1000, ge=1, description="votes from which the radius is certified")
        selection: int = Field(
            100, ge=1, description="votes that choose the prediction before that"
        )
        alpha: float = Field(
            0.001, gt=0, lt=1, description="probability that a prediction or its radius is wrong"
        )

    params: Params

    @property
    def noise(self) -> EmbeddingPerturbation:
        """The perturbation whose noise the votes are taken under."""
        noise = self.parts["noise"]
        assert isinstance(noise, EmbeddingPerturbation)
        return noise

    def accept(self, task: Task) -> None:
        if not task.problem.votes:
            raise SpecError(
                f"votes are over the label of an example; '{task.name}' is {task.problem.name}"
            )
        noise = self.parts["noise"]
        if not isinstance(noise, EmbeddingPerturbation) or not noise.gaussian:
            raise SpecError(
                f"smoothing needs Gaussian noise on the embeddings, which '{noise.name}' does "
                "not add",
                "noise",
                "e.g. {name: random-perturbation, distribution: gaussian}",
            )

    def answer(self, seam: Seam) -> Answer:
        import torch

        from xlt_cli.api.stats import certify

        p = self.params
        selection = votes(seam, self.noise, p.selection)
        estimation = votes(seam, self.noise, p.samples)
        deviation = self.noise.deviation(seam).double().cpu().numpy()
        certified = certify(selection, estimation, deviation, p.alpha)
        shares = estimation / estimation.sum(axis=1, keepdims=True)
        # An answer that holds has more than half of the votes, so that it is the likeliest here.
        return Answer(
            torch.from_numpy(shares).log(),
            torch.from_numpy(certified.abstained),
            {"radius": torch.from_numpy(certified.radii / mean_norms(seam))},
        )

    def figures(self, predictions: Sequence[Prediction], points: int = 5) -> dict[str, Any]:
        """A dict of `abstained` (a share), `median_radius`, and `certified_accuracy`: pairs of a
        radius and the share of examples that are right and certified at it, at radii evenly spaced
        from 0 to the largest.
        """
        import numpy as np

        radii = np.array([p.values.get("radius", 0.0) for p in predictions])
        right = np.array([p.predicted == p.gold for p in predictions])
        steps = np.linspace(0.0, float(radii.max()), points)
        return {
            "abstained": float(np.mean([p.predicted is None for p in predictions])),
            "median_radius": float(np.median(radii)),
            "certified_accuracy": [
                [float(at), float((right & (radii >= at) & (radii > 0)).mean())] for at in steps
            ],
        }

    def notes(self) -> Sequence[str]:
        return [
            f"majority of {self.params.samples} votes under '{self.params.noise.name}'; where the "
            "vote abstains, the answer counts as wrong"
        ]


def votes(seam: Seam, noise: EmbeddingPerturbation, samples: int) -> np.ndarray:
    """How often each class was the answer under noise, [B, C]."""
    import torch

    counts: torch.Tensor | None = None
    for _ in range(samples):
        logits = seam.logits(noise.perturbed(seam))
        vote = torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1])
        counts = vote if counts is None else counts + vote
    assert counts is not None
    counted: np.ndarray = counts.cpu().numpy()
    return counted


def mean_norms(seam: Seam) -> np.ndarray:
    """The mean l2 norm of each example's word embeddings, special tokens aside, [B]."""
    import torch

    norms = seam.embeddings.detach().double().norm(dim=-1) * seam.perturbable
    means = norms.sum(dim=1) / seam.perturbable.sum(dim=1).clamp(min=1)
    tiny: float = torch.finfo(means.dtype).tiny
    clamped: np.ndarray = means.clamp(min=tiny).cpu().numpy()
    return clamped
