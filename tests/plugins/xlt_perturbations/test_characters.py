"""Noise on characters (homoglyphs, casing, punctuation, diacritics, OCR) in real languages."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.api import SequenceExample, TokenExample
from xlt_perturbations.casing import Casing
from xlt_perturbations.confusables import CLASSES, of_other_scripts, script
from xlt_perturbations.copies import NoisyCopies
from xlt_perturbations.diacritics import Diacritics
from xlt_perturbations.homoglyphs import Homoglyphs
from xlt_perturbations.lookalikes import CONFUSIONS, readings
from xlt_perturbations.ocr import Ocr
from xlt_perturbations.punctuation import Punctuation

ALL = (Homoglyphs, Casing, Punctuation, Diacritics, Ocr)
SENTENCES = {
    "en": "The big dog, said Anna, wasn't in New York (1,000 miles away).",
    "fr": "L'été dernier, Anna était à Orléans ; où est-il allé ?",
    "vi": "Con chó đã nhìn thấy Nguyễn ở Hà Nội, hôm qua.",
    "pl": "Łódź leży nad rzeką Łódką, w środku kraju.",
    "tr": "Iğdır'da büyük köpek, İnci Yılmaz'ı görmedi.",
    "ru": "Ёлка стоит в большой комнате, и её видно.",
    "el": "Ο μεγάλος σκύλος είδε την Άννα, στη Νέα Σμύρνη.",
    "ar": "رأى الكلبُ الكبيرُ آنا سميث، في نيو يورك.",
    "ur": "بڑے کتے نے کل نیو یارک میں آنا کو دیکھا۔",
    "he": "הכלב הגדול ראה את אנה, בתל אביב.",
    "hi": "बड़े कुत्ते ने कल, नई दिल्ली में अन्ना को देखा।",
    "bn": "বড় কুকুরটি কাল, দিল্লিতে আনাকে দেখেছিল।",
    "ta": "பெரிய நாய் நேற்று, அன்னாவை பார்த்தது.",
    "te": "పెద్ద కుక్క నిన్న, అన్నాను చూసింది.",
    "th": "สุนัขตัวใหญ่เห็นแอนนาที่กรุงเทพเมื่อวานนี้",
    "zh": "大狗昨天在纽约看见了安娜，她很高兴。",
    "ja": "大きな犬は、昨日トウキョウでアンナを見た。",
    "ko": "큰 개가 어제, 서울에서 안나 김을 보았다.",
    "am": "ትልቁ ውሻ ትናንት አናን አየ።",
    "ka": "დიდმა ძაღლმა ანა ნახა, თბილისში.",
}
few = settings(max_examples=40, deadline=None)
WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=8),
    st.sampled_from([word for text in SENTENCES.values() for word in text.split()]),
    st.sampled_from(["?!", "a,b", "—", "(1.5)", "e\u0301", "\u0301", "#tag", "。", "rn"]),
)
SPACES = st.sampled_from([" ", "  ", "\n", "\u00a0", "\u3000"])
TEXTS = st.lists(st.one_of(WORDS, SPACES), max_size=10).map("".join)


def made(plugin: type[NoisyCopies], **params: object) -> NoisyCopies:
    return plugin(plugin.Params.model_validate({"rate": 1, "keep_clean": False, **params}))


def draw(plugin: NoisyCopies, text: str, seed: int = 0, language: str = "xx") -> str:
    example = SequenceExample("1", (text,), "yes", (language,))
    (noisy,) = plugin.perturb(example, random.Random(seed))
    assert isinstance(noisy, SequenceExample)
    assert (noisy.id, noisy.label, noisy.languages) == ("1", "yes", (language,))
    return noisy.texts[0]


def drawn(plugin: NoisyCopies, text: str, language: str = "xx", seeds: int = 60) -> set[str]:
    return {draw(plugin, text, seed, language) for seed in range(seeds)}


def changed_in(plugin: NoisyCopies) -> set[str]:
    """The languages of which any sentence changes."""
    return {
        language
        for language, text in SENTENCES.items()
        if drawn(plugin, text, language, 8) != {text}
    }


@pytest.mark.parametrize("plugin", ALL)
@few
@given(text=TEXTS, seed=st.integers(), rate=st.floats(0, 1))
def test_words_keep_their_number_and_a_draw_is_its_seeds(
    plugin: type[NoisyCopies], text: str, seed: int, rate: float
) -> None:
    noise = made(plugin, rate=rate)
    noisy = draw(noise, text, seed)
    assert draw(made(plugin, rate=rate), text, seed) == noisy
    assert len(noisy.split()) == len(text.split())
    assert [c for c in noisy if c.isspace()] == [c for c in text if c.isspace()]


@pytest.mark.parametrize("plugin", ALL)
@few
@given(text=TEXTS, seed=st.integers())
def test_a_rate_of_0_is_the_text_itself(plugin: type[NoisyCopies], text: str, seed: int) -> None:
    assert draw(made(plugin, rate=0), text, seed) == text


@pytest.mark.parametrize("plugin", ALL)
@few
@given(tokens=st.lists(WORDS, min_size=1, max_size=8), seed=st.integers())
def test_tags_stay_with_their_words(
    plugin: type[NoisyCopies], tokens: list[str], seed: int
) -> None:
    words = tuple(tokens)
    tags = tuple(f"B-{number}" for number in range(len(words)))
    example = TokenExample("1", words, tags, ("xx",))
    (noisy,) = made(plugin).perturb(example, random.Random(seed))
    assert isinstance(noisy, TokenExample)
    assert noisy.tags == tags
    assert all(len(word.split()) == 1 for word in noisy.tokens)


def test_a_higher_rate_changes_more() -> None:
    for plugin in ALL:
        text = SENTENCES["fr"]
        sizes = [
            sum(
                sum(a != b for a, b in zip(text.split(), noisy.split(), strict=True))
                for noisy in (draw(made(plugin, rate=rate), text, seed) for seed in range(40))
            )
            for rate in (0.05, 0.3, 0.9)
        ]
        assert sizes == sorted(set(sizes)), (plugin.name, sizes)


# Which languages have something to change -------------------------------------------------------


def test_homoglyphs_have_something_where_scripts_share_shapes() -> None:
    changed = changed_in(made(Homoglyphs))
    assert changed >= {"en", "fr", "vi", "pl", "tr", "ru", "el", "te", "th", "ja"}
    assert not changed & {"ar", "ur", "he", "hi", "zh", "ko"}


def test_casing_has_something_where_there_is_case() -> None:
    changed = changed_in(made(Casing))
    assert changed >= {"en", "fr", "vi", "pl", "tr", "ru", "el"}
    assert not changed & {"ar", "ur", "he", "hi", "bn", "ta", "te", "th", "zh", "ja", "ko", "am"}


def test_diacritics_have_something_where_a_mark_is_no_vowel() -> None:
    assert changed_in(made(Diacritics)) == {"fr", "vi", "pl", "tr", "ru", "el"}


def test_ocr_has_something_in_all_of_these() -> None:
    assert changed_in(made(Ocr)) == set(SENTENCES)


def test_punctuation_has_something_where_there_are_marks() -> None:
    assert changed_in(made(Punctuation)) == set(SENTENCES) - {"th"}


# What is changed into what ----------------------------------------------------------------------


def test_homoglyphs_are_unicodes_and_of_another_script() -> None:
    for each in CLASSES.split():
        assert len(set(each)) == len(each)
        for letter in each:
            assert unicodedata.normalize("NFKC", letter) == letter
            assert all(script(other) != script(letter) for other in of_other_scripts(letter))
    assert set(of_other_scripts("a")) == {"α", "а"}
    assert of_other_scripts("한") == ()
    noisy = draw(made(Homoglyphs), "space", 1)
    assert noisy != "space"
    assert all(script(c) != "LATIN" for c in noisy)


@pytest.mark.parametrize(
    ("language", "case", "word", "expected"),
    [
        ("en", "upper", "straße", "STRASSE"),
        ("tr", "upper", "istanbul'ı", "İSTANBUL'I"),
        ("tr", "lower", "Iğdır İnci", "ığdır inci"),
        ("az", "swap", "Iı İi", "ıI iİ"),
        ("de", "swap", "Der Hund", "dER hUND"),
        ("el", "lower", "ΟΔΟΣ", "οδος"),
        ("ru", "upper", "ёлка", "ЁЛКА"),
        ("hi", "upper", "कुत्ता", "कुत्ता"),
    ],
)
def test_each_case(language: str, case: str, word: str, expected: str) -> None:
    assert draw(made(Casing, cases=[case]), word, 0, language) == expected


def test_mixed_case_draws_each_letter() -> None:
    assert len(drawn(made(Casing, cases=["mixed"]), "transfer")) > 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Où est-il allé ?", "Ou est-il alle ?"),
        ("đã nhìn thấy Nguyễn ở Hà Nội", "da nhin thay Nguyen o Ha Noi"),
        ("Łódź, Ångström, Ørsted, ığdır", "Lodz, Angstrom, Orsted, igdir"),
        ("e\u0301te\u0301", "ete"),
        ("Ёлка, її, қазақ", "Елка, іі, казак"),
        ("Άννα ᾶ", "Αννα α"),
        ("straße æ", "straße æ"),
        ("नई दिल्ली बड़े", "नई दिल्ली बड़े"),
        ("กรุงเทพ ที่นี่", "กรุงเทพ ที่นี่"),
        ("الكلبُ آنا أمس", "الكلبُ آنا أمس"),
        ("שָׁלוֹם", "שָׁלוֹם"),
        ("がぎぐ ぱ", "がぎぐ ぱ"),
        ("한글", "한글"),
        ("\u0301 x", "\u0301 x"),
    ],
)
def test_marks_that_are_taken_off_and_marks_that_stay(text: str, expected: str) -> None:
    assert draw(made(Diacritics), text) == expected


def test_marks_are_taken_off_letter_by_letter() -> None:
    assert drawn(made(Diacritics, rate=0.5), "éé") == {"éé", "ée", "eé", "ee"}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("remove", 'He said: "No, (really) 1,000.5!"', "He said No really 1,000.5"),
        ("remove", "A — b … c", "A — b … c"),
        ("remove", "well-known, e-mail@x.org", "well-known e-mail@x.org"),
        ("remove", "100% of #tags & more.", "100% of #tags & more"),
        ("remove", "她很高兴，安娜。", "她很高兴安娜"),
        ("remove", "سميث، أمس؟", "سميث أمس"),
        ("remove", "देखा।", "देखा"),
        ("remove", "?!", "?!"),
        ("add", "a dog, big", "a, dog, big,"),
        ("add", "كلب كبير", "كلب، كبير،"),
        ("add", "大狗", "大狗，"),
        ("add", "犬だ", "犬だ、"),
        ("add", "กรุงเทพ", "กรุงเทพ"),
        ("add", "1,000", "1,000,"),
    ],
)
def test_marks_that_are_left_out_and_added(kind: str, text: str, expected: str) -> None:
    assert draw(made(Punctuation, kinds=[kind]), text) == expected


@pytest.mark.parametrize(
    ("word", "some"),
    [
        ("mm", {"rnrn"}),
        ("rn", {"m"}),
        ("O0", {"0O", "DO", "QD"}),
        ("ה", {"ח", "ת"}),
        ("บ", {"ป"}),
        ("己", {"已"}),
        ("ソ", {"ン", "リ"}),
        ("가", {"캬", "커", "키"}),
    ],
)
def test_what_is_misread(word: str, some: set[str]) -> None:
    assert some <= drawn(made(Ocr), word, seeds=200)


def test_a_syllable_stays_a_syllable_and_accents_are_not_put_on() -> None:
    for noisy in drawn(made(Ocr), "한국어를", seeds=200):
        assert len(noisy) == 4
        assert all("\uac00" <= c <= "\ud7a3" for c in noisy)
    for noisy in drawn(made(Ocr), "the quick brown fox jumps", seeds=200):
        assert noisy.isascii()


def test_confusions_are_listed_once() -> None:
    pairs: list[Any] = [frozenset(pair.split(" ")) for pair in CONFUSIONS.split("|")]
    assert all(len(pair) == 2 for pair in pairs)
    assert len(set(pairs)) == len(pairs)
    assert dict(readings("r"))["rn"] == ("m",)
