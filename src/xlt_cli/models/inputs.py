"""Whether tokenizer, model and `max_length` suit each other: found before training, not after it.

Everything is tried rather than read from configurations, which do not say it in one way: whether
the model has an embedding for every id of the tokenizer, and a position for every token.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import UserError
from xlt_cli.problems import Feature


def check_length(max_length: int, tokenizer: PreTrainedTokenizerBase, where: str) -> None:
    """Refuses inputs that are longer than the tokenizer says that the encoder takes."""
    longest = tokenizer.model_max_length
    if max_length > longest:
        raise _too_long(max_length, longest, where)


def check_room(featuriser: Featuriser, texts: int, where: str) -> None:
    """Refuses a `max_length` that special tokens fill, so that nothing is left of a text."""
    shortest = featuriser.template.shortest(texts)
    if featuriser.max_length < shortest:
        raise UserError(
            f"max_length is {featuriser.max_length}, and the special tokens of "
            f"{'a pair' if texts == 2 else 'a text'} take {shortest - texts}, so that nothing "
            "is left of the text",
            where,
            f"set it to {shortest} or more",
        )


@functools.lru_cache(maxsize=1)  # the evaluations of a run have one tokenizer
def _highest_id(tokenizer: PreTrainedTokenizerBase, size: int) -> int:
    """The last id of a vocabulary, of which it may take a second to list all entries.

    Those of a unigram model (the tokenizers of XLM-R and its kin) are the places in its list.

    Args:
        size: of the tokenizer, which changes with entries that are added.
    """
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    if type(getattr(backend, "model", None)).__name__ == "Unigram":
        last = backend.get_vocab_size(with_added_tokens=False) - 1
        highest: int = max(last, 0, *backend.get_added_tokens_decoder())
        return highest
    return max(tokenizer.get_vocab().values(), default=0)


@torch.no_grad()
def check_vocabulary(
    model: EncoderModel, tokenizer: PreTrainedTokenizerBase, probe: Batch, where: str
) -> None:
    """Refuses a tokenizer that has ids for which the model has no word embedding."""
    highest = _highest_id(tokenizer, len(tokenizer))

    def has(token: int) -> bool:
        return _works(lambda: model.embed(_with_ids(probe, token)))

    if has(highest) or not has(int(probe.input_ids.min())):
        return  # an encoder that fails on any id is refused elsewhere
    count = _largest(has, 0, highest) + 1
    raise UserError(
        f"the tokenizer has {highest + 1} entries, and the model has word embeddings for {count}",
        where,
        "give the tokenizer that belongs to the model (parameter `tokenizer`), or save the model "
        "with as many embeddings as the tokenizer has entries (resize_token_embeddings)",
    )


@torch.no_grad()
def check_positions(
    model: EncoderModel, featuriser: Featuriser, feature: Feature, where: str
) -> None:
    """Refuses a `max_length` for which the model has not enough positions.

    Args:
        feature: any input that the model takes; longer ones are made of its tokens.
    """

    def takes(length: int) -> bool:
        batch = _of_length(featuriser, feature, length)
        return _works(lambda: model.logits(model.embed(batch), batch))

    if takes(featuriser.max_length):
        return
    shortest = featuriser.template.shortest(len(feature.languages))
    if takes(shortest):  # one that takes nothing at all is refused elsewhere
        longest = _largest(takes, shortest, featuriser.max_length)
        raise _too_long(featuriser.max_length, longest, where)


def _too_long(max_length: int, longest: int, where: str) -> UserError:
    return UserError(
        f"max_length is {max_length}, but the encoder supports at most {longest} tokens",
        where,
        f"set it to {longest} or less",
    )


def _of_length(featuriser: Featuriser, feature: Feature, length: int) -> Batch:
    """One row of exactly so many tokens, if there are two or more texts' worth of them."""
    texts = range(len(feature.languages))
    columns = zip(feature.input_ids, feature.special_mask, feature.text_ids, strict=True)
    own = [(token, text) for token, special, text in columns if not special]
    anything = own[0][0] if own else feature.input_ids[0]
    pieces = [[token for token, which in own if which == text] or [anything] for text in texts]
    filled = tuple(tuple((piece * length)[:length]) for piece in pieces)
    layout = featuriser.template.lay_out(filled, length)
    row = dataclasses.replace(
        feature,
        input_ids=layout.input_ids,
        token_type_ids=layout.token_type_ids,
        special_mask=layout.special_mask,
        text_ids=layout.text_ids,
        target=None,
        companions=(),
    )
    return collate([row], featuriser.problem, featuriser.template.pad_id)


def _with_ids(batch: Batch, token: int) -> Batch:
    return dataclasses.replace(batch, input_ids=torch.full_like(batch.input_ids, token))


def _works(call: Callable[[], object]) -> bool:
    """Whether a call goes through. What a model raises beyond its tables is its own affair."""
    try:
        call()
    except UserError:
        raise
    except (RuntimeError, IndexError, ValueError, KeyError) as error:
        return "allocate" in str(error)  # too little memory says nothing of tables
    return True


def _largest(works: Callable[[int], bool], low: int, high: int) -> int:
    """The largest number between `low`, which works, and `high`, which does not."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if works(middle) else (low, middle)
    return low


def texts_of(features: Sequence[Feature]) -> int:
    """How many texts an example has at most."""
    return max(len(feature.languages) for feature in features)
