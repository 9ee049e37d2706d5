"""Regression: a number for a text or a pair of texts, such as how similar two sentences are.

The correlations are those of scipy's `pearsonr` and `spearmanr`. Where all predictions are one
number they are 0, for scipy's are not defined there; where all scores are, they are not defined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from xlt_cli.api import (
    Batch,
    Encoded,
    Example,
    Feature,
    Head,
    Metric,
    Prediction,
    Problem,
    TaskFacts,
    Template,
    WholeTexts,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.pieces import pieces_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

DECIMALS = 6
"""Of predicted scores, as they are stored."""


@dataclass(frozen=True, slots=True)
class ScoredExample(WholeTexts):
    """One text or a pair of texts, and their score.

    Attributes:
        texts: one text, or the two texts of a pair.
    """

    id: str
    texts: tuple[str, ...]
    score: float
    languages: tuple[str, ...]

    def as_row(self) -> dict[str, Any]:
        return {"id": self.id, **self.named_texts(), "score": self.score}

    def shared_label(self) -> str | None:
        return str(self.score)

    def fingerprint(self) -> list[Any]:
        return [self.id, self.texts, self.score]

    def fault(self) -> str:
        if len(self.texts) not in (1, 2):
            return f"it has {len(self.texts)} texts, expected one or two"
        if len(self.texts) != len(self.languages):
            return f"it has {len(self.texts)} texts in {len(self.languages)} languages"
        return "" if math.isfinite(self.score) else f"its score is {self.score}"

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        if len(other.texts) != len(self.texts):
            return f"it has {len(other.texts)} texts, not {len(self.texts)}"
        if other.score != self.score:
            return f"its score is {other.score}, not {self.score}"
        return ""


class Regression(Problem):
    """The squared error; Pearson's and Spearman's correlation, and the mean errors.

    Args:
        scale: the lowest and the highest score of the task. The model is trained on scores as
            shares of this range, from 0 to 1, so that learning rates suit any scale; what it
            predicts is in the task's own unit, and may be beyond the range. None: scores as they
            are.

    Raises:
        DataError: the highest score is not above the lowest.
    """

    api_version = 1
    name = "regression"
    summary = "a number for a text or a pair of texts"
    example_type = ScoredExample
    labelled = False
    pairs = True

    def __init__(
        self, labels: Sequence[str] = (), scale: tuple[float, float] | None = None
    ) -> None:
        super().__init__(labels)
        low, high = scale or (0.0, 1.0)
        if not high > low:
            raise DataError(f"scores from {low} to {high}", "the task's scale", "state low, high")
        self.scale = scale
        self._low, self._width = float(low), float(high - low)

    @classmethod
    def of(cls, task: TaskFacts) -> Regression:
        return cls((), getattr(task, "scale", None))

    @property
    def head(self) -> Head:
        """A head for texts with one output, so that every encoder and pooling serves."""
        return Head("sequence-classification", ("score",))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The errors are in the unit of the task's scores."""
        return (
            Metric("spearman", "number"),
            Metric("pearson", "number"),
            Metric("mae", "number", higher_is_better=False),
            Metric("rmse", "number", higher_is_better=False),
        )

    def check_example(self, example: Example) -> None:
        super().check_example(example)
        assert isinstance(example, ScoredExample)
        fault = example.fault()
        if not fault and self.scale and not self.scale[0] <= example.score <= self.scale[1]:
            fault = f"its score {example.score} is not from {self.scale[0]} to {self.scale[1]}"
        if fault:
            raise DataError(fault, f"example '{example.id}'")

    def encode(
        self, examples: Sequence[ScoredExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check_example(example)
        pieces = pieces_of((text for example in examples for text in example.texts), tokenizer)
        return [
            Encoded(e.id, tuple(pieces[text] for text in e.texts), e.languages, float(e.score))
            for e in examples
        ]

    def feature(self, encoded: Encoded, template: Template, max_length: int) -> Feature:
        layout = template.lay_out(encoded.pieces, max_length)
        return Feature.of(encoded, layout, (encoded.gold - self._low) / self._width)

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The squared error of each row, as a share of the scale's square, [B]."""
        return (logits.float()[:, 0] - batch.targets).square()

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Prediction]:
        scores = (self._low + self._width * logits.double()[:, 0]).cpu().tolist()
        return [
            Prediction(feature.id, feature.gold, round(score, DECIMALS))
            for feature, score in zip(features, scores, strict=True)
        ]

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """The score, the predicted one, the error without its sign, its square, and 1."""
        import numpy as np

        pairs = np.array([(p.gold, p.predicted) for p in predictions], dtype=np.float64)
        gold, told = pairs.reshape(-1, 2).T
        error = np.abs(gold - told)
        return np.stack([gold, told, error, error**2, np.ones_like(gold)], axis=1)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """The mean errors; correlations are not determined by sums."""
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            absolute, square = sums[..., 2] / sums[..., 4], sums[..., 3] / sums[..., 4]
            return {"mae": absolute, "rmse": np.sqrt(square)}

    def score_samples(self, statistics: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
        """The correlations in each sample, from its own ranks (see `correlations`)."""
        from xlt_cli.problems.correlations import pearson, spearman

        of_sample: dict[str, Callable[..., np.ndarray]] = {"spearman": spearman, "pearson": pearson}
        gold, told = statistics[:, 0], statistics[:, 1]
        return {name: found(gold, told, counts) for name, found in of_sample.items()}

    def pair(self, first: Encoded, second: Encoded) -> Encoded:
        if len(first.pieces) != 2 or len(second.pieces) != 2:
            raise DataError("the generalized setting needs a task whose examples have two texts")
        if first.gold != second.gold:
            raise DataError(
                f"the score of a row is {first.gold}, and of its translation {second.gold}",
                f"example '{first.id}' ({first.languages[0]}, {second.languages[1]})",
                "take 'generalized' out of the settings",
            )
        pieces = first.pieces[0], second.pieces[1]
        return Encoded(first.id, pieces, (first.languages[0], second.languages[1]), first.gold)
