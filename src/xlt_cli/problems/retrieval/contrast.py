"""The contrastive loss of queries and their candidates, with negatives from the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from xlt_cli.api import Batch

QUERY, POSITIVE, NEGATIVE, IGNORED = 1, 2, 0, -1
"""What a row is: a query with a right candidate; the candidate that it is trained on; a candidate
of no query; a row that takes no part (a query without a right candidate, a further right one)."""

_FACTOR = 0x9E3779B97F4A7C15 - (1 << 64)  # an odd number; products wrap around at 64 bits


def info_nce(vectors: torch.Tensor, batch: Batch, temperature: float) -> torch.Tensor:
    """Symmetric InfoNCE (van den Oord et al. 2018) over cosines, at the rows of queries, [B].

    For each query, the cross-entropy of its candidate among all candidates of the batch, and that
    of the query among all queries for its candidate; the loss is the mean of the two. Rows of the
    same tokens as the query or its candidate are no negatives of it.

    Args:
        vectors: one for each row, [B, H].
        batch: what each row is, as `targets`; `parts` tell which rows belong together.
    """
    import torch

    with torch.autocast(vectors.device.type, enabled=False):
        return _losses(vectors.float(), batch, temperature)


def _losses(vectors: torch.Tensor, batch: Batch, temperature: float) -> torch.Tensor:
    import torch

    unit = torch.nn.functional.normalize(vectors, dim=-1)
    scores = unit @ unit.T / temperature
    kinds, firsts = batch.targets, batch.firsts()
    assert firsts is not None  # the problem is grouped
    query, positive = kinds == QUERY, kinds == POSITIVE
    candidate = positive | (kinds == NEGATIVE)
    own = (firsts[:, None] == firsts) & query[:, None] & positive
    names = _names(batch)
    same = names[:, None] == names
    of_own = own.to(scores.dtype)
    right = (of_own * scores).sum(dim=1)
    same_as_own = (of_own @ same.to(scores.dtype)) > 0
    among_candidates = candidate & (own | ~same_as_own)
    itself = torch.eye(len(names), dtype=torch.bool, device=names.device)
    among_queries = query & (itself | ~same)
    others = ~query[:, None]  # whatever they sum, it must be finite, or gradients are not
    forward = _log_sum(scores, among_candidates | others) - right
    backward = _log_sum(of_own @ scores, among_queries | others) - right
    return torch.where(query, (forward + backward) / 2, torch.zeros_like(right))


def _log_sum(scores: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
    """Over the marked columns of each row."""
    return scores.masked_fill(~among, float("-inf")).logsumexp(dim=1)


def _names(batch: Batch) -> torch.Tensor:
    """A number for the tokens of each row, whatever its padding, int64, [B]."""
    import torch

    length = batch.input_ids.shape[1]
    places = torch.arange(1, length + 1, device=batch.input_ids.device)
    mixed = (batch.input_ids + 1) * (places * _FACTOR)
    mixed = (mixed ^ (mixed >> 29)) * _FACTOR
    return (mixed * batch.attention_mask).sum(dim=1)
