"""Evaluation under any perturbation that can act on it."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from xlt_cli.api import (
    Answer,
    AnyPerturbation,
    Condition,
    EmbeddingPerturbation,
    Example,
    Perturbation,
    Place,
    PluginParams,
    Problem,
    Seam,
    SegmentationPerturbation,
    SpecError,
    Task,
    TextPerturbation,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Perturbed(Condition):
    """A perturbation of text, of segmentation or of embeddings on every example.

    Of the examples that a perturbation of text returns, a noisy one stands in for the clean one:
    the clean example is passed over if it is returned beside others, and of several noisy ones the
    first counts. An example that is left out, or that the noise does not change, stays as it is.
    """

    api_version = 1
    name = "perturbed"
    summary = "a perturbation of every example, at a given strength"

    for_stress = True

    class Params(PluginParams):
        perturbation: AnyPerturbation = Field(description="perturbation plugin")
        strength: float | None = Field(
            None,
            ge=0,
            description="value of the perturbation's parameter that controls its strength; "
            "default: as in its own parameters",
        )
        seed: int = Field(
            0, ge=0, description="random seed of the noise; every model sees the same noise"
        )
        draws: int = Field(
            1,
            ge=1,
            description="test under so many seeds, from `seed` on; figures are means over them",
        )

    params: Params

    @cached_property
    def noise(self) -> Perturbation:
        """The perturbation at its strength."""
        part = self.parts["perturbation"]
        assert isinstance(part, Perturbation)
        if self.params.strength is None:
            return part
        values = {**part.params.model_dump(), part.strength: self.params.strength}
        return type(part)(part.Params.model_validate(values))

    @property
    def strength(self) -> float | None:
        """The value of the perturbation's parameter that says how strong it is."""
        value = getattr(self.noise.params, self.noise.strength or "", None)
        return float(value) if isinstance(value, int | float) else None

    @property
    def acts(self) -> tuple[Place, ...]:  # type: ignore[override]
        if isinstance(self.noise, TextPerturbation):
            return ("text",)
        return (
            ("segmentation",) if isinstance(self.noise, SegmentationPerturbation) else ("answer",)
        )

    @property
    def speaks(self) -> tuple[str, ...] | None:  # type: ignore[override]
        return self.noise.speaks

    def problem_fault(self, problem: Problem) -> str:
        part = self.parts["perturbation"]
        assert isinstance(part, Perturbation)
        return part.problem_fault(problem)

    def accept(self, task: Task) -> None:
        part = self.parts["perturbation"]
        assert isinstance(part, Perturbation)
        if isinstance(part, EmbeddingPerturbation) and not _puts_noise(part):
            raise SpecError(
                f"'{part.name}' is for training only: {part.at_evaluation}", "perturbation"
            )
        if self.params.strength is not None and not part.strength:
            raise SpecError(
                f"'{part.name}' has no parameter for its strength",
                "strength",
                f"omit `strength`, and give the parameters of '{part.name}'",
            )
        try:
            _ = self.noise
        except ValidationError as error:
            said = error.errors(include_url=False)[0]["msg"]
            raise SpecError(f"'{part.name}' ({part.strength}): {said}", "strength") from None

    def fetch(self) -> None:
        self.noise.fetch()

    def edit(self, example: Example, rng: random.Random) -> Example:
        assert isinstance(self.noise, TextPerturbation)
        self.noise.for_problem = self.for_problem
        versions = list(self.noise.perturb(example, rng))
        if len(versions) > 1 and example in versions:
            versions.remove(example)
        return versions[0] if versions else example

    def segmenter(
        self, tokenizer: PreTrainedTokenizerBase
    ) -> Callable[[str, random.Random], list[int]]:
        assert isinstance(self.noise, SegmentationPerturbation)
        return self.noise.segmenter(tokenizer)

    def answer(self, seam: Seam) -> Answer:
        assert isinstance(self.noise, EmbeddingPerturbation)
        return Answer(seam.logits(self.noise.perturbed(seam)))


def _puts_noise(part: EmbeddingPerturbation) -> bool:
    """Whether there is noise of its own that it can put on embeddings."""
    return inspect.unwrap(type(part).perturbed) is not EmbeddingPerturbation.perturbed
