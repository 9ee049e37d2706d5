"""Attention for rows that fit in one tile, as sentences do: one kernel forward, one backward.

General kernels cut rows of thousands of tokens into tiles; a pair of sentences has 40 and is one
tile. Here a whole row of a head is read once, forward and backward, padding is not read at all, and
there is nothing to plan or tune for a new shape. The formula is the usual one; products are
accumulated and the softmax is taken in float32, as in torch's own fused kernels.

Models take it through the attention interface of transformers, under `NAME`. What does not fit
(longer rows, float32, causal or windowed masks) takes torch's attention as before.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import bidirectional_mask_function, sdpa_mask

from xlt_cli.errors import ResultWarning
from xlt_cli.models.placing import pads_left

NAME = "xlt_one_tile"
LONGEST = 128
"""Tokens of a row that fit in one tile."""


def users_of(model: nn.Module) -> list[PreTrainedModel]:
    """The parts of a model on a GPU that can use it, and use torch's attention now.

    A tile begins with a row's first token: models that shift rows to the right have no use for it.
    """
    if pads_left(model):
        return []
    users = [
        part
        for part in model.modules()
        if isinstance(part, PreTrainedModel)
        and part.device.type == "cuda"
        and part.config._attn_implementation == "sdpa"
    ]
    return users if users and works() else []


@contextlib.contextmanager
def one_tile(users: Sequence[PreTrainedModel]) -> Iterator[None]:
    """Lets models use it meanwhile."""
    for part in users:
        part.config._attn_implementation = NAME
    try:
        yield
    finally:
        for part in users:
            part.config._attn_implementation = "sdpa"


@functools.cache
def works() -> bool:
    """Whether this machine can build and run the kernels; it needs Triton and a C compiler."""
    try:
        _try("cuda", torch.bfloat16)
        torch.cuda.synchronize()
    except Exception as error:
        warnings.warn(f"no fast attention: {error}".splitlines()[0], ResultWarning, stacklevel=2)
        return False
    return True


def _try(device: str, dtype: torch.dtype) -> None:
    """Runs both kernels once; raises whatever a compiler or a driver may raise."""
    import xlt_cli.speed.attention_kernels  # noqa: F401

    # Evaluation asks in inference mode, whose tensors know no gradients.
    own = [device] if torch.device(device).type == "cuda" else []  # and no other GPU is begun with
    with torch.random.fork_rng(devices=own), torch.inference_mode(False), torch.enable_grad():
        probe = torch.zeros(1, 2, 1, 16, dtype=dtype, device=device, requires_grad=True)
        lengths = torch.ones(1, dtype=torch.int32, device=device)
        out, _ = torch.ops.xlt.one_tile_attention(probe, probe, probe, lengths, 1.0, 0.1)
        out.sum().backward()


def attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """The attention of a layer, as transformers asks for it.

    Args:
        query, key, value: [B, H, L, D].
        attention_mask: what `lengths_or_mask` made: the rows' lengths, [B], or a mask.

    Returns:
        [B, L, H, D], and no weights.
    """
    lengths = attention_mask if attention_mask is not None and attention_mask.dim() == 1 else None
    plain = lengths is not None or (attention_mask is None and not _is_causal(module, kwargs))
    if plain and _fits(query, key, value) and not _asks_for_more(kwargs):
        if lengths is None:
            lengths = query.new_full((len(query),), query.shape[2], dtype=torch.int32)
        output, _ = torch.ops.xlt.one_tile_attention(
            query.transpose(1, 2),
            key.transpose(1, 2),
            value.transpose(1, 2),
            lengths,
            query.shape[-1] ** -0.5 if scaling is None else scaling,
            dropout,
        )
        return output, None
    if lengths is not None:
        places = torch.arange(key.shape[2], device=key.device)
        attention_mask = (places < lengths[:, None])[:, None, None, :]
    output, _ = sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
    )
    return output, None


def lengths_or_mask(
    *,
    mask_function: Callable[..., Any] = bidirectional_mask_function,
    attention_mask: torch.Tensor | None = None,
    **kwargs: Any,
) -> torch.Tensor | None:
    """The lengths of right-padded rows, int32, [B]; the usual mask for any other pattern."""
    if mask_function is bidirectional_mask_function and attention_mask is not None:
        return attention_mask.sum(dim=-1, dtype=torch.int32)
    mask: torch.Tensor | None = sdpa_mask(
        mask_function=mask_function, attention_mask=attention_mask, **kwargs
    )
    return mask


def _is_causal(module: nn.Module, kwargs: dict[str, Any]) -> bool:
    asked = kwargs.get("is_causal")
    return bool(getattr(module, "is_causal", True) if asked is None else asked)


def _asks_for_more(kwargs: dict[str, Any]) -> bool:
    return any(kwargs.get(name) is not None for name in ("softcap", "position_bias", "s_aux"))


def _fits(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> bool:
    """One tile, of a size that Triton has, with a key and a value for each query."""
    size = query.shape[-1]
    return (
        query.dtype in (torch.bfloat16, torch.float16)
        and query.shape == key.shape == value.shape
        and query.shape[2] <= LONGEST
        and 16 <= size <= 128
        and size & (size - 1) == 0
    )


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, lengths_or_mask)
