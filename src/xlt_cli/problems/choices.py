"""Multiple choice: which of several texts is the right one, with one pass of the model for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from xlt_cli.api import (
    Batch,
    Edit,
    Encoded,
    Example,
    ExampleText,
    Feature,
    Head,
    Metric,
    Prediction,
    Problem,
    Template,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.pieces import pieces_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class ChoiceExample(Example):
    """A context, a question about it, the choices, and which of them is right.

    Attributes:
        question: empty if the choices go on from the context.
        choices: two or more; their number may differ between the rows of a task.
        right: the number of the right choice, from 0.
        languages: the language of the context, and that of the question and the choices.
        fixed: whether the question is a phrase of the task. Noise leaves such a phrase as it is.
    """

    id: str
    context: str
    question: str
    choices: tuple[str, ...]
    right: int
    languages: tuple[str, ...]
    fixed: bool = False

    def editable(self) -> tuple[ExampleText, ...]:
        first, second = self.languages
        texts = [self.question] if self._asks else []
        others = tuple(ExampleText(second, text) for text in (*texts, *self.choices))
        return ExampleText(first, self.context), *others

    def edited(self, texts: Sequence[Edit]) -> Self | None:
        """None if two choices that differed are equal afterwards: which is right is then open."""
        context, *others = map(str, texts)
        question = others.pop(0) if self._asks else self.question
        if len(set(others)) < len(set(self.choices)):
            return None
        return replace(self, context=context, question=question, choices=tuple(others))

    @property
    def _asks(self) -> bool:
        return bool(self.question) and not self.fixed

    def content(self) -> Any:
        return [self.context, self.question, *self.choices]

    def shared_label(self) -> str | None:
        return str(self.right)

    def fingerprint(self) -> list[Any]:
        return [self.id, self.context, self.question, list(self.choices), self.right]

    def as_row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "context": self.context,
            "question": self.question,
            "choices": list(self.choices),
            "right": self.right,
        }

    def fault(self) -> str:
        if len(self.choices) < 2:
            return f"it has {len(self.choices)} choices, expected two or more"
        if self.right not in range(len(self.choices)):
            return f"choice {self.right} is right, and it has {len(self.choices)} (from 0)"
        if len(self.languages) != 2:
            return f"it states {len(self.languages)} languages, expected two"
        return ""

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        if len(other.choices) != len(self.choices):
            return f"it has {len(other.choices)} choices, not {len(self.choices)}"
        if other.right != self.right:
            return f"choice {other.right} is right, not {self.right}"
        return ""


class MultipleChoice(Problem):
    """Cross-entropy over the choices of a row; accuracy.

    Each choice is an input of its own: the context as the first text, the question and the choice
    as the second, as in BERT's layout for multiple choice. The head has one output.
    """

    api_version = 1
    name = "multiple-choice"
    summary = "which of several texts is the right one"
    example_type = ChoiceExample
    labelled = False
    grouped = True
    pairs = True

    @property
    def head(self) -> Head:
        """A head for texts with one output, so that every encoder and pooling serves."""
        return Head("sequence-classification", ("fits",))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Metric("accuracy", of_examples=True),)

    def check_example(self, example: Example) -> None:
        super().check_example(example)
        if fault := example.fault():
            raise DataError(fault, f"example '{example.id}'")

    def encode(
        self, examples: Sequence[ChoiceExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check_example(example)
        seconds = [
            [f"{e.question} {choice}" if e.question else choice for choice in e.choices]
            for e in examples
        ]
        pairs = zip(examples, seconds, strict=True)
        pieces = pieces_of((text for e, own in pairs for text in (e.context, *own)), tokenizer)
        return [
            Encoded(
                e.id,
                (pieces[e.context], pieces[own[0]]),
                e.languages,
                e.right,
                data=tuple(pieces[text] for text in own),
            )
            for e, own in zip(examples, seconds, strict=True)
        ]

    def features(
        self, encoded: Encoded, template: Template, max_length: int, windows: bool = True
    ) -> list[Feature]:
        layouts = [template.lay_out((encoded.pieces[0], own), max_length) for own in encoded.data]
        return [
            Feature.of(encoded, layout, int(number == encoded.gold), goes_on=number > 0)
            for number, layout in enumerate(layouts)
        ]

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The cross-entropy of an example, at the row of its right choice; 0 at the others."""
        import torch

        scores, firsts = logits.float()[:, 0], batch.firsts()
        assert firsts is not None  # the problem is grouped
        top = torch.full_like(scores, float("-inf"))
        top = top.scatter_reduce(0, firsts, scores.detach(), "amax")[firsts]
        total = torch.zeros_like(scores).index_add(0, firsts, (scores - top).exp())[firsts]
        return (total.log() + top - scores) * batch.targets

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Any]:
        scores: list[float] = logits.float()[:, 0].cpu().tolist()
        return scores

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """The choice with the highest logit; of equal ones the first."""
        return [
            Prediction(
                inputs[0].id, inputs[0].gold, scores.index(max(scores)), _probabilities(scores)
            )
            for inputs, scores in self.by_example(features, kept)
        ]

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Whether the answer is right, and 1."""
        import numpy as np

        rows = [(p.gold == p.predicted, 1) for p in predictions]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            return {"accuracy": sums[..., 0] / sums[..., 1]}

    def pair(self, first: Encoded, second: Encoded) -> Encoded:
        if first.gold != second.gold or len(first.data) != len(second.data):
            raise DataError(
                "the choices of a row and of its translation are not in the same order",
                f"example '{first.id}' ({first.languages[0]}, {second.languages[1]})",
                "take 'generalized' out of the settings",
            )
        return Encoded(
            first.id,
            (first.pieces[0], second.pieces[1]),
            (first.languages[0], second.languages[1]),
            first.gold,
            data=second.data,
        )


def _probabilities(scores: Sequence[float]) -> tuple[float, ...]:
    """The softmax of an example's logits, of as many decimals as are stored."""
    import numpy as np

    shifted = np.exp(np.array(scores, dtype=np.float64) - max(scores))
    return tuple(np.round(shifted / shifted.sum(), 6).tolist())
