"""Words change places with near ones; spacing, punctuation and the words themselves stay."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from xlt_cli.api import SequenceExample, TokenExample
from xlt_cli.problems import TokenLabelling
from xlt_perturbations.word_order import WordOrder


def shuffling(**params: object) -> WordOrder:
    return WordOrder(WordOrder.Params.model_validate({"keep_clean": False, **params}))


def draw(plugin: WordOrder, text: str, seed: int = 0) -> str:
    example = SequenceExample("1", (text,), "yes", ("xx",))
    (noisy,) = plugin.perturb(example, random.Random(seed))
    assert isinstance(noisy, SequenceExample)
    assert (noisy.id, noisy.label, noisy.languages) == ("1", "yes", ("xx",))
    return noisy.texts[0]


@given(st.integers(0, 30), st.integers(0, 5), st.integers())
def test_no_word_moves_further_than_the_distance(count: int, distance: int, seed: int) -> None:
    words = [str(i) for i in range(count)]
    plugin = shuffling(distance=distance)
    noisy = draw(plugin, " ".join(words), seed).split()
    assert draw(plugin, " ".join(words), seed).split() == noisy
    assert sorted(noisy) == sorted(words)
    assert all(abs(i - int(word)) <= distance for i, word in enumerate(noisy))


@given(st.text(st.one_of(st.characters(), st.sampled_from("ab .,\n"))), st.integers())
def test_characters_are_kept_and_spaces_in_place(text: str, seed: int) -> None:
    assert draw(shuffling(distance=0), text, seed) == text
    noisy = draw(shuffling(), text, seed)
    assert sorted(noisy) == sorted(text)
    assert len(noisy.split()) == len(text.split())


def test_punctuation_at_the_ends_of_words_stays_in_place() -> None:
    found = {draw(shuffling(distance=1), "A well-known,  (1.5) film.", seed) for seed in range(99)}
    assert found == {
        "A well-known,  (1.5) film.",
        "well-known A,  (1.5) film.",
        "A 1.5,  (well-known) film.",
        "A well-known,  (film) 1.5.",
        "well-known A,  (film) 1.5.",
    }


def test_far_shuffles_reach_all_orders_and_near_ones_are_even_in_the_middle() -> None:
    found = {draw(shuffling(distance=50), "a b c", seed) for seed in range(200)}
    assert found == {" ".join(order) for order in permutations("abc")}
    # Of two words alone, the second passes the first if 1 + 2v < 2u: with probability 1/8.
    swapped = sum(draw(shuffling(distance=1), "a b", seed) == "b a" for seed in range(4000))
    assert chisquare([swapped, 4000 - swapped], [500, 3500]).pvalue > 0.01


@pytest.mark.parametrize("text", ["我 的 猫。 在 北京", "สวัสดี ครับ ทุก คน", "今日は いい 天気 です"])
def test_scripts_without_spaces_stay(text: str) -> None:
    assert {draw(shuffling(), text, seed) for seed in range(20)} == {text}


def test_token_labelling_is_refused() -> None:
    problem = TokenLabelling(("O", "B-X"))
    assert "labels belong to words" in shuffling().problem_fault(problem)
    example = TokenExample("1", ("a", "b", "c"), ("O", "B-X", "O"), ("en",))
    assert shuffling().perturb(example, random.Random(0)) == [example]  # words keep their tags


def test_it_says_that_paraphrase_labels_rest_on_word_order() -> None:
    assert "PAWS" in WordOrder.caveat
