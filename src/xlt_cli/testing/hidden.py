"""Hidden states drawn at random, with the batch of pairs of texts that they belong to."""

from __future__ import annotations

import torch

from xlt_cli.api import Batch

LENGTHS = ((3, 2), (1, 4), (2, 2), (0, 0))
"""Of the two texts of each row, in tokens; `<s> u </s> v </s>`."""


def hidden_states(size: int) -> tuple[torch.Tensor, Batch]:
    """Hidden states [B, L, size], and their batch."""
    width = max(sum(pair) for pair in LENGTHS) + 3
    shape = (len(LENGTHS), width)
    generator = torch.Generator().manual_seed(1)
    mask = torch.zeros(shape, dtype=torch.long)
    texts = torch.zeros(shape, dtype=torch.long)
    special = torch.ones(shape, dtype=torch.bool)
    for row, (first, second) in enumerate(LENGTHS):
        mask[row, : first + second + 3] = 1
        special[row, 1 : 1 + first] = False
        special[row, 2 + first : 2 + first + second] = False
        texts[row, 2 + first :] = 1
    batch = Batch(
        torch.randint(20, shape, generator=generator),
        mask,
        torch.zeros(shape, dtype=torch.long),
        special,
        texts,
        [("en", "de")] * len(LENGTHS),
        torch.zeros(len(LENGTHS), dtype=torch.long),
    )
    return torch.randn(*shape, size, generator=generator), batch
