"""Splitting into words loses nothing, and case is carried over where there is case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_perturbations.words import core, is_unspaced, map_words, match_case, split

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("ab 'é’-.,\n\u3000हिन्दीไท猫\u0301\u200d")),
    max_size=30,
)


@given(TEXTS)
def test_the_pieces_are_the_text(text: str) -> None:
    pieces = split(text)
    assert "".join(pieces) == text
    assert len(pieces) % 2 == 1
    assert all(pieces[1::2])
    assert not any(char.isalnum() for gap in pieces[::2] for char in gap)
    assert map_words(text, lambda word: word) == text
    assert "".join(core(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("No, it's — a 'well-known' dogs' tale…", "No it's a well known dogs tale"),
        ("don’t", "don’t"),
        ("cafe\u0301 naïve", "cafe\u0301 naïve"),
        ("हिन्दी में", "हिन्दी में"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("snake_case 1,5", "snake case 1 5"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_words_are_letters_digits_and_marks(text: str, words: str) -> None:
    assert split(text)[1::2] == words.split()


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ('"well-known",', ('"', "well-known", '",')),
        ("1.5", ("", "1.5", "")),
        ("...", ("...", "", "")),
        ("", ("", "", "")),
    ],
)
def test_the_core_is_what_is_between_the_words(token: str, parts: tuple[str, ...]) -> None:
    assert core(token) == parts


@pytest.mark.parametrize(
    ("word", "model", "language", "cased"),
    [
        ("film", "movie", "", "film"),
        ("film", "Movie", "", "Film"),
        ("film", "MOVIE", "", "FILM"),
        ("film", "A", "", "Film"),
        ("ich", "I", "de", "ich"),
        ("film", "mOvie", "", "film"),
        ("film", "MoVie", "", "film"),
        ("Januari", "january", "sw", "Januari"),
        ("hello", "Don't", "", "Hello"),
        ("iyi", "Good", "tr", "İyi"),
        ("ılık iş", "WARM", "tr", "ILIK İŞ"),
        ("good", "İyi", "", "Good"),
        ("кино", "Movie", "ru", "Кино"),
        ("电影", "MOVIE", "zh", "电影"),
        ("film", "电影", "", "film"),
        ("film", "123", "", "film"),
        ("film", "", "", "film"),
        ("", "Movie", "", ""),
    ],
)
def test_case_is_carried_over(word: str, model: str, language: str, cased: str) -> None:
    assert match_case(word, model, language) == cased


@pytest.mark.parametrize(
    "text", ["我的猫在北京。", "今日はいい天気です", "สวัสดี ครับ", "ລາວ", "བོད་ཡིག", "မြန်မာ", "ខ្មែរ"]
)
def test_scripts_without_spaces_are_known(text: str) -> None:
    assert is_unspaced(text)


@pytest.mark.parametrize(
    "text", ["", "12 3", "an English text on 猫", "한국어 글", "हिन्दी में", "tiếng Việt"]
)
def test_other_text_is_spaced(text: str) -> None:
    assert not is_unspaced(text)
