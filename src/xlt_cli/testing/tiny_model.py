"""A small transformer with random weights, with which a check takes milliseconds."""

from __future__ import annotations

import copy
import functools
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from xlt_cli.api import Batch, EncoderModel, Head
from xlt_cli.problems.heads import WithHead

SIZE, HEADS, POSITIONS = 32, 2, 512


class TinyBackbone(nn.Module):
    """Words and positions, and one layer of attention and of a feed-forward network."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.hidden_size = SIZE
        self.words = nn.Embedding(words, SIZE)
        self.positions = nn.Embedding(POSITIONS, SIZE)
        self.before, self.between, self.after = (nn.LayerNorm(SIZE) for _ in range(3))
        self.projected, self.out = nn.Linear(SIZE, 3 * SIZE), nn.Linear(SIZE, SIZE)
        self.wide, self.narrow = nn.Linear(SIZE, 2 * SIZE), nn.Linear(2 * SIZE, SIZE)
        self.dropout = nn.Dropout(0.1)

    def embed(self, batch: Batch) -> torch.Tensor:
        embeddings: torch.Tensor = self.words(batch.input_ids)
        return embeddings

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        places = torch.arange(embeddings.shape[1], device=embeddings.device)
        states = self.before(embeddings + self.positions(places))
        states = self.between(states + self.dropout(self._attention(states, batch)))
        wide = torch.nn.functional.gelu(self.wide(states))
        last: torch.Tensor = self.after(states + self.dropout(self.narrow(wide)))
        return last

    def _attention(self, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        rows, length, _ = states.shape
        split = self.projected(states).view(rows, length, 3, HEADS, SIZE // HEADS)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mask = batch.attention_mask.bool()[:, None, None, :]
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        attended: torch.Tensor = self.out(mixed.transpose(1, 2).reshape(rows, length, SIZE))
        return attended

    def save(self, directory: Path) -> None:
        raise NotImplementedError("the suites' own model is not saved")


def tiny_model(words: int, head: Head) -> EncoderModel:
    """The model with a head; always the same weights, and a copy of its own for each caller."""
    return copy.deepcopy(_made(words, head))


@functools.cache
def _made(words: int, head: Head) -> EncoderModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone = TinyBackbone(words)
        model = WithHead(backbone, head, None if head.per_token else "mean")
        for parameter in model.parameters():  # larger than usual, so that predictions differ
            parameter.data += 0.2 * torch.randn_like(parameter)
    return model.eval()
