"""How far a translation lies from its source row, in word embeddings and in hidden states."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from xlt_cli.api import Batch, EncoderModel

TINY = 1e-12


@dataclass(frozen=True)
class Compared:
    """Translations seen from their source rows; all [B].

    Attributes:
        decided: the class that the model answers for the translation.
        shifted: its answer for the source row, each token moved by the shift of its text's mean.
        words: the largest shift of a text, relative to the source row's mean norm.
        total: the l2 norm of all tokens' shifts together, relative to the same.
        hidden: distance of the pooled last hidden states, relative to the norm of the source's.
    """

    decided: torch.Tensor
    shifted: torch.Tensor
    words: torch.Tensor
    total: torch.Tensor
    hidden: torch.Tensor


@torch.no_grad()
def compare(model: EncoderModel, source: Batch, translated: Batch) -> Compared:
    """Source rows with their translations: row i of the one batch is row i of the other."""
    words, others = model.embed(source), model.embed(translated)
    texts, other_texts = text_masks(source), text_masks(translated)
    norms = mean_norms(words, ~source.special_mask[..., None]).flatten()
    shifts = text_means(others, other_texts) - text_means(words, texts)  # [B, T, D]
    lengths = shifts.norm(dim=-1)  # [B, T]
    counts = texts.sum(dim=-1)  # [B, T]
    moved = words + torch.einsum("btl,btd->bld", texts.to(words.dtype), shifts)
    return Compared(
        decided=model.logits(others, translated).argmax(dim=-1),
        shifted=model.logits(moved, source).argmax(dim=-1),
        words=lengths.amax(dim=-1) / norms,
        total=(counts * lengths**2).sum(dim=-1).sqrt() / norms,
        hidden=relative(
            pooled(model.encode(others, translated), other_texts),
            pooled(model.encode(words, source), texts),
        ),
    )


def text_masks(batch: Batch) -> torch.Tensor:
    """True for the words of each text, without special tokens and padding, [B, T, L]."""
    numbers = torch.arange(len(batch.languages[0]), device=batch.text_ids.device)
    return (batch.text_ids[:, None, :] == numbers[:, None]) & ~batch.special_mask[:, None, :]


def text_means(vectors: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """The mean over each text's words, [B, T, D]; zero for a text without words."""
    sums = torch.einsum("btl,bld->btd", texts.to(vectors.dtype), vectors)
    return sums / texts.sum(dim=-1, keepdim=True).clamp(min=1)


def pooled(states: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """Means over each text's words, one after another, [B, T * H]."""
    return text_means(states, texts).flatten(start_dim=1)


def mean_norms(embeddings: torch.Tensor, touched: torch.Tensor) -> torch.Tensor:
    """The mean l2 norm of each row's word embeddings, special tokens aside, [B, 1, 1]."""
    norms: torch.Tensor = embeddings.norm(dim=-1, keepdim=True) * touched
    counts = touched.sum(dim=1, keepdim=True).clamp(min=1)
    return (norms.sum(dim=1, keepdim=True) / counts).clamp(min=TINY)


def relative(after: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """How far vectors moved, relative to their norms before, [B]."""
    distances: torch.Tensor = (after - before).norm(dim=-1) / before.norm(dim=-1).clamp(min=TINY)
    return distances
