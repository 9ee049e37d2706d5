"""Joint intent and slots: what a user wants, and the words that say the details, from one pass.

The head has an output for each tag of the slots and for each intent at every token. The intent is
read at the first token, slots at the first piece of each word, as in JointBERT (Chen et al. 2019,
arXiv:1902.10909). A sentence that is too long is divided into windows; its intent is then that of
the mean of their probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from xlt_cli.api import (
    IGNORED,
    Batch,
    Criterion,
    Encoded,
    Example,
    Feature,
    Head,
    Layout,
    Metric,
    Prediction,
    TaskFacts,
    TokenExample,
    Words,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.schemes import scheme_of
from xlt_cli.problems.word_tags import WordTags, entity_counts, entity_scores

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class IntentExample(TokenExample):
    """One sentence: its words, the tag of a slot for each of them, and its intent."""

    intent: str

    def shared_label(self) -> str | None:
        return self.intent

    def relabelled(self, label_of: Any) -> Self:
        tags = tuple(label_of(tag) for tag in self.tags)
        return replace(self, tags=tags, intent=label_of(self.intent))

    def fingerprint(self) -> list[Any]:
        return [self.id, self.tokens, self.tags, self.intent]

    def replacement_fault(self, other: Self, labels: Sequence[str]) -> str:
        if other.intent != self.intent:
            return f"its intent is '{other.intent}', not '{self.intent}'"
        return TokenExample.replacement_fault(self, other, labels)


class IntentAndSlots(WordTags):
    """The sum of two cross-entropies: that of the intent, and the mean over the words' tags.

    Each sentence has the same weight. The labels of a task are the tags of slots, then the intents.
    The answer to a sentence is its intent, then a tag for each word.

    Args:
        labels: tags and intents.
        intents: those of the labels that are intents.
        scheme: of the tags; None: as the tags show.

    Raises:
        DataError: the tags are of no scheme that can be told, or not of the given one.
    """

    api_version = 1
    name = "intent-and-slots"
    summary = "the intent of a sentence, and the slots that its words fill"
    example_type = IntentExample
    takes_criterion = True

    def __init__(
        self, labels: Sequence[str], intents: Sequence[str] = (), scheme: str | None = None
    ) -> None:
        super().__init__(labels)
        self.slots = len(self.labels) - len(intents)
        self.scheme = scheme_of(self.labels[: self.slots], scheme)

    @classmethod
    def of(cls, task: TaskFacts) -> IntentAndSlots:
        """The problem of a task, which states its `intents` beside its labels.

        Raises:
            DataError: the labels are not tags, then intents, or the tags follow no scheme.
        """
        intents = tuple(getattr(task, "intents", ()))
        if not intents or tuple(task.labels[-len(intents) :]) != intents:
            raise DataError(
                "the labels of a task with intents must be the tags of slots, then its `intents`",
                "the task's labels",
                "a collapse may name tags, and no intents",
            )
        made = cls(task.labels, intents, task.scheme)
        if len(made.ids) < len(made.labels):
            twice = next(label for n, label in enumerate(made.labels) if made.ids[label] != n)
            raise DataError(f"'{twice}' is two labels of the task", "the task's labels")
        if made.scheme is None:
            raise DataError(
                "the tags of slots follow no scheme of entities",
                "the task's labels",
                "begin and continue a slot with B- and I-, and do not state `scheme: none`",
            )
        return made

    @property
    def head(self) -> Head:
        return Head(IntentAndSlots.name, self.labels, per_token=True)

    @property
    def label_groups(self) -> tuple[tuple[str, ...], ...]:
        return self.labels[: self.slots], self.labels[self.slots :]

    @property
    def scoring(self) -> str:
        return f"slots by {self.scheme.name}" if self.scheme else ""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The share of sentences with the right intent, entity F1 of the slots (as conlleval), and
        the share of sentences in which both are right (semantic frame accuracy)."""
        return (
            Metric("intent_accuracy", of_examples=True),
            Metric("slot_f1"),
            Metric("exact_match", of_examples=True),
        )

    def check_example(self, example: Example) -> None:
        super().check_example(example)
        assert isinstance(example, IntentExample)
        of_intent = self.label_id(example.intent, example.id) >= self.slots
        strange = [tag for tag in example.tags if self.ids[tag] >= self.slots]
        if strange or not of_intent:
            what = f"the tag '{strange[0]}' is an intent" if strange else ""
            what = what or f"the intent '{example.intent}' is the tag of a slot"
            raise DataError(what, f"example '{example.id}'")

    def encode(self, examples: Sequence[Any], tokenizer: PreTrainedTokenizerBase) -> list[Encoded]:
        encoded = super().encode(examples, tokenizer)
        return [
            replace(own, gold=(example.intent, *example.tags))
            for own, example in zip(encoded, examples, strict=True)
        ]

    def tags_of(self, encoded: Encoded) -> tuple[str, ...]:
        tags: tuple[str, ...] = encoded.gold[1:]
        return tags

    def input_of(
        self, encoded: Encoded, layout: Layout, target: list[int], tags: tuple[str, ...]
    ) -> Feature:
        """The target is the intent's id, then the tag's id of each token."""
        intent = encoded.gold[0]
        both = (self.ids[intent], *target)
        return Feature.of(encoded, layout, both, gold=(intent, *tags))

    def targets(self, features: Sequence[Feature], length: int) -> list[list[int]]:
        """[B, 1 + L]: the intent's id, then the tag's id of each token."""
        return [[*f.target, *[IGNORED] * (1 + length - len(f.target))] for f in features]

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        intents, tags = batch.targets[:, 0], batch.targets[:, 1:]
        of_tags, of_intents = self._criteria()
        intent = of_intents(logits[:, 0, self.slots :], intents - self.slots)
        words = (tags != IGNORED).sum(dim=1).clamp(min=1)
        return intent + of_tags(logits[..., : self.slots].transpose(1, 2), tags).sum(dim=1) / words

    def _criteria(self) -> tuple[Criterion, Criterion]:
        """That of tags and that of intents: each has the weights of its own classes."""
        weights = self.criterion.class_weights
        if weights is None:
            return self.criterion, self.criterion
        tags, intents = weights[: self.slots], weights[self.slots :]
        return (
            replace(self.criterion, class_weights=tags),
            replace(self.criterion, class_weights=intents),
        )

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Any]:
        """Of each input the probabilities of the intents, [I], and the tags of its words."""
        intents = logits[:, 0, self.slots :].float().softmax(dim=-1).cpu().numpy()
        best = logits[..., : self.slots].argmax(dim=-1).cpu().tolist()
        kept = []
        for feature, intent, row in zip(features, intents, best, strict=True):
            tags: list[str | None] = [
                self.labels[tag]
                for tag, target in zip(row, feature.target[1:], strict=False)
                if target != IGNORED
            ]
            tags += [None] * (len(feature.gold) - 1 - len(tags))  # words that were cut off
            kept.append((intent, tags))
        return kept

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """The answers of windows put together to that of their sentence."""
        made = []
        for inputs, own in self.by_example(features, kept):
            likely = sum(intent for intent, _ in own)
            intent = self.labels[self.slots + int(likely.argmax())]
            gold = tuple(tag for feature in inputs for tag in feature.gold[1:])
            told = tuple(tag for _, tags in own for tag in tags)
            first = inputs[0]
            made.append(Prediction(first.id, (first.gold[0], *gold), (intent, *told)))
        return made

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """Slots that are right, predicted and gold; the fields of `Words`; whether the intent is
        right, whether the intent and all slots are, and 1 for each sentence."""
        import numpy as np

        assert self.scheme is not None
        rows = []
        for p in predictions:
            (intent, *tags), (told, *tagged) = p.gold, p.predicted
            counts = entity_counts(tags, tagged, self.scheme)
            frame = intent == told and None not in tagged and len(set(counts[:3])) == 1
            rows.append((*counts, intent == told, frame, 1))
        return np.array(rows, dtype=np.float64).reshape(len(predictions), 9)

    def words(self, sums: np.ndarray) -> Words:
        return Words(*map(int, sums[3:6]))

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        import numpy as np

        intents, frames, sentences = np.moveaxis(sums[..., 6:], -1, 0)
        f1, _, _ = entity_scores(sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "intent_accuracy": intents / sentences,
                "slot_f1": f1,
                "exact_match": frames / sentences,
            }
