"""Token labelling: a tag for each word; a word's first piece carries its tag.

Tags in the B-/I-/O scheme are scored as entities by seqeval's definition (a prediction counts if
span and type are both right); other tag sets (parts of speech) by accuracy and macro-F1 of words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xlt_cli.api import Example, Head, TokenExample
from xlt_cli.errors import DataError
from xlt_cli.problems.base import IGNORED, Encoded, Feature, Prediction, Problem
from xlt_cli.problems.sequence import confusion_scores

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

    from xlt_cli.data.template import Template

UNSEEN = "O"
"""Prediction for a word beyond the maximum length: no entity, and wrong as a part of speech."""


class TokenLabelling(Problem):
    """Cross-entropy over the tags of words; entity F1, or word accuracy."""

    kind = "token-classification"
    example_type = TokenExample

    @property
    def head(self) -> Head:
        return Head("token-classification", self.labels)

    @property
    def entities(self) -> bool:
        """Whether the tags are of the B-/I-/O scheme."""
        return any(label.startswith("B-") for label in self.labels)

    @property
    def metrics(self) -> tuple[str, ...]:
        return ("f1", "precision", "recall") if self.entities else ("accuracy", "macro_f1")

    def check(self, example: Example) -> None:
        super().check(example)
        assert isinstance(example, TokenExample)
        if len(example.tokens) != len(example.tags):
            raise DataError(
                f"{len(example.tokens)} words but {len(example.tags)} tags",
                f"example '{example.id}'",
            )
        for tag in example.tags:
            self.label_id(tag, example.id)

    def encode(
        self, examples: Sequence[TokenExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check(example)
        words = list(dict.fromkeys(word for example in examples for word in example.tokens))
        ids = (
            tokenizer(words, add_special_tokens=False, verbose=False)["input_ids"] if words else []
        )
        # A word may be normalised to nothing (a lone zero-width mark); it still has a tag.
        unknown = tokenizer.unk_token_id
        pieces = {w: tuple(piece) or (unknown,) for w, piece in zip(words, ids, strict=True)}
        return [_encode_sentence(example, pieces) for example in examples]

    def feature(self, encoded: Encoded, template: Template, max_length: int) -> Feature:
        layout = template.lay_out(encoded.pieces, max_length)
        target = [IGNORED] * len(layout.input_ids)
        start = layout.starts[0]
        kept = len(layout.input_ids) - layout.special_mask.count(True)
        for position, tag in zip(encoded.heads, encoded.gold, strict=True):
            if position < kept:
                target[start + position] = self.ids[tag]
        return Feature(
            encoded.id,
            layout.input_ids,
            layout.token_type_ids,
            layout.special_mask,
            layout.text_ids,
            encoded.languages,
            target,
            encoded.gold,
        )

    def targets(self, features: Sequence[Feature], length: int) -> list[list[int]]:
        rows = []
        for feature in features:
            assert isinstance(feature.target, list)
            rows.append(feature.target + [IGNORED] * (length - len(feature.target)))
        return rows

    def losses(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Summed over the words of each sentence, [B]."""
        from torch.nn.functional import cross_entropy

        losses = cross_entropy(
            logits.float().transpose(1, 2), targets, reduction="none", ignore_index=IGNORED
        )
        return losses.sum(dim=1)

    def size(self, feature: Feature) -> int:
        assert isinstance(feature.target, list)
        return sum(target != IGNORED for target in feature.target)

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Prediction]:
        best = logits.argmax(dim=-1).cpu().tolist()
        predictions = []
        for feature, row in zip(features, best, strict=True):
            assert isinstance(feature.target, list)
            tags = [
                self.labels[tag]
                for tag, target in zip(row, feature.target, strict=False)
                if target != IGNORED
            ]
            tags += [UNSEEN] * (len(feature.gold) - len(tags))
            predictions.append(Prediction(feature.id, feature.gold, tuple(tags)))
        return predictions

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Entities: [right, predicted, gold]. Otherwise confusion counts, with a row and a
        column for tags outside the label set (words that the model never saw)."""
        import numpy as np

        if self.entities:
            return np.array([_entity_counts(p) for p in predictions], dtype=np.float64).reshape(
                len(predictions), 3
            )
        size = len(self.labels) + 1
        counts = np.zeros((len(predictions), size * size), dtype=np.float64)
        for row, p in zip(counts, predictions, strict=True):
            assert p.predicted is not None
            for gold, predicted in zip(p.gold, p.predicted, strict=True):
                row[self.ids[gold] * size + self.ids.get(predicted, size - 1)] += 1
        return counts

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        import numpy as np

        if not self.entities:
            return confusion_scores(sums, len(self.labels) + 1)
        right, predicted, gold = np.moveaxis(sums, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "f1": np.where(predicted + gold > 0, 2 * right / (predicted + gold), 0.0),
                "precision": np.where(predicted > 0, right / predicted, 0.0),
                "recall": np.where(gold > 0, right / gold, 0.0),
            }


def _encode_sentence(example: TokenExample, pieces: dict[str, tuple[int, ...]]) -> Encoded:
    ids: list[int] = []
    heads = []
    for word in example.tokens:
        heads.append(len(ids))
        ids.extend(pieces[word])
    return Encoded(example.id, (tuple(ids),), example.languages, example.tags, tuple(heads))


def _entity_counts(prediction: Prediction) -> tuple[int, int, int]:
    from seqeval.metrics.sequence_labeling import get_entities

    assert prediction.predicted is not None
    gold = set(get_entities(list(prediction.gold)))
    predicted = set(get_entities(list(prediction.predicted)))
    return len(gold & predicted), len(predicted), len(gold)
