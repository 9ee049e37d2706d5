"""Mixup of word embeddings: training between two examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import Batch, EmbeddingPerturbation, PluginParams, Problem, Seam

if TYPE_CHECKING:
    import torch


class EmbeddingMixup(EmbeddingPerturbation):
    """An example's word embeddings mixed with another's, and their losses in that proportion.

    Position by position from the first, special tokens included; beyond the end of the shorter
    text stands what is left of the longer one, scaled.
    """

    api_version = 1
    name = "embedding-mixup"
    summary = "mixup: word embeddings and losses of two examples in random proportions"
    at_evaluation = "it mixes two examples and their labels"
    reference = "Guo et al. 2019 (wordMixup), arXiv:1905.08941; Zhang et al. 2018"
    companion = "partner"

    class Params(PluginParams):
        alpha: float = Field(
            1.0, gt=0, description="proportions are drawn from Beta(alpha, alpha); 1: uniform"
        )

    params: Params

    def problem_fault(self, problem: Problem) -> str:
        if problem.head.per_token:
            return (
                "the mixture of two texts has a mixed label for the text, but none for each token"
            )
        if problem.grouped:
            return "the loss of a mixed input depends on the other inputs of its example"
        return ""

    def loss(self, seam: Seam) -> torch.Tensor:
        """share * loss + (1 - share) * the loss with the partner's label, [B]."""
        (partner,) = seam.companions
        share = self._shares(seam)
        length = max(seam.embeddings.shape[1], partner.embeddings.shape[1])
        own = _padded(seam.embeddings * _mask(seam.batch, seam.embeddings), length)
        other = _padded(partner.embeddings * _mask(partner.batch, partner.embeddings), length)
        at = share.view(-1, 1, 1).to(own.dtype)
        logits = seam.logits(at * own + (1 - at) * other, _joined(seam.batch, partner.batch))
        return share * seam.loss(logits) + (1 - share) * partner.loss(logits)

    def _shares(self, seam: Seam) -> torch.Tensor:
        """The example's own share in the mixture, [B]."""
        import torch
        from scipy.special import betaincinv

        # By the distribution's inverse: torch draws from Beta with its global generator alone.
        drawn = seam.draws.uniform(dtype=torch.float64).cpu().numpy()
        shares = betaincinv(self.params.alpha, self.params.alpha, drawn)
        return torch.from_numpy(shares).to(seam.embeddings.device, torch.float32)


def _mask(batch: Batch, like: torch.Tensor) -> torch.Tensor:
    return batch.attention_mask.unsqueeze(-1).to(like.dtype)


def _joined(own: Batch, other: Batch) -> Batch:
    """A batch as long as both, whose tokens are the first one's, then the longer one's."""
    length = max(own.input_ids.shape[1], other.input_ids.shape[1])
    taken = _padded(own.attention_mask, length).bool()

    def join(first: torch.Tensor, second: torch.Tensor, padding: int = 0) -> torch.Tensor:
        return _padded(first, length, padding).where(taken, _padded(second, length, padding))

    return Batch(
        input_ids=join(own.input_ids, other.input_ids),
        attention_mask=join(own.attention_mask, other.attention_mask),
        token_type_ids=join(own.token_type_ids, other.token_type_ids),
        special_mask=join(own.special_mask, other.special_mask, 1),
        text_ids=join(own.text_ids, other.text_ids),
        languages=own.languages,
        targets=own.targets,
    )


def _padded(tensor: torch.Tensor, length: int, value: int = 0) -> torch.Tensor:
    """[B, L, ...] made [B, length, ...] with `value` at the end."""
    import torch

    missing = length - tensor.shape[1]
    if missing == 0:
        return tensor
    return torch.cat([tensor, tensor.new_full((len(tensor), missing, *tensor.shape[2:]), value)], 1)
