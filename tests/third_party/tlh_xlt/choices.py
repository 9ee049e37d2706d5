"""Multiple choice: one pass of the model for each choice; and a task."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from tlh_xlt.rows import NAMES, InTheCode, sentence
from xlt_cli import api

if TYPE_CHECKING:
    import numpy as np
    import torch


@dataclass(frozen=True, slots=True)
class ChoiceExample(api.Example):
    """A question, its choices, and the place of the right one."""

    id: str
    question: str
    choices: tuple[str, ...]
    right: int
    languages: tuple[str, ...]

    def editable(self) -> tuple[api.ExampleText, ...]:
        return tuple(api.ExampleText(self.languages[0], t) for t in (self.question, *self.choices))

    def edited(self, texts: Sequence[api.Edit]) -> Self | None:
        return replace(self, question=texts[0], choices=tuple(texts[1:]))

    def shared_label(self) -> str | None:
        return str(self.right)


class MultipleChoice(api.Problem):
    api_version = 1
    name = "pick-one"
    summary = "which of several texts is the right one"
    example_type = ChoiceExample
    labelled = False
    grouped = True
    metrics = (api.Metric("accuracy", of_examples=True),)

    @property
    def head(self) -> api.Head:
        return api.Head(self.name, ("fits",))

    def encode(self, examples: Sequence[ChoiceExample], tokenizer: Any) -> list[api.Encoded]:
        texts = list(dict.fromkeys(t for e in examples for t in (e.question, *e.choices)))
        ids = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        pieces = dict(zip(texts, map(tuple, ids), strict=True))
        return [
            api.Encoded(
                e.id,
                (pieces[e.question], pieces[e.choices[0]]),
                e.languages,
                e.right,
                data=[pieces[choice] for choice in e.choices],
            )
            for e in examples
        ]

    def features(
        self, encoded: api.Encoded, template: api.Template, max_length: int, windows: bool = True
    ) -> list[api.Feature]:
        layouts = [template.lay_out((encoded.pieces[0], c), max_length) for c in encoded.data]
        return [
            api.Feature.of(encoded, layout, int(n == encoded.gold), goes_on=n > 0)
            for n, layout in enumerate(layouts)
        ]

    def losses(self, logits: torch.Tensor, batch: api.Batch) -> torch.Tensor:
        """Cross-entropy over the choices of an example, at the row of the right one."""
        import torch

        scores, firsts = logits.float()[:, 0], batch.firsts()
        top = torch.full_like(scores, float("-inf"))
        top = top.scatter_reduce(0, firsts, scores.detach(), "amax")[firsts]
        total = torch.zeros_like(scores).index_add(0, firsts, (scores - top).exp())[firsts]
        return (total.log() + top - scores) * batch.targets

    def predict(self, logits: torch.Tensor, features: Sequence[api.Feature]) -> list[Any]:
        return logits.float()[:, 0].cpu().tolist()

    def decode(self, kept: Sequence[Any], features: Any, tokenizer: Any) -> list[api.Prediction]:
        return [
            api.Prediction(inputs[0].id, inputs[0].gold, scores.index(max(scores)))
            for inputs, scores in self.by_example(features, kept)
        ]

    def statistics(self, predictions: Sequence[api.Prediction]) -> np.ndarray:
        import numpy as np

        rows = [(p.gold == p.predicted, 1) for p in predictions]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        return {"accuracy": sums[..., 0] / sums[..., 1]}


class WhichNames(InTheCode):
    """Which of two to four sentences names somebody?"""

    api_version = 1
    name = "which-names"
    summary = "which sentence names somebody?"
    problem = MultipleChoice
    metric = "accuracy"

    def example(self, number: str, language: str, rng: random.Random) -> api.Example:
        choices = [sentence(language, rng) for _ in range(rng.randrange(2, 5))]
        right = rng.randrange(len(choices))
        choices[right] += " " + rng.choice(NAMES)
        asked, both = sentence(language, rng), (language, language)
        return ChoiceExample(number, asked, tuple(choices), right, both)
