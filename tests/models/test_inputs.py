"""Lengths, ids and pieces that do not suit the model are found before training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertTokenizer,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    XLNetConfig,
    XLNetLMHeadModel,
)  # fmt: skip

from xlt_cli.api import SequenceExample
from xlt_cli.between_runs import keeping
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import UserError
from xlt_cli.models import inputs, opening, unknown
from xlt_cli.models.opening import check_evaluation, check_training
from xlt_cli.problems import Encoded, SequenceClassification
from xlt_encoders.huggingface import HuggingFaceEncoder

SIZES: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16
}  # fmt: skip
PROBLEM = SequenceClassification(("0", "1"))
WORDS = ["the", "cat", "sees", "dog", "and", "likes", "bird"]


def rows(*texts: str, language: str = "en") -> list[SequenceExample]:
    return [
        SequenceExample(str(i), (text, text), "01"[i % 2], (language,) * 2)
        for i, text in enumerate(texts)
    ]


ROWS = {"en": rows("the cat sees", "the dog and the cat", "a bird likes the dog and the cat")}


@pytest.fixture
def save(tmp_path: Path, tiny_encoder: Path) -> Any:
    """An encoder from a config, with the tiny encoder's tokenizer, which states no maximum."""

    def make(model_class: Any, config: Any) -> HuggingFaceEncoder:
        tokenizer = AutoTokenizer.from_pretrained(str(tiny_encoder), model_max_length=int(1e30))
        tokenizer.save_pretrained(str(tmp_path))
        model_class(config).save_pretrained(str(tmp_path))
        return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tmp_path)))

    return make


def check(encoder: HuggingFaceEncoder, max_length: int, examples: Any = ROWS) -> None:
    featuriser = Featuriser(PROBLEM, encoder.load_tokenizer(), max_length)
    check_training(encoder, encoder.load_model(PROBLEM.head), featuriser, examples)


@pytest.mark.parametrize(
    ("model_class", "config", "longest"),
    [
        (BertForMaskedLM, BertConfig(vocab_size=400, max_position_embeddings=40, **SIZES), 40),
        (BertForMaskedLM, BertConfig(vocab_size=400, max_position_embeddings=16, **SIZES), 16),
        # Positions are counted from the padding id on: 2 rows of the table are never used.
        (
            RobertaForMaskedLM,
            RobertaConfig(vocab_size=400, max_position_embeddings=42, pad_token_id=1, **SIZES),
            40,
        ),
        (
            GPT2LMHeadModel,
            GPT2Config(
                vocab_size=400, n_embd=16, n_layer=1, n_head=2, n_positions=40, pad_token_id=0
            ),
            40,
        ),
        (XLNetLMHeadModel, XLNetConfig(vocab_size=400, d_model=16, n_layer=1, n_head=2, d_inner=16),
         None),
        (
            DebertaV2ForMaskedLM,
            DebertaV2Config(
                vocab_size=400, max_position_embeddings=40, relative_attention=True,
                position_buckets=8, position_biased_input=False, pos_att_type=["c2p"], **SIZES,
            ),
            None,
        ),
    ],
    ids=["bert", "bert, shorter than most rows", "roberta", "gpt2", "xlnet", "deberta-v2"],
)  # fmt: skip
def test_max_length_is_held_against_the_positions(
    save: Any, model_class: Any, config: Any, longest: int | None
) -> None:
    encoder = save(model_class, config)
    if longest is None:  # relative positions have no end
        check(encoder, 300)
        return
    check(encoder, longest)
    for too_long in (longest + 1, 300):
        with pytest.raises(UserError) as caught:
            check(encoder, too_long)
        assert caught.value.what == (
            f"max_length is {too_long}, but the encoder supports at most {longest} tokens"
        )
        assert caught.value.hint == f"set it to {longest} or less"


def test_a_tokenizer_with_more_entries_than_embeddings_is_refused(save: Any) -> None:
    encoder = save(BertForMaskedLM, BertConfig(vocab_size=150, **SIZES))
    entries = len(encoder.load_tokenizer())
    assert entries > 150
    with pytest.raises(UserError, match=f"has {entries} entries, .* word embeddings for 150"):
        check(encoder, 32)


def test_an_added_token_without_embedding_is_refused(save: Any, tmp_path: Path) -> None:
    tokenizer: Any = save(BertForMaskedLM, BertConfig(vocab_size=9, **SIZES)).load_tokenizer()
    encoder = save(BertForMaskedLM, BertConfig(vocab_size=len(tokenizer), **SIZES))
    check(encoder, 32)
    tokenizer.add_tokens(["<user>"])
    tokenizer.save_pretrained(str(tmp_path))
    with pytest.raises(UserError, match="entries, and the model has word embeddings for"):
        check(encoder, 32)


@pytest.mark.parametrize(("length", "fits"), [(2, False), (3, False), (4, False), (5, True)])
def test_special_tokens_leave_room_for_the_texts(save: Any, length: int, fits: bool) -> None:
    encoder = save(BertForMaskedLM, BertConfig(vocab_size=400, **SIZES))
    if fits:
        check(encoder, length)
        return
    with pytest.raises(UserError, match="the special tokens of a pair take 3") as caught:
        check(encoder, length)
    assert caught.value.hint == "set it to 5 or more"


def test_a_tokenizer_that_knows_nothing_is_refused(save: Any, tmp_path: Path) -> None:
    encoder = save(BertForMaskedLM, BertConfig(vocab_size=400, **SIZES))
    BertTokenizer(
        vocab={"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
    ).save_pretrained(str(tmp_path))
    with pytest.raises(UserError, match="100% of the pieces of 'en' are unknown") as caught:
        check(encoder, 32)
    assert "parameter `tokenizer`" in caught.value.hint


def test_a_tokenizer_from_elsewhere_takes_the_models_place(
    save: Any, tmp_path: Path, tiny_encoder: Path
) -> None:
    own = save(BertForMaskedLM, BertConfig(vocab_size=400, **SIZES))
    BertTokenizer(
        vocab={"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
    ).save_pretrained(str(tmp_path))
    params = HuggingFaceEncoder.Params(model=str(tmp_path), tokenizer=str(tiny_encoder))
    encoder = HuggingFaceEncoder(params)
    check(encoder, 32)
    assert set(encoder.fingerprint()) == {"sha256", "tokenizer"}
    assert encoder.fingerprint()["sha256"] == own.fingerprint()["sha256"]
    encoder.fetch()
    params = HuggingFaceEncoder.Params(model=str(tmp_path), tokenizer=str(tmp_path / "none"))
    with pytest.raises(UserError, match="no such folder"):
        HuggingFaceEncoder(params).load_tokenizer()
    (tmp_path / "empty").mkdir()
    params = HuggingFaceEncoder.Params(model=str(tmp_path), tokenizer=str(tmp_path / "empty"))
    with pytest.raises(UserError, match="there is no tokenizer"):
        HuggingFaceEncoder(params).load_tokenizer()


def test_one_unknown_script_is_a_note_in_evaluation_and_a_refusal_in_training(save: Any) -> None:
    encoder = save(BertForMaskedLM, BertConfig(vocab_size=400, **SIZES))
    featuriser = Featuriser(PROBLEM, encoder.load_tokenizer(), 32)
    model = encoder.load_model(PROBLEM.head)
    examples = {**ROWS, "my": rows("မြန်မာ ဘာသာ", "စကား", language="my")}
    notes = check_evaluation(encoder, model, featuriser, examples, "weights")
    assert notes == ["100% of the pieces of 'my' are unknown to the tokenizer"]
    with pytest.raises(UserError, match="pieces of 'my'"):
        check_training(encoder, model, featuriser, examples)
    with pytest.raises(UserError, match="pieces of 'my'"):
        check_evaluation(encoder, model, featuriser, {"my": examples["my"]}, "weights")


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([((5, 6), (7,))], 0.0),
        ([((1, 6), (1, 1))], 0.75),
        ([((), (5,))], 0.5),  # a text of which the tokenizer leaves nothing
        ([], 0.0),
    ],
)
def test_shares(pieces: Any, expected: float) -> None:
    encoded = [Encoded(str(i), p, ("en", "en"), "0") for i, p in enumerate(pieces)]
    assert unknown.share(encoded, 1) == expected


def test_byte_level_tokenizers_know_everything() -> None:
    backend = Tokenizer(
        models.BPE({c: i for i, c in enumerate(pre_tokenizers.ByteLevel.alphabet())}, [])
    )
    backend.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
    encoded = PROBLEM.encode(rows("မြန်မာ"), tokenizer)
    assert tokenizer.unk_token_id is None
    assert unknown.shares({"my": encoded}, tokenizer) == {"my": 0.0}


def test_runs_that_share_what_they_read_try_one_model_once(
    save: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused is refused again, and whatever else is tried is another model."""
    encoder = save(BertForMaskedLM, BertConfig(vocab_size=400, max_position_embeddings=40, **SIZES))
    tried: list[bool] = []
    seam = opening.check_seam
    monkeypatch.setattr(opening, "check_seam", lambda *a: tried.append(True) or seam(*a))
    for _ in range(2):
        check(encoder, 32)
    assert len(tried) == 2
    with keeping():
        for _ in range(2):
            check(encoder, 32)
        assert len(tried) == 3
        for _ in range(2):
            with pytest.raises(UserError, match="supports at most 40 tokens"):
                check(encoder, 41)
        check(encoder, 40)
        check(encoder, 40, {"en": ROWS["en"][:2]})
        params = encoder.params.model_copy(update={"pooling": "mean"})
        check(HuggingFaceEncoder(params), 40, {"en": ROWS["en"][:2]})
        config = Path(params.model, "config.json")
        config.write_text(config.read_text("utf-8").replace('"gelu"', '"relu"'), "utf-8")
        check(HuggingFaceEncoder(params), 40, {"en": ROWS["en"][:2]})
        assert len(tried) == 7
        model, tokenizer = encoder.load_model(PROBLEM.head), encoder.load_tokenizer()
        for _ in range(2):
            check_training(encoder, model, Featuriser(PROBLEM, tokenizer, 32), ROWS, trained=True)
    assert len(tried) == 9


def test_weights_are_not_touched(save: Any) -> None:
    encoder = save(BertForMaskedLM, BertConfig(vocab_size=400, **SIZES))
    model: Any = encoder.load_model(PROBLEM.head)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    check_training(encoder, model, Featuriser(PROBLEM, encoder.load_tokenizer(), 32), ROWS)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("added", [[], ["<new>"], ["a", "<new>", "<newer>"]])
def test_the_last_id_of_a_unigram_vocabulary_is_known_without_listing_it(
    added: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [("<unk>", 0.0), ("a", -1.0), ("b", -2.0)]
    backend = Tokenizer(models.Unigram(pieces, 0))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)  # type: ignore[no-untyped-call]
    tokenizer.add_tokens(added)
    last = max(tokenizer.get_vocab().values())
    monkeypatch.setattr(PreTrainedTokenizerFast, "get_vocab", lambda _: pytest.fail("listed"))
    assert inputs._highest_id(tokenizer, len(tokenizer)) == last
