"""Words have the pieces that they have in running text, with every family of tokenizers."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import AutoTokenizer, ByT5Tokenizer, PreTrainedTokenizerFast

from xlt_cli.api import TokenExample
from xlt_cli.data.feature_cache import FeatureCache
from xlt_cli.data.features import Featuriser
from xlt_cli.problems import TokenLabelling
from xlt_cli.problems.words import ALONE, SPACED, ask_space_before
from xlt_perturbations.bpe_sampling import BpeSampling

SENTENCES = [
    "The River Thames flows through London since 2020 , and it isn't long .",
    "der Hund sieht die Katze 1 234 mal ! ( Straße )",
    "Yorùbá kò ní ilé ní ọ̀nà yìí",
    "猫 は 魚 を 食べる 。",
    "नमस्ते दुनिया",
    "don't 's 're U.S. well-known http://x.y",
]
LLAMA = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TAGGED = TokenLabelling(("NOUN", "VERB"))
CORPUS = [*SENTENCES, "the river the Thames River flows flow through through London London"] * 3


def unigram(scheme: str) -> Tokenizer:
    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    backend.decoder = decoders.Metaspace(prepend_scheme=scheme)
    trainer = trainers.UnigramTrainer(
        vocab_size=180, unk_token="<unk>", special_tokens=["<unk>", "<pad>", "</s>"],
        show_progress=False,
    )  # fmt: skip
    backend.train_from_iterator(CORPUS, trainer)
    return backend


def byte_level(prefix: bool, split: str | None = None) -> Tokenizer:
    backend = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=split is None)
    backend.pre_tokenizer = level
    if split is not None:
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(split), "isolated"), level]
        )
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<unk>", "<pad>", "</s>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    backend.train_from_iterator(CORPUS, trainer)
    return backend


def gemma() -> Tokenizer:
    backend = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    special = ["<unk>", "<pad>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, show_progress=False)
    words = [f"▁{word}" for text in CORPUS for word in text.split()]
    backend.train_from_iterator([*words, *(w[1:] for w in words)], trainer)
    return backend


def fast(backend: Tokenizer) -> PreTrainedTokenizerFast:
    backend.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>",
        special_tokens=[("</s>", backend.token_to_id("</s>"))],
    )  # fmt: skip
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", pad_token="<pad>", eos_token="</s>"
    )


FAMILIES: dict[str, tuple[Callable[[], Any], str]] = {
    "Unigram, ▁ before every word": (lambda: fast(unigram("always")), ALONE),
    "Unigram, ▁ before the first word": (lambda: fast(unigram("first")), ALONE),
    "Unigram, ▁ for spaces only": (lambda: fast(unigram("never")), SPACED),
    "byte-level BPE": (lambda: fast(byte_level(prefix=False)), SPACED),
    "byte-level BPE, space before the first word": (lambda: fast(byte_level(prefix=True)), ALONE),
    "byte-level BPE, Llama's pattern": (lambda: fast(byte_level(False, LLAMA)), SPACED),
    "Gemma's BPE": (lambda: fast(gemma()), SPACED),
    "bytes, written in Python": (ByT5Tokenizer, SPACED),
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> tuple[Any, str]:
    make, space = FAMILIES[request.param]
    return make(), space


def example(words: list[str]) -> TokenExample:
    return TokenExample("1", tuple(words), ("NOUN",) * len(words), ("en",))


def pieces(tokenizer: Any, words: list[str]) -> list[list[int]]:
    (encoded,) = TAGGED.encode([example(words)], tokenizer)
    ids = list(encoded.pieces[0])
    bounds = [*encoded.heads, len(ids)]
    return [ids[bounds[i] : bounds[i + 1]] for i in range(len(words))]


def usual(tokenizer: Any, text: Any, **options: Any) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, **options)["input_ids"])


@pytest.mark.parametrize("text", SENTENCES)
def test_the_words_pieces_are_the_sentences(family: tuple[Any, str], text: str) -> None:
    tokenizer, space = family
    assert ask_space_before(tokenizer) == space
    found = pieces(tokenizer, text.split())
    assert [i for word in found for i in word] == usual(tokenizer, text)
    if space == ALONE:
        assert found == [usual(tokenizer, word) for word in text.split()]
        assert [i for word in found for i in word] == usual(
            tokenizer, text.split(), is_split_into_words=True
        )


@pytest.mark.parametrize("text", SENTENCES)
def test_a_words_pieces_stand_where_the_word_does(family: tuple[Any, str], text: str) -> None:
    tokenizer, _ = family
    if not tokenizer.is_fast:
        pytest.skip("a tokenizer written in Python says nothing of places in the text")
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    places = iter(offsets["offset_mapping"])
    start = 0
    for word, ids in zip(text.split(), pieces(tokenizer, text.split()), strict=True):
        for _ in ids:
            first, last = next(places)
            assert max(start - 1, 0) <= first <= last <= start + len(word)
        start += len(word) + 1


LETTERS = st.text(st.sampled_from("abRT'.,1猫ü-"), min_size=1, max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(LETTERS, min_size=1, max_size=8))
def test_any_words(family: tuple[Any, str], words: list[str]) -> None:
    tokenizer, _ = family
    found = pieces(tokenizer, words)
    assert [i for word in found for i in word] == usual(tokenizer, " ".join(words))


def test_a_word_within_a_sentence_is_not_cut_as_if_it_began_one() -> None:
    tokenizer = fast(byte_level(prefix=False))
    assert len(usual(tokenizer, " flows")) == 1
    assert len(usual(tokenizer, "flows")) > 1
    assert pieces(tokenizer, ["the", "flows"])[1] == usual(tokenizer, " flows")


def test_multilingual_encoders_cut_words_as_before(e5_tokenizer: Any, tiny_encoder: Path) -> None:
    for tokenizer in (e5_tokenizer, AutoTokenizer.from_pretrained(tiny_encoder)):
        assert ask_space_before(tokenizer) == ALONE
        for text in SENTENCES:
            words = [usual(tokenizer, word) for word in text.split()]
            assert pieces(tokenizer, text.split()) == words


def test_words_of_nothing_have_a_piece(family: tuple[Any, str]) -> None:
    tokenizer, _ = family
    found = pieces(tokenizer, ["River", "", "River"])
    assert found[1] == [tokenizer.unk_token_id]
    assert all(pieces(tokenizer, ["", " ", "\u200b"]))


@pytest.mark.parametrize("name", ["byte-level BPE", "Gemma's BPE", "Unigram, ▁ for spaces only"])
def test_cached_and_sampled_words_are_cut_in_the_same_way(name: str, tmp_path: Path) -> None:
    tokenizer = FAMILIES[name][0]()
    rows = [example(text.split()) for text in SENTENCES]
    plain = Featuriser(TAGGED, tokenizer, 64).clean_features(rows)
    cached = Featuriser(TAGGED, tokenizer, 64, FeatureCache(tmp_path, warn=pytest.fail))
    assert [cached.clean_features(rows) for _ in range(2)] == [plain, plain]
    segment = BpeSampling(BpeSampling.Params(dropout=0, alpha=500)).segmenter(tokenizer)
    for row, feature in zip(rows, plain, strict=True):
        assert cached.sampled(row, segment, random.Random(1)) == [feature]


def test_a_tokenizer_that_strips_spaces_gets_words_alone() -> None:
    backend = byte_level(prefix=False)
    backend.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    assert ask_space_before(fast(backend)) == SPACED
    backend = Tokenizer(models.WordLevel({"<unk>": 0, "</s>": 1, "<pad>": 2}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    assert ask_space_before(fast(backend)) == ALONE
