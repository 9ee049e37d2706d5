"""Which parts of an encoder are frozen. Imports torch: import it late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from xlt_cli.api import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def embedding_modules(base: PreTrainedModel) -> list[nn.Module]:
    """Everything before the first layer: the base model's children whose names contain "emb".

    That is one module in BERT and its kin, and four in XLM (words, positions, languages, norm).

    Raises:
        UserError: if the architecture has no such module.
    """
    modules = [module for name, module in base.named_children() if "emb" in name]
    if not modules:
        raise UserError(
            f"{type(base).__name__} has no embeddings that xlt can freeze",
            "freeze_embeddings",
            "omit freeze_embeddings",
        )
    return modules


def first_layers(base: PreTrainedModel, count: int) -> list[nn.Module]:
    """The modules of the first `count` layers.

    Layers are the entries of each list that has one entry per layer: one list in BERT and its
    kin, four in XLM (attentions, ffns and their norms).

    Raises:
        UserError: if there are fewer layers, or the architecture has no such lists (ALBERT shares
            one layer's weights).
    """
    total = int(base.config.num_hidden_layers)
    if count > total:
        raise UserError(
            f"{count} layers are to be frozen, but the encoder has {total}",
            "freeze_layers",
            f"give a number from 0 to {total}",
        )
    lists: dict[str, nn.ModuleList] = {}
    for name, module in base.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer in lists)
        if isinstance(module, nn.ModuleList) and len(module) == total and not inside:
            lists[name] = module
    if count and not lists:
        raise UserError(
            f"the layers of {type(base).__name__} cannot be frozen one by one",
            "freeze_layers",
            "omit freeze_layers",
        )
    return [layer for modules in lists.values() for layer in modules[:count]]
