"""Perturbations of segmentation that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from pydantic import Field

from xlt_cli.api import PluginParams, SegmentationPerturbation
from xlt_cli.testing import SegmentationPerturbationSuite

Segment = Callable[[str, random.Random], list[int]]


class Sound(SegmentationPerturbation):
    """Tokenizes the two halves of some words one by one."""

    api_version = 1
    name = "sound"
    summary = "tokenizes the two halves of some words one by one"

    class Params(PluginParams):
        probability: float = Field(0.5, ge=0, le=1)

    params: Params

    def segmenter(self, tokenizer: Any) -> Segment:
        def segment(text: str, rng: random.Random) -> list[int]:
            parts: list[str] = []
            for word in text.split():
                middle = 3 if word[:6].isalpha() and rng.random() < self.params.probability else 0
                parts += [part for part in (word[:middle], word[middle:]) if part]
            pieces = tokenizer(parts, add_special_tokens=False)["input_ids"] if parts else []
            return [token for piece in pieces for token in piece]

        return segment


class Suite(SegmentationPerturbationSuite):
    made: ClassVar[type[SegmentationPerturbation]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made(self.made.Params())


class TestSound(Suite):
    made = Sound
    fails = ()


class TestAddsSpecialTokens(Suite):
    class made(Sound):
        def segmenter(self, tokenizer: Any) -> Segment:
            segment = super().segmenter(tokenizer)
            return lambda text, rng: [tokenizer.cls_token_id, *segment(text, rng)]

    fails = (
        "test_returns_ids_of_the_vocabulary_without_special_tokens",
        "test_pieces_spell_the_same_text",
        "test_takes_texts_of_any_characters",
        "test_takes_very_long_texts",
        "test_holds_at_the_bounds_of_its_parameters",
    )


class TestDrawsFromTheProcess(Suite):
    class made(Sound):
        def segmenter(self, tokenizer: Any) -> Segment:
            segment = super().segmenter(tokenizer)
            return lambda text, rng: segment(text, random)  # type: ignore[arg-type]

    fails = (
        "test_answer_depends_on_the_text_and_the_generator_alone",
        "test_draws_from_the_given_generator_alone",
        "test_segmenters_of_two_tokenizers_do_not_mix",
        "test_takes_texts_of_any_characters",
    )


class TestIgnoresTheSeed(Suite):
    class made(Sound):
        def segmenter(self, tokenizer: Any) -> Segment:
            segment = super().segmenter(tokenizer)
            return lambda text, rng: segment(text, random.Random(text))

    fails = ("test_other_seeds_give_other_pieces",)


class TestLosesText(Suite):
    class made(Sound):
        def segmenter(self, tokenizer: Any) -> Segment:
            segment = super().segmenter(tokenizer)
            return lambda text, rng: [i for i in segment(text, rng) if rng.random() < 0.9]

    fails = ("test_pieces_spell_the_same_text",)


class TestKeepsTheFirstTokenizer(Suite):
    class made(Sound):
        def segmenter(self, tokenizer: Any) -> Segment:
            vars(self).setdefault("_first", tokenizer)
            return super().segmenter(vars(self)["_first"])

    fails = (
        "test_segmenters_of_two_tokenizers_do_not_mix",
        "test_answer_depends_on_the_text_and_the_generator_alone",
        "test_pieces_spell_the_same_text",
        "test_takes_texts_of_any_characters",
        "test_returns_ids_of_the_vocabulary_without_special_tokens",
        "test_takes_very_long_texts",
    )


class TestChangesTheTokenizer(Suite):
    class made(Sound):
        def segmenter(self, tokenizer: Any) -> Segment:
            tokenizer.add_tokens(["dog", "Hund"])
            return super().segmenter(tokenizer)

    fails = ("test_leaves_the_tokenizer_as_it_is",)
