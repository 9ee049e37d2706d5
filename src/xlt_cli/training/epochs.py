"""What a stage trains on in each epoch: its examples under their noise, and their companions.

Every draw is seeded by the stage, the epoch and the example, so that it depends neither on the
other examples nor on where a run was interrupted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xlt_cli.api import Example, SequenceExample
from xlt_cli.data.batches import by_example
from xlt_cli.data.features import Featuriser, Segment
from xlt_cli.errors import PluginError, UserError
from xlt_cli.problems import Feature
from xlt_cli.registry.calls import Call, calling
from xlt_cli.training.noise import Noise

Drawn = tuple[Any, random.Random]
"""An example or a feature with the randomness that is left for it."""


@dataclass
class Epochs:
    """The features of a stage, epoch by epoch.

    Attributes:
        seed: names the randomness of the stage.
        sampling: the indices of the examples of an epoch, by its number; None for each once.
        head: which head of the stage trains on them.
    """

    examples: Sequence[Example]
    featuriser: Featuriser
    seed: str
    noise: Noise = field(default_factory=Noise)
    sampling: Callable[[int], Sequence[int]] | None = None
    head: int = 0
    _segment: Segment | None = None
    _clean: list[Feature] = field(default_factory=list)
    _translations: list[tuple[Feature, Feature]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.noise.segmentation is not None:
            self._segment = self.noise.segmentation[0].segmenter(self.featuriser.tokenizer)
        if self.noise.companion == "translations":
            self._translations = self._read_translations()

    def __call__(self, epoch: int) -> list[Feature]:
        """The features of an epoch.

        Raises:
            PluginError: the noise left no example.
        """
        for perturbation, _ in self.noise.text:
            perturbation.for_problem = self.featuriser.problem
        features = self._features(epoch)
        return [replace(f, head=self.head) for f in features] if self.head else features

    def _features(self, epoch: int) -> list[Feature]:
        indices = range(len(self.examples)) if self.sampling is None else self.sampling(epoch)
        drawn = self._drawn(epoch, indices)
        companion = self.noise.companion
        if companion == "noisy":
            return self._with_views(drawn, self._clean_features(indices))
        if self.noise.on_data:
            drawn = self._after_text(drawn)
            features = _with_rngs(self._after_segmentation(drawn), drawn)
        else:
            features = _with_rngs(self._clean_features(indices), drawn)
        features = self._drawn_anew(features)
        if companion == "partner":
            return [
                replace(feature, companions=(features[rng.randrange(len(features))][0],))
                for feature, rng in features
            ]
        if companion == "translations":
            return [
                replace(feature, companions=rng.choice(self._translations))
                for feature, rng in features
            ]
        return [feature for feature, _ in features]

    def _drawn(self, epoch: int, indices: Sequence[int]) -> list[Drawn]:
        """The examples of an epoch; one that comes again has other randomness each time."""
        came: Counter[int] = Counter()
        drawn: list[Drawn] = []
        for index in indices:
            drawn.append(
                (self.examples[index], self._rng(epoch, self.examples[index], came[index]))
            )
            came[index] += 1
        return drawn

    def _rng(self, epoch: int, example: Example, again: int) -> random.Random:
        language = "-".join(example.languages)
        copy = f"/{again}" if again else ""
        return random.Random(f"{self.seed}/noise/{epoch}/{language}/{example.id}{copy}")

    def _drawn_anew(
        self, features: Sequence[tuple[Feature, random.Random]]
    ) -> list[tuple[Feature, random.Random]]:
        """The inputs with what their problem draws in each epoch."""
        problem = self.featuriser.problem
        with calling(Call(type(problem), "drawn", ())):
            return [(problem.drawn(feature, rng), rng) for feature, rng in features]

    def clean_features(self) -> list[Feature]:
        """The features of all examples, each once, without noise."""
        if not self._clean:
            self._clean = self.featuriser.clean_features(self.examples)
        return self._clean

    def _clean_features(self, indices: Sequence[int]) -> list[Feature]:
        clean = self.clean_features()
        if self.sampling is None:
            return clean
        inputs = by_example(clean)
        return [feature for index in indices for feature in inputs[index]]

    def _with_views(self, drawn: Sequence[Drawn], clean_features: list[Feature]) -> list[Feature]:
        """Each clean example with each of its noisy versions."""
        pairs: list[tuple[list[Feature], Example, random.Random]] = []
        clean_inputs = by_example(clean_features)
        for clean, (example, rng) in zip(clean_inputs, drawn, strict=True):
            noisy = [e for e in self._perturbed(example, rng) if e != example]
            pairs += [(clean, view, rng) for view in noisy or [example]]
        views = by_example(self._after_segmentation([(view, rng) for _, view, rng in pairs]))
        together: list[Feature] = []
        for (clean, example, rng), inputs in zip(pairs, views, strict=True):
            if len(inputs) != len(clean):
                raise UserError(
                    f"the noisy version of example '{example.id}' has {len(inputs)} inputs and "
                    f"the clean one {len(clean)}, so that they cannot be compared",
                    hint="raise max_length, or use a perturbation that does not compare versions",
                )
            for one, other in zip(clean, inputs, strict=True):
                (own, _), (view, _) = self._drawn_anew([(one, rng), (other, rng)])
                together.append(replace(own, companions=(view,)))
        return together

    def _after_text(self, drawn: Sequence[Drawn]) -> list[Drawn]:
        noisy = [(e, rng) for example, rng in drawn for e in self._perturbed(example, rng)]
        if not noisy:
            names = ", ".join(f"'{p.name}'" for p, _ in self.noise.text)
            raise PluginError(f"the perturbation {names} left no example")
        return noisy

    def _perturbed(self, example: Example, rng: random.Random) -> list[Example]:
        """The examples that stand in for one after the perturbations of text."""
        versions = [example]
        for perturbation, proportion in self.noise.text:
            before, versions = versions, []
            for e in before:
                versions.extend(perturbation.perturb(e, rng) if _drawn(proportion, rng) else [e])
        return versions

    def _after_segmentation(self, drawn: Sequence[Drawn]) -> list[Feature]:
        if self.noise.segmentation is None or self._segment is None:
            return self.featuriser.features([example for example, _ in drawn])
        _, proportion = self.noise.segmentation
        sampled = [_drawn(proportion, rng) for _, rng in drawn]
        plain = [example for (example, _), chosen in zip(drawn, sampled, strict=True) if not chosen]
        usual = iter(by_example(self.featuriser.features(plain)))
        segment = self._segment
        return [
            feature
            for (example, rng), chosen in zip(drawn, sampled, strict=True)
            for feature in (
                self.featuriser.sampled(example, segment, rng) if chosen else next(usual)
            )
        ]

    def _read_translations(self) -> list[tuple[Feature, Feature]]:
        pairs: list[SequenceExample] = []
        for method, _ in self.noise.methods:
            pairs += method.parallel()
        if not pairs:
            name = next(m.name for m, _ in self.noise.methods if m.companion)
            raise PluginError(f"the perturbation '{name}' has no translations")
        one, other = (
            self.featuriser.plain([p.texts[i] for p in pairs], [p.languages[i] for p in pairs])
            for i in (0, 1)
        )
        return list(zip(one, other, strict=True))


@dataclass(frozen=True)
class SeveralEpochs:
    """The features of an epoch for several heads, one head after another."""

    parts: Sequence[Epochs]

    def __call__(self, epoch: int) -> list[Feature]:
        return [feature for part in self.parts for feature in part(epoch)]


def _drawn(proportion: float, rng: random.Random) -> bool:
    """Whether an example is among the proportion; the whole takes no draw."""
    return proportion >= 1 or rng.random() < proportion


def _with_rngs(
    features: Sequence[Feature], drawn: Sequence[Drawn]
) -> list[tuple[Feature, random.Random]]:
    """Each input with what is left of its example's randomness."""
    pairs: list[tuple[Feature, random.Random]] = []
    for inputs, (_, rng) in zip(by_example(features), drawn, strict=True):
        pairs += [(feature, rng) for feature in inputs]
    return pairs
