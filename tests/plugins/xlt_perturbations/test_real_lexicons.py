"""The real lexicons, against what their manifest says of them; skipped without XLT_DATA_DIR."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from xlt_cli.api import SequenceExample
from xlt_perturbations.code_switch import CodeSwitch
from xlt_perturbations.lexicon import read_dictionary, read_neighbors
from xlt_perturbations.synonyms import FILE, Synonyms
from xlt_perturbations.words import split

DATA_DIR = os.environ.get("XLT_DATA_DIR")
SHA256 = "103247143f39bd5dd66850f3a912393392641dbd98093c61e2b24a4cc8a96fb0"
PAIRS = {
    "ar": (8531, 4001), "bg": (7887, 4001), "de": (9691, 4001), "el": (7748, 4001),
    "es": (8225, 4001), "fr": (7921, 4001), "hi": (6825, 4001), "ja": (5767, 4001),
    "ko": (4697, 3355), "ru": (7963, 4001), "sw": (1188, 1098), "th": (5302, 4001),
    "tr": (7545, 4001), "ur": (9646, 4001), "vi": (4802, 4001), "zh": (6790, 4001),
}  # fmt: skip
TEXT = "The movie isn't good, and everybody in the city wanted to leave."


@pytest.fixture
def folder() -> Path:
    if not DATA_DIR or not (Path(DATA_DIR) / "lexicons").is_dir():
        pytest.skip("XLT_DATA_DIR has no lexicons: no real data to test with")
    return Path(DATA_DIR) / "lexicons"


def test_the_neighbours_are_those_of_the_paper(folder: Path) -> None:
    entries = read_neighbors(folder / FILE).entries
    assert len(entries) == 49_975
    assert sum(map(bool, entries.values())) == 25_591
    assert Synonyms().fingerprint() == {FILE: SHA256}


@pytest.mark.parametrize("tokenization", ["words", "original"])
def test_synonyms_of_real_words(folder: Path, tokenization: str) -> None:
    plugin = Synonyms(Synonyms.Params.model_validate({"tokenization": tokenization, "copies": 9}))
    found = plugin.perturb(SequenceExample("1", (TEXT,), "x", ("en",)), random.Random(0))
    texts = {e.texts[0] for e in found if isinstance(e, SequenceExample)}
    assert len(texts) > 5
    assert {len(split(text)) for text in texts} == {len(split(TEXT))}
    assert all("isn't" in text for text in texts)


@pytest.mark.parametrize("language", PAIRS)
def test_the_dictionaries_are_as_their_manifest_says(folder: Path, language: str) -> None:
    entries = read_dictionary(folder / f"en-{language}.tsv").entries
    assert (sum(map(len, entries.values())), len(entries)) == PAIRS[language]


def test_switching_to_all_real_languages(folder: Path) -> None:
    plugin = CodeSwitch(CodeSwitch.Params(copies=20, keep_clean=False))
    assert sorted(plugin.fingerprint()) == [f"en-{language}.tsv" for language in sorted(PAIRS)]
    found = plugin.perturb(SequenceExample("1", (TEXT,), "x", ("en",)), random.Random(0))
    assert len({e.texts for e in found if isinstance(e, SequenceExample)}) == 20
