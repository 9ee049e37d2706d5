"""Span extraction: an answer in a passage that may need several windows; and a task."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from tlh_xlt.rows import NAMES, InTheCode, sentence
from xlt_cli import api
from xlt_cli.problems.windows import windows as windows_of

if TYPE_CHECKING:
    import numpy as np
    import torch

LONGEST = 4


@dataclass(frozen=True, slots=True)
class SpanExample(api.Example):
    """A question, the words of a passage, and the first and the last word of the answer."""

    id: str
    question: str
    words: tuple[str, ...]
    first: int
    last: int
    languages: tuple[str, ...]

    def editable(self) -> tuple[api.ExampleText, ...]:
        asked, told = self.languages
        return api.ExampleText(asked, self.question), api.ExampleText(told, words=self.words)

    def edited(self, texts: Sequence[api.Edit]) -> Self | None:
        """The words of the answer stay; it moves with what comes before it."""
        question, places = texts
        answer = range(self.first, self.last + 1)
        kept = [(self.words[i],) if i in answer else tuple(p) for i, p in enumerate(places)]
        moved = sum(map(len, kept[: self.first])) - self.first
        words = tuple(word for place in kept for word in place)
        first, last = self.first + moved, self.last + moved
        return replace(self, question=question, words=words, first=first, last=last)


class SpanExtraction(api.Problem):
    api_version = 1
    name = "passage-spans"
    summary = "the words of a passage that answer a question"
    example_type = SpanExample
    labelled = False
    metrics = (api.Metric("exact_match", of_examples=True), api.Metric("f1"))

    @property
    def head(self) -> api.Head:
        return api.Head(self.name, ("first", "last"), per_token=True)

    def encode(self, examples: Sequence[SpanExample], tokenizer: Any) -> list[api.Encoded]:
        texts = list(dict.fromkeys(t for e in examples for t in (e.question, *e.words)))
        ids = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        pieces = dict(zip(texts, map(tuple, ids), strict=True))
        encoded = []
        for e in examples:
            starts, passage = [], []
            for word in e.words:
                starts.append(len(passage))
                passage += pieces[word] or (tokenizer.unk_token_id,)
            both = (pieces[e.question], tuple(passage))
            answer = " ".join(e.words[e.first : e.last + 1])
            encoded.append(api.Encoded(e.id, both, e.languages, answer, tuple(starts), e))
        return encoded

    def features(
        self, encoded: api.Encoded, template: api.Template, max_length: int, windows: bool = True
    ) -> list[api.Feature]:
        question, passage = encoded.pieces
        room = max(template.room(2, max_length) - len(question), 1)
        features = []
        for window in windows_of(encoded.heads, len(passage), room):
            bounds = [*encoded.heads, len(passage)]
            begin, end = bounds[window.first], bounds[window.end]
            layout = template.lay_out((question, passage[begin:end]), max_length)
            words = range(window.first, window.end)
            places = {word: layout.starts[1] + encoded.heads[word] - begin for word in words}
            e = encoded.data
            target = (places.get(e.first, 0), places.get(e.last, 0))
            target = (0, 0) if 0 in target else target  # not here: both point at the first token
            more = {"goes_on": bool(features), "data": (e.words, places)}
            features.append(api.Feature.of(encoded, layout, target, **more))
        return features

    def losses(self, logits: torch.Tensor, batch: api.Batch) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        seen = logits.float().masked_fill(batch.attention_mask[..., None] == 0, float("-inf"))
        ends = [cross_entropy(seen[..., i], batch.targets[:, i], reduction="none") for i in (0, 1)]
        return (ends[0] + ends[1]) / 2

    def predict(self, logits: torch.Tensor, features: Sequence[api.Feature]) -> list[Any]:
        """The best span of each window: its score, its first and its last word."""
        kept = []
        for row, feature in zip(logits.float().cpu().tolist(), features, strict=True):
            places = feature.data[1]
            pairs = [(a, b) for a in places for b in range(a, a + LONGEST) if b in places]
            kept.append(max((row[places[a]][0] + row[places[b]][1], a, b) for a, b in pairs))
        return kept

    def decode(self, kept: Sequence[Any], features: Any, tokenizer: Any) -> list[api.Prediction]:
        predictions = []
        for inputs, spans in self.by_example(features, kept):
            _, first, last = max(spans)
            told = " ".join(inputs[0].data[0][first : last + 1])
            predictions.append(api.Prediction(inputs[0].id, inputs[0].gold, told))
        return predictions

    def statistics(self, predictions: Sequence[api.Prediction]) -> np.ndarray:
        import numpy as np

        rows = [(p.gold == p.predicted, overlap(p.gold, p.predicted), 1) for p in predictions]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        return {name: sums[..., i] / sums[..., 2] for i, name in enumerate(self.metric_names)}


def overlap(gold: str, told: str) -> float:
    shared = (Counter(gold.split()) & Counter(told.split())).total()
    return 2 * shared / (len(gold.split()) + len(told.split()))


class WhoIsIt(InTheCode):
    """A name somewhere in a passage of several sentences; it is asked for."""

    api_version = 1
    name = "who-is-it"
    summary = "which name stands in the passage?"
    problem = SpanExtraction
    metric = "f1"

    def example(self, number: str, language: str, rng: random.Random) -> api.Example:
        words = [word for _ in range(4) for word in sentence(language, rng).split()]
        at, name = rng.randrange(len(words)), rng.sample(NAMES, rng.choice((1, 2)))
        words[at:at] = name
        last, both = at + len(name) - 1, (language, language)
        asked = sentence(language, rng)
        return SpanExample(number, asked, tuple(words), at, last, both)
