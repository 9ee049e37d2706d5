"""Problems: the shapes that tasks come in, from examples to metrics.

    examples --encode--> Encoded (token ids of each text, no special tokens)
             --feature-> Feature (one model input)      --collate--> Batch
    logits   --losses--> training                       --predict--> Prediction
    predictions --statistics, score--> metrics (and, resampled, their intervals)

Texts are tokenized once per language; pairs of languages are then put together from token ids.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from xlt_cli.api.examples import Edit, Example
from xlt_cli.api.layouts import Template
from xlt_cli.api.models import Head
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
        pieces: token ids of each text, without special tokens.
        languages: the language of each text.
        gold: the label, or the tags of the words.
        heads: for token labelling, the position in `pieces[0]` of each word's first piece.
    """

    id: str
    pieces: tuple[tuple[int, ...], ...]
    languages: tuple[str, ...]
    gold: str | tuple[str, ...]
    heads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """One model input. The sequences have the same length, `target` too where it is a list.

    Attributes:
        target: the id of the label, or of each token's tag; None where nothing is to be predicted.
        companions: the features that travel with it (see `xlt_cli.api.Companion`).
        goes_on: whether it is a further window over the example of the feature before; `gold` and
            `target` are then of the words that it answers for.
    """

    id: str
    input_ids: list[int]
    token_type_ids: list[int]
    special_mask: list[bool]
    text_ids: list[int]
    languages: tuple[str, ...]
    target: int | list[int] | None
    gold: str | tuple[str, ...]
    companions: tuple[Feature, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said of one example.

    Attributes:
        id: the example's id.
        gold: the label, or the tags of the words.
        predicted: the same shape; None where the model abstained, or for a word that it never saw.
        probabilities: of the labels in order of their ids; empty for token labelling.
        values: further numbers by name, of the condition under which it was made.
    """

    id: str
    gold: str | tuple[str, ...]
    predicted: str | tuple[str | None, ...] | None
    probabilities: tuple[float, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)


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
        by_words: whether its labels hang on the words of a text, each given to the tokenizer alone.
        pairs: whether its examples may be pairs of texts, also in two languages (see `pair`).
        votes: whether an answer is one of the labels, by the highest logit of one input, so that a
            smoothed classifier can vote on it.
        shares: the metrics that are a proportion of the examples.
    """

    plugin_kind = "problem"
    example_type: ClassVar[type[Example]]
    by_words: ClassVar[bool] = False
    pairs: ClassVar[bool] = False
    votes: ClassVar[bool] = False
    shares: ClassVar[tuple[str, ...]] = ()

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
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that `score` returns."""

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

    @abstractmethod
    def feature(self, encoded: Encoded, template: Template, max_length: int) -> Feature:
        """The model input of one example, cut to `max_length` tokens."""

    def features(self, encoded: Encoded, template: Template, max_length: int) -> list[Feature]:
        """The inputs that together show the model all of an example, where it can be parted.

        One example has one feature, or a first one and others that go on.
        """
        return [self.feature(encoded, template, max_length)]

    @abstractmethod
    def targets(self, features: Sequence[Feature], length: int) -> list[Any]:
        """The targets of a batch, padded to `length` tokens where they are per token."""

    @abstractmethod
    def losses(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss of each example, summed over what it has to predict, [B]."""

    @abstractmethod
    def size(self, feature: Feature) -> int:
        """How many predictions an example asks for; the loss of a batch is a mean over them."""

    @abstractmethod
    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Prediction]:
        """Decodes the logits of a batch."""

    @abstractmethod
    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Counts per example, [N, S], whose sums over any set of examples determine the metrics."""

    @abstractmethod
    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Metrics from summed statistics: [..., S] -> one array [...] per metric, in [0, 1]."""

    def words(self, sums: np.ndarray) -> Words:
        """What summed statistics say of words; by default they are not counted."""
        return Words(0)

    def pair(self, first: Encoded, second: Encoded) -> Encoded:
        """The first text of one example with the second text of its translation.

        Raises DataError if this problem's examples are not pairs of texts.
        """
        raise DataError(f"the problem '{self.name}' has no pairs of texts to mix languages in")
