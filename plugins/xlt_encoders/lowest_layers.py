"""An encoder of fewer layers, made of the lowest ones of a pretrained one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xlt_cli.api import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

_NUMBER = re.compile(r"\.(\d+)\.")


def keep_lowest(config: PreTrainedConfig, count: int) -> bool:
    """Changes a config so that a model of it has the lowest `count` layers.

    Lists with one entry for each layer are cut as well: `layer_types` of ModernBERT,
    `attention_window` of Longformer. Returns False where the model has just so many.

    Raises:
        UserError: there are fewer layers, or the architecture's depth cannot be set.
    """
    total = getattr(config, "num_hidden_layers", None)
    if not isinstance(total, int):
        raise UserError(f"'{config.model_type}' models do not state their layers", "layers")
    if count > total:
        raise UserError(
            f"the lowest {count} layers are asked for, but the encoder has {total}",
            "layers",
            f"give a number from 1 to {total}",
        )
    if count == total:
        return False
    try:
        config.num_hidden_layers = count
    except NotImplementedError:  # Funnel's are in blocks
        raise UserError(
            f"the layers of '{config.model_type}' models cannot be left out", "layers"
        ) from None
    for name, value in list(vars(config).items()):
        by_layer = "layer" in name or name == "attention_window"
        if by_layer and isinstance(value, list) and len(value) == total:
            setattr(config, name, value[:count])
    return True


def is_above(name: str, count: int | None) -> bool:
    """Whether a weight is one of a layer that is left out."""
    number = _NUMBER.search(name)
    return count is not None and number is not None and int(number.group(1)) >= count
