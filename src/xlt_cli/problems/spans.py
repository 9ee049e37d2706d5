"""Span extraction: the part of a passage that answers a question.

A passage that is too long is divided into overlapping windows, each of which is an input. The
target of a window that does not hold the whole answer is the first token (Devlin et al. 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
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
    TaskFacts,
    Template,
)
from xlt_cli.errors import DataError
from xlt_cli.problems.pieces import pieces_of
from xlt_cli.problems.span_examples import SpanExample
from xlt_cli.problems.span_offsets import Passage, passages
from xlt_cli.problems.span_scores import Normalisation, scores

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class SpanSettings:
    """How passages are divided and answers are chosen; parameters of a task with these names
    override the defaults.

    Attributes:
        stride: the number of tokens from the start of a window to that of the next; at most half a
            window, so that windows overlap.
        max_answer_length: the largest number of tokens of an answer.
        n_best: the number of answers that are stored, best first. The first one is scored.
        unanswerable: whether a question may have no answer in its passage.
        null_threshold: the difference between the score of no answer and that of the best answer
            above which no answer is predicted.
    """

    stride: int = 128
    max_answer_length: int = 30
    n_best: int = 1
    unanswerable: bool = False
    null_threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of a passage in an input.

    Attributes:
        position: the position in the input of the first of its tokens.
        first: the index of that token in the passage.
        count: the number of its tokens.
    """

    passage: Passage
    position: int
    first: int
    count: int


class SpanExtraction(Problem):
    """Cross-entropy of the answer's first and last token; F1 and exact match of the best answer."""

    api_version = 1
    name = "span-extraction"
    summary = "the part of a passage that answers a question"
    example_type = SpanExample
    labelled = False
    pairs = True

    def __init__(
        self,
        labels: Sequence[str] = (),
        settings: SpanSettings | None = None,
        normalisation: Normalisation = "squad",
    ) -> None:
        super().__init__(labels)
        self.settings = settings or SpanSettings()
        self.normalisation: Normalisation = normalisation

    @classmethod
    def of(cls, task: TaskFacts) -> SpanExtraction:
        known = [field.name for field in fields(SpanSettings)]
        stated = {name: getattr(task.params, name) for name in known if hasattr(task.params, name)}
        return cls((), SpanSettings(**stated), getattr(task, "normalisation", "squad"))

    @property
    def head(self) -> Head:
        return Head(SpanExtraction.name, ("start", "end"), per_token=True)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return Metric("f1"), Metric("exact_match", of_examples=True)

    @property
    def scoring(self) -> str:
        squad = "SQuAD 2.0" if self.settings.unanswerable else "SQuAD v1.1"
        script = {"mlqa": "MLQA", "multichecklist": "MultiCheckList"}.get(self.normalisation, squad)
        return f"as by {script}'s official script"

    def check_example(self, example: Example) -> None:
        super().check_example(example)
        assert isinstance(example, SpanExample)
        fault = example.fault()
        if fault:
            raise DataError(fault, f"example '{example.id}'")

    def encode(
        self, examples: Sequence[SpanExample], tokenizer: PreTrainedTokenizerBase
    ) -> list[Encoded]:
        for example in examples:
            self.check_example(example)
        known = passages([example.context for example in examples], tokenizer)
        questions = pieces_of((example.question for example in examples), tokenizer)
        encoded = []
        for e in examples:
            passage, spans = known[e.context], e.spans
            gold = (e.languages[1], *([text for text, _ in e.answers] or [""]))
            target = passage.tokens_of(*spans[0]) if spans else None
            pieces = (questions[e.question], passage.ids)
            encoded.append(Encoded(e.id, pieces, e.languages, gold, data=(passage, target)))
        return encoded

    def features(
        self, encoded: Encoded, template: Template, max_length: int, windows: bool = True
    ) -> list[Feature]:
        """All windows, in training as in evaluation. A question has at most half of an input."""
        question, ids = encoded.pieces
        passage, target = encoded.data
        room = template.room(2, max_length)
        question = question[: room // 2]
        width = max(room - len(question), 1)
        made: list[Feature] = []
        for first in _starts(len(ids), width, self.settings.stride):
            layout = template.lay_out((question, ids[first : first + width]), max_length)
            count = min(width, len(ids) - first)
            window = _Window(passage, layout.starts[1], first, count)
            both = (0, 0)
            if target is not None and first <= target[0] and target[1] < first + count:
                both = tuple(layout.starts[1] + token - first for token in target)
            more = {"goes_on": bool(made), "data": window}
            made.append(Feature.of(encoded, layout, both, **more))
        return made

    def losses(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The mean of the two cross-entropies over the tokens of each input, [B]."""
        from torch.nn.functional import cross_entropy

        seen = logits.float().masked_fill(batch.attention_mask[..., None] == 0, float("-inf"))
        start, end = (
            cross_entropy(seen[..., i], batch.targets[:, i], reduction="none") for i in (0, 1)
        )
        return (start + end) / 2

    def predict(self, logits: torch.Tensor, features: Sequence[Feature]) -> list[Any]:
        """For each window the score of no answer, and the best answers: their scores, and their
        characters in the passage."""
        rows = logits.float().cpu().numpy()
        return [
            (float(row[0].sum()), self._best(row, feature.data))
            for row, feature in zip(rows, features, strict=True)
        ]

    def _best(self, row: np.ndarray, window: _Window) -> list[tuple[float, int, int]]:
        import numpy as np

        offsets = window.passage.offsets[window.first : window.first + window.count]
        seen = np.array([begin < end for begin, end in offsets], dtype=bool)
        if not seen.any():
            return []
        own = row[window.position : window.position + window.count].astype(np.float64)
        start, end = (np.where(seen, own[:, i], -np.inf) for i in (0, 1))
        longest = min(self.settings.max_answer_length, window.count)
        ends = np.concatenate([end, np.full(longest - 1, -np.inf)])
        totals = start[:, None] + np.lib.stride_tricks.sliding_window_view(ends, longest)
        flat = totals.ravel()
        best = np.argpartition(-flat, min(self.settings.n_best, flat.size) - 1)
        best = best[: self.settings.n_best]
        made = []
        for place in best[np.lexsort((best, -flat[best]))].tolist():
            first, length = divmod(place, longest)
            if flat[place] > -np.inf:
                made.append((float(flat[place]), offsets[first][0], offsets[first + length][1]))
        return made

    def decode(
        self, kept: Sequence[Any], features: Sequence[Feature], tokenizer: Any
    ) -> list[Prediction]:
        """The best answers over all windows; an answer is given by the language and the texts."""
        made = []
        for inputs, own in self.by_example(features, kept):
            text, gold = inputs[0].data.passage.text, inputs[0].gold
            ranked = sorted((s for _, spans in own for s in spans), key=lambda s: (-s[0], s[1:]))
            answers = list(dict.fromkeys(text[begin:end] for _, begin, end in ranked))
            if self.settings.unanswerable and ranked:
                null = min(score for score, _ in own)
                if null - ranked[0][0] > self.settings.null_threshold:
                    answers.insert(0, "")
            predicted = (gold[0], *(answers or [""])[: self.settings.n_best])
            made.append(Prediction(inputs[0].id, gold, predicted))
        return made

    def statistics(self, predictions: Sequence[Prediction]) -> np.ndarray:
        """F1, exact match, and 1 for each question."""
        import numpy as np

        rows = []
        for p in predictions:
            language, *answers = p.gold
            exact = f1 = 0.0
            if p.predicted is not None:
                said = self.normalisation, language, self.settings.unanswerable
                exact, f1 = scores(answers, p.predicted[1], *said)
            rows.append((f1, exact, 1))
        return np.array(rows, dtype=np.float64).reshape(len(predictions), 3)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            return {name: sums[..., i] / sums[..., 2] for i, name in enumerate(self.metric_names)}

    def pair(self, first: Encoded, second: Encoded) -> Encoded:
        """The question of one language about the passage of another, as in MLQA's G-XLT."""
        pieces = first.pieces[0], second.pieces[1]
        languages = first.languages[0], second.languages[1]
        return Encoded(first.id, pieces, languages, second.gold, data=second.data)


def _starts(total: int, width: int, stride: int) -> range:
    """The first token of each window."""
    step = min(stride, max(width // 2, 1))
    return range(0, max(total - width, 0) + step, step) if total > width else range(1)
