"""From examples to features: the problem, the tokenizer and the template at work together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Example
from xlt_cli.data.template import Template
from xlt_cli.problems import Feature, Problem

Segment = Callable[[str, random.Random], list[int]]


@dataclass
class Featuriser:
    """Makes model inputs of at most `max_length` tokens."""

    problem: Problem
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    template: Template = field(init=False)

    def __post_init__(self) -> None:
        self.template = Template(self.tokenizer)

    def features(self, examples: Sequence[Example]) -> list[Feature]:
        """The features of examples, in their order."""
        encoded = self.problem.encode(examples, self.tokenizer)
        return [self.problem.feature(e, self.template, self.max_length) for e in encoded]

    def sampled(self, example: Example, segment: Segment, rng: random.Random) -> Feature:
        """The feature of one example whose texts are cut into pieces by `segment`."""
        cutter: Any = _Cutter(segment, rng, self.tokenizer.unk_token_id)
        (encoded,) = self.problem.encode([example], cutter)
        return self.problem.feature(encoded, self.template, self.max_length)

    def plain(self, texts: Sequence[str], languages: Sequence[str]) -> list[Feature]:
        """Features of single texts, with nothing to predict."""
        ids = self.tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        layouts = [self.template.lay_out((tuple(piece),), self.max_length) for piece in ids]
        return [
            Feature(
                "",
                layout.input_ids,
                layout.token_type_ids,
                layout.special_mask,
                layout.text_ids,
                (language,),
                None,
                "",
            )
            for layout, language in zip(layouts, languages, strict=True)
        ]


@dataclass(frozen=True)
class _Cutter:
    """Stands where a problem expects the tokenizer."""

    segment: Segment
    rng: random.Random
    unk_token_id: int | None

    def __call__(self, texts: Sequence[str], **_: object) -> dict[str, list[list[int]]]:
        return {"input_ids": [self.segment(text, self.rng) for text in texts]}
