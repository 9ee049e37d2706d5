"""What problems share in which each word has a tag; a word's first piece carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from xlt_cli.api import (
    IGNORED,
    Edit,
    Encoded,
    Example,
    Feature,
    Layout,
    Problem,
    TaskFacts,
    Template,
    TokenExample,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.schemes import Scheme, stated_fault
from xlt_cli.problems.windows import windows as windows_of
from xlt_cli.problems.words import in_sentence, space_before

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedTokenizerBase


class WordTags(Problem):
    """A sentence is cut into pieces word by word; in evaluation, a long one into windows.

    Attributes:
        scheme: of the tags; None if they are of no scheme of entities.
    """

    example_type: ClassVar[type[TokenExample]] = TokenExample
    by_words = True
    takes_criterion = True
    scheme: Scheme | None

    @classmethod
    def task_fault(cls, task: type[TaskFacts]) -> str:
        return stated_fault(task)

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

    def encode(self, examples: Sequence[Any], tokenizer: PreTrainedTokenizerBase) -> list[Encoded]:
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
        # Cut here, for the first words are kept, whatever side the tokenizer truncates on.
        end = min(bounds[words[1]], first + template.room(1, max_length))
        layout = template.lay_out((encoded.pieces[0][first:end],), max_length)
        target = [IGNORED] * len(layout.input_ids)
        start = layout.starts[0]
        kept = len(layout.input_ids) - layout.special_mask.count(True)
        tags = self.tags_of(encoded)[slice(*answers)]
        for position, tag in zip(encoded.heads[slice(*answers)], tags, strict=True):
            if position - first < kept:
                target[start + position - first] = self.ids[tag]
        return self.input_of(encoded, layout, target, tags)

    def tags_of(self, encoded: Encoded) -> tuple[str, ...]:
        """The tags of a sentence's words."""
        tags: tuple[str, ...] = encoded.gold
        return tags

    def input_of(
        self, encoded: Encoded, layout: Layout, target: list[int], tags: tuple[str, ...]
    ) -> Feature:
        """An input, from its layout, the tag id of each token, and the tags that it answers for."""
        return Feature.of(encoded, layout, target, gold=tags)


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


def entity_counts(
    tags: Sequence[str], told: Sequence[str | None], scheme: Scheme
) -> tuple[int, ...]:
    """Entities that are right, predicted and gold, then the fields of `Words`."""
    gold, predicted = scheme.entities(tags), scheme.entities(told)
    right = len(gold & predicted)
    marked = sum(scheme.read(tag) is not None for tag in tags)
    stray = marked - sum(last - first + 1 for _, first, last in gold)
    return right, len(predicted), len(gold), len(told), told.count(None), stray


def entity_scores(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """F1, precision and recall of sums of `entity_counts`, [..., 3 or more]."""
    import numpy as np

    right, predicted, gold = np.moveaxis(sums, -1, 0)[:3]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (
            np.where(predicted + gold > 0, 2 * right / (predicted + gold), 0.0),
            np.where(predicted > 0, right / predicted, 0.0),
            np.where(gold > 0, right / gold, 0.0),
        )
