"""Sequence classification: one text, or a pair of texts, and one label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlt_cli.api import (
    Batch,
    Encoded,
    Example,
    Feature,
    Head,
    Metric,
    Prediction,
    Problem,
    SequenceExample,
    TaskFacts,
    Template,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.pieces import pieces_of
from xlt_cli.problems.schemes import stated_fault

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase


class SequenceClassification(Problem):
    """Cross-entropy over the labels; accuracy and macro-averaged F1."""

    api_version = 1
    name = "sequence-classification"
    summary = "one label for a text or a pair of texts"
    example_type = SequenceExample
    pairs = True
    votes = True
    classifies = "rows"
    takes_criterion = True

    @classmethod
    def task_fault(cls, task: type[TaskFacts]) -> str:
        return stated_fault(task)

    @property
    def head(self) -> Head:
        return Head(SequenceClassification.name, self.labels)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return Metric("accuracy", of_examples=True), Metric("macro_f1")

    def check_example(self, example: Example) -> None:
        super().check_example(example)
        assert isinstance(example, SequenceExample)
        if len(example.texts) not in (1, 2):
            raise DataError(
                f"{len(example.texts)} texts, expected one or two", f"example '{example.id}'"
            )
        if len(example.languages) != len(example.texts):
            raise DataError(
                f"{len(example.texts)} texts but {len(example.languages)} languages",
                f"example '{example.id}'",
                "state the language of each text",
            )
        self.label_id(example.label, example.id)

    def encode(
        self, examples: Sequence[SequenceExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check_example(example)
        pieces = pieces_of((text for example in examples for text in example.texts), tokenizer)
        return [
            Encoded(e.id, tuple(pieces[text] for text in e.texts), e.languages, e.label)
            for e in examples
        ]

    def feature(self, encoded: Encoded, template: Template, max_length: int) -> Feature:
        assert isinstance(encoded.gold, str)
        layout = template.lay_out(encoded.pieces, max_length)
        return Feature(
            encoded.id,
            layout.input_ids,
            layout.token_type_ids,
            layout.special_mask,
            layout.text_ids,
            encoded.languages,
            self.ids[encoded.gold],
            encoded.gold,
        )

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.criterion(logits, batch.targets)

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Prediction]:
        import numpy as np

        probabilities = logits.float().softmax(dim=-1).cpu().numpy()
        best = probabilities.argmax(axis=-1).tolist()
        shown = np.round(probabilities.astype(np.float64), 6)
        rows, labels = zip(*shown.T.tolist(), strict=True), self.labels
        return [
            Prediction(feature.id, feature.gold, labels[label], row)
            for feature, label, row in zip(features, best, rows, strict=True)
        ]

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """One-hot confusion matrices, flattened: S = C * (C + 1), gold-major.

        The last column counts the examples on which the model abstained.
        """
        import numpy as np

        size = len(self.labels)
        counts = np.zeros((len(predictions), size * (size + 1)), dtype=np.float64)
        columns: dict[Any, int] = {None: size, **self.ids}
        cells = [self.ids[str(p.gold)] * (size + 1) + columns[p.predicted] for p in predictions]
        counts[np.arange(len(predictions)), cells] = 1.0
        return counts

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        return confusion_scores(sums, len(self.labels))

    def pair(self, first: Encoded, second: Encoded) -> Encoded:
        if len(first.pieces) != 2 or len(second.pieces) != 2:
            raise DataError("the generalized setting needs a task whose examples have two texts")
        return Encoded(
            first.id,
            (first.pieces[0], second.pieces[1]),
            (first.languages[0], second.languages[1]),
            first.gold,
        )


def confusion_scores(sums: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Accuracy and macro-F1 of summed confusion matrices, [..., C * columns] gold-major.

    Columns are the labels; what stands in further ones is wrong. The macro average is over the
    labels that occur in gold or prediction, as in scikit-learn.
    """
    import numpy as np

    matrix = sums.reshape(*sums.shape[:-1], size, -1)
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    gold, predicted = matrix.sum(-1), matrix.sum(-2)[..., :size]
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = hits.sum(-1) / matrix.sum((-2, -1))
        f1 = np.where(gold + predicted > 0, 2 * hits / (gold + predicted), np.nan)
        present = ~np.isnan(f1)
        macro = np.where(present, f1, 0.0).sum(-1) / present.sum(-1)
    return {"accuracy": accuracy, "macro_f1": macro}
