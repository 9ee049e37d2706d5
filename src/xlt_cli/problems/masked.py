"""Masked language modelling: the tokens of a text that are hidden, from those around them.

On one text it is that of Devlin et al. (2019); on two texts, translations of each other in one
input, that of Conneau and Lample (2019), with masks in both.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xlt_cli.api import (
    IGNORED,
    Batch,
    Encoded,
    Feature,
    Head,
    Layout,
    Metric,
    Prediction,
    Problem,
    TaskFacts,
    Template,
    TextExample,
)
from xlt_cli.problems.masking import Masking, Vocabulary, chosen, masked
from xlt_cli.problems.pieces import pieces_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

FIXED = "fixed masks"
"""Names the masks of dev and evaluation, which are the same for all models of a vocabulary."""


@dataclass(frozen=True, slots=True)
class Whole:
    """An input before anything of it was hidden.

    Attributes:
        asked: the positions that are hidden in the feature that it belongs to.
    """

    input_ids: list[int]
    known: Vocabulary
    asked: tuple[int, ...] = ()


class MaskedLanguageModelling(Problem):
    """Cross-entropy over the vocabulary at the masked tokens; perplexity and accuracy of them.

    A task has parameters `probability` and `whole_words` for how tokens are masked; by default 15 %
    of them are, each for itself.
    """

    api_version = 1
    name = "masked-language-modelling"
    summary = "the masked tokens of a text, or of a text and its translation"
    example_type = TextExample
    labelled = False
    classifies = "tokens"
    takes_criterion = True

    def __init__(self, labels: Sequence[str] = (), masking: Masking | None = None) -> None:
        super().__init__(labels)
        self.masking = masking or Masking()
        self._known: Vocabulary | None = None

    @classmethod
    def of(cls, task: TaskFacts) -> MaskedLanguageModelling:
        usual, params = Masking(), task.params
        probability = getattr(params, "probability", usual.probability)
        return cls((), Masking(probability, getattr(params, "whole_words", usual.whole_words)))

    @property
    def head(self) -> Head:
        return Head(MaskedLanguageModelling.name, (), per_token=True, over="vocabulary")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return Metric("perplexity", "number", higher_is_better=False), Metric("accuracy")

    @property
    def scoring(self) -> str:
        whole = " of whole words" if self.masking.whole_words else ""
        return f"{self.masking.probability:.0%} of the tokens{whole}, masked at random once for all"

    def encode(
        self, examples: Sequence[TextExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check_example(example)
        known = self._vocabulary(tokenizer)
        pieces = pieces_of((text for example in examples for text in example.texts), tokenizer)
        return [
            Encoded(e.id, tuple(pieces[t] for t in e.texts), e.languages, "", data=known)
            for e in examples
        ]

    def _vocabulary(self, tokenizer: Any) -> Vocabulary:
        """The tokenizer's; noise on segmentation stands in its place, and has no vocabulary."""
        if self._known is None:
            self._known = Vocabulary.of(tokenizer)
        return self._known

    def features(
        self, encoded: Encoded, template: Template, max_length: int, windows: bool = True
    ) -> list[Feature]:
        """A text that is too long goes on in further inputs; of two texts, both are cut."""
        parts: list[tuple[tuple[int, ...], ...]] = [encoded.pieces]
        if len(encoded.pieces) == 1:
            (pieces,), room = encoded.pieces, max(1, template.room(1, max_length))
            parts = [(pieces[at : at + room],) for at in range(0, max(1, len(pieces)), room)]
        return [
            self._fixed(encoded, template.lay_out(part, max_length), number)
            for number, part in enumerate(parts)
        ]

    def _fixed(self, encoded: Encoded, layout: Layout, number: int) -> Feature:
        whole = Whole(layout.input_ids, encoded.data)
        feature = Feature.of(encoded, layout, [], data=whole, goes_on=number > 0)
        names = "/".join((FIXED, "-".join(encoded.languages), encoded.id, str(number)))
        return self.drawn(feature, random.Random(names))

    def drawn(self, feature: Feature, rng: random.Random) -> Feature:
        whole: Whole = feature.data
        ids, known = whole.input_ids, whole.known
        places = chosen(ids, feature.special_mask, self.masking, known, rng)
        return replace(
            feature,
            input_ids=masked(ids, places, known, rng),
            target=[ids[place] for place in places],
            data=replace(whole, asked=tuple(places)),
        )

    def asked(self, features: Sequence[Feature], length: int) -> list[list[int]]:
        width = self._width(features, length)
        return [[*f.data.asked, *[0] * (width - len(f.data.asked))] for f in features]

    def targets(self, features: Sequence[Feature], length: int) -> list[list[int]]:
        width = self._width(features, length)
        return [[*f.target, *[IGNORED] * (width - len(f.target))] for f in features]

    def _width(self, features: Sequence[Feature], length: int) -> int:
        """Places for the tokens of each input; the same for all batches of a length, mostly."""
        return max(self.masking.count(length), *(len(feature.target) for feature in features))

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Summed over the masked tokens of each input, [B]."""
        losses = self.criterion(logits.flatten(0, 1), batch.targets.flatten())
        return losses.view(batch.targets.shape).sum(dim=1)

    def size(self, feature: Feature) -> int:
        return len(feature.target)

    def predict(
        self, logits: torch.Tensor, features: Sequence[Feature]
    ) -> list[tuple[list[int], float]]:
        """The likeliest pieces of each input, and the loss of the right ones."""
        import torch

        kept = []
        for feature, row in zip(features, logits, strict=True):
            scores = row[: len(feature.target)].float()
            right = torch.tensor(feature.target, device=scores.device, dtype=torch.long)[:, None]
            losses = scores.logsumexp(dim=-1) - scores.gather(1, right)[:, 0]
            kept.append((scores.argmax(dim=-1).tolist(), round(float(losses.sum()), 6)))
        return kept

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """An answer is the pieces, and the loss of the right ones: 0 is as good as can be."""
        made = []
        for inputs, own in self.by_example(features, kept):
            named = inputs[0].data.known.named
            gold = named([piece for feature in inputs for piece in feature.target])
            predicted = named([piece for pieces, _ in own for piece in pieces])
            loss = round(sum(loss for _, loss in own), 6)
            made.append(Prediction(inputs[0].id, (gold, 0.0), (predicted, loss)))
        return made

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Loss in nats, right pieces, all pieces."""
        import numpy as np

        rows = []
        for prediction in predictions:
            (gold, _), (pieces, loss) = prediction.gold, prediction.predicted
            right = sum(one == other for one, other in zip(gold, pieces, strict=True))
            rows.append((loss, right, len(gold)))
        return np.array(rows, dtype=np.float64).reshape(len(predictions), 3)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        import numpy as np

        loss, right, count = np.moveaxis(np.asarray(sums), -1, 0)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return {"perplexity": np.exp(loss / count), "accuracy": right / count}
