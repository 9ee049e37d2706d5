"""From examples to features: the problem, the tokenizer and the template at work together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Example
from xlt_cli.data.cached_tokenizer import CALL, CachedTokenizer
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.data.template import Segments, Template
from xlt_cli.problems import Encoded, Feature, Problem

Segment = Callable[[str, random.Random], list[int]]


@dataclass
class Featuriser:
    """Makes model inputs of at most `max_length` tokens.

    Attributes:
        cache: where the token ids of clean rows are kept; None for nowhere.
        segments: which segment ids the model was trained with (see `template`).
    """

    problem: Problem
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    cache: FeatureCache | None = None
    segments: Segments = "default"
    template: Template = field(init=False)
    _cached: Any = field(init=False)

    def __post_init__(self) -> None:
        self.template = Template(self.tokenizer, self.segments)
        self._cached = self.tokenizer
        if self.cache is not None:
            self._cached = CachedTokenizer(self.tokenizer, self.cache)

    def features(self, examples: Sequence[Example]) -> list[Feature]:
        """The features of examples that noise made afresh, in their order."""
        return self._laid_out(self.problem.encode(examples, self.tokenizer))

    def clean_features(self, examples: Sequence[Example]) -> list[Feature]:
        """The features of a task's own rows, in their order."""
        return self._laid_out(self.clean(examples))

    def clean(self, examples: Sequence[Example]) -> list[Encoded]:
        """A task's own rows as token ids; they are tokenized once for all runs."""
        return self.problem.encode(examples, self._cached)

    def _laid_out(self, encoded: Sequence[Encoded]) -> list[Feature]:
        return [self.problem.feature(e, self.template, self.max_length) for e in encoded]

    def sampled(self, example: Example, segment: Segment, rng: random.Random) -> Feature:
        """The feature of one example whose texts are cut into pieces by `segment`."""
        cutter: Any = _Cutter(segment, rng, self.tokenizer.unk_token_id)
        (encoded,) = self.problem.encode([example], cutter)
        return self.problem.feature(encoded, self.template, self.max_length)

    def plain(self, texts: Sequence[str], languages: Sequence[str]) -> list[Feature]:
        """Features of single clean texts, with nothing to predict."""
        ids = self._cached(list(texts), **CALL)["input_ids"]
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
