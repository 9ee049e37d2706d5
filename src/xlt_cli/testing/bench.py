"""Batches seen from the seam of a tiny model, as the runner gives them to a perturbation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlt_cli.api import (
    Batch,
    Condition,
    Draws,
    EmbeddingPerturbation,
    EncoderModel,
    Example,
    Seam,
    SequenceExample,
    TokenExample,
)
from xlt_cli.data.batches import collate, seeds
from xlt_cli.data.features import Featuriser
from xlt_cli.models.seam import seam
from xlt_cli.problems import Feature, Problem, SequenceClassification, TokenLabelling
from xlt_cli.testing import rows as samples
from xlt_cli.testing import tokenizers
from xlt_cli.testing.tiny_model import tiny_model
from xlt_cli.training.noise import own_modules

MAX_LENGTH = 48
WIDE = 64
"""A multiple of so many tokens leaves padding at the end of every row."""


@dataclass
class Bench:
    """A model without dropout, and features of rows of several lengths.

    Attributes:
        empty: the number of a row that has no words, only special tokens.
        module: the perturbation's own, if it has one.
    """

    problem: Problem
    model: EncoderModel
    features: list[Feature]
    pad_id: int
    empty: int
    module: Any = None

    @property
    def name(self) -> str:
        return self.problem.head.kind

    def batch(self, rows: Sequence[int], multiple: int = 1) -> Batch:
        return collate([self.features[row] for row in rows], self.problem, self.pad_id, multiple)

    def seam(
        self, rows: Sequence[int], seed: int = 1, progress: float = 0.5, multiple: int = 1
    ) -> Seam:
        """Some rows at the seam; the draws of a row depend on the row and the seed."""
        chosen = [self.features[row] for row in rows]
        draws = Draws(seeds(chosen, "suite", seed))
        batch = self.batch(rows, multiple)
        return seam(self.model, self.problem, batch, draws, progress, self.module)

    def of(self, plugin: EmbeddingPerturbation) -> Bench:
        """The same bench with a new module of a plugin, always with the same weights."""
        width = self.model.embed(self.batch([0])).shape[-1]
        (module,) = own_modules([(plugin, 1.0)], width, "suite")
        return replace(self, module=module)


def benches(plugin: EmbeddingPerturbation | Condition) -> list[Bench]:
    """A bench for each problem that a perturbation or a condition is for."""
    known: list[tuple[Problem, list[Example]]] = [
        (SequenceClassification(samples.LABELS), _pairs()),
        (TokenLabelling(samples.TAGS), _sentences()),
    ]
    return [
        bench(plugin, problem, examples)
        for problem, examples in known
        if not plugin.problem_fault(problem)
    ]


def bench(
    plugin: EmbeddingPerturbation | Condition, problem: Problem, examples: Sequence[Example]
) -> Bench:
    """A bench for a problem and its examples, the last of which has no words."""
    tokenizer: Any = tokenizers.shared()
    featuriser = Featuriser(problem, tokenizer, MAX_LENGTH)
    features = featuriser.features(examples)
    if isinstance(plugin, EmbeddingPerturbation):
        features = _with_companions(plugin, featuriser, features)
    model = tiny_model(len(tokenizer), problem.head)
    pad_id = featuriser.template.pad_id
    made = Bench(problem, model, features, pad_id, len(features) - 1)
    return made.of(plugin) if isinstance(plugin, EmbeddingPerturbation) else made


def _with_companions(
    plugin: EmbeddingPerturbation, featuriser: Featuriser, features: list[Feature]
) -> list[Feature]:
    """What the plugin asks for beside each example (see `Companion`)."""
    if plugin.companion == "translations":
        pairs = list(plugin.parallel())
        sides = [
            featuriser.plain([p.texts[i] for p in pairs], [p.languages[i] for p in pairs])
            for i in (0, 1)
        ]
        drawn = list(zip(*sides, strict=True))
        return [
            replace(feature, companions=drawn[number % len(drawn)])
            for number, feature in enumerate(features)
        ]
    if plugin.companion == "partner":
        return [
            replace(feature, companions=(features[(number * 5 + 2) % len(features)],))
            for number, feature in enumerate(features)
        ]
    if plugin.companion == "noisy":
        return [replace(feature, companions=(_shortened(feature),)) for feature in features]
    return features


def _shortened(feature: Feature) -> Feature:
    """The feature without one of its words, as noise on the text may leave it."""
    special = feature.special_mask
    if isinstance(feature.target, list) or all(special):
        return feature
    at = special.index(False)
    cut: dict[str, Any] = {
        name: [v for i, v in enumerate(getattr(feature, name)) if i != at]
        for name in ("input_ids", "token_type_ids", "special_mask", "text_ids")
    }
    return replace(feature, **cut)


def _pairs() -> list[Example]:
    words = samples.SENTENCES["en"].split()
    return [
        *(
            SequenceExample(
                str(number),
                (" ".join(words[: 1 + number]), " ".join(words[number % 5 :])),
                samples.LABELS[number % 2],
                ("en", "de"),
            )
            for number in range(8)
        ),
        SequenceExample("empty", ("", ""), samples.LABELS[0], ("en", "de")),
    ]


def _sentences() -> list[Example]:
    words = samples.SENTENCES["en"].split()
    return [
        *(
            TokenExample(
                str(number), tuple(words[: 1 + number]), samples.tags_for(1 + number), ("en",)
            )
            for number in range(8)
        ),
        TokenExample("empty", (), (), ("en",)),
    ]
