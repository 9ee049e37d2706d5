"""Token labelling: a tag for each word; a word's first piece carries its tag.

Tags of a scheme of entities (see `schemes`) are scored as entities: a prediction counts if span and
type are both right. Other tag sets (parts of speech) are scored by accuracy and macro-F1 of words.
A word that the model never saw is wrong in all of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xlt_cli.api import (
    IGNORED,
    Batch,
    Feature,
    Head,
    Metric,
    Prediction,
    TaskFacts,
    Words,
)
from xlt_cli.problems.schemes import WORDS, Scheme, scheme_of
from xlt_cli.problems.sequence import confusion_scores
from xlt_cli.problems.word_tags import WordTags, entity_counts, entity_scores

if TYPE_CHECKING:
    import numpy as np
    import torch


class TokenLabelling(WordTags):
    """Cross-entropy over the tags of words; entity F1, or word accuracy.

    Args:
        scheme: of the tags; None: as the tags show.

    Raises:
        DataError: the tags are of no scheme that can be told, or not of the given one.
    """

    api_version = 1
    name = "token-classification"
    summary = "a tag for each word of a sentence"
    classifies = "tokens"
    takes_criterion = True

    def __init__(self, labels: Sequence[str], scheme: str | None = None) -> None:
        super().__init__(labels)
        self.scheme: Scheme | None = scheme_of(self.labels, scheme)

    @classmethod
    def of(cls, task: TaskFacts) -> TokenLabelling:
        stated = task.scheme
        if stated is None and task.metric in ("accuracy", "macro_f1"):
            stated = WORDS  # the task's metric says that words are scored
        return cls(task.labels, stated)

    @property
    def head(self) -> Head:
        return Head(TokenLabelling.name, self.labels, per_token=True)

    @property
    def scoring(self) -> str:
        return f"entities by {self.scheme.name}" if self.scheme else "words"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        names = ("f1", "precision", "recall") if self.scheme else ("accuracy", "macro_f1")
        return tuple(map(Metric, names))

    def targets(self, features: Sequence[Feature], length: int) -> list[list[int]]:
        rows = []
        for feature in features:
            assert isinstance(feature.target, list)
            rows.append(feature.target + [IGNORED] * (length - len(feature.target)))
        return rows

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Summed over the words of each sentence, [B]."""
        return self.criterion(logits.transpose(1, 2), batch.targets).sum(dim=1)

    def size(self, feature: Feature) -> int:
        assert isinstance(feature.target, list)
        return sum(target != IGNORED for target in feature.target)

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Prediction]:
        best = logits.argmax(dim=-1).cpu().tolist()
        predictions = []
        for feature, row in zip(features, best, strict=True):
            assert isinstance(feature.target, list)
            tags: list[str | None] = [
                self.labels[tag]
                for tag, target in zip(row, feature.target, strict=False)
                if target != IGNORED
            ]
            tags += [None] * (len(feature.gold) - len(tags))
            predictions.append(Prediction(feature.id, feature.gold, tuple(tags)))
        return predictions

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """The answers of windows put together to those of their sentences."""
        joined: list[Prediction] = []
        for feature, own in zip(features, kept, strict=True):
            if feature.goes_on:
                before = joined[-1]
                both = before.gold + own.gold, before.predicted + own.predicted
                joined[-1] = replace(before, gold=both[0], predicted=both[1])
            else:
                joined.append(own)
        return joined

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Entities: [right, predicted, gold], then the fields of `Words`. Otherwise confusion
        counts, gold-major, with a further column for words that the model never saw."""
        import numpy as np

        if self.scheme is not None:
            rows = [entity_counts(p.gold, p.predicted, self.scheme) for p in predictions]
            return np.array(rows, dtype=np.float64).reshape(len(predictions), 6)
        size = len(self.labels)
        counts = np.zeros((len(predictions), size * (size + 1)), dtype=np.float64)
        for row, p in zip(counts, predictions, strict=True):
            assert isinstance(p.predicted, tuple)
            for gold, predicted in zip(p.gold, p.predicted, strict=True):
                column = size if predicted is None else self.ids.get(predicted, size)
                row[self.ids[gold] * (size + 1) + column] += 1
        return counts

    def words(self, sums: np.ndarray) -> Words:
        if self.scheme is not None:
            return Words(*map(int, sums[3:]))
        matrix = sums.reshape(len(self.labels), -1)
        return Words(int(matrix.sum()), int(matrix[:, -1].sum()))

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:

        if self.scheme is None:
            return confusion_scores(sums, len(self.labels))
        return dict(zip(self.metric_names, entity_scores(sums), strict=True))
