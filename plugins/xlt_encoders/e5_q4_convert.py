"""From the 4-bit weights file to Hugging Face: a BertModel and a fast tokenizer.

Notable: the encoder is a BERT with the vocabulary of XLM-R, and so are its special tokens: it pads
with 1 (the config that upstream publishes says 0) and joins a pair as `<s> A </s> </s> B </s>`,
all of token type 0. The tokenizer normalises with NMT and NFKC, as XLM-R does, rather than with
the table in the file: both agree character by character, but only NFKC also composes text that
came decomposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlt_encoders.e5_q4_file import MASK_PIECE, SPECIAL_PIECES, E5File

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from tokenizers import AddedToken, Tokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

_EMBEDDINGS = {
    "word": "word_embeddings.weight",
    "pos": "position_embeddings.weight",
    "type": "token_type_embeddings.weight",
    "ln.w": "LayerNorm.weight",
    "ln.b": "LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_WORD_START = "\u2581"
_FULLWIDTH_TILDE = "\uff5e"
_NONCHARACTER = "\ufdd0"  # never occurs in text


def bert_config(file: E5File, **overrides: Any) -> BertConfig:
    """The file's dimensions and special ids as a BertConfig; `overrides` (dropout, ...) win."""
    from transformers import BertConfig

    sizes = file.dimensions
    settings: dict[str, Any] = {
        "vocab_size": sizes.rows,
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.ffn,
        "hidden_act": "gelu",  # the exact one, with erf
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": file.layer_norm_eps,
        "pad_token_id": file.special.pad,
        "bos_token_id": file.special.bos,
        "eos_token_id": file.special.eos,
    }
    return BertConfig(**settings | overrides)


def state_dict(file: E5File) -> dict[str, torch.Tensor]:
    """All weights, float32, under the names of a BertModel without pooler.

    Raises BadWeightsFile for weights that are not finite.
    """
    import torch

    return {_bert_name(name): torch.from_numpy(file.tensor(name)) for name in file.tensors}


def _bert_name(name: str) -> str:
    """`l3.fi.w` -> `encoder.layer.3.intermediate.dense.weight`."""
    group, rest = name.split(".", 1)
    if group == "emb":
        return f"embeddings.{_EMBEDDINGS[rest]}"
    part, kind = rest.split(".")
    return f"encoder.layer.{group[1:]}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def build_model(file: E5File, **overrides: Any) -> BertModel:
    """A BertModel without pooler, float32, in evaluation mode; `overrides` go to its config.

    Raises BadWeightsFile for weights that are not finite.
    """
    from transformers import BertModel
    from transformers.utils import logging

    # from_pretrained, without a path, skips the random initialisation (seconds for 118 million
    # parameters) and yet fills the buffers that loading on the meta device would leave unset.
    had_progress_bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model: BertModel = BertModel.from_pretrained(
            None,
            config=bert_config(file, **overrides),
            state_dict=state_dict(file),
            add_pooling_layer=False,
        )
    finally:
        if had_progress_bar:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    return model


def build_tokenizer(file: E5File) -> PreTrainedTokenizerFast:
    """The file's vocabulary as a fast tokenizer; its ids are rows of the word embeddings."""
    return _tokenizer(file.dimensions.positions, tokenizer_object=build_backend(file))


def read_tokenizer(positions: int, path: Path) -> PreTrainedTokenizerFast:
    """The same tokenizer, its backend from a file that holds `build_backend(file).to_str()`.

    Args:
        positions: of the model.

    Raises:
        Exception: the file cannot be read (tokenizers' own errors are of no narrower class).
    """
    return _tokenizer(positions, tokenizer_file=str(path))


def build_backend(file: E5File) -> Tokenizer:
    """What cuts texts into the file's pieces, with its special tokens."""
    from tokenizers import AddedToken

    bos, eos, pad, unk, _ = SPECIAL_PIECES
    backend = _backend(file)
    plain = [AddedToken(piece, normalized=False, special=True) for piece in (bos, pad, eos, unk)]
    backend.add_special_tokens([*plain, _mask_token()])
    return backend


def _mask_token() -> AddedToken:
    """`<mask>` takes the space before it along, so that it stands for a word with its start."""
    from tokenizers import AddedToken

    return AddedToken(MASK_PIECE, lstrip=True, normalized=False, special=True)


def _tokenizer(positions: int, **backend: Any) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    bos, eos, pad, unk, _ = SPECIAL_PIECES
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        **backend,
        bos_token=bos,
        eos_token=eos,
        cls_token=bos,
        sep_token=eos,
        pad_token=pad,
        unk_token=unk,
        mask_token=_mask_token(),
        model_max_length=positions,
        padding_side="right",
        truncation_side="right",
        model_input_names=["input_ids", "attention_mask"],  # no token types: always 0
        clean_up_tokenization_spaces=False,
    )


def _backend(file: E5File) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    vocabulary = list(zip(file.pieces, file.scores.tolist(), strict=True))
    backend = Tokenizer(models.Unigram(vocabulary, unk_id=file.special.unk, byte_fallback=False))
    # NMT drops control characters and turns odd spaces into plain ones. The vocabulary knows the
    # fullwidth tilde, which NFKC would make a plain one: a noncharacter hides it meanwhile.
    backend.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            normalizers.Replace(_FULLWIDTH_TILDE, _NONCHARACTER),
            normalizers.NFKC(),
            normalizers.Replace(_NONCHARACTER, _FULLWIDTH_TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement=_WORD_START, prepend_scheme="always"),
        ]
    )
    backend.decoder = decoders.Metaspace(replacement=_WORD_START, prepend_scheme="always")
    bos, eos = SPECIAL_PIECES[:2]
    backend.post_processor = TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, file.special.bos), (eos, file.special.eos)],
    )
    return backend
