"""Perturbations of text that break the contract; `fails` names the checks that must say so."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from pydantic import Field

from xlt_cli.api import Example, PluginParams, SequenceExample, TextPerturbation, TokenExample
from xlt_cli.testing import TextPerturbationSuite


class Sound(TextPerturbation):
    """Puts some words in capitals, and keeps to the contract."""

    api_version = 1
    name = "sound"
    summary = "puts some words in capitals"

    class Params(PluginParams):
        probability: float = Field(0.5, ge=0, le=1)

    params: Params

    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        if isinstance(example, TokenExample):
            return [replace(example, tokens=tuple(self.word(w, rng) for w in example.tokens))]
        return [replace(example, texts=tuple(self.text(text, rng) for text in example.texts))]

    def text(self, text: str, rng: random.Random) -> str:
        return " ".join(self.word(word, rng) for word in text.split(" "))

    def word(self, word: str, rng: random.Random) -> str:
        return word.swapcase() if rng.random() < self.params.probability else word


class Suite(TextPerturbationSuite):
    made: ClassVar[type[TextPerturbation]]
    fails: ClassVar[tuple[str, ...]]
    without_noise: ClassVar[dict[str, Any]] = {"probability": 0}

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made(self.made.Params())


class TestSound(Suite):
    made = Sound
    fails = ()


class TestChangesLabels(Suite):
    class made(Sound):
        def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
            (noisy,) = super().perturb(example, rng)
            return [replace(noisy, label="no") if isinstance(noisy, SequenceExample) else noisy]

    fails = (
        "test_returns_examples_with_the_id_and_label_of_the_one_they_stand_for",
        "test_holds_at_the_bounds_of_its_parameters",
        "test_without_noise_changes_nothing",
    )


class TestDrawsFromTheProcess(Suite):
    class made(Sound):
        def word(self, word: str, rng: random.Random) -> str:
            return super().word(word, random)  # type: ignore[arg-type]

    fails = (
        "test_answer_depends_on_the_example_and_the_generator_alone",
        "test_draws_from_the_given_generator_alone",
        "test_takes_texts_of_any_characters",
    )


class TestIgnoresTheSeed(Suite):
    class made(Sound):
        def word(self, word: str, rng: random.Random) -> str:
            return super().word(word, random.Random(word))

    fails = ("test_other_seeds_give_other_noise",)


class TestRemembersWhatItWasAsked(Suite):
    class made(Sound):
        def __init__(self, params: Any = None) -> None:
            super().__init__(params)
            self.known: dict[str, str] = {}

        def word(self, word: str, rng: random.Random) -> str:
            return self.known.setdefault(word, super().word(word, rng))

    fails = (
        "test_answer_depends_on_the_example_and_the_generator_alone",
        "test_other_seeds_give_other_noise",
    )


class TestChangesItsInput(Suite):
    class made(Sound):
        def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
            noisy = super().perturb(example, rng)
            object.__setattr__(example, "languages", (*example.languages[:-1], "xx"))
            return noisy

    fails = (
        "test_does_not_change_the_example_it_is_given",
        "test_takes_texts_of_any_characters",
        "test_keeps_the_languages_that_an_example_states",
        "test_answer_depends_on_the_example_and_the_generator_alone",
        "test_without_noise_changes_nothing",
    )


class TestStatesAnotherLanguage(Suite):
    class made(Sound):
        def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
            (noisy,) = super().perturb(example, rng)
            return [replace(noisy, languages=("de",) * len(example.languages))]

    fails = (
        "test_keeps_the_languages_that_an_example_states",
        "test_without_noise_changes_nothing",
    )


class TestShufflesTags(Suite):
    class made(Sound):
        def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
            (noisy,) = super().perturb(example, rng)
            if isinstance(noisy, TokenExample) and len(noisy.tokens) > 1:
                return [replace(noisy, tokens=(*noisy.tokens[1:], noisy.tokens[0]))]
            return [noisy]

    fails = (
        "test_tags_stay_true_and_valid",
        "test_holds_at_the_bounds_of_its_parameters",
        "test_without_noise_changes_nothing",
    )


class TestFailsOnEmptyTexts(Suite):
    class made(Sound):
        def text(self, text: str, rng: random.Random) -> str:
            return super().text(text, rng) + text[-1]

    fails = (
        "test_returns_examples_with_the_id_and_label_of_the_one_they_stand_for",
        "test_keeps_the_languages_that_an_example_states",
        "test_answer_depends_on_the_example_and_the_generator_alone",
        "test_draws_from_the_given_generator_alone",
        "test_does_not_change_the_example_it_is_given",
        "test_other_seeds_give_other_noise",
        "test_tags_stay_true_and_valid",
        "test_takes_texts_of_any_characters",
        "test_holds_at_the_bounds_of_its_parameters",
        "test_without_noise_changes_nothing",
    )


class TestFailsAtABound(Suite):
    class made(Sound):
        def word(self, word: str, rng: random.Random) -> str:
            assert 1 / self.params.probability
            return super().word(word, rng)

    fails = (
        "test_holds_at_the_bounds_of_its_parameters",
        "test_without_noise_changes_nothing",
    )


class TestFingerprintsAnew(Suite):
    class made(Sound):
        def fingerprint(self) -> dict[str, str]:
            return {"lexicon": str(id(self))}

    fails = ("test_fingerprint_is_text_and_stays_the_same",)


class TestParametersAreLost(Suite):
    class made(Sound):
        def __init__(self, params: Any = None) -> None:
            super().__init__(self.Params(probability=0.25))

    fails = (
        "test_keeps_the_parameters_it_is_made_with",
        "test_returns_examples_with_the_id_and_label_of_the_one_they_stand_for",
        "test_takes_texts_of_any_characters",
        "test_takes_very_long_texts",
        "test_holds_at_the_bounds_of_its_parameters",
        "test_without_noise_changes_nothing",
        "test_fingerprint_is_text_and_stays_the_same",
    )
