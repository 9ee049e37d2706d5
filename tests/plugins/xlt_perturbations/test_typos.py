"""Typing errors: one in a word, of the kinds asked for, and nothing else changes."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from xlt_cli.api import SequenceExample, TokenExample
from xlt_perturbations.typos import Typos
from xlt_perturbations.words import split

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("abcXYZ пёс άλς كتب 한국어 かなシー, 'é\u0301हि猫")),
    max_size=30,
)
BOOLS = st.booleans()


def typos(**params: object) -> Typos:
    return Typos(Typos.Params.model_validate({"rate": 1, "keep_clean": False, **params}))


def draw(plugin: Typos, text: str, seed: int = 0) -> str:
    example = SequenceExample("1", (text,), "yes", ("xx",))
    (noisy,) = plugin.perturb(example, random.Random(seed))
    assert isinstance(noisy, SequenceExample)
    assert (noisy.id, noisy.label, noisy.languages) == ("1", "yes", ("xx",))
    return noisy.texts[0]


def outcomes(plugin: Typos, word: str) -> set[str]:
    return {draw(plugin, word, seed) for seed in range(150)}


@given(TEXTS, st.integers(), BOOLS)
def test_words_keep_their_number_and_spacing(text: str, seed: int, keep_ends: bool) -> None:
    plugin = typos(keep_ends=keep_ends)
    noisy = draw(plugin, text, seed)
    assert draw(plugin, text, seed) == noisy
    before, after = split(text), split(noisy)
    assert after[::2] == before[::2]
    assert len(after) == len(before)


@given(TEXTS, st.integers())
def test_nothing_changes_with_a_rate_of_0(text: str, seed: int) -> None:
    assert draw(typos(rate=0), text, seed) == text


@given(st.text(st.sampled_from("हिन्दीไทยमें猫中文12 .\u0e01")), st.integers(), BOOLS)
def test_other_scripts_are_left_alone(text: str, seed: int, keep_ends: bool) -> None:
    assert draw(typos(keep_ends=keep_ends), text, seed) == text


@given(st.text(st.sampled_from("abcdeАБВ"), min_size=1), st.integers())
def test_the_first_and_last_letter_stay(word: str, seed: int) -> None:
    noisy = draw(typos(), word, seed)
    assert (noisy[0], noisy[-1]) == (word[0], word[-1])


@given(
    st.lists(st.text(TEXTS.map(lambda t: t or "x").map(lambda t: t[0]), min_size=1)), st.integers()
)
def test_tokens_keep_their_tags(tokens: list[str], seed: int) -> None:
    tags = tuple(str(i) for i in range(len(tokens)))
    example = TokenExample("1", tuple(tokens), tags, ("xx",))
    (noisy,) = typos(keep_ends=False).perturb(example, random.Random(seed))
    assert isinstance(noisy, TokenExample)
    assert noisy.tags == tags
    assert len(noisy.tokens) == len(tags)
    assert all(noisy.tokens)


@pytest.mark.parametrize(
    ("kind", "word", "found"),
    [
        ("swap", "abcd", {"acbd"}),
        ("swap", "abbd", {"abbd"}),
        ("swap", "abc", {"abc"}),
        ("swap", "cafe\u0301s", {"cfaes".replace("e", "e\u0301"), "cae\u0301fs"}),
        ("drop", "abcd", {"acd", "abd"}),
        ("drop", "ab", {"ab"}),
        ("drop", "Да", {"Да"}),
        ("repeat", "abc", {"abbc"}),
        ("key", "aQa", {"aWa", "aAa"}),
        ("key", "aéa", {"aéa"}),
        ("key", "aq\u0301a", {"aw\u0301a", "aa\u0301a"}),
        ("drop", "猫abc犬", {"猫ac犬"}),
        ("drop", "don't", {"dn't"}),
        ("drop", "می\u200cخواهم", {"می\u200cخاهم", "می\u200cخوهم", "می\u200cخوام"}),
        ("confusable", "xax", {"xаx", "xαx"}),
        ("confusable", "한국어", {"햔국어", "한쿡어", "한귝어", "한궄어", "한국허"}),
        ("swap", "かなしい", {"かしない"}),
        ("key", "アシア", {"アツア", "アジア"}),
        ("drop", "한글", {"ㅎㄴ글", "하글", "하늘", "한ㄱㄹ"}),
        ("drop", "닭", {"ㄷㄹㄱ", "닥"}),
        ("repeat", "가나", {"가ㅏ나", "간나"}),
        ("key", "가나", {"갸나", "개나", "거나", "기나", "그나", "가마", "가아", "가ㅈㅏ", "가자",
                       "가다", "가카", "가타"}),
    ],
)  # fmt: skip
def test_each_kind_of_error(kind: str, word: str, found: set[str]) -> None:
    seen = outcomes(typos(kinds=[kind]), word)
    assert seen <= found
    assert len(seen) >= min(len(found), 10)


@pytest.mark.parametrize(
    ("kind", "word", "found"),
    [
        ("swap", "Ab", {"bA"}),
        ("drop", "ab", {"a", "b"}),
        ("drop", "a", {"a"}),
        ("drop", "가", {"ㄱ", "ㅏ"}),
        ("repeat", "a", {"aa"}),
        ("swap", "a\u200cb", {"a\u200cb"}),
        ("key", "Q", {"W", "A"}),
    ],
)
def test_the_ends_too_where_they_need_not_stay(kind: str, word: str, found: set[str]) -> None:
    assert outcomes(typos(kinds=[kind], keep_ends=False), word) == found


def test_kinds_are_drawn_uniformly_at_the_rate() -> None:
    noisy = draw(typos(rate=0.4), "aqza " * 3000, seed=4).split()
    kinds = Counter({"aqza": "none", "azqa": "swap"}.get(w, len(w)) for w in noisy)
    shares: dict[str | int, float] = {"none": 0.6, "swap": 0.1, 3: 0.1, 5: 0.1, 4: 0.1}
    assert chisquare([kinds[k] for k in shares], [3000 * s for s in shares.values()]).pvalue > 0.01


@pytest.mark.parametrize("wrong", [{"rate": 1.5}, {"kinds": []}, {"kinds": ["slip"]}])
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Typos.Params.model_validate(wrong)
