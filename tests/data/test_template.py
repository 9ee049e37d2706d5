"""Layouts put together from token ids equal the tokenizer's own, truncation included."""

from __future__ import annotations

from typing import Any

import pytest
import tokenizers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import Version
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertTokenizer,
    DebertaV2Tokenizer,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    XLMRobertaTokenizer,
)

from xlt_cli.api import UserError
from xlt_cli.data.template import Template, truncated

LETTERS = "abcdeo"
PIECES = [*LETTERS, "ab", "cd", "one", "two", "abc"]


def bert() -> PreTrainedTokenizerBase:
    """WordPiece: [CLS] A [SEP] B [SEP], types 0 and 1."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [*PIECES, *(f"##{piece}" for piece in PIECES), ".", ","]
    return BertTokenizer(vocab={word: i for i, word in enumerate(words)}, do_lower_case=False)


def _scored(first: list[str]) -> list[tuple[str, float]]:
    pieces = ["\u2581", *(f"\u2581{p}" for p in PIECES), *PIECES, ".", ","]
    return [(p, 0.0) for p in first] + [(p, -1.0 - i / 10) for i, p in enumerate(pieces)]


def xlm_r() -> PreTrainedTokenizerBase:
    """Unigram: <s> A </s> </s> B </s>, all of type 0."""
    vocabulary = [*_scored(["<s>", "<pad>", "</s>", "<unk>"]), ("<mask>", 0.0)]
    return XLMRobertaTokenizer(vocab=vocabulary)


def deberta() -> PreTrainedTokenizerBase:
    """Unigram: [CLS] A [SEP] B [SEP]."""
    return DebertaV2Tokenizer(
        vocab=[*_scored(["[PAD]", "[CLS]", "[SEP]", "[UNK]"]), ("[MASK]", 0.0)]
    )


def bare() -> PreTrainedTokenizerBase:
    """One that adds no special tokens at all."""
    backend = Tokenizer(models.WordLevel({"[PAD]": 0, "[UNK]": 1, "one": 2, "two": 3}, "[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]")


TOKENIZERS: dict[str, PreTrainedTokenizerBase] = {
    make.__name__: make() for make in (bert, xlm_r, deberta, bare)
}
TEMPLATES = {name: Template(tokenizer) for name, tokenizer in TOKENIZERS.items()}

TEXT = st.text(LETTERS + " .,é\u200b漢", max_size=25)


OTHER_RULE = Version(tokenizers.__version__) < Version("0.23.3")
"""Before, another text got the odd token where both are cut."""

CUTS = dict(TEMPLATES)
"""With one of which the configuration says that beginnings are cut off, not ends."""
TOKENIZERS["from-left"] = bert()
TOKENIZERS["from-left"].truncation_side = "left"
CUTS["from-left"] = Template(TOKENIZERS["from-left"])


@pytest.mark.parametrize("name", CUTS)
@settings(max_examples=120, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=2), length=st.integers(0, 30))
@example(texts=["", ""], length=0)
@example(texts=["a b c d", "a b c d"], length=3)
@example(texts=["a b c d", "a b c d e"], length=4)
@example(texts=["a b c d e", "a b c d"], length=4)
@example(texts=["one", "two"], length=30)
def test_layouts_equal_the_tokenizers_own(name: str, texts: list[str], length: int) -> None:
    tokenizer = TOKENIZERS[name]
    # At least one token of text: below, tokenizers refuse to truncate.
    length += tokenizer.num_special_tokens_to_add(pair=len(texts) == 2) + 1
    pieces = tuple(tuple(tokenizer(t, add_special_tokens=False)["input_ids"]) for t in texts)
    layout = CUTS[name].lay_out(pieces, length)
    # As a batch of one: called with two strings, transformers drops a second one that is empty.
    room = length - tokenizer.num_special_tokens_to_add(pair=len(texts) == 2)
    if OTHER_RULE and len(pieces) == 2 and room % 2 and 2 * min(map(len, pieces)) > room:
        return
    whole = tokenizer(
        *([text] for text in texts),
        truncation="longest_first",
        max_length=length,
    )
    assert layout.input_ids == whole["input_ids"][0]
    # Zeros where the tokenizer gives none.
    types = whole["token_type_ids"] if "token_type_ids" in whole else [[0] * len(layout.input_ids)]
    assert layout.token_type_ids == types[0]
    sequence_ids: Any = whole.sequence_ids(0)  # type: ignore[no-untyped-call]
    assert layout.special_mask == [text is None for text in sequence_ids]
    for text, start in enumerate(layout.starts):
        own = [
            i for i, (t, s) in enumerate(zip(layout.text_ids, layout.special_mask, strict=True))
            if t == text and not s
        ]  # fmt: skip
        assert own == list(range(start, start + len(own)))
        kept = pieces[text][-len(own) or len(pieces[text]) :]
        if tokenizer.truncation_side == "right":
            kept = pieces[text][: len(own)]
        assert [layout.input_ids[i] for i in own] == list(kept)
    assert len(layout.text_ids) == len(layout.input_ids)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_frames_are_as_published(name: str) -> None:
    published: dict[str, tuple[list[str], list[int], list[int]]] = {
        "bert": (["[CLS]", "A", "[SEP]", "B", "[SEP]"], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]),
        "xlm_r": (["<s>", "A", "</s>", "</s>", "B", "</s>"], [0] * 6, [0, 0, 0, 0, 1, 1]),
        "deberta": (["[CLS]", "A", "[SEP]", "B", "[SEP]"], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]),
        "bare": (["A", "B"], [0, 0], [0, 1]),
    }
    tokenizer = TOKENIZERS[name]
    layout = TEMPLATES[name].lay_out(((7,), (8,)), 10)
    frame, types, texts = published[name]
    ids = [{"A": 7, "B": 8}.get(t) or tokenizer.convert_tokens_to_ids(t) for t in frame]
    assert layout.input_ids == ids
    if name != "bare":
        assert layout.token_type_ids == types
    assert layout.text_ids == texts
    assert layout.special_mask == [t not in "AB" for t in frame]
    assert TEMPLATES[name].pad_id == tokenizer.pad_token_id


@given(st.lists(st.integers(0, 12), min_size=1, max_size=2), st.integers(0, 12))
def test_truncation(lengths: list[int], room: int) -> None:
    kept = truncated(lengths, room)
    assert len(kept) == len(lengths)
    assert sum(kept) == min(sum(lengths), room)
    assert all(0 <= new <= old for new, old in zip(kept, lengths, strict=True))
    cut = [new for new, old in zip(kept, lengths, strict=True) if new < old]
    # A text is only cut if it is among the longest of what remains.
    assert all(new >= max(kept) - 1 for new in cut)


def test_a_tokenizer_without_padding() -> None:
    backend = Tokenizer(models.WordLevel({"[UNK]": 0}, "[UNK]"))
    with pytest.raises(UserError, match="no padding token"):
        Template(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"))


def test_a_tokenizer_that_hides_its_texts() -> None:
    """It puts the pair in an order of its own."""
    backend = Tokenizer(models.WordLevel({"[PAD]": 0, "[UNK]": 1, "one": 2, "two": 3}, "[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(single="$A", pair="$B $A")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]"
    )
    with pytest.raises(UserError, match="cannot be used"):
        Template(tokenizer)
