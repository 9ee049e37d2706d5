"""Synonyms are the words that share a synset; a lexicon is read once."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import huggingface_hub
import pytest
import wn

from xlt_cli.api import DataError, OfflineError, PluginError, SequenceExample
from xlt_perturbations import wordnet
from xlt_perturbations.synonyms import Synonyms

SYNSETS = {
    "s1": ["movie", "film", "motion picture"],
    "s2": ["film", "photographic film"],
    "s3": ["good", "Good", "well"],
    "s4": ["Paris", "City"],
    "s5": ["film", "pellicle"],
}


def lmf(name: str, language: str = "en", version: str = "1.0") -> str:
    """A lexicon in the format of WordNets; a word's senses are in the order of the synsets."""
    words = list(dict.fromkeys(word for members in SYNSETS.values() for word in members))
    entries = "".join(
        f'<LexicalEntry id="{name}-w{i}"><Lemma writtenForm="{word}" partOfSpeech="n"/>'
        + "".join(
            f'<Sense id="{name}-w{i}-{key}" synset="{name}-{key}"/>'
            for key, members in SYNSETS.items()
            if word in members
        )
        + "</LexicalEntry>"
        for i, word in enumerate(words)
    )
    synsets = "".join(f'<Synset id="{name}-{key}" ili="" partOfSpeech="n"/>' for key in SYNSETS)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE LexicalResource SYSTEM '
        '"http://globalwordnet.github.io/schemas/WN-LMF-1.1.dtd">\n'
        '<LexicalResource xmlns:dc="https://globalwordnet.github.io/schemas/dc/">'
        f'<Lexicon id="{name}" label="Test" language="{language}" email="a@b.c" license="x" '
        f'version="{version}">{entries}{synsets}</Lexicon></LexicalResource>'
    )


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(wn.config, "data_directory", tmp_path / "wn")  # type: ignore[attr-defined]
    for name, language in (("test", "en"), ("testde", "de")):
        (tmp_path / f"{name}.xml").write_text(lmf(name, language), "utf-8")
        wn.add(tmp_path / f"{name}.xml", progress_handler=None)
    return tmp_path


def synonyms(**params: object) -> Synonyms:
    return Synonyms(Synonyms.Params.model_validate({"keep_clean": False, **params}))


def draw(plugin: Synonyms, text: str, seed: int) -> str:
    (noisy,) = plugin.perturb(SequenceExample("1", (text,), "x", ("en",)), random.Random(seed))
    assert isinstance(noisy, SequenceExample)
    return noisy.texts[0]


def test_neighbours_are_single_words_of_the_same_synsets() -> None:
    assert json.loads(wordnet.fetch("test:1.0").read_text("utf-8")) == {
        "movie": ["film"],
        "film": ["movie", "pellicle"],
        "good": ["well"],
        "Good": ["well"],
        "well": ["good", "Good"],
        "Paris": ["City"],
        "City": ["Paris"],
        "pellicle": ["film"],
    }


def test_synonyms_are_drawn_from_them() -> None:
    plugin = synonyms(wordnet="test:1.0")
    plugin.fetch()
    drawn = {draw(plugin, "Film, in Paris", seed) for seed in range(40)}
    assert drawn == {"Film, in Paris", "Movie, in Paris", "Pellicle, in Paris"}
    assert {draw(synonyms(wordnet="test:1.0", most=1), "film", s) for s in range(40)} == {
        "film",
        "movie",
    }
    drawn = {
        draw(synonyms(wordnet="test:1.0", tokenization="original"), "Paris", s) for s in range(9)
    }
    assert drawn == {"Paris", "City"}


def test_the_lexicon_is_recorded_and_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="have not been extracted yet") as caught:
        draw(synonyms(wordnet="test:1.0"), "film", 1)
    assert "`xlt fetch SPEC`" in caught.value.hint
    synonyms(wordnet="test:1.0").fetch()
    monkeypatch.setitem(sys.modules, "wn", None)
    synonyms(wordnet="test:1.0").fetch()
    ((name, digest),) = synonyms(wordnet="test:1.0").fingerprint().items()
    assert (name, len(digest)) == ("test:1.0", 64)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wn", None)
    with pytest.raises(PluginError, match="not installed") as caught:
        synonyms(wordnet="test:1.0").fetch()
    assert caught.value.hint == "pip install 'xlt-cli[wordnet]'"


def test_a_lexicon_of_another_language_is_refused() -> None:
    with pytest.raises(DataError, match="the language of the lexicon is 'de'"):
        synonyms(wordnet="testde:1.0").fetch()


def test_a_lexicon_that_wn_does_not_know_is_refused() -> None:
    with pytest.raises(DataError, match="wn knows no such lexicon"):
        synonyms(wordnet="nowhere:1.0").fetch()


def test_offline_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*args: object, **kwargs: object) -> None:
        raise wn.Error("no network")

    monkeypatch.setattr(wn, "download", download)
    with pytest.raises(OfflineError, match="the network is turned off") as caught:
        synonyms(wordnet="oewn:2024").fetch()
    assert "python -m wn download oewn:2024" in caught.value.hint
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(OfflineError, match="downloading it failed: no network"):
        synonyms(wordnet="oewn:2024").fetch()


def test_a_lexicon_that_is_missing_is_downloaded(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(lexicon: str, **kwargs: object) -> None:
        assert lexicon == "oewn:2024"
        (data / "oewn.xml").write_text(lmf("oewn", version="2024"), "utf-8")
        wn.add(data / "oewn.xml", progress_handler=None)

    monkeypatch.setattr(wn, "download", download)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    synonyms(wordnet="oewn:2024").fetch()
    assert draw(synonyms(wordnet="oewn:2024"), "movie", 1) in ("movie", "film")
