"""AdamW and its schedule, in the field's usual form."""

from __future__ import annotations

import math

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.spec import Stage


def build(model: EncoderModel, stage: Stage, device: torch.device) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; vectors (biases, norms) are not decayed.

    Each group keeps its peak learning rate under `peak`.
    """
    assert isinstance(model, torch.nn.Module)
    head = {id(parameter) for parameter in model.head_parameters()}
    head_rate = stage.head_learning_rate or stage.learning_rate
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            kind = (id(parameter) in head, parameter.ndim > 1)
            groups.setdefault(kind, []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "peak": head_rate if in_head else stage.learning_rate,
                "weight_decay": stage.weight_decay if decayed else 0.0,
            }
            for (in_head, decayed), parameters in sorted(groups.items())
        ],
        lr=stage.learning_rate,
        fused=device.type in ("cuda", "cpu"),
    )


def set_rates(optimizer: torch.optim.Optimizer, stage: Stage, step: int, total: int) -> float:
    """Sets the rates for update `step` (from 0) of `total`; returns the body's."""
    factor = rate_factor(stage, step, total)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor
    return stage.learning_rate * factor


def rate_factor(stage: Stage, step: int, total: int) -> float:
    """Linear warm-up, then constant or linear to 0 (Devlin et al. 2019).

    As in transformers, but that the first update is not spent on a rate of exactly 0.
    """
    warmup = math.ceil(round(stage.warmup * total, 6))
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if stage.schedule == "constant":
        return 1.0
    return (total - step) / max(1, total - warmup)
