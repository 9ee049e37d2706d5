"""From examples to features: the problem, the tokenizer and the template at work together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Example
from xlt_cli.data.cached_tokenizer import CALL, CachedTokenizer
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.data.template import Segments, Template
from xlt_cli.problems import Encoded, Feature, Problem
from xlt_cli.problems.words import ask_space_before
from xlt_cli.registry.calls import Call, calling

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

    @cached_property
    def space_before(self) -> str:
        """What stands before every word of a sentence but the first."""
        return ask_space_before(self.tokenizer)

    def features(self, examples: Sequence[Example]) -> list[Feature]:
        """The features of examples that noise made afresh, in their order."""
        return self.laid_out(self.fresh(examples), windows=False)

    def clean_features(self, examples: Sequence[Example]) -> list[Feature]:
        """The features of a task's own rows, in their order."""
        return self.laid_out(self.clean(examples), windows=False)

    def windows(self, examples: Sequence[Example]) -> list[Feature]:
        """The features of a task's own rows with nothing cut off where they can be parted."""
        return self.laid_out(self.clean(examples), windows=True)

    def clean(self, examples: Sequence[Example]) -> list[Encoded]:
        """A task's own rows, or rows under noise that all models see, as token ids; they are
        tokenized once for all runs."""
        return self.problem.encode(examples, self._cached)

    def fresh(self, examples: Sequence[Example]) -> list[Encoded]:
        """Rows that noise made afresh as token ids."""
        return self.problem.encode(examples, self.tokenizer)

    def laid_out(self, encoded: Sequence[Encoded], windows: bool) -> list[Feature]:
        """The inputs of examples, in their order.

        Args:
            windows: whether what is too long goes on in further inputs; else it is cut off.
        """
        problem, template, length = self.problem, self.template, self.max_length
        with calling(Call(type(problem), "features", ())):
            if type(problem).features is Problem.features:  # one input of each
                return [problem.feature(e, template, length) for e in encoded]
            return [f for e in encoded for f in problem.features(e, template, length, windows)]

    def sampled(self, example: Example, segment: Segment, rng: random.Random) -> list[Feature]:
        """The features of one example whose texts are cut into pieces by `segment`."""
        return self.laid_out([self.segmented(example, segment, rng)], windows=False)

    def segmented(self, example: Example, segment: Segment, rng: random.Random) -> Encoded:
        """One example as token ids, its texts cut into pieces by `segment`."""
        cutter: Any = _Cutter(segment, rng, self.tokenizer.unk_token_id, self.space_before)
        (encoded,) = self.problem.encode([example], cutter)
        return encoded

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
    space_before: str

    def __call__(self, texts: Sequence[str], **_: object) -> dict[str, list[list[int]]]:
        return {"input_ids": [self.segment(text, self.rng) for text in texts]}
