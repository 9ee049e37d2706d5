"""The kernels of one-tile attention, in Triton, and their torch operators.

A program has one head of one row: queries, keys and values of up to 128 tokens, [L, D] each. The
backward pass computes the softmax and the dropout's choice anew from the same seed; nothing of
[L, L] is ever stored.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl


@triton.jit
def _tile(  # type: ignore[no-untyped-def]
    start, row, head, by_row, by_token, by_head, places, sizes, mine
):  # fmt: skip
    """A head of a row, [TILE, SIZE], zero where it is not `mine`."""
    first = start + row * by_row + head * by_head
    return tl.load(first + places[:, None] * by_token + sizes[None, :], mask=mine, other=0.0)


@triton.jit
def _drawn(seed, places):  # type: ignore[no-untyped-def]
    """A number of [0, 1) for each place, by a hash of 32 bits (lowbias32, Wellons 2018).

    Philox, which `tl.rand` computes, takes about as long as all else that these kernels do.
    """
    x = places.to(tl.uint32) * 0x27D4EB2D ^ seed.to(tl.uint32)
    x = (x ^ (x >> 16)) * 0x7FEB352D
    x = (x ^ (x >> 15)) * 0x846CA68B
    x = x ^ (x >> 16)
    return (x >> 8).to(tl.float32) * (1 / 16777216)


@triton.jit  # type: ignore[untyped-decorator]
def _weights(q, k, inside, places, row, seed, scale, dropout, TILE: tl.constexpr):  # type: ignore[no-untyped-def]
    """Softmax over the row's tokens, and the factors that dropout leaves it with, [TILE, TILE]."""
    scores = tl.dot(q, tl.trans(k)) * scale
    scores = tl.where(inside[None, :], scores, float("-inf"))
    shares = tl.exp(scores - tl.max(scores, 1)[:, None])
    shares = shares / tl.sum(shares, 1)[:, None]
    at = row * (TILE * TILE) + places[:, None] * TILE + places[None, :]
    kept = tl.where(_drawn(seed, at) >= dropout, 1.0 / (1.0 - dropout), 0.0)
    return shares, kept


@triton.jit(do_not_specialize=["tokens"])  # type: ignore[untyped-decorator]
def _forward(  # type: ignore[no-untyped-def]
    q, k, v, out, lengths, seeds,
    q_row, q_token, q_head, k_row, k_token, k_head, v_row, v_token, v_head,
    tokens, heads, scale, dropout,
    TILE: tl.constexpr, SIZE: tl.constexpr, DROPS: tl.constexpr,
):  # fmt: skip
    program = tl.program_id(0).to(tl.int64)
    row, head = program // heads, program % heads
    places, sizes = tl.arange(0, TILE), tl.arange(0, SIZE)
    inside = places < tl.load(lengths + row)
    mine = inside[:, None]
    queries = _tile(q, row, head, q_row, q_token, q_head, places, sizes, mine)
    keys = _tile(k, row, head, k_row, k_token, k_head, places, sizes, mine)
    values = _tile(v, row, head, v_row, v_token, v_head, places, sizes, mine)
    seed = tl.load(seeds)
    shares, kept = _weights(
        queries, keys, inside, places, program.to(tl.int32), seed, scale, dropout, TILE
    )
    if DROPS:
        shares = shares * kept
    mixed = tl.where(mine, tl.dot(shares.to(values.dtype), values), 0.0)
    out += (row * tokens * heads + head) * SIZE
    tl.store(
        out + places[:, None] * heads * SIZE + sizes[None, :],
        mixed.to(out.dtype.element_ty),
        mask=places[:, None] < tokens,
    )


@triton.jit(do_not_specialize=["tokens"])  # type: ignore[untyped-decorator]
def _backward(  # type: ignore[no-untyped-def]
    rise, q, k, v, q_rise, k_rise, v_rise, lengths, seeds,
    r_row, r_token, r_head,
    q_row, q_token, q_head, k_row, k_token, k_head, v_row, v_token, v_head,
    tokens, heads, scale, dropout,
    TILE: tl.constexpr, SIZE: tl.constexpr, DROPS: tl.constexpr,
):  # fmt: skip
    program = tl.program_id(0).to(tl.int64)
    row, head = program // heads, program % heads
    places, sizes = tl.arange(0, TILE), tl.arange(0, SIZE)
    inside = places < tl.load(lengths + row)
    mine = inside[:, None]
    queries = _tile(q, row, head, q_row, q_token, q_head, places, sizes, mine)
    keys = _tile(k, row, head, k_row, k_token, k_head, places, sizes, mine)
    values = _tile(v, row, head, v_row, v_token, v_head, places, sizes, mine)
    above = _tile(rise, row, head, r_row, r_token, r_head, places, sizes, mine).to(values.dtype)
    seed = tl.load(seeds)
    shares, kept = _weights(
        queries, keys, inside, places, program.to(tl.int32), seed, scale, dropout, TILE
    )
    weights = shares * kept if DROPS else shares
    for_values = tl.dot(tl.trans(weights.to(values.dtype)), above)
    for_shares = tl.dot(above, tl.trans(values))
    if DROPS:
        for_shares = for_shares * kept
    centred = for_shares - tl.sum(shares * for_shares, 1)[:, None]
    for_scores = tl.where(mine, shares * centred * scale, 0.0).to(values.dtype)
    for_queries = tl.dot(for_scores, keys)
    for_keys = tl.dot(tl.trans(for_scores), queries)
    start = (row * tokens * heads + head) * SIZE
    at = start + places[:, None] * heads * SIZE + sizes[None, :]
    stored = places[:, None] < tokens
    tl.store(q_rise + at, for_queries.to(q_rise.dtype.element_ty), mask=stored)
    tl.store(k_rise + at, for_keys.to(k_rise.dtype.element_ty), mask=stored)
    tl.store(v_rise + at, for_values.to(v_rise.dtype.element_ty), mask=stored)


@torch.library.custom_op("xlt::one_tile_attention", mutates_args=())
def one_tile_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    lengths: torch.Tensor,
    scale: float,
    dropout: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """softmax(query key^T * scale) value over the first `lengths` tokens of each row.

    Args:
        query, key, value: [B, L, H, D], up to 128 tokens.
        lengths: int32, [B].

    Returns:
        The output, [B, L, H, D], zero beyond a row's length; and the seed of the dropout, drawn
        from torch's generator.
    """
    query, key, value = _rows(query), _rows(key), _rows(value)
    rows, tokens, heads, size = query.shape
    seeds = torch.randint(2**31 - 1, (1,), device=query.device, dtype=torch.int32)
    out = torch.empty((rows, tokens, heads, size), dtype=query.dtype, device=query.device)
    tile = max(16, triton.next_power_of_2(tokens))
    _forward[(rows * heads,)](
        query, key, value, out, lengths, seeds,
        *query.stride()[:3], *key.stride()[:3], *value.stride()[:3],
        tokens, heads, scale, dropout,
        TILE=tile, SIZE=size, DROPS=dropout > 0, num_warps=_warps(tile),
    )  # fmt: skip
    return out, seeds


@torch.library.custom_op("xlt::one_tile_attention_backward", mutates_args=())
def one_tile_attention_backward(
    rise: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    lengths: torch.Tensor,
    seeds: torch.Tensor,
    scale: float,
    dropout: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients of query, key and value, [B, L, H, D], from that of the output."""
    rise, query, key, value = _rows(rise), _rows(query), _rows(key), _rows(value)
    rows, tokens, heads, size = query.shape
    gradients = [
        torch.empty((rows, tokens, heads, size), dtype=query.dtype, device=query.device)
        for _ in range(3)
    ]
    tile = max(16, triton.next_power_of_2(tokens))
    _backward[(rows * heads,)](
        rise, query, key, value, *gradients, lengths, seeds,
        *rise.stride()[:3], *query.stride()[:3], *key.stride()[:3], *value.stride()[:3],
        tokens, heads, scale, dropout,
        TILE=tile, SIZE=size, DROPS=dropout > 0, num_warps=_warps(tile),
    )  # fmt: skip
    return gradients[0], gradients[1], gradients[2]


def _rows(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with the numbers of a head side by side."""
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def _warps(tile: int) -> int:
    return {16: 1, 32: 2, 64: 4}.get(tile, 8)


@one_tile_attention.register_fake
def _(query, key, value, lengths, scale, dropout):  # type: ignore[no-untyped-def]
    out = torch.empty(query.shape, dtype=query.dtype, device=query.device)
    return out, lengths.new_empty((1,), dtype=torch.int32)


@one_tile_attention_backward.register_fake
def _(rise, query, key, value, lengths, seeds, scale, dropout):  # type: ignore[no-untyped-def]
    like = [torch.empty(t.shape, dtype=t.dtype, device=t.device) for t in (query, key, value)]
    return tuple(like)


def _keep(ctx, inputs, output) -> None:  # type: ignore[no-untyped-def]
    query, key, value, lengths, scale, dropout = inputs
    ctx.save_for_backward(query, key, value, lengths, output[1])
    ctx.scale, ctx.dropout = scale, dropout
    ctx.mark_non_differentiable(output[1])


def _gradients(ctx, rise, _):  # type: ignore[no-untyped-def]
    query, key, value, lengths, seeds = ctx.saved_tensors
    gradients = torch.ops.xlt.one_tile_attention_backward(
        rise, query, key, value, lengths, seeds, ctx.scale, ctx.dropout
    )
    return *gradients, None, None, None


one_tile_attention.register_autograd(_gradients, setup_context=_keep)
