"""Keys beside keys, and Hangul as it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_perturbations.hangul import FIRST, LAST, compose, strokes
from xlt_perturbations.keyboards import CONFUSABLE, LAYOUTS, lookalikes, neighbors, script


@pytest.mark.parametrize(
    ("key", "beside"),
    [
        ("g", "tyfhvb"),
        ("G", "TYFHVB"),
        ("q", "wa"),
        ("п", "енарми"),
        ("ω", "ψβφγ"),
        ("ش", "ضصسئ"),
        ("ㄹ", "ㄱㅅㅇㅎㅊㅍ"),
        ("ㅃ", "ㅂ"),
        ("シ", "ツジ"),
        ("は", "ほけばぱ"),
        ("é", ""),
        ("1", ""),
        ("न", ""),
        (" ", ""),
    ],
)
def test_keys_lie_beside_keys(key: str, beside: str) -> None:
    assert sorted(neighbors(key)) == sorted(beside)


def test_beside_goes_both_ways_within_a_layout() -> None:
    for layout in LAYOUTS:
        keys = "".join(layout).replace(" ", "")
        assert len(set(keys)) == len(keys)
        for key in keys:
            assert 2 <= len(neighbors(key)) <= 6
            assert all(key in neighbors(near) for near in neighbors(key)), key


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("a", "LATIN"),
        ("ş", "LATIN"),
        ("ё", "CYRILLIC"),
        ("ά", "GREEK"),
        ("ک", "ARABIC"),
        ("한", "HANGUL"),
        ("ㅋ", ""),
        ("の", "HIRAGANA"),
        ("ー", "KATAKANA"),
        ("猫", ""),
        ("न", ""),
        ("ก", ""),
        ("1", ""),
        ("'", ""),
        ("\u0301", ""),
    ],
)
def test_scripts_with_keyboards_are_known(char: str, name: str) -> None:
    assert script(char) == name


@given(st.text(st.characters(min_codepoint=FIRST, max_codepoint=LAST)))
def test_typing_the_keys_gives_the_syllables(syllables: str) -> None:
    assert compose(strokes(syllables)) == syllables


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        ("ㄷㅏㄹㄱ", "닭"),
        ("ㄷㅏㄹㄱㅣ", "달기"),
        ("ㄱㅗㅏ", "과"),
        ("ㅎㅏㄴㄱㅡㄹ", "한글"),
        ("ㅎㅎㅏ", "ㅎ하"),
        ("ㅏㅎㄴ", "ㅏㅎㄴ"),
        ("ㄱㅏㅏ", "가ㅏ"),
        ("ㄱㅏㄸ", "가ㄸ"),
        ("ㄱㅏㅂㅅㅅㅏ", "값사"),
        ("", ""),
    ],
)
def test_keys_join_as_they_do_when_typed(keys: str, typed: str) -> None:
    assert compose(list(keys)) == typed


@pytest.mark.parametrize(
    ("char", "alike"),
    [
        ("a", "аα"),
        ("о", "oο0"),
        ("l", "I1ІΙ"),
        ("I", "l1ІΙ"),
        ("ش", "س"),
        ("ㅏ", "ㅑ"),
        ("シ", "ツジ"),
        ("é", ""),
        ("न", ""),
    ],
)
def test_characters_are_confused_with_those_that_look_alike(char: str, alike: str) -> None:
    assert sorted(lookalikes(char)) == sorted(alike)


def test_confusion_goes_both_ways() -> None:
    for group in CONFUSABLE.split():
        assert len(set(group)) == len(group) > 1, group
        for char in group:
            assert all(char in lookalikes(other) for other in lookalikes(char)), char
