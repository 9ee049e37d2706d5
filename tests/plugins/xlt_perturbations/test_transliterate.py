"""Words in other letters: as many as before, and no others changed."""

from __future__ import annotations

import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.api import PluginError, SequenceExample, TokenExample
from xlt_perturbations import transliterate as module
from xlt_perturbations.transliterate import Transliterate
from xlt_perturbations.words import split


def transliterate(script: str = "latin", **params: object) -> Transliterate:
    values = {"script": script, "word_ratio": 1, "keep_clean": False, **params}
    return Transliterate(Transliterate.Params.model_validate(values))


def draw(plugin: Transliterate, text: str, language: str = "en", seed: int = 0) -> str:
    example = SequenceExample("1", (text,), "yes", (language,))
    (noisy,) = plugin.perturb(example, random.Random(seed))
    assert isinstance(noisy, SequenceExample)
    assert (noisy.id, noisy.label, noisy.languages) == ("1", "yes", (language,))
    return noisy.texts[0]


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [
        ("Привет,  мир!", "ru", "Privet,  mir!"),
        ("Гора", "ru", "Gora"),
        ("Гора", "uk", "Hora"),
        ("Гора", "uk-UA", "Hora"),
        ("Гора", "ukr", "Hora"),
        ("Гора", "ukr_Cyrl", "Hora"),
        ("Гора", "Ukrainian", "Hora"),
        ("щука", "bg", "shtuka"),
        ("नमस्ते दुनिया", "hi", "namaste duniyaa"),
        ("한글 北京", "xx", "hangeul beijing"),
        ("café in Ünlü, ١٢٣ ー?", "tr", "café in Ünlü, ١٢٣ ー?"),
    ],
)
def test_other_scripts_become_latin(text: str, language: str, written: str) -> None:
    assert draw(transliterate(), text, language) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("The Shop isn't  OPEN.", "Зе Шоп исн'т  ОПЕН."),
        ("xylophone", "ксилофоне"),
        ("café 北京 мир 12", "café 北京 мир 12"),
    ],
)
def test_latin_becomes_cyrillic(text: str, written: str) -> None:
    assert draw(transliterate("cyrillic"), text) == written


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.one_of(st.characters(), st.sampled_from("ab Жя中ไ한ش'-")), max_size=20),
    st.integers(),
    st.sampled_from(["latin", "cyrillic"]),
)
def test_the_number_of_words_stays(text: str, seed: int, script: str) -> None:
    plugin = transliterate(script, word_ratio=0.7)
    noisy = draw(plugin, text, "xx", seed)
    assert len(noisy.split()) == len(text.split())
    gaps = [gap for gap in split(text)[::2] if gap.strip()]
    assert all(gap in noisy for gap in gaps)
    assert draw(plugin, text, "xx", seed) == noisy


def test_tags_stay_with_their_words_and_texts_have_their_own_language() -> None:
    example = TokenExample("1", ("Гора", "«Киров»,", ".", "", "New"), tuple("ABCDE"), ("ru",))
    (noisy,) = transliterate().perturb(example, random.Random(0))
    assert isinstance(noisy, TokenExample)
    assert noisy.tokens == ("Gora", "«Kirov»,", ".", "", "New")
    assert noisy.tags == example.tags
    pair = SequenceExample("1", ("Гора", "Гора"), "x", ("ru", "uk"))
    (both,) = transliterate().perturb(pair, random.Random(0))
    assert isinstance(both, SequenceExample)
    assert both.texts == ("Gora", "Hora")


def test_words_are_drawn_with_their_ratio_and_copies_differ() -> None:
    words = draw(transliterate("cyrillic", word_ratio=0.3), "film " * 4000).split()
    assert 0.27 < words.count("филм") / len(words) < 0.33
    text = "the film " * 20
    example = SequenceExample("1", (text,), "x", ("en",))
    plugin = transliterate("cyrillic", word_ratio=0.5, copies=3, keep_clean=True)
    clean, *noisy = plugin.perturb(example, random.Random(1))
    assert clean is example
    assert len({e.texts for e in noisy if isinstance(e, SequenceExample)}) == 3


@pytest.mark.parametrize(("script", "package"), [("latin", "uroman"), ("cyrillic", "cyrtranslit")])
def test_without_the_package_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, script: str, package: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "_writer", module._writer.__wrapped__)  # loaded before or not
        patch.setitem(sys.modules, package, None)
        with pytest.raises(PluginError, match=f"the package {package}") as caught:
            transliterate(script).fetch()
    assert caught.value.hint == "pip install 'xlt-cli[transliterate]'"
    transliterate(script).fetch()


@pytest.mark.parametrize("wrong", [{}, {"script": "greek"}, {"script": "latin", "word_ratio": 2}])
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"script|word_ratio"):
        Transliterate.Params.model_validate(wrong)
