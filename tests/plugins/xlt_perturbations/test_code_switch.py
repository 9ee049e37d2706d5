"""Code-switching puts listed translations into sentences, and tags stay true."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from xlt_cli.api import DataError, SequenceExample, TokenExample
from xlt_cli.problems import TokenLabelling
from xlt_perturbations.code_switch import CodeSwitch
from xlt_perturbations.words import split

WORDS = {
    "de": {"dog": ["hund", "köter"], "states": ["staaten"], "i": ["ich"]},
    "tr": {"dog": ["it", "köpek"]},
    "ur": {"states": ["ریاست ہائے متحدہ"], "dog": ["کتا"]},
    "zh": {"dog": ["狗"]},
}
TOKENS = st.lists(
    st.tuples(
        st.sampled_from(["dog", "Dog", "STATES", '"states"', "(dog)", "New", "York", "...", ""]),
        st.sampled_from(["O", "B-LOC", "B-ORG"]),
        st.integers(0, 2),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lexicons")
    (folder / "notes.txt").write_text("no dictionary")
    for language, words in WORDS.items():
        lines = [f"{word}\t{other}\n" for word, others in words.items() for other in others]
        (folder / f"en-{language}.tsv").write_text("".join(lines), "utf-8")
    return folder


def switching(folder: Path, **params: object) -> CodeSwitch:
    values = {"dictionaries": folder, "keep_clean": False, "word_ratio": 1, **params}
    return CodeSwitch(CodeSwitch.Params.model_validate(values))


def draw(plugin: CodeSwitch, *texts: str, seed: int = 0) -> tuple[str, ...]:
    example = SequenceExample("1", texts, "yes", ("en",) * len(texts))
    (noisy,) = plugin.perturb(example, random.Random(seed))
    assert isinstance(noisy, SequenceExample)
    assert (noisy.id, noisy.label, noisy.languages) == ("1", "yes", example.languages)
    return noisy.texts


def spans(tokens: tuple[str, ...], tags: tuple[str, ...]) -> list[tuple[str, int]]:
    """Entities by type, with the number of B- tags so far; an I- must go on an entity."""
    found: list[tuple[str, int]] = []
    inside = ""
    for tag in tags:
        if tag.startswith("I-"):
            assert inside == tag[2:]
        elif tag.startswith("B-"):
            found.append((tag[2:], len(found)))
        inside = tag[2:]
    assert len(tokens) == len(tags)
    return found


@given(st.text(st.sampled_from("dog DOG.,'\n  猫")), st.integers())
def test_spacing_and_unlisted_words_stay(folder: Path, text: str, seed: int) -> None:
    plugin = switching(folder)
    (noisy,) = draw(plugin, text, seed=seed)
    assert draw(plugin, text, seed=seed) == (noisy,)
    before, after = split(text), split(noisy)
    assert after[::2] == before[::2]
    dogs = {"dog", *(w for words in WORDS.values() for w in words["dog"])}
    for old, new in zip(before[1::2], after[1::2], strict=True):
        assert new == old or (old.lower() == "dog" and new.replace("İ", "i").lower() in dogs)


@given(st.text(max_size=30), st.integers())
def test_nothing_changes_with_ratios_of_0(folder: Path, text: str, seed: int) -> None:
    for ratio in ("sentence_ratio", "word_ratio"):
        plugin = switching(folder, **{ratio: 0})
        assert draw(plugin, text, seed=seed) == (text,)
        example = TokenExample("1", (text,), ("O",), ("en",))
        assert plugin.perturb(example, random.Random(seed)) == [example]


@pytest.mark.parametrize(
    ("text", "languages", "found"),
    [
        ("A dog, a Dog!", ("de",), {"A hund, a Hund!", "A köter, a Köter!", "A hund, a Köter!",
                                    "A köter, a Hund!"}),
        ("DOG", ("de",), {"HUND", "KÖTER"}),
        ("Dog", ("tr",), {"İt", "Köpek"}),
        ("DOG", ("zh",), {"狗"}),
        ("I", ("de",), {"ich"}),
        ("States", ("ur",), {"ریاست ہائے متحدہ"}),
        ("cat", ("de", "zh"), {"cat"}),
        ("states", ("de", "zh"), {"staaten", "states"}),
    ],
)  # fmt: skip
def test_case_is_kept_where_the_script_has_it(
    folder: Path, text: str, languages: tuple[str, ...], found: set[str]
) -> None:
    plugin = switching(folder, languages=languages)
    assert {draw(plugin, text, seed=seed)[0] for seed in range(60)} == found


@pytest.mark.parametrize("source", ["eng_Latn", "english", "en-GB", "eng"])
@pytest.mark.parametrize("target", ["german", "deu_Latn", "de-AT"])
def test_languages_may_be_written_in_any_form(folder: Path, source: str, target: str) -> None:
    plugin = switching(folder, languages=(target,))
    example = SequenceExample("1", ("states",), "yes", (source,))
    (noisy,) = plugin.perturb(example, random.Random(0))
    assert isinstance(noisy, SequenceExample)
    assert noisy.texts == ("staaten",)
    assert set(plugin.fingerprint()) == {"en-de.tsv"}
    other = SequenceExample("1", ("states",), "yes", ("enm",))  # Middle English is no English
    assert plugin.perturb(other, random.Random(0)) == [other]


def test_capitals_are_turkish_in_every_form_of_the_code(tmp_path: Path) -> None:
    for code in ("tur", "tr-CY", "tur_Latn", "azj_Latn"):
        (tmp_path / code).mkdir()
        (tmp_path / code / f"en-{code}.tsv").write_text("dog\tit\n", "utf-8")
        assert draw(switching(tmp_path / code), "DOG") == ("İT",)


def test_languages_and_translations_are_drawn_uniformly(folder: Path) -> None:
    drawn = Counter(draw(switching(folder, word_ratio=0.6), "dog " * 4000, seed=2)[0].split())
    shares = {"dog": 0.4}
    for words in WORDS.values():
        shares |= {word: 0.6 / len(WORDS) / len(words["dog"]) for word in words["dog"]}
    assert set(drawn) == set(shares)
    expected = [4000 * share for share in shares.values()]
    assert chisquare([drawn[word] for word in shares], expected).pvalue > 0.01


def test_sentences_and_sides_are_drawn(folder: Path) -> None:
    half = switching(folder, sentence_ratio=0.5, languages=["zh"])
    seen = Counter(draw(half, "dog", "dog", seed=seed) for seed in range(400))
    assert set(seen) == {("dog", "dog"), ("狗", "dog"), ("dog", "狗"), ("狗", "狗")}
    assert chisquare(list(seen.values())).pvalue > 0.01
    assert draw(switching(folder, sides="first", languages=["zh"]), "dog", "dog") == ("狗", "dog")
    assert draw(switching(folder, sides="second", languages=["zh"]), "dog", "dog") == ("dog", "狗")
    example = SequenceExample("1", ("dog", "dog"), "yes", ("de", "en"))
    (noisy,) = switching(folder, languages=["zh"]).perturb(example, random.Random(0))
    assert isinstance(noisy, SequenceExample)
    assert noisy.texts == ("dog", "狗"), "it speaks English only"


@given(TOKENS, st.integers())
def test_entities_stay_whole_and_as_many(
    folder: Path, drawn: list[tuple[str, str, int]], seed: int
) -> None:
    tokens: list[str] = []
    tags: list[str] = []
    for token, tag, more in drawn:
        rest = more if tag != "O" else 0
        tokens += [token, *["dog"] * rest]
        tags += [tag, *[f"I-{tag[2:]}"] * rest]
    example = TokenExample("1", tuple(tokens), tuple(tags), ("en",))
    (noisy,) = switching(folder).perturb(example, random.Random(seed))
    assert isinstance(noisy, TokenExample)
    assert spans(noisy.tokens, noisy.tags) == spans(example.tokens, example.tags)
    assert len(noisy.tokens) >= len(tokens)


def test_translations_of_several_words_carry_on_the_tag(folder: Path) -> None:
    example = TokenExample(
        "1", ("States", '"States"', "states", "dog"), ("B-LOC", "I-LOC", "O", "O"), ("en",)
    )
    plugin = switching(folder, languages=["ur"])
    plugin.for_problem = TokenLabelling(("O", "B-LOC", "I-LOC"))
    (noisy,) = plugin.perturb(example, random.Random(0))
    assert isinstance(noisy, TokenExample)
    assert noisy.tokens == (
        *("ریاست", "ہائے", "متحدہ"),
        *('"ریاست', "ہائے", 'متحدہ"'),
        *("ریاست", "ہائے", "متحدہ"),
        "کتا",
    )
    assert noisy.tags == ("B-LOC", *["I-LOC"] * 5, "O", "O", "O", "O")


@pytest.mark.parametrize(
    ("tags", "tag", "words", "expected"),
    [
        ("O B-LOC I-LOC E-LOC S-LOC", "S-LOC", 3, "B-LOC I-LOC E-LOC"),
        ("O B-LOC I-LOC E-LOC S-LOC", "S-LOC", 2, "B-LOC E-LOC"),
        ("O B-LOC I-LOC E-LOC S-LOC", "E-LOC", 2, "I-LOC E-LOC"),
        ("O B-LOC I-LOC L-LOC U-LOC", "U-LOC", 2, "B-LOC L-LOC"),
        ("O B-LOC M-LOC E-LOC S-LOC", "S-LOC", 3, "B-LOC M-LOC E-LOC"),
        ("O B-LOC M-LOC E-LOC S-LOC", "B-LOC", 2, "B-LOC M-LOC"),
        ("O B-LOC M-LOC E-LOC W-LOC", "W-LOC", 2, "B-LOC E-LOC"),
        ("O I-LOC", "I-LOC", 2, "I-LOC I-LOC"),
        ("O LOC-B LOC-I", "LOC-B", 2, "LOC-B LOC-I"),
        ("o b-loc i-loc", "b-loc", 2, "b-loc i-loc"),
        ("_ B-LOC I-LOC", "_", 2, "_ _"),
        ("B I O", "B", 2, "B I"),
        ("B M E S", "S", 2, "B E"),
        ("NOUN VERB", "NOUN", 2, "NOUN NOUN"),
        ("O B-LOC", "B-LOC", 2, "B-LOC"),
        ("O B-LOC E-LOC S-LOC", "S-LOC", 3, "S-LOC"),
    ],
)
def test_translations_of_several_words_keep_the_tasks_scheme(
    tmp_path: Path, tags: str, tag: str, words: int, expected: str
) -> None:
    (tmp_path / "en-xx.tsv").write_text(f"dog\t{' '.join('abc'[:words])}\n")
    plugin = switching(tmp_path)
    plugin.for_problem = TokenLabelling(tags.split())
    (noisy,) = plugin.perturb(TokenExample("1", ("dog",), (tag,), ("en",)), random.Random(0))
    assert isinstance(noisy, TokenExample)
    assert noisy.tags == tuple(expected.split())
    assert len(noisy.tokens) == len(noisy.tags)
    assert noisy.tokens == (tuple("abc"[:words]) if len(noisy.tags) > 1 else ("dog",))


def test_without_its_problem_a_sentence_gets_no_tags_that_may_be_wrong(folder: Path) -> None:
    example = TokenExample("1", ("the", "states"), ("O", "S-LOC"), ("en",))
    (noisy,) = switching(folder, languages=["ur"]).perturb(example, random.Random(0))
    assert noisy == example


def test_the_files_can_be_recorded(folder: Path) -> None:
    plugin = switching(folder, languages=["zh", "de"])
    plugin.fetch()
    assert plugin.fingerprint() == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("en-zh.tsv", "en-de.tsv")
    }
    assert len(switching(folder).fingerprint()) == len(WORDS)


def test_missing_dictionaries_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
    with pytest.raises(DataError) as caught:
        CodeSwitch().fetch()
    assert caught.value.where == "neither `dictionaries` nor XLT_DATA_DIR is set"
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    with pytest.raises(DataError, match=r"en-LANGUAGE\.tsv") as caught:
        CodeSwitch().fetch()
    assert caught.value.where == str(tmp_path / "lexicons")
    with pytest.raises(DataError) as caught:
        switching(folder, languages=["de", "dee"]).fetch()
    assert caught.value.what == "there is no dictionary for the language 'dee'"
    assert caught.value.where == str(folder / "en-dee.tsv")
    assert caught.value.hint.startswith("did you mean 'de'?")
    (tmp_path / "en-de.tsv").write_text("dog\n")
    with pytest.raises(DataError) as caught:
        switching(tmp_path).fetch()
    assert caught.value.where == f"{tmp_path / 'en-de.tsv'}:1"


@pytest.mark.parametrize(
    "wrong",
    [{"languages": []}, {"languages": ["de", "de"]}, {"word_ratio": 2}, {"sides": "third"}],
)
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CodeSwitch.Params.model_validate(wrong)
