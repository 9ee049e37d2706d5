"""Checkpoints of many architectures, each with the tokenizer class that belongs to it: small and
random, saved as their authors would have saved them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModel, AutoModelForSequenceClassification, PreTrainedTokenizerFast

LETTERS = "abcdefghijklmnopqrstuvwxyz?!."
WORDS = ["the", "cat", "sees", "dog", "a", "bird"]
_BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_XLM_R = ["<s>", "<pad>", "</s>", "<unk>"]
_SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 64,
}
_DECODER = {**_SIZES, "num_key_value_heads": 2}
_WITHOUT_HEADS = {k: v for k, v in _SIZES.items() if k != "num_attention_heads"}
_GPT: dict[str, Any] = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}
_XLM: dict[str, Any] = {"emb_dim": 16, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 64}


def _word_pieces(class_name: str = "BertTokenizer", special: list[str] = _BERT) -> Any:
    pieces = [*special, *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    return getattr(transformers, class_name)(vocab=vocabulary)


def _unigram(class_name: str, special: list[str], last: str = "<mask>") -> Any:
    scored = [(name, 0.0) for name in special]
    scored += [(f"\u2581{word}", -2.0) for word in WORDS] + [("\u2581", -3.0)]
    scored += [(letter, -5.0) for letter in LETTERS]
    return getattr(transformers, class_name)(vocab=[*scored, (last, 0.0)])


def _bytes(class_name: str, special: list[str]) -> Any:
    pieces = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), "th", "the", "\u0120the"]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    merges = [("t", "h"), ("th", "e"), ("\u0120", "the")]
    return getattr(transformers, class_name)(vocab=vocabulary, merges=merges)


def _decoder(eos: bool = False, segments: bool = False) -> Any:
    """As decoders have them: no segments in general; an end of text where there is one."""
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    pieces = [*names.values(), *WORDS, *LETTERS]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    backend = Tokenizer(models.WordLevel(vocabulary, "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if eos:
        backend.post_processor = processors.TemplateProcessing(
            single="$A </s>", pair="$A </s> $B:1 </s>:1", special_tokens=[("</s>", 1)]
        )
    elif segments:
        backend.post_processor = processors.TemplateProcessing(
            single="$A", pair="$A $B:1", special_tokens=[]
        )
    inputs = ["input_ids", "attention_mask", *(["token_type_ids"] if segments else [])]
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_input_names=inputs, **names)


Make = tuple[str, dict[str, Any], Callable[[], Any]]
_XLM_R_IDS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
_BERT_IDS = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2,
             "eos_token_id": 3}  # fmt: skip
_ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]

FAMILIES: dict[str, Make] = {
    "bert": ("BertConfig", _SIZES, _word_pieces),
    "electra": (
        "ElectraConfig", {**_SIZES, "embedding_size": 8}, lambda: _word_pieces("ElectraTokenizer")
    ),
    "distilbert": (
        "DistilBertConfig",
        {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24, "max_position_embeddings": 64},
        lambda: _word_pieces("DistilBertTokenizer"),
    ),
    "mpnet": (
        "MPNetConfig", {**_SIZES, **_XLM_R_IDS},
        lambda: _word_pieces("MPNetTokenizer", [*_ROBERTA, "[UNK]"]),
    ),
    "funnel": (
        "FunnelConfig",
        {"block_sizes": [1, 1], "num_decoder_layers": 1, "d_model": 16, "n_head": 2, "d_head": 8,
         "d_inner": 24, "max_position_embeddings": 64},
        lambda: _word_pieces("FunnelTokenizer",
                             ["<pad>", "<unk>", "<cls>", "<sep>", "<mask>", "<s>", "</s>"]),
    ),
    "roberta": (
        "RobertaConfig", {**_SIZES, **_XLM_R_IDS, "type_vocab_size": 1},
        lambda: _bytes("RobertaTokenizer", _ROBERTA),
    ),
    "longformer": (
        "LongformerConfig", {**_SIZES, **_XLM_R_IDS, "attention_window": 8},
        lambda: _bytes("RobertaTokenizer", _ROBERTA),
    ),
    "deberta": (
        "DebertaConfig",
        {**_SIZES, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
        lambda: _bytes("DebertaTokenizer", ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]),
    ),
    "xlm-roberta": (
        "XLMRobertaConfig", {**_SIZES, **_XLM_R_IDS, "type_vocab_size": 1},
        lambda: _unigram("XLMRobertaTokenizer", _XLM_R),
    ),
    "xlm-roberta-xl": (
        "XLMRobertaXLConfig", {**_SIZES, **_XLM_R_IDS, "type_vocab_size": 1},
        lambda: _unigram("XLMRobertaTokenizer", _XLM_R),
    ),
    "camembert": (
        "CamembertConfig", {**_SIZES, **_XLM_R_IDS, "type_vocab_size": 1},
        lambda: _unigram("CamembertTokenizer", _XLM_R),
    ),
    "minilm": (  # a BERT with the vocabulary of XLM-R
        "BertConfig", {**_SIZES, "pad_token_id": 1}, lambda: _unigram("XLMRobertaTokenizer", _XLM_R)
    ),
    "deberta-v2": (
        "DebertaV2Config",
        {**_SIZES, "relative_attention": True, "pos_att_type": ["c2p", "p2c"],
         "position_buckets": 8, "share_att_key": True, "norm_rel_ebd": "layer_norm",
         "position_biased_input": False, "type_vocab_size": 0},
        lambda: _unigram("DebertaV2Tokenizer", ["[PAD]", "[CLS]", "[SEP]", "[UNK]"], "[MASK]"),
    ),
    "albert": (
        "AlbertConfig", {**_SIZES, "embedding_size": 8, **_BERT_IDS},
        lambda: _unigram("AlbertTokenizer", ["<pad>", "<unk>", "[CLS]", "[SEP]"], "[MASK]"),
    ),
    "rembert": (
        "RemBertConfig", {**_SIZES, "input_embedding_size": 8, "output_embedding_size": 8},
        lambda: _unigram("RemBertTokenizer", ["<pad>", "<unk>", "[CLS]", "[SEP]"], "[MASK]"),
    ),
    "bigbird": (
        "BigBirdConfig", {**_SIZES, "block_size": 4, "num_random_blocks": 1, **_BERT_IDS},
        lambda: _unigram("BigBirdTokenizer", ["<pad>", "</s>", "<s>", "<unk>", "[CLS]", "[SEP]"],
                         "[MASK]"),
    ),
    "xlnet": (
        "XLNetConfig",
        {"d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 24, "pad_token_id": 5},
        lambda: _unigram("XLNetTokenizer",
                         ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>"]),
    ),
    "modernbert": (
        "ModernBertConfig", {**_SIZES, **_BERT_IDS, "local_attention": 4}, _word_pieces
    ),
    "nomic": ("NomicBertConfig", _SIZES, _word_pieces),
    "eurobert": ("EuroBertConfig", {**_DECODER, "head_dim": 8}, lambda: _decoder(eos=True)),
    "gpt2": ("GPT2Config", _GPT, _decoder),
    "qwen3": ("Qwen3Config", {**_DECODER, "head_dim": 8}, _decoder),
    "gemma3": (
        "Gemma3TextConfig", {**_DECODER, "head_dim": 8, "sliding_window": 4},
        lambda: _decoder(eos=True),
    ),
    # Segment ids, given by the tokenizer, that are looked up among the words.
    "gpt2-segments": ("GPT2Config", _GPT, lambda: _decoder(segments=True)),
    "ctrl-segments": (
        "CTRLConfig", {**_GPT, "dff": 24, "n_ctx": 64}, lambda: _decoder(segments=True)
    ),
    "gptj-segments": ("GPTJConfig", {**_GPT, "rotary_dim": 4}, lambda: _decoder(segments=True)),
    "flaubert-segments": ("FlaubertConfig", _XLM, lambda: _decoder(segments=True)),
    "xlm-segments": ("XLMConfig", _XLM, lambda: _decoder(segments=True)),
    "xlm": ("XLMConfig", _XLM, _decoder),
    "xlnet-segments": (
        "XLNetConfig", {"d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 24},
        lambda: _decoder(segments=True),
    ),
    # Architectures whose answers depend on padding.
    "fnet": ("FNetConfig", _WITHOUT_HEADS, _word_pieces),
    "convbert": ("ConvBertConfig", {**_SIZES, "embedding_size": 16}, _word_pieces),
    "nystromformer": (
        "NystromformerConfig", {**_SIZES, "num_landmarks": 4, "segment_means_seq_len": 4},
        _word_pieces,
    ),
    "yoso": ("YosoConfig", _SIZES, _word_pieces),
}  # fmt: skip
DECODERS = ("gpt2", "qwen3", "gemma3")
PLAIN_IDS = (*DECODERS, "eurobert", "xlm", *(name for name in FAMILIES if "-segments" in name))
"""Families whose tokenizer here is `_decoder`."""
WRONG_WITH_PADDING = ("fnet", "convbert", "nystromformer", "yoso")


def build(name: str, folder: Path, head: bool = True, **changes: Any) -> Path:
    """A checkpoint of a family for three labels, or its bare encoder, with its tokenizer."""
    config_name, values, make_tokenizer = FAMILIES[name]
    tokenizer = make_tokenizer()
    ids = {"pad_token_id": tokenizer.pad_token_id} if name in PLAIN_IDS else {}
    config = getattr(transformers, config_name)(
        vocab_size=len(tokenizer), **{**values, **ids, **changes}
    )
    config.id2label, config.label2id = dict(enumerate("ABC")), {x: i for i, x in enumerate("ABC")}
    if name == "funnel":  # it has two base models
        config.architectures = ["FunnelModel"]
    auto: Any = AutoModelForSequenceClassification if head else AutoModel
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = auto.from_config(config)
        # Larger than usual, so that what is compared differs by more than noise.
        for parameter in model.parameters():
            parameter.data += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


def edit(folder: Path, name: str = "config.json", **changes: Any) -> None:
    """Changes values of a folder's JSON file."""
    path = folder / name
    content = json.loads(path.read_text("utf-8")) | changes
    path.write_text(json.dumps(content), "utf-8")
