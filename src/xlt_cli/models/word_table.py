"""The table of word embeddings, where one module looks all tokens up."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from xlt_cli.api import Batch, EncoderModel

WORTH = 8192
"""Rows from which on a table is worth a treatment of its own."""


def word_table(model: EncoderModel, probe: Batch) -> nn.Embedding | None:
    """The module that looks a batch's tokens up, if it is one that can be trained in parts.

    It must be a plain one (`own_table`) whose weight is trained and large.
    """
    table = own_table(model, probe)
    if table is None:
        return None
    plain = table.max_norm is None and not table.scale_grad_by_freq and not table.sparse
    fits = plain and table.weight.requires_grad and table.num_embeddings >= WORTH
    return table if fits else None


def own_table(model: EncoderModel, probe: Batch) -> nn.Embedding | None:
    """The module that looks a batch's tokens up, if its weight is no other module's as well.

    It must be a `torch.nn.Embedding` that is asked for exactly the batch's ids, once.
    """
    assert isinstance(model, nn.Module)
    asked: list[nn.Embedding] = []

    def see(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if len(inputs) == 1 and torch.equal(inputs[0], probe.input_ids):
            assert isinstance(module, nn.Embedding)
            asked.append(module)

    tables = [module for module in model.modules() if type(module) is nn.Embedding]
    hooks = [table.register_forward_hook(see) for table in tables]
    try:
        with torch.no_grad():
            model.embed(probe)
    finally:
        for hook in hooks:
            hook.remove()
    if len(asked) != 1:
        return None
    table = asked[0]
    # A tied weight is listed once per use.
    owners = [m for m in model.modules() for p in m.parameters(recurse=False) if p is table.weight]
    return table if len(owners) == 1 else None
