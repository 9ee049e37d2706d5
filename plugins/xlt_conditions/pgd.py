"""White-box attacks: projected gradient ascent on the word embeddings, at several radii."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from xlt_cli.api import (
    Answer,
    Condition,
    MeasuredColumn,
    MeasuredTable,
    PluginParams,
    Prediction,
    Problem,
    Seam,
)
from xlt_conditions.smoothing import RADIUS
from xlt_perturbations import ascent, balls

if TYPE_CHECKING:
    import torch

Unit = Literal["relative", "certified", "absolute"]


def _several(value: object) -> object:
    """One radius as a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


class Pgd(Condition):
    """The worst answer that gradient ascent reaches in balls around the word embeddings.

    An example is robust at a radius if its answer is right at every point that any restart has
    visited within that radius. The first restart begins at the centre of the ball, the others at
    random points of it. The answer of an example is the worst one within the largest radius.
    """

    api_version = 1
    name = "pgd"
    summary = "white box: projected gradient ascent on the word embeddings, with restarts"
    reference = "Madry et al. 2018"
    acts = ("answer",)

    class Params(PluginParams):
        radii: Annotated[tuple[float, ...], BeforeValidator(_several)] = Field(
            (0.05,), min_length=1, description="of the balls, rising; one or several"
        )
        norm: balls.Norm = Field("l2-token", description="the balls' shape, as in `adversarial`")
        unit: Unit = Field(
            "relative",
            description="of the radii: relative, as `epsilon` of `adversarial`; certified, as the "
            "radii that `smoothing` certifies (norm l2-sentence); absolute, the radii themselves",
        )
        steps: int = Field(10, ge=1, description="of gradient ascent, in each restart")
        step_size: float | None = Field(
            None, gt=0, description="relative to the radius; None: 2.5 / steps, at most 1.25"
        )
        restarts: int = Field(2, ge=1, description="the first from the centre, others at random")
        special: bool = Field(False, description="attack special tokens as well")
        seed: int = Field(0, ge=0, description="names the random starts")

        @field_validator("radii")
        @classmethod
        def _rising(cls, radii: tuple[float, ...]) -> tuple[float, ...]:
            if radii[0] < 0 or any(b <= a for a, b in itertools.pairwise(radii)):
                raise ValueError("the radii must rise, from 0 or more")
            return radii

        @model_validator(mode="after")
        def _as_certified(self) -> Pgd.Params:
            if self.unit == "certified" and (self.norm != "l2-sentence" or self.special):
                raise ValueError(
                    "radii are certified in `norm: l2-sentence`, without the special tokens"
                )
            return self

    params: Params

    @property
    def measured(self) -> MeasuredTable:  # type: ignore[override]
        p = self.params
        axis = RADIUS if p.unit == "certified" else f"radius ({p.norm}, {p.unit})"
        title = "robust accuracy at radius (upper bound)"
        curve = MeasuredColumn("robust_accuracy", title, "curve", axis)
        return MeasuredTable("robust", "projected gradient ascent", (curve,))

    def problem_fault(self, problem: Problem) -> str:
        if not problem.votes:
            return "it attacks the one label of an example, and the answers here are others"
        return super().problem_fault(problem)

    def answer(self, seam: Seam) -> Answer:
        p = self.params
        touched = balls.touched(seam, p.special)
        radii = [(number, self._radius(seam, touched, r)) for number, r in self._attacked()]
        worst = Worst(seam, len(p.radii))
        for restart in range(p.restarts):
            start = touched.new_zeros(seam.embeddings.shape)
            if restart:  # drawn once for all radii, so that further restarts change no earlier one
                start = balls.sample(touched, seam.embeddings.shape[-1], p.norm, seam.draws)
            for number, radius in radii:
                self._climb(seam, touched, radius, radius * start, number, worst)
        robust = {
            _column(r): (worst.broken > number).double() for number, r in enumerate((0.0, *p.radii))
        }
        return Answer(worst.logits, None, robust)

    def _attacked(self) -> list[tuple[int, float]]:
        """The radii with their numbers, from 1; a ball of radius 0 holds the clean point only."""
        return [(n, radius) for n, radius in enumerate(self.params.radii, start=1) if radius > 0]

    def _radius(self, seam: Seam, touched: torch.Tensor, radius: float) -> torch.Tensor:
        """The radius of each example's ball, [B, 1, 1]."""
        p = self.params
        # Certified radii are relative to the mean norm, whatever the number of words.
        norm = "l2-token" if p.unit == "certified" else p.norm
        return balls.radius(seam.embeddings, touched, norm, radius, p.unit == "absolute")

    def _climb(
        self,
        seam: Seam,
        touched: torch.Tensor,
        radius: torch.Tensor,
        noise: torch.Tensor,
        number: int,
        worst: Worst,
    ) -> None:
        """Gradient ascent from some noise, all of whose points are noted."""
        p = self.params
        step = radius * (p.step_size or min(2.5 / p.steps, 1.25))

        def loss(at: torch.Tensor) -> torch.Tensor:
            logits = ascent.noisy(seam, at)
            return worst.note(logits, number)

        for _ in range(p.steps):
            rise = balls.precise(ascent.gradient(loss, noise)) * touched
            noise = balls.project(noise + step * balls.direction(rise, p.norm), radius, p.norm)
        loss(noise)

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        """`robust_accuracy`: pairs of a radius, 0 first, and the share of examples robust at it."""
        radii = dict.fromkeys((0.0, *self.params.radii))
        robust = [[p.values.get(_column(radius), 0.0) for radius in radii] for p in predictions]
        shares = [sum(column) / len(robust) for column in zip(*robust, strict=True)]
        return {"robust_accuracy": [list(pair) for pair in zip(radii, shares, strict=True)]}

    def notes(self) -> Sequence[str]:
        p = self.params
        return [
            f"accuracy is that within radius {p.radii[-1]:g} ({p.norm}, {p.unit}), the largest: an "
            "upper bound of the true robust accuracy, since a stronger attack may break more "
            f"examples than {_counted(p.restarts, 'restart')} of {_counted(p.steps, 'step')} did"
        ]


class Worst:
    """The worst point that was seen of each example.

    Attributes:
        logits: there, [B, C]: wrong ones before right ones, and then those of the highest loss.
        broken: the number of the smallest radius at which the answer was wrong, [B]: 0 for the
            clean point, `radii` + 1 where it was never wrong.
    """

    def __init__(self, seam: Seam, radii: int) -> None:
        import torch

        self._seam, self._gold = seam, seam.batch.targets
        self.logits = seam.logits(seam.embeddings).detach()
        self._losses = seam.loss(self.logits)
        self._wrong = self._is_wrong(self.logits)
        self.broken = torch.where(self._wrong, 0, radii + 1)

    def note(self, logits: torch.Tensor, number: int) -> torch.Tensor:
        """Takes the logits at points within a radius; returns their losses, [B]."""
        import torch

        losses = self._seam.loss(logits)
        here, at = losses.detach(), logits.detach()
        wrong = self._is_wrong(at)
        worse = (wrong & ~self._wrong) | ((wrong == self._wrong) & (here > self._losses))
        self.logits = torch.where(worse.unsqueeze(-1), at, self.logits)
        self._losses = torch.where(worse, here, self._losses)
        self._wrong |= wrong
        self.broken = torch.where(wrong, self.broken.clamp(max=number), self.broken)
        return losses

    def _is_wrong(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.float().argmax(dim=-1) != self._gold


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _column(radius: float) -> str:
    """The value that says whether an example is robust at a radius."""
    return f"robust_{radius:.12g}"
