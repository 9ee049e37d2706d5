"""The perturbations of a stage, by where they act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xlt_cli.api import (
    Companion,
    EmbeddingPerturbation,
    Perturbation,
    SegmentationPerturbation,
    TextPerturbation,
)
from xlt_cli.compute.seeding import derive

Method = tuple[EmbeddingPerturbation, float]


@dataclass(frozen=True)
class Noise:
    """Perturbations, each with its proportion of the examples.

    Those of text act one after the other; then the one of segmentation; those of embeddings share
    the examples.
    """

    text: tuple[tuple[TextPerturbation, float], ...] = ()
    segmentation: tuple[SegmentationPerturbation, float] | None = None
    methods: tuple[Method, ...] = ()

    @classmethod
    def of(cls, perturbations: Sequence[tuple[Perturbation, float]]) -> Noise:
        """The perturbations of a stage, each with its share of the examples."""
        cut = [(p, share) for p, share in perturbations if isinstance(p, SegmentationPerturbation)]
        return cls(
            tuple((p, share) for p, share in perturbations if isinstance(p, TextPerturbation)),
            cut[0] if cut else None,
            tuple((p, share) for p, share in perturbations if isinstance(p, EmbeddingPerturbation)),
        )

    @property
    def on_data(self) -> bool:
        """Whether an epoch's texts or pieces differ from the clean ones."""
        return bool(self.text or self.segmentation)

    @property
    def companion(self) -> Companion:
        """What stands beside each example."""
        return next((method.companion for method, _ in self.methods if method.companion), "")


def own_modules(
    methods: Sequence[Method], width: int, seed: str
) -> tuple[torch.nn.Module | None, ...]:
    """The module of each perturbation that has one, its initial weights named by the stage's seed.

    Args:
        width: of the embeddings.
    """
    made = []
    with torch.random.fork_rng(devices=[]):
        for index, (method, _) in enumerate(methods):
            torch.manual_seed(derive(seed, "perturbation", index))
            made.append(method.own_module(width))
    return tuple(made)
