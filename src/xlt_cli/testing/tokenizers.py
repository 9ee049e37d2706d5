"""Small tokenizers of the three common algorithms, made in a moment and the same every time."""

from __future__ import annotations

import functools
import string
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from xlt_cli.testing.rows import SENTENCES, STRANGE

SPECIAL = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
WORDS = sorted({word.strip(string.punctuation) for word in " ".join(SENTENCES.values()).split()})
CHARACTERS = sorted(
    set(string.ascii_letters + string.digits + string.punctuation)
    | {char for text in (*SENTENCES.values(), *STRANGE) for char in text if not char.isspace()}
)
SPACE = "\u2581"
"""What stands for a space in a unigram vocabulary."""


def word_piece() -> PreTrainedTokenizerBase:
    """As mBERT's: words of its vocabulary whole, others by their parts, marked with ##."""
    pieces = [*CHARACTERS, *(f"##{char}" for char in CHARACTERS)]
    pieces += [word[:4] for word in WORDS] + [f"##{word[2:5]}" for word in WORDS if len(word) > 4]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys([*SPECIAL.values(), *pieces]))}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL["unk"]))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece(cleanup=False)
    return _framed(backend, "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")


def unigram() -> PreTrainedTokenizerBase:
    """As XLM-R's: the likeliest pieces, in which a mark stands for the space before a word."""
    pieces = [SPACE, *CHARACTERS, *(SPACE + char for char in CHARACTERS)]
    pieces += [SPACE + word for word in WORDS] + [word[:3] for word in WORDS if len(word) > 3]
    scored = [(piece, -2.0 - 6.0 / len(piece)) for piece in dict.fromkeys(pieces)]
    special = [(name, 0.0) for name in SPECIAL.values()]
    backend = Tokenizer(models.Unigram([*special, *scored], unk_id=1, byte_fallback=False))
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    return _framed(backend, "[CLS] $A [SEP]", "[CLS] $A [SEP] [SEP] $B [SEP]")


def byte_pairs() -> PreTrainedTokenizerBase:
    """As GPT-2's: bytes, merged pair by pair."""
    merges: dict[tuple[str, str], None] = {}
    for word in WORDS:
        if word.isascii():
            merges.update({(word[:i], word[i]): None for i in range(1, min(len(word), 6))})
    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(a + b for a, b in merges)]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys([*SPECIAL.values(), *pieces]))}
    backend = Tokenizer(models.BPE(vocabulary, list(merges), unk_token=SPECIAL["unk"]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    return _framed(backend, "[CLS] $A [SEP]", "[CLS] $A [SEP] [SEP] $B [SEP]")


ALL = (word_piece, unigram, byte_pairs)


@functools.cache
def shared() -> PreTrainedTokenizerBase:
    """The tokenizer of the suites' own model; not to be changed."""
    return word_piece()


def _framed(backend: Any, single: str, pair: str) -> PreTrainedTokenizerBase:
    """With special tokens before, between and after texts."""
    special = [(name, backend.token_to_id(name)) for name in (SPECIAL["cls"], SPECIAL["sep"])]
    backend.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=special
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        model_max_length=512,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **{f"{role}_token": name for role, name in SPECIAL.items()},
    )
