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

    The first restart begins at the centre of the ball, the others at random points of it. The
    answer of an example is the worst one within the largest radius: a wrong one, if its answer is
    one label, and then the one of the highest loss. All metrics of the problem are those of these
    answers. Where an example has one label, it is also robust at a radius if its answer is right at
    every point that any restart has visited within that radius.
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
    def _judges(self) -> bool:
        """Whether an answer is one label, of which it is clear when it is wrong."""
        return self.for_problem is None or self.for_problem.votes

    @property
    def measured(self) -> MeasuredTable | None:  # type: ignore[override]
        if not self._judges:
            return None  # the problem's own metrics say it all
        p = self.params
        axis = RADIUS if p.unit == "certified" else f"radius ({p.norm}, {p.unit})"
        title = "robust accuracy at radius (upper bound)"
        curve = MeasuredColumn("robust_accuracy", title, "curve", axis)
        return MeasuredTable("robust", "projected gradient ascent", (curve,))

    def problem_fault(self, problem: Problem) -> str:
        if problem.searches:
            return (
                "it raises the loss of an example on its own, and here an answer is the nearest of "
                "all candidates of a cell; test under the noise of a perturbation, such as "
                "'adversarial'"
            )
        if not problem.votes and len(self.params.radii) > 1:
            return (
                "the curve over several radii counts examples whose one label stays right; give "
                "one radius, and a condition for each further one"
            )
        return super().problem_fault(problem)

    def answer(self, seam: Seam) -> Answer:
        p = self.params
        touched = balls.touched(seam, p.special)
        radii = [(number, self._radius(seam, touched, r)) for number, r in self._attacked()]
        worst = Worst(seam, len(p.radii), self._judges)
        for restart in range(p.restarts):
            start = touched.new_zeros(seam.embeddings.shape)
            if restart:  # drawn once for all radii, so that further restarts change no earlier one
                start = balls.sample(touched, seam.embeddings.shape[-1], p.norm, seam.draws)
            for number, radius in radii:
                self._climb(seam, touched, radius, radius * start, number, worst)
        if not self._judges:
            return Answer(worst.logits)
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
            rise = ascent.gradient(loss, noise, seam.parameters_fixed)
            rise = balls.precise(rise) * touched
            noise = balls.project(noise + step * balls.direction(rise, p.norm), radius, p.norm)
        loss(noise)

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        """`robust_accuracy`: pairs of a radius, 0 first, and the share of examples robust at it;
        nothing where answers are not one label."""
        if not self._judges:
            return {}
        radii = dict.fromkeys((0.0, *self.params.radii))
        robust = [[p.values.get(_column(radius), 0.0) for radius in radii] for p in predictions]
        shares = [sum(column) / len(robust) for column in zip(*robust, strict=True)]
        return {"robust_accuracy": [list(pair) for pair in zip(radii, shares, strict=True)]}

    def notes(self) -> Sequence[str]:
        p = self.params
        ball = f"within radius {p.radii[-1]:g} ({p.norm}, {p.unit})"
        tried = f"{_counted(p.restarts, 'restart')} of {_counted(p.steps, 'step')} did"
        if not self._judges:
            return [
                f"figures are those {ball}: the true robust ones are no better, since a stronger "
                f"attack may raise the losses further than {tried}"
            ]
        return [
            f"accuracy is that {ball}, the largest: an upper bound of the true robust accuracy, "
            f"since a stronger attack may break more examples than {tried}"
        ]


class Worst:
    """The worst point that was seen of each example.

    Attributes:
        logits: there, [B, ...]: wrong ones before right ones, and then those of the highest loss.
        broken: the number of the smallest radius at which the answer was wrong, [B]: 0 for the
            clean point, `radii` + 1 where it was never wrong.

    Args:
        judges: whether the targets are the one label of each example, so that it is clear when an
            answer is wrong; otherwise the loss alone counts.
    """

    def __init__(self, seam: Seam, radii: int, judges: bool) -> None:
        import torch

        self._seam, self._judges = seam, judges
        self._firsts = seam.batch.firsts()
        self.logits = seam.logits(seam.embeddings).detach()
        self._losses = self._of_examples(seam.loss(self.logits))
        self._wrong = self._is_wrong(self.logits)
        self.broken = torch.where(self._wrong, 0, radii + 1)

    def note(self, logits: torch.Tensor, number: int) -> torch.Tensor:
        """Takes the logits at points within a radius; returns the losses of the rows, [B]."""
        import torch

        losses = self._seam.loss(logits)
        here, at = self._of_examples(losses.detach()), logits.detach()
        wrong = self._is_wrong(at)
        worse = (wrong & ~self._wrong) | ((wrong == self._wrong) & (here > self._losses))
        rows = worse.view(-1, *[1] * (at.dim() - 1))
        self.logits = torch.where(rows, at, self.logits)
        self._losses = torch.where(worse, here, self._losses)
        self._wrong |= wrong
        self.broken = torch.where(wrong, self.broken.clamp(max=number), self.broken)
        return losses

    def _of_examples(self, losses: torch.Tensor) -> torch.Tensor:
        """At each row the loss of its example, of which it may be one of several inputs, [B]."""
        import torch

        if self._firsts is None:
            return losses
        return torch.zeros_like(losses).index_add(0, self._firsts, losses)[self._firsts]

    def _is_wrong(self, logits: torch.Tensor) -> torch.Tensor:
        import torch

        if not self._judges:
            return torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
        return logits.float().argmax(dim=-1) != self._seam.batch.targets


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _column(radius: float) -> str:
    """The value that says whether an example is robust at a radius."""
    return f"robust_{radius:.12g}"
