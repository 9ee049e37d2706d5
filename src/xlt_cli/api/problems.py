"""Problems: the types of tasks, from examples to metrics.

    examples --encode---> Encoded (token ids of each text, no special tokens)
             --features-> Feature (one model input, or several of an example) --collate--> Batch
    logits   --losses---> training
             --predict--> what is kept of each input --decode--> a Prediction of each example
    predictions --statistics, score, score_samples--> metrics (and, resampled, their intervals)

Texts are tokenized once per language; pairs of languages are then assembled from token ids.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from xlt_cli.api.criterion import Criterion
from xlt_cli.api.examples import Edit, Example
from xlt_cli.api.features import Encoded, Feature, Prediction
from xlt_cli.api.layouts import Template
from xlt_cli.api.models import Batch, Head
from xlt_cli.api.plugin import Plugin
from xlt_cli.api.task_facts import TaskFacts
from xlt_cli.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, computed for a set of examples from their statistics.

    Attributes:
        unit: `share` for values in [0, 1], which are shown as percentages; `number` for others,
            which are shown unchanged.
        higher_is_better: whether higher values are better; False for errors and distances.
        of_examples: whether it is a proportion of the examples, so that it has the interval of a
            binomial proportion.
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
    """Counts of the words of some sentences, for notes.

    Attributes:
        unseen: the number of words that were cut off and that the model never saw.
        stray: the number of words whose gold tag marks a part of an entity that is incomplete.
    """

    all: int
    unseen: int = 0
    stray: int = 0


class Problem(Plugin):
    """A problem with its labels. A task states the class, and `of` makes the instance for the task.

    Attributes:
        example_type: the class of its examples, a subclass of `Example`.
        labelled: whether its tasks have labels.
        grouped: whether the loss of an example needs all its inputs in one batch, in adjacent rows;
            otherwise training treats each input separately.
        by_words: whether its labels belong to the words of a text, which are tokenized one by one.
        pairs: whether its examples may be pairs of texts, which may be in two languages (see
            `pair`).
        votes: whether the prediction is the label with the highest logit of a single input, so that
            a smoothed classifier can vote on it.
        classifies: `rows` if the softmax of logits [B, C] gives the probabilities of each row's
            labels; `tokens` if the softmax of logits [B, L, C] gives those of each token whose
            target is not `IGNORED`; empty otherwise.
        contrasts: whether the loss of an example depends on the other examples in its batch, which
            it is contrasted with. Dividing a batch then changes the loss.
        searches: whether the prediction for an example is searched among the inputs of its whole
            cell, so that it depends on the other examples there.
        takes_criterion: whether `losses` is computed by `self.criterion`. It holds for the class
            that states it, and for subclasses that do not override `losses`.
        criterion: the stage's loss of a prediction; the cross-entropy outside training.
    """

    plugin_kind = "problem"
    example_type: ClassVar[type[Example]]
    labelled: ClassVar[bool] = True
    grouped: ClassVar[bool] = False
    by_words: ClassVar[bool] = False
    pairs: ClassVar[bool] = False
    votes: ClassVar[bool] = False
    classifies: ClassVar[Literal["", "rows", "tokens"]] = ""
    contrasts: ClassVar[bool] = False
    searches: ClassVar[bool] = False
    takes_criterion: ClassVar[bool] = False
    criterion: Criterion = Criterion()

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.ids = {label: i for i, label in enumerate(self.labels)}

    @classmethod
    def of(cls, task: TaskFacts) -> Problem:
        """The instance for a task."""
        return cls(task.labels)

    @property
    @abstractmethod
    def head(self) -> Head:
        """The head that a model needs for this problem."""

    @property
    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that `score` and `score_samples` return."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The names of the metrics."""
        return tuple(metric.name for metric in self.metrics)

    @property
    def label_groups(self) -> tuple[tuple[str, ...], ...]:
        """The labels among which each prediction chooses; by default all of them. Balanced class
        weights count the predictions of each group on their own."""
        return (self.labels,)

    def metric(self, name: str) -> Metric:
        """The metric with a name."""
        return next(metric for metric in self.metrics if metric.name == name)

    @property
    def scoring(self) -> str:
        """A description of what is scored, shown with the figures; empty if there is only one
        possibility."""
        return ""

    @classmethod
    def task_fault(cls, task: type[TaskFacts]) -> str:
        """A reason why a class cannot be a task of this problem; empty if there is none."""
        return ""

    def check_example(self, example: Example) -> None:
        """Raises DataError if the example has the wrong type or an unknown label."""
        if not isinstance(example, self.example_type):
            raise DataError(
                f"the task gave a {type(example).__name__} for the problem '{self.name}'",
                f"example '{getattr(example, 'id', '?')}'",
                f"the task's load() must return {self.example_type.__name__}s",
            )

    def check_rows(self, examples: Sequence[Example], training: bool = False) -> None:
        """Checks rows together, which have been checked one by one.

        Args:
            examples: all rows of a split in a language.
            training: they are what a stage trains on, in all its languages.

        Raises:
            DataError: a row lacks what it needs of others, or there is nothing to train on.
        """

    def remark(self, examples: Sequence[Example]) -> str:
        """What has to be known of figures over the rows that are counted in a language, in a
        sentence; empty if nothing."""
        return ""

    def edited(self, example: Any, texts: Sequence[Edit]) -> Example | None:
        """The example with its texts edited; None if its labels would not be correct any more."""
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
        """Tokenizes each text separately."""

    def feature(self, encoded: Encoded, template: Template, max_length: int) -> Feature:
        """The first input of an example, truncated to `max_length` tokens.

        A problem defines this method, or `features` if an example may have several inputs.
        """
        return self.features(encoded, template, max_length)[0]

    def features(
        self, encoded: Encoded, template: Template, max_length: int, windows: bool = True
    ) -> list[Feature]:
        """All inputs of an example: a first one, and others with `goes_on`. By default there is
        one.

        Args:
            windows: whether an example that is too long is divided into several inputs, as in
                evaluation; otherwise it is truncated, if the problem allows that.
        """
        return [self.feature(encoded, template, max_length)]

    def drawn(self, feature: Feature, rng: random.Random) -> Feature:
        """An input as it is trained on in an epoch, with what is drawn anew each time, e.g. masks.

        It is called once in each epoch, after the stage's noise on text and segmentation; `rng` is
        the example's own. Dev and evaluation see the input as `features` made it.
        """
        return feature

    def asked(self, features: Sequence[Feature], length: int) -> list[list[int]] | None:
        """For a head per token that answers for some of the tokens only: their positions, of each
        input as many (see `Batch.asked`); None, the default, for all tokens."""
        return None

    def targets(self, features: Sequence[Feature], length: int) -> list[Any]:
        """The targets of a batch, padded to `length` tokens if they are per token."""
        return [feature.target for feature in features]

    @abstractmethod
    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The loss of each row, summed over its predictions, [B].

        If the problem is `grouped`, the losses of an example's rows add up to the loss of the
        example; `batch.parts` tells which rows belong to the same example.
        """

    def size(self, feature: Feature) -> int:
        """The number of predictions of an input; the loss of a batch is the mean over all
        predictions."""
        return int(not (self.grouped and feature.goes_on))

    @abstractmethod
    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Any]:
        """Returns for each input of a batch what is kept of its logits: its `Prediction`, or values
        from which `decode` makes predictions. They must be picklable."""

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """The prediction for each example of a cell, from what `predict` kept of all inputs.

        Examples and their inputs are in order; an input with `goes_on` belongs to the same example
        as the one before it. By default each input is an example, and its prediction is what was
        kept.
        """
        return list(kept)

    @property
    def open_threshold(self) -> bool:
        """Whether predictions count only from some score on, and this threshold is not stated. An
        evaluation then chooses it on the dev rows of each language."""
        return False

    def best_threshold(self, predictions: Sequence[Prediction]) -> float:
        """The threshold that is best for predictions as `decode` made them."""
        raise NotImplementedError(f"the problem '{self.name}' has no threshold")

    def above(self, predictions: Sequence[Prediction], threshold: float) -> list[Prediction]:
        """The predictions, those below a threshold being none."""
        raise NotImplementedError(f"the problem '{self.name}' has no threshold")

    @staticmethod
    def by_example(
        features: Sequence[Feature], kept: Sequence[Any]
    ) -> list[tuple[list[Feature], list[Any]]]:
        """Groups inputs, and what was kept of them, by example."""
        examples: list[tuple[list[Feature], list[Any]]] = []
        for feature, own in zip(features, kept, strict=True):
            if not feature.goes_on:
                examples.append(([], []))
            examples[-1][0].append(feature)
            examples[-1][1].append(own)
        return examples

    @abstractmethod
    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Statistics of each example, [N, S]; they determine the metrics of a set of examples, by
        their sums (`score`) or otherwise (`score_samples`). They depend on no other example."""

    @abstractmethod
    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """The metrics that sums of statistics determine, for sums [..., S]: an array [...] for
        each, by its name."""

    def score_samples(self, statistics: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
        """The metrics that sums do not determine, such as a rank correlation: an array [R] for
        each, by its name. By default there are none.

        The intervals of these metrics come from samples that are drawn with replacement, each of
        which is scored anew. Counts that are equal for all examples give the metric of the set.

        Args:
            statistics: of each example, [N, S].
            counts: how often each example occurs in each sample, [R, N].
        """
        return {}

    def words(self, sums: np.ndarray) -> Words:
        """The counts of words for sums of statistics; by default words are not counted."""
        return Words(0)

    def pair(self, first: Encoded, second: Encoded) -> Encoded:
        """The first text of one example with the second text of its translation.

        Raises DataError if this problem's examples are not pairs of texts.
        """
        raise DataError(f"the problem '{self.name}' has no pairs of texts to mix languages in")


def not_among(problem: Problem, names: Sequence[str] | None) -> str:
    """The reason to refuse a problem if neither it nor a base class has one of the names; else
    empty."""
    if names is None:
        return ""
    own = (getattr(base, "name", None) for base in type(problem).__mro__)
    return "" if any(name in names for name in own) else f"it is made for {', '.join(names)}"
