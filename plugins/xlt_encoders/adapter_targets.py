"""Which linear layers of an architecture get an adapter. Imports torch: import it late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_Names = Mapping[str, Sequence[str]]
"""Of layers, by the name of an architecture."""

_LORA: _Names = {
    "eurobert": ("q_proj", "v_proj"),
    "modernbert": ("Wqkv",),
    "new": ("qkv_proj",),  # GTE's
    "xlm": ("q_lin", "v_lin"),
}
"""Queries and values (Hu et al. 2022) in architectures for which peft has no default."""

_IA3: _Names = {
    "eurobert": ("k_proj", "v_proj", "down_proj"),
    "xlm": ("k_lin", "v_lin", "lin2"),
    "xlm-roberta": ("key", "value", "output.dense"),
}
"""Keys, values and the feed-forward block's second layer (Liu et al. 2022), likewise."""

_FEEDFORWARD: _Names = {
    "eurobert": ("down_proj",),
    "xlm": ("lin2",),
    "xlm-roberta": ("output.dense",),
}


def usual_targets(model: PreTrainedModel, kind: str) -> Sequence[str]:
    """The layers that a kind of adapter usually adapts; empty where that is not known."""
    from peft.utils import constants

    known: _Names = constants.TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
    if kind == "ia3":
        known = constants.TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING
    architecture = str(model.config.model_type)
    own = _IA3 if kind == "ia3" else _LORA
    return known.get(architecture) or own.get(architecture) or ()


def feedforward(model: PreTrainedModel, targets: Sequence[str]) -> list[str]:
    """Those of the targets whose input IA3 scales, and not their output."""
    from peft.utils import constants

    known: _Names = constants.TRANSFORMERS_MODELS_TO_IA3_FEEDFORWARD_MODULES_MAPPING
    architecture = str(model.config.model_type)
    names = known.get(architecture) or _FEEDFORWARD.get(architecture) or ()
    return [target for target in targets if target in names]


def linear_names(
    model: PreTrainedModel, head: Iterable[nn.Parameter]
) -> tuple[list[str], list[str]]:
    """The names of the linear layers of an encoder, and of those of its head."""
    from transformers.pytorch_utils import Conv1D

    of_head = {id(parameter) for parameter in head}
    names: tuple[list[str], list[str]] = ([], [])
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | Conv1D):
            trained = any(id(p) in of_head for p in module.parameters(recurse=False))
            names[trained].append(name)
    return names


def matching(target: str, names: Iterable[str]) -> list[str]:
    """The names that a target means: itself, or ending with it."""
    return [name for name in names if name == target or name.endswith(f".{target}")]
