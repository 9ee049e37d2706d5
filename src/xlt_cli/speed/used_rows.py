"""Training only those rows of the word-embedding table that a stage's texts use; exactly.

A multilingual table has some 250,000 rows, of which a stage in one language uses a tenth. AdamW
moves a row that has never had a gradient by nothing but weight decay: its moments are zero. So the
used rows are trained as a small table of their own, and what decay does to the others is made up
for when the whole table is needed, with the same multiplications in the same order: on a CPU in
float32 the weights are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import functional

STEP = 4096
"""The small table grows by so many rows, so that its shape seldom changes."""

BLOCK = 1 << 16
"""Elements that are multiplied again and again while they are in the processor's cache."""


class UsedRows:
    """The rows of a table that are trained, as a parameter of their own.

    While the module is in training mode, it looks tokens up in `weight`; in evaluation mode, and
    before there are any ids, in the whole table, which `write_back` has to bring up to date first.

    Attributes:
        weight: the trained rows, [R, D]; R is at least the number of `ids`.
        ids: the whole table's row of each, in order of admission.
    """

    def __init__(self, table: nn.Embedding, ids: Iterable[int] = ()) -> None:
        self.table = table
        self.ids: list[int] = []
        self.place = torch.full((table.num_embeddings,), -1, device=table.weight.device)
        self.weight = nn.Parameter(table.weight.detach()[:0].clone())
        self._padding: int | None = None
        self._factors: list[float] = []
        self._synced = True
        table.weight.requires_grad_(False)
        table.forward = self._look_up  # type: ignore[method-assign, assignment]
        self.admit(ids)

    def admit(self, ids: Iterable[int]) -> bool:
        """Takes rows in that are not in yet; True if `weight` has another shape now.

        Optimizers of the old `weight` have to be brought along: see `grow`.
        """
        known = set(self.ids)
        new = sorted({int(i) for i in ids} - known)
        if not new:
            return False
        self.write_back()  # rows that come in have decayed until now
        device = self.table.weight.device
        first = len(self.ids)
        self.ids += new
        index = torch.tensor(new, device=device)
        self.place[index] = torch.arange(first, len(self.ids), device=device)
        if self.table.padding_idx is not None and self.table.padding_idx in new:
            self._padding = self.ids.index(self.table.padding_idx)
        capacity = -(-len(self.ids) // STEP) * STEP
        changed = capacity != len(self.weight)
        with torch.no_grad():
            if changed:
                data = self.weight.new_zeros((capacity, self.weight.shape[1]))
                data[:first] = self.weight[:first]
                self.weight.data = data
                self.weight.grad = None
            self.weight[first : len(self.ids)] = self.table.weight[index]
        return changed

    def grow(self, optimizer: torch.optim.Optimizer) -> None:
        """Gives new rows an optimizer's state: none, as if they had been there all the time."""
        state = optimizer.state.get(self.weight)
        if not state:
            return
        for name, value in state.items():
            if torch.is_tensor(value) and value.dim() == 2 and len(value) != len(self.weight):
                grown = value.new_zeros(self.weight.shape)
                grown[: len(value)] = value
                state[name] = grown

    def stepped(self, rate: float, weight_decay: float) -> None:
        """Notes an update, whose decay is still to be made up for in the rows that are not here."""
        self._factors.append(1 - rate * weight_decay)
        self._synced = False

    @torch.no_grad()
    def write_back(self) -> None:
        """Brings the whole table up to date."""
        if self._synced:
            return
        factors = [factor for factor in self._factors if factor != 1.0]
        weight = self.table.weight
        flat = weight.view(-1)
        size = BLOCK if weight.device.type == "cpu" else flat.numel()
        for start in range(0, flat.numel() if factors else 0, size):
            block = flat[start : start + size]
            for factor in factors:
                block.mul_(factor)
        index = torch.tensor(self.ids, device=weight.device)
        weight[index] = self.weight[: len(self.ids)]
        self._factors, self._synced = [], True

    def release(self) -> None:
        """Makes the module an ordinary one again, up to date."""
        self.write_back()
        del self.table.forward
        self.table.weight.requires_grad_(True)

    def _look_up(self, ids: torch.Tensor) -> torch.Tensor:
        if not self.table.training or not self.ids:
            return functional.embedding(ids, self.table.weight, self.table.padding_idx)
        return functional.embedding(self.place[ids], self.weight, self._padding)
