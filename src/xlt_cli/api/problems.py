"""Problems: the shapes that tasks come in, from examples to metrics.

    examples --encode---> Encoded (token ids of each text, no special tokens)
             --features-> Feature (one model input, or several of an example) --collate--> Batch
    logits   --losses---> training
             --predict--> what is kept of each input --decode--> a Prediction of each example
    predictions --statistics, score--> metrics (and, resampled, their intervals)

Texts are tokenized once per language; pairs of languages are then put together from token ids.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from xlt_cli.api.examples import Edit, Example
from xlt_cli.api.layouts import Layout, Template
from xlt_cli.api.models import Batch, Head
from xlt_cli.api.plugin import Plugin
from xlt_cli.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

    from xlt_cli.api.tasks import Task

IGNORED = -100
"""Target of a position where nothing is to be predicted (torch's own convention)."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An example as token ids.

    Attributes:
        id: the example's id.
        pieces: token ids of each text of an input (one or two), without special tokens.
        languages: the language of each text.
        gold: what is to be predicted: the label, the tags of the words, or whatever else a
            `Prediction` may hold.
        heads: where labels hang on words, the position in `pieces[0]` of each word's first piece.
        data: what else the problem needs to make inputs of it.
    """

    id: str
    pieces: tuple[tuple[int, ...], ...]
    languages: tuple[str, ...]
    gold: Any
    heads: tuple[int, ...] = ()
    data: Any = None


@dataclass(frozen=True, slots=True)
class Feature:
    """One model input. The sequences have the same length, `target` too where it is a list.

    Attributes:
        target: what `targets` makes the batch's of: the id of the label, or of each token's tag;
            None where nothing is to be predicted.
        gold: the example's, or what it has of the part that this input answers for.
        companions: the features that travel with it (see `xlt_cli.api.Companion`).
        goes_on: whether it is a further input of the example of the feature before.
        data: what the problem needs to decode what is predicted for it.
    """

    id: str
    input_ids: list[int]
    token_type_ids: list[int]
    special_mask: list[bool]
    text_ids: list[int]
    languages: tuple[str, ...]
    target: Any
    gold: Any
    companions: tuple[Feature, ...] = ()
    goes_on: bool = False
    data: Any = None

    @classmethod
    def of(cls, encoded: Encoded, layout: Layout, target: Any, **others: Any) -> Feature:
        """The input of an example that a template laid out."""
        return cls(
            encoded.id,
            layout.input_ids,
            layout.token_type_ids,
            layout.special_mask,
            layout.text_ids,
            encoded.languages,
            target,
            **{"gold": encoded.gold, **others},
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said of one example.

    Attributes:
        id: the example's id.
        gold: the label, the tags of the words, or an answer of the problem's own shape, made of
            texts, numbers, None and tuples of them.
        predicted: the same; None where the model abstained, or for a word that it never saw.
        probabilities: of the labels in order of their ids; may be empty.
        values: further numbers by name, of the condition under which it was made.
    """

    id: str
    gold: Any
    predicted: Any
    probabilities: tuple[float, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a set of examples, computed from their summed statistics.

    Attributes:
        unit: `share` of a value in [0, 1], which is shown as a percentage; `number` of any other,
            which is shown as it is.
        higher_is_better: False for errors and distances.
        of_examples: whether it is the proportion of the examples of which something holds, so that
            its interval is that of a binomial proportion.
    """

    name: str
    unit: Literal["share", "number"] = "share"
    higher_is_better: bool = True
    of_examples: bool = False

    def better(self, value: float, other: float) -> bool:
        """Whether a value is better than another."""
        return value > other if self.higher_is_better else value < other


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be said of the words of some sentences.

    Attributes:
        unseen: how many of them the model never saw.
        stray: how many are marked as parts of an entity in gold, and are in no whole one.
    """

    all: int
    unseen: int = 0
    stray: int = 0


class Problem(Plugin):
    """A problem with its labels. A task states the class; `of` makes the task's own.

    Attributes:
        example_type: the class of its examples, a subclass of `Example`.
        labelled: whether its tasks have labels.
        grouped: whether the loss of an example needs all its inputs in one batch, next to each
            other; otherwise training takes each input for itself.
        by_words: whether its labels hang on the words of a text, each given to the tokenizer alone.
        pairs: whether its examples may be pairs of texts, also in two languages (see `pair`).
        votes: whether an answer is one of the labels, by the highest logit of one input, so that a
            smoothed classifier can vote on it.
        classifies: what the softmax of logits over their last dimension gives the probabilities of
            labels of: `rows`, from logits [B, C]; `tokens`, those whose target is not `IGNORED`,
            from logits [B, L, C]; empty where it gives none.
    """

    plugin_kind = "problem"
    example_type: ClassVar[type[Example]]
    labelled: ClassVar[bool] = True
    grouped: ClassVar[bool] = False
    by_words: ClassVar[bool] = False
    pairs: ClassVar[bool] = False
    votes: ClassVar[bool] = False
    classifies: ClassVar[Literal["", "rows", "tokens"]] = ""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.ids = {label: i for i, label in enumerate(self.labels)}

    @classmethod
    def of(cls, task: Task) -> Problem:
        """The problem of a task."""
        return cls(task.labels)

    @property
    @abstractmethod
    def head(self) -> Head:
        """The head that a model needs for it."""

    @property
    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that `score` returns."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(metric.name for metric in self.metrics)

    def metric(self, name: str) -> Metric:
        """The metric of a name."""
        return next(metric for metric in self.metrics if metric.name == name)

    @property
    def scoring(self) -> str:
        """What is scored, to be said beside the figures; nothing if there is but one way."""
        return ""

    @classmethod
    def task_fault(cls, task: type[Task]) -> str:
        """What else keeps a class from being a task of this problem; empty if nothing does."""
        return ""

    def check_example(self, example: Example) -> None:
        """Raises DataError if the example is not of this problem or has an unknown label."""
        if not isinstance(example, self.example_type):
            raise DataError(
                f"the task gave a {type(example).__name__} for the problem '{self.name}'",
                f"example '{getattr(example, 'id', '?')}'",
                f"the task's load() must return {self.example_type.__name__}s",
            )

    def edited(self, example: Any, texts: Sequence[Edit]) -> Example | None:
        """The example with its texts edited; None where its labels would not be true of it."""
        edited: Example | None = example.edited(texts)
        return edited

    def label_id(self, label: str, example_id: str) -> int:
        """The id of a label; raises DataError if the task has no such label."""
        if label not in self.ids:
            raise DataError(
                f"the label '{label}' is not one of the task's",
                f"example '{example_id}'",
                did_you_mean(label, self.labels),
            )
        return self.ids[label]

    @abstractmethod
    def encode(self, examples: Sequence[Any], tokenizer: PreTrainedTokenizerBase) -> list[Encoded]:
        """Tokenizes the texts, each on its own."""

    def feature(self, encoded: Encoded, template: Template, max_length: int) -> Feature:
        """The first input of an example, cut to `max_length` tokens.

        A problem defines this, or `features` where an example may have several inputs.
        """
        return self.features(encoded, template, max_length)[0]

    def features(
        self, encoded: Encoded, template: Template, max_length: int, windows: bool = True
    ) -> list[Feature]:
        """All inputs of an example: a first one, and others that go on; by default one.

        Args:
            windows: whether what is too long for one input goes on in another, as in evaluation;
                otherwise it is cut off, where the problem can do without it.
        """
        return [self.feature(encoded, template, max_length)]

    def targets(self, features: Sequence[Feature], length: int) -> list[Any]:
        """The targets of a batch, padded to `length` tokens where they are per token."""
        return [feature.target for feature in features]

    @abstractmethod
    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The loss of each row, summed over what it has to predict, [B].

        Where inputs are `grouped`, the losses of an example's rows add up to the example's;
        `batch.parts` says which rows are of one example.
        """

    def size(self, feature: Feature) -> int:
        """How many predictions an input asks for; the loss of a batch is a mean over them."""
        return int(not (self.grouped and feature.goes_on))

    @abstractmethod
    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Any]:
        """What is kept of the logits of a batch for each input: its `Prediction`, or whatever
        `decode` makes predictions of, as values that another process can be sent."""

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """The prediction of each example of a cell, from what was kept of all its inputs.

        Examples and their inputs are in order; an input that goes on belongs to the example of the
        one before. By default each input is an example, and what was kept its prediction.
        """
        return list(kept)

    @staticmethod
    def by_example(
        features: Sequence[Feature], kept: Sequence[Any]
    ) -> list[tuple[list[Feature], list[Any]]]:
        """The inputs of each example, with what was kept of them."""
        examples: list[tuple[list[Feature], list[Any]]] = []
        for feature, own in zip(features, kept, strict=True):
            if not feature.goes_on:
                examples.append(([], []))
            examples[-1][0].append(feature)
            examples[-1][1].append(own)
        return examples

    @abstractmethod
    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Counts per example, [N, S], whose sums over any set of examples determine the metrics."""

    @abstractmethod
    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Metrics from summed statistics: [..., S] -> one array [...] per metric, by its name."""

    def words(self, sums: np.ndarray) -> Words:
        """What summed statistics say of words; by default they are not counted."""
        return Words(0)

    def pair(self, first: Encoded, second: Encoded) -> Encoded:
        """The first text of one example with the second text of its translation.

        Raises DataError if this problem's examples are not pairs of texts.
        """
        raise DataError(f"the problem '{self.name}' has no pairs of texts to mix languages in")


def not_among(problem: Problem, names: Sequence[str] | None) -> str:
    """Says so where a problem has none of these names, and derives from none that has."""
    if names is None:
        return ""
    own = (getattr(base, "name", None) for base in type(problem).__mro__)
    return "" if any(name in names for name in own) else f"it is made for {', '.join(names)}"
