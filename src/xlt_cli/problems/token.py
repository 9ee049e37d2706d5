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
    Edit,
    Encoded,
    Example,
    Feature,
    Head,
    Metric,
    Prediction,
    Problem,
    TaskFacts,
    Template,
    TokenExample,
    Words,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.schemes import WORDS, Scheme, scheme_of, stated_fault
from xlt_cli.problems.sequence import confusion_scores
from xlt_cli.problems.windows import windows as windows_of
from xlt_cli.problems.words import in_sentence, space_before

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase


class TokenLabelling(Problem):
    """Cross-entropy over the tags of words; entity F1, or word accuracy.

    Args:
        scheme: of the tags; None: as the tags show.

    Raises:
        DataError: the tags are of no scheme that can be told, or not of the given one.
    """

    api_version = 1
    name = "token-classification"
    summary = "a tag for each word of a sentence"
    example_type = TokenExample
    by_words = True
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

    @classmethod
    def task_fault(cls, task: type[TaskFacts]) -> str:
        return stated_fault(task)

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

    def check_example(self, example: Example) -> None:
        super().check_example(example)
        assert isinstance(example, TokenExample)
        if len(example.tokens) != len(example.tags):
            raise DataError(
                f"{len(example.tokens)} words but {len(example.tags)} tags",
                f"example '{example.id}'",
            )
        for tag in example.tags:
            self.label_id(tag, example.id)

    def edited(self, example: TokenExample, texts: Sequence[Edit]) -> TokenExample:
        """Several words in the place of one share its entity; without tags for that it stays."""
        (words,) = texts
        tokens: list[str] = []
        tags: list[str] = []
        for token, tag, in_place in zip(example.tokens, example.tags, words, strict=True):
            spread = self._spread(tag, len(in_place))
            tokens += in_place if spread else [token]
            tags += spread or [tag]
        return replace(example, tokens=tuple(tokens), tags=tuple(tags))

    def _spread(self, tag: str, count: int) -> list[str]:
        """The tags of so many words in the place of one; none where the task has none for them."""
        if count == 1:
            return [tag]
        spread = self.scheme.spread(tag, count) if self.scheme else [tag] * count
        # A task without I-LOC has no tags for a place of several words.
        return spread if all(tag in self.ids for tag in spread) else []

    def encode(
        self, examples: Sequence[TokenExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check_example(example)
        space = space_before(tokenizer)
        sentences = [in_sentence(example.tokens, space) for example in examples]
        texts = list(dict.fromkeys(text for sentence in sentences for text in sentence))
        ids = (
            tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
        )
        # A word may be normalised to nothing (a lone zero-width mark); it still has a tag.
        empty = (_stand_in(tokenizer),)
        pieces = {t: tuple(piece) or empty for t, piece in zip(texts, ids, strict=True)}
        return [
            _encode_sentence(example, [pieces[text] for text in sentence])
            for example, sentence in zip(examples, sentences, strict=True)
        ]

    def feature(self, encoded: Encoded, template: Template, max_length: int) -> Feature:
        count = len(encoded.heads)
        return self._window(encoded, template, max_length, (0, count), (0, count))

    def features(
        self, encoded: Encoded, template: Template, max_length: int, windows: bool = True
    ) -> list[Feature]:
        if not windows:
            return [self.feature(encoded, template, max_length)]
        room = template.room(1, max_length)
        inputs = [
            self._window(
                encoded, template, max_length, (w.first, w.end), (w.answers_from, w.answers_to)
            )
            for w in windows_of(encoded.heads, len(encoded.pieces[0]), room)
        ]
        return [inputs[0], *(replace(feature, goes_on=True) for feature in inputs[1:])]

    def _window(
        self,
        encoded: Encoded,
        template: Template,
        max_length: int,
        words: tuple[int, int],
        answers: tuple[int, int],
    ) -> Feature:
        """The input of some of a sentence's words, and the tags of those that it answers for."""
        bounds = [*encoded.heads, len(encoded.pieces[0])]
        first = bounds[words[0]]
        layout = template.lay_out((encoded.pieces[0][first : bounds[words[1]]],), max_length)
        target = [IGNORED] * len(layout.input_ids)
        start = layout.starts[0]
        kept = len(layout.input_ids) - layout.special_mask.count(True)
        gold = encoded.gold[slice(*answers)]
        assert isinstance(gold, tuple)
        for position, tag in zip(encoded.heads[slice(*answers)], gold, strict=True):
            if position - first < kept:
                target[start + position - first] = self.ids[tag]
        return Feature(
            encoded.id,
            layout.input_ids,
            layout.token_type_ids,
            layout.special_mask,
            layout.text_ids,
            encoded.languages,
            target,
            gold,
        )

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
            rows = [_entity_counts(p, self.scheme) for p in predictions]
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
        import numpy as np

        if self.scheme is None:
            return confusion_scores(sums, len(self.labels))
        right, predicted, gold = np.moveaxis(sums, -1, 0)[:3]
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "f1": np.where(predicted + gold > 0, 2 * right / (predicted + gold), 0.0),
                "precision": np.where(predicted > 0, right / predicted, 0.0),
                "recall": np.where(gold > 0, right / gold, 0.0),
            }


def _stand_in(tokenizer: PreTrainedTokenizerBase) -> int:
    """The piece of a word that has none: unknown, or a special token where none is."""
    for name in ("unk", "mask", "sep", "eos", "pad"):
        piece: int | None = getattr(tokenizer, f"{name}_token_id", None)
        if piece is not None:
            return piece
    return 0


def _encode_sentence(example: TokenExample, pieces: Sequence[tuple[int, ...]]) -> Encoded:
    ids: list[int] = []
    heads = []
    for word in pieces:
        heads.append(len(ids))
        ids.extend(word)
    return Encoded(example.id, (tuple(ids),), example.languages, example.tags, tuple(heads))


def _entity_counts(prediction: Prediction, scheme: Scheme) -> tuple[int, ...]:
    told = prediction.predicted
    assert isinstance(told, tuple)
    gold, predicted = scheme.entities(prediction.gold), scheme.entities(told)
    right = len(gold & predicted)
    marked = sum(scheme.read(tag) is not None for tag in prediction.gold)
    stray = marked - sum(last - first + 1 for _, first, last in gold)
    return right, len(predicted), len(gold), len(told), told.count(None), stray
