"""Word dropout leaves out words, and nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import SequenceExample
from xlt_perturbations.word_dropout import WordDropout

EXAMPLE = SequenceExample("train-1", ("a b c d e f g h", "x y"), "1", ("en", "de"))
TEXTS = st.text(st.sampled_from("ab \u3000\n猫"), max_size=20)


def perturb(
    example: SequenceExample, probability: float, seed: int = 0, keep_clean: bool = False
) -> list[SequenceExample]:
    params = WordDropout.Params(probability=probability, keep_clean=keep_clean)
    found = WordDropout(params).perturb(example, random.Random(seed))
    return [e for e in found if isinstance(e, SequenceExample)]


def is_part(words: list[str], whole: list[str]) -> bool:
    """Whether words stand in the whole in the same order."""
    rest = iter(whole)
    return all(word in rest for word in words)


@given(TEXTS, TEXTS, st.floats(0, 0.999), st.integers())
def test_words_are_left_out_in_order_and_at_least_one_stays(
    first: str, second: str, probability: float, seed: int
) -> None:
    example = SequenceExample("i", (first, second), "1", ("en", "de"))
    (noisy,) = perturb(example, probability, seed)
    assert (noisy.id, noisy.label, noisy.languages) == ("i", "1", ("en", "de"))
    for before, after in zip(example.texts, noisy.texts, strict=True):
        assert is_part(after.split(), before.split())
        assert bool(after.split()) is bool(before.split())


@given(TEXTS, st.integers())
def test_where_no_word_is_left_out_the_text_is_untouched(text: str, seed: int) -> None:
    example = SequenceExample("i", (text,), "1", ("en",))
    assert perturb(example, 0.0, seed) == [example]
    if len(text.split()) == 1:
        assert perturb(example, 0.9, seed)[0].texts[0].split() == text.split()


def test_each_word_is_left_out_with_the_probability() -> None:
    text = " ".join(str(i) for i in range(2000))
    example = SequenceExample("i", (text,), "1", ("en",))
    for probability in (0.1, 0.5):
        left = len(perturb(example, probability)[0].texts[0].split())
        assert 1 - left / 2000 == pytest.approx(probability, abs=0.03)


def test_the_clean_example_comes_first_where_it_is_kept() -> None:
    clean, noisy = perturb(EXAMPLE, 0.5, keep_clean=True)
    assert clean is EXAMPLE
    assert noisy.texts != EXAMPLE.texts
    assert perturb(EXAMPLE, 0.5) == [noisy]


def test_it_is_a_function_of_the_generator() -> None:
    assert perturb(EXAMPLE, 0.5, seed=1) == perturb(EXAMPLE, 0.5, seed=1)
    assert len({perturb(EXAMPLE, 0.5, seed=s)[0].texts for s in range(20)}) > 5


def test_one_left_over_word_is_any_of_them() -> None:
    kept = {perturb(EXAMPLE, 0.999, seed)[0].texts[1] for seed in range(30)}
    assert kept == {"x", "y"}


@pytest.mark.parametrize("probability", [1.0, -0.1])
def test_wrong_probabilities_are_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        WordDropout.Params(probability=probability)
