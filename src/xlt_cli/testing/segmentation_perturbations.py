"""The suite for perturbations of segmentation."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import given

from xlt_cli.api import Perturbation, PluginError, SegmentationPerturbation
from xlt_cli.registry.guard import make
from xlt_cli.testing import rows as samples
from xlt_cli.testing.contract import broken
from xlt_cli.testing.randomness import disturb, draws_from_the_process
from xlt_cli.testing.suite import PluginSuite
from xlt_cli.testing.text_perturbations import quick

Segment = Callable[[str, random.Random], list[int]]
RULE = SegmentationPerturbation.segmenter


class SegmentationPerturbationSuite(PluginSuite):
    """Checks of a `SegmentationPerturbation`, with tokenizers of three algorithms.

    Attributes:
        is_random: whether its answers differ from seed to seed.
    """

    kind = "perturbation"
    is_random: ClassVar[bool] = True

    @pytest.fixture
    def tokenizers(self, plugin: SegmentationPerturbation) -> list[Any]:
        """Those that it can work with; override it to try it on others."""
        from xlt_cli.testing import tokenizers

        accepted = []
        for build in tokenizers.ALL:
            try:
                plugin.segmenter(build())
            except PluginError:
                continue
            accepted.append(build())
        if not accepted:
            pytest.fail("override the fixture `tokenizers`: it refuses all of the suite's own")
        return accepted

    def test_returns_ids_of_the_vocabulary_without_special_tokens(
        self, checked: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        for tokenizer in tokenizers:
            list(_answers(checked.segmenter(tokenizer)))  # what the runner refuses is raised

    def test_answer_depends_on_the_text_and_the_generator_alone(
        self, plugin: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        for tokenizer in tokenizers:
            segment = plugin.segmenter(tokenizer)
            disturb(1)
            first = list(_answers(segment))
            disturb(2)
            again = list(_answers(segment))
            fresh = type(plugin)(plugin.params).segmenter(tokenizer)
            backwards = list(_answers(fresh, backwards=True))
            for (text, ids), (_, second), (_, other) in zip(
                first, again, reversed(backwards), strict=True
            ):
                if ids != second:
                    broken(
                        f"{text!r} with the same random numbers was cut into {ids}, and then into "
                        f"{second}",
                        RULE,
                    )
                if ids != other:
                    broken(
                        f"{text!r} was cut into {ids}; a new instance of the plugin, asked for the "
                        f"texts in another order, cut it into {other}",
                        RULE,
                    )

    def test_draws_from_the_given_generator_alone(
        self, plugin: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        for tokenizer in tokenizers:
            segment = plugin.segmenter(tokenizer)
            drawn = draws_from_the_process(lambda segment=segment: list(_answers(segment)))  # type: ignore[misc]
            if drawn:
                broken(
                    f"the segmenter draws from the process's own generator ({drawn}); draw from "
                    "`rng`",
                    RULE,
                )

    def test_other_seeds_give_other_pieces(
        self, plugin: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        if not self.is_random:
            pytest.skip("the suite says that it draws nothing (is_random = False)")
        for tokenizer in tokenizers:
            answers: dict[str, set[tuple[int, ...]]] = {}
            for text, ids in _answers(plugin.segmenter(tokenizer), seeds=30):
                answers.setdefault(text, set()).add(tuple(ids))
            if all(len(different) == 1 for different in answers.values()):
                broken(
                    "30 seeds cut each text in the same way; draw from `rng`, or say is_random = "
                    "False if it draws nothing",
                    RULE,
                )

    def test_pieces_spell_the_same_text(
        self, plugin: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        for tokenizer in tokenizers:
            segment = plugin.segmenter(tokenizer)
            for text in samples.SENTENCES.values():
                usual = tokenizer(text, add_special_tokens=False)["input_ids"]
                for rng in samples.generators(5):
                    spelled = _spelled(tokenizer, segment(text, rng))
                    if spelled != _spelled(tokenizer, usual):
                        broken(f"the pieces of {text!r} spell {spelled!r}", RULE)

    def test_leaves_the_tokenizer_as_it_is(
        self, plugin: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        texts = [*samples.SENTENCES.values(), *samples.STRANGE]
        for tokenizer in tokenizers:
            before = tokenizer(texts)["input_ids"]
            list(_answers(plugin.segmenter(tokenizer)))
            for text, ids, after in zip(texts, before, tokenizer(texts)["input_ids"], strict=True):
                if ids != after:
                    broken(
                        f"the tokenizer cut {text!r} into {ids} before, and into {after} since the "
                        "plugin used it; clean texts would be cut otherwise, too",
                        RULE,
                    )

    def test_segmenters_of_two_tokenizers_do_not_mix(
        self, plugin: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        alone = [
            list(_answers(type(plugin)(plugin.params).segmenter(tokenizer)))
            for tokenizer in tokenizers
        ]
        segments = [plugin.segmenter(tokenizer) for tokenizer in tokenizers]
        for segment, expected in zip(segments, alone, strict=True):
            if list(_answers(segment)) != expected:
                broken(
                    "the answers of a segmenter change when the plugin has made one for another "
                    "tokenizer; keep what belongs to a tokenizer in the function",
                    RULE,
                )

    def test_takes_texts_of_any_characters(
        self, checked: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        segments = [checked.segmenter(tokenizer) for tokenizer in tokenizers]

        @quick
        @given(samples.texts)
        def check(text: str) -> None:
            for segment in segments:
                if segment(text, random.Random(text)) != segment(text, random.Random(text)):
                    broken(f"{text!r} was cut in two ways with the same random numbers", RULE)

        check()

    def test_takes_very_long_texts(
        self, checked: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        for tokenizer in tokenizers:
            checked.segmenter(tokenizer)(samples.LONG, random.Random("long"))

    def test_holds_at_the_bounds_of_its_parameters(
        self, plugin: SegmentationPerturbation, tokenizers: list[Any]
    ) -> None:
        for params in self.extremes(plugin):
            for tokenizer in tokenizers:
                list(_answers(make(type(plugin), params).segmenter(tokenizer), seeds=1))

    def test_fingerprint_is_text_and_stays_the_same(
        self, plugin: SegmentationPerturbation, checked: SegmentationPerturbation
    ) -> None:
        if checked.fingerprint() != type(plugin)(plugin.params).fingerprint():
            broken("two plugins of the same parameters differ", Perturbation.fingerprint)


def _answers(
    segment: Segment, seeds: int = 2, backwards: bool = False
) -> Iterator[tuple[str, list[int]]]:
    """Each text with its pieces, under so many seeds."""
    texts = [*samples.SENTENCES.values(), *samples.STRANGE]
    for text in reversed(texts) if backwards else texts:
        generators = samples.generators(seeds)
        for rng in reversed(generators) if backwards else generators:
            yield text, [int(token) for token in segment(text, rng)]


def _spelled(tokenizer: Any, ids: list[int]) -> str:
    """The text of pieces, white space aside."""
    text: str = tokenizer.decode(ids, skip_special_tokens=False)
    return "".join(text.split())
