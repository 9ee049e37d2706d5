"""Synonyms are drawn uniformly from the listed ones, and nothing else changes."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from pathlib import Path

import huggingface_hub
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from xlt_cli.api import DataError, Example, SequenceExample, TokenExample
from xlt_perturbations import synonyms as module
from xlt_perturbations.synonyms import FILE, Synonyms
from xlt_perturbations.words import split

NEAR = {"movie": ["film", "kino", "cinema"], "good": ["great", "fine"], "film": ["movie"], "br": []}
TEXTS = st.lists(st.sampled_from(["movie", "Good", "GOOD", "br", "x", " ", ", ", "'", "猫"])).map(
    "".join
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("lexicons") / "near.json"
    file.write_text(json.dumps(NEAR), "utf-8")
    return file


def synonyms(path: Path, **params: object) -> Synonyms:
    values = {"neighbors": path, "keep_clean": False, **params}
    return Synonyms(Synonyms.Params.model_validate(values))


def draw(plugin: Synonyms, text: str, seed: int = 0, language: str = "en") -> str:
    example = SequenceExample("1", (text,), "yes", (language,))
    (noisy,) = plugin.perturb(example, random.Random(seed))
    assert isinstance(noisy, SequenceExample)
    assert (noisy.id, noisy.label, noisy.languages) == ("1", "yes", (language,))
    return noisy.texts[0]


@given(TEXTS, st.integers())
def test_only_listed_neighbours_are_drawn_and_all_else_stays(
    path: Path, text: str, seed: int
) -> None:
    plugin = synonyms(path)
    noisy = draw(plugin, text, seed)
    before, after = split(text), split(noisy)
    assert after[::2] == before[::2]
    for old, new in zip(before[1::2], after[1::2], strict=True):
        assert new.lower() in {old.lower(), *NEAR.get(old.lower(), ())}
        assert (new.isupper(), new.istitle()) == (old.isupper(), old.istitle())
    assert draw(plugin, text, seed) == noisy


@given(st.text(max_size=30), st.integers(), st.sampled_from(["words", "original"]))
def test_nothing_changes_with_probability_0(path: Path, text: str, seed: int, how: str) -> None:
    assert draw(synonyms(path, probability=0, tokenization=how), text, seed) == text
    assert draw(synonyms(path, tokenization=how), text, seed, language="de") == text


@pytest.mark.parametrize(("probability", "most"), [(1, None), (0.4, None), (1, 2)])
def test_draws_are_uniform_over_the_word_and_its_neighbours(
    path: Path, probability: float, most: int | None
) -> None:
    plugin = synonyms(path, probability=probability, most=most)
    drawn = Counter(draw(plugin, "movie " * 4000, seed=5).split())
    choices = ["movie", *NEAR["movie"][:most]]
    share = probability / len(choices)
    expected = [4000 * (share + (1 - probability if word == "movie" else 0)) for word in choices]
    assert set(drawn) == set(choices)
    assert chisquare([drawn[word] for word in choices], expected).pvalue > 0.01


def test_original_splits_at_single_spaces_and_looks_words_up_as_they_are(path: Path) -> None:
    plugin = synonyms(path, tokenization="original")
    found = {draw(plugin, "movie  Movie movie, br", seed) for seed in range(40)}
    assert found == {f"{word}  Movie movie, br" for word in ("movie", *NEAR["movie"])}


@pytest.mark.parametrize("how", ["words", "original"])
def test_tags_stay_with_their_words(path: Path, how: str) -> None:
    example = TokenExample("1", ("Good", '"movie"', "film", ".", ""), tuple("ABCDE"), ("en",))
    seen: set[tuple[str, ...]] = set()
    for seed in range(60):
        (noisy,) = synonyms(path, tokenization=how).perturb(example, random.Random(seed))
        assert isinstance(noisy, TokenExample)
        assert noisy.tags == example.tags
        seen.add(noisy.tokens)
    columns = [set(column) for column in zip(*seen, strict=True)]
    plain = [{"Good"}, {'"movie"'}, {"film", "movie"}, {"."}, {""}]
    rich = [{"Good", "Great", "Fine"}, {f'"{w}"' for w in ("movie", *NEAR["movie"])}, *plain[2:]]
    assert columns == (rich if how == "words" else plain)


def test_copies_follow_the_clean_example(path: Path) -> None:
    example: Example = SequenceExample("1", ("movie " * 20, "movie " * 20), "yes", ("en", "de"))
    clean, *noisy = synonyms(path, copies=3, keep_clean=True).perturb(example, random.Random(1))
    assert clean is example
    texts = [e.texts for e in noisy if isinstance(e, SequenceExample)]
    assert len({first for first, _ in texts}) == 3
    assert {second for _, second in texts} == {"movie " * 20}, "it speaks English only"


def test_the_file_can_be_recorded(path: Path) -> None:
    plugin = synonyms(path)
    plugin.fetch()
    assert plugin.fingerprint() == {"near.json": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_a_missing_file_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(DataError, match="uclanlp/Robust-XLT") as caught:
        draw(Synonyms(), "a")
    assert caught.value.where == str(tmp_path / "cache" / "lexicons" / FILE)
    assert "`xlt fetch SPEC`" in caught.value.hint
    with pytest.raises(DataError) as caught:
        synonyms(tmp_path / "gone.json").fetch()
    assert caught.value.where == str(tmp_path / "gone.json")
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "lexicons" / FILE).write_text('{"a": ["b"]}')
    assert draw(Synonyms(Synonyms.Params(keep_clean=False)), "a", seed=2) in ("a", "b")


@pytest.fixture
def download(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The paper's file, on a server that is but a folder; its place in the cache."""
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)
    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(module, "URL", path.as_uri())
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return tmp_path / "lexicons" / FILE


def test_the_papers_file_is_downloaded_once_and_by_fetch_only(
    path: Path, download: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError):
        Synonyms().fingerprint()
    assert not download.exists()
    Synonyms().fetch()
    assert download.read_bytes() == path.read_bytes()
    monkeypatch.setattr(module, "URL", "file:///gone")
    Synonyms().fetch()
    assert draw(Synonyms(Synonyms.Params(keep_clean=False)), "film", seed=2) in ("film", "movie")
    assert list(Synonyms().fingerprint()) == [FILE]


def test_a_file_of_the_users_own_is_used_as_it_is(
    download: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Synonyms().fetch()
    (tmp_path / "data" / "lexicons").mkdir(parents=True)
    (tmp_path / "data" / "lexicons" / FILE).write_text('{"a": ["b"]}')
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path / "data"))
    Synonyms().fetch()
    assert Synonyms().path() == tmp_path / "data" / "lexicons" / FILE


def test_a_damaged_file_in_the_cache_is_none(path: Path, download: Path) -> None:
    Synonyms().fetch()
    download.write_text("{}")
    with pytest.raises(DataError, match="there is no file of synonyms"):
        Synonyms().path()
    Synonyms().fetch()
    assert download.read_bytes() == path.read_bytes()


def test_neighbours_and_wordnet_exclude_each_other(path: Path) -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        synonyms(path, wordnet="oewn:2024")


@pytest.mark.parametrize(
    "wrong",
    [
        {"probability": 1.1},
        {"most": 0},
        {"copies": 0},
        {"tokenization": "bpe"},
        {"wordnet": "oewn"},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Synonyms.Params.model_validate(wrong)
