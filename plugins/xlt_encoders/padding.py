"""On which side of a row its padding goes. Imports torch: import it late.

The runner pads on the right. That suits every architecture with absolute positions, and those that
read the first token. XLNet's classifier and those of decoders read the last position, whatever is
there: for them rows are shifted to the right before the model runs, and its outputs back again.
"""

from __future__ import annotations

import dataclasses

import torch

from xlt_cli.api import Batch

SHIFTED = ("input_ids", "attention_mask", "token_type_ids", "special_mask", "text_ids")


def without_trailing(batch: Batch, pad_id: int | None) -> Batch:
    """The batch with padding tokens that end a text taken for padding, as decoders take them.

    They look for the last token that is no padding by its id.
    """
    if pad_id is None:
        return batch
    real = batch.input_ids.ne(pad_id).long() * batch.attention_mask
    mask = real.flip(1).cummax(dim=1).values.flip(1)
    return dataclasses.replace(batch, attention_mask=mask)


def padded_left(batch: Batch) -> Batch:
    """The batch with each row's padding before its tokens; targets stay as they are."""
    places = left_places(batch.attention_mask)
    tensors = batch.tensors()
    moved = {name: tensors[name].gather(1, places) for name in SHIFTED}
    return Batch(**{**tensors, **moved}, languages=batch.languages, companions=())


def left_places(mask: torch.Tensor) -> torch.Tensor:
    """For each position of left-padded rows, its position in right-padded ones, [B, L]."""
    return (_positions(mask) - _padding(mask)) % mask.shape[1]


def right_places(mask: torch.Tensor) -> torch.Tensor:
    """For each position of right-padded rows, its position in left-padded ones, [B, L]."""
    return (_positions(mask) + _padding(mask)) % mask.shape[1]


def taken(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """The vectors at these places of each row: [B, L, D] and [B, L] -> [B, L, D]."""
    return values.gather(1, places[..., None].expand(-1, -1, values.shape[-1]))


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return torch.arange(mask.shape[1], device=mask.device).expand_as(mask)


def _padding(mask: torch.Tensor) -> torch.Tensor:
    """How much padding each right-padded row of a mask has, [B, 1]."""
    return mask.shape[1] - mask.long().sum(dim=1, keepdim=True)
