"""Subword regularisation with real tokenizers: the same text in other pieces."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.api import PluginError
from xlt_perturbations.bpe_sampling import BpeSampling

TEXTS = [
    "The movie isn't good, and everybody in the city wanted to leave.",
    "Der  Kühlschrank steht\tin der Küche!",
    "我的猫在北京。 สวัสดีครับ नमस्ते दुनिया",
    "ﬁne ½ ＡＢＣ e\u0301te\u0301",
    "internationalisation",
    "",
    " \n",
]
TRAINING = [
    "the lower the newer the wider lowest newest widest",
    "low new wide er est the cat sees the dog",
    "der Hund sieht die Katze und die Katze sieht den Hund",
]


@pytest.fixture(scope="module")
def e5(e5_tokenizer: Any) -> Any:
    return e5_tokenizer


@pytest.fixture(scope="module")
def part_of_e5(e5: Any) -> Any:
    """Cuts the first text as the whole vocabulary does; its segmenters are made in no time."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    state = json.loads(e5.backend_tokenizer.to_str())
    text = f"▁{TEXTS[0]} internationalisation".replace(" ", "▁")
    model, first = state["model"], state["model"]["unk_id"] + 1
    model["vocab"] = [
        (piece, score)
        for i, (piece, score) in enumerate(model["vocab"])
        if i < first or piece in text
    ]
    backend = Tokenizer.from_str(json.dumps({**state, "added_tokens": [], "post_processor": None}))
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token=model["vocab"][first - 1][0])


@pytest.fixture(scope="module")
def wordpiece(tiny_encoder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_encoder)


@pytest.fixture(scope="module", params=["plain", "suffix", "bytes", "byte-level"])
def bpe(request: pytest.FixtureRequest) -> Any:
    """BPE in four kinds, trained on little."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    kind = request.param
    ends = {"end_of_word_suffix": "</w>"} if kind == "suffix" else {}
    backend = Tokenizer(models.BPE(unk_token="[UNK]", byte_fallback=kind == "bytes", **ends))
    if kind == "byte-level":
        backend.pre_tokenizer = pre_tokenizers.ByteLevel()
    else:
        backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = ["[UNK]", *(f"<0x{i:02X}>" for i in range(256) if kind == "bytes")]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, show_progress=False, **ends
    )
    backend.train_from_iterator(TRAINING, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")


def usual(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def segmenter(tokenizer: Any, **params: float) -> Any:
    return BpeSampling(BpeSampling.Params(**params)).segmenter(tokenizer)


@pytest.fixture(scope="module")
def e5_segmenter(e5: Any) -> Any:
    return segmenter(e5)


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_joined_are_the_normalised_text(e5: Any, e5_segmenter: Any, text: str) -> None:
    segment = e5_segmenter
    normal = e5.decode(usual(e5, text))
    drawn = [segment(text, random.Random(seed)) for seed in range(30)]
    assert {e5.decode(ids) for ids in drawn} == {normal}
    assert drawn == [segment(text, random.Random(seed)) for seed in range(30)]
    if text.strip():
        assert len({tuple(ids) for ids in drawn}) > 3


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.integers())
def test_any_text_keeps_its_pieces_together(
    e5: Any, e5_segmenter: Any, text: str, seed: int
) -> None:
    ids = e5_segmenter(text, random.Random(seed))
    known = [i for i in usual(e5, text) if i == e5.unk_token_id]
    assert [i for i in ids if i == e5.unk_token_id] == known
    assert e5.decode(ids) == e5.decode(usual(e5, text))
    assert not {e5.pad_token_id, e5.mask_token_id} & ({*ids} - {*usual(e5, text)})


def test_a_high_alpha_comes_to_the_usual_pieces_and_a_low_one_to_more(
    e5: Any, part_of_e5: Any
) -> None:
    pieces = [t.convert_ids_to_tokens(usual(t, TEXTS[0])) for t in (part_of_e5, e5)]
    assert pieces[0] == pieces[1]
    lengths = []
    for alpha in (0, 0.3, 1, 200):
        segment = segmenter(part_of_e5, alpha=alpha)
        drawn = [segment(TEXTS[0], random.Random(seed)) for seed in range(50)]
        lengths.append(sum(map(len, drawn)))
    assert lengths == sorted(lengths, reverse=True)
    assert segment(TEXTS[0], random.Random(1)) == usual(part_of_e5, TEXTS[0])


def test_words_are_drawn_with_their_ratio(part_of_e5: Any) -> None:
    assert segmenter(part_of_e5, word_ratio=0)(TEXTS[0], random.Random(1)) == usual(
        part_of_e5, TEXTS[0]
    )
    segment = segmenter(part_of_e5, word_ratio=0.3, alpha=0)
    word = "internationalisation"
    kept = [segment(word, random.Random(seed)) == usual(part_of_e5, word) for seed in range(2000)]
    assert 0.65 < sum(kept) / len(kept) < 0.75


def test_a_text_with_the_name_of_a_special_token_stays(e5: Any, e5_segmenter: Any) -> None:
    for text in ("the <mask> is good", "</s>", "<unk> words"):
        assert e5_segmenter(text, random.Random(1)) == usual(e5, text)


def test_a_word_with_unknown_characters_stays(e5: Any, e5_segmenter: Any) -> None:
    text = "internationalisation\U00012345"
    assert e5.unk_token_id in usual(e5, text)
    assert e5_segmenter(text, random.Random(1)) == usual(e5, text)


@pytest.mark.parametrize("text", ["the newest dog", "Hund the xyzzy 猫 est", *TEXTS])
def test_without_dropout_it_is_the_tokenizer(wordpiece: Any, bpe: Any, text: str) -> None:
    for tokenizer in (wordpiece, bpe):
        assert segmenter(tokenizer, dropout=0)(text, random.Random(1)) == usual(tokenizer, text)


@pytest.mark.parametrize("dropout", [0.1, 0.9])
def test_with_dropout_words_are_cut_into_more_pieces(
    wordpiece: Any, bpe: Any, dropout: float
) -> None:
    text = "the cat sees the dog"
    for tokenizer in (wordpiece, bpe):
        segment = segmenter(tokenizer, dropout=dropout)
        drawn = [segment(text, random.Random(seed)) for seed in range(60)]
        assert drawn == [segment(text, random.Random(seed)) for seed in range(60)]
        assert len({tuple(ids) for ids in drawn}) > 3
        assert all(len(ids) >= len(usual(tokenizer, text)) for ids in drawn)
        assert all(tokenizer.unk_token_id not in ids for ids in drawn)
        joined = {"".join(tokenizer.convert_ids_to_tokens(ids)).replace("##", "") for ids in drawn}
        assert len(joined) == 1


def test_a_words_pieces_are_those_it_has_in_a_text(e5_segmenter: Any) -> None:
    segment = e5_segmenter
    words = TEXTS[0].split()
    rng, same = random.Random(5), random.Random(5)
    assert [i for word in words for i in segment(word, rng)] == segment(TEXTS[0], same)


def test_other_tokenizers_are_refused_with_those_that_work() -> None:
    from tokenizers import Tokenizer, models
    from transformers import ByT5Tokenizer, PreTrainedTokenizerFast

    with pytest.raises(PluginError, match="ByT5Tokenizer is a slow tokenizer") as caught:
        segmenter(ByT5Tokenizer())
    assert "Unigram" in caught.value.hint
    backend = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    with pytest.raises(PluginError, match="of the type WordLevel"):
        segmenter(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"))


@pytest.mark.parametrize("wrong", [{"alpha": -1}, {"dropout": 1.1}, {"word_ratio": -0.1}])
def test_wrong_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BpeSampling.Params(**wrong)
