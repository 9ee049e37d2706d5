"""The last feed-forward block for the first token alone, where a classifier looks at no other.

Most sequence classifiers read the last layer at the first token (BERT's pooler, RoBERTa's head).
The block after its attention, two thirds of the layer's products, takes each token by itself: done
for the one that is read, it gives the same logits, and of 12 layers one twentieth is saved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

import torch
from torch import nn

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.models.placing import pads_left

Block = Callable[[torch.Tensor], torch.Tensor]

NAME = "feed_forward_chunk"
"""What transformers calls the block in BERT and the 47 other architectures that cut it out."""

_known: WeakKeyDictionary[nn.Module, nn.Module | None] = WeakKeyDictionary()
"""The last layer of each model that was asked before; None for those that read other tokens."""


@contextlib.contextmanager
def first_token_only(model: EncoderModel, probe: Batch) -> Iterator[None]:
    """Spares the last block all tokens but the first meanwhile, if the logits depend on it alone.

    Whether they do is tried on `probe` once for a model. For models in evaluation mode, and for
    those that draw nothing in training: gradients are the same, too.
    """
    assert isinstance(model, nn.Module)
    if model not in _known:
        _known[model] = _layer(model, probe)
    layer = _known[model]
    # A compiled layer would be compiled again.
    if layer is None or layer._compiled_call_impl is not None:
        yield
        return
    with _replaced(layer, _first):
        yield


def forget(model: EncoderModel) -> None:
    """Has a model tried again: one that is trained no more is another one."""
    assert isinstance(model, nn.Module)
    _known.pop(model, None)


def _layer(model: EncoderModel, probe: Batch) -> nn.Module | None:
    """The last layer, if only its first token is read."""
    assert isinstance(model, nn.Module)
    layers = [m for m in model.modules() if callable(getattr(m, NAME, None))]
    if not layers or probe.input_ids.shape[1] < 2 or pads_left(model):
        return None
    layer = layers[-1]
    embeddings = model.embed(probe)
    whole = model.logits(embeddings, probe)
    # Whatever reads another token, be it with a weight of zero, comes to NaN.
    with _replaced(layer, _spoilt):
        if not torch.isfinite(model.logits(embeddings, probe)).all():
            return None
    try:
        with _replaced(layer, _first):
            seen = model.logits(embeddings, probe)
    except (RuntimeError, IndexError, ValueError):  # counts on as many tokens as before
        return None
    same = seen.shape == whole.shape and torch.allclose(seen, whole, rtol=1e-2, atol=1e-2)
    return layer if same else None


@contextlib.contextmanager
def _replaced(
    layer: nn.Module, by: Callable[[Block, torch.Tensor], torch.Tensor]
) -> Iterator[None]:
    own: Block = getattr(layer, NAME)
    setattr(layer, NAME, lambda hidden: by(own, hidden))
    try:
        yield
    finally:
        delattr(layer, NAME)  # the class's own shows again


def _first(block: Block, hidden: torch.Tensor) -> torch.Tensor:
    return block(hidden[:, :1])


def _spoilt(block: Block, hidden: torch.Tensor) -> torch.Tensor:
    output = block(hidden)
    spoilt = torch.full_like(output, torch.nan)
    spoilt[:, 0] = output[:, 0]
    return spoilt
