"""AdamW and its schedule, in the field's usual form."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.errors import UserError
from xlt_cli.models.layers import layers_above
from xlt_cli.spec import Stage


def build(
    model: EncoderModel,
    stage: Stage,
    device: torch.device,
    more: Sequence[torch.nn.Parameter] = (),
    own: Iterable[torch.nn.Parameter] = (),
) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; vectors (biases, norms) are not decayed.

    Each group keeps its peak learning rate under `peak`: in the last layer the stage's, in each
    layer below `layer_decay` times that of the one above, in the embeddings once more so (Howard
    and Ruder 2018, section 3.2). On CUDA rates are tensors, so that an update can be recorded.

    Args:
        more: matrices of the embeddings that are not among the model's parameters.
        own: parameters of perturbations; at the head's rate, for they are new as well.

    Raises:
        UserError: the rates are to decay over layers, and the model has none.
    """
    assert isinstance(model, torch.nn.Module)
    head = {id(parameter) for parameter in model.head_parameters()}
    head_rate = stage.head_learning_rate or stage.learning_rate
    above = layers_above(model) if stage.layer_decay < 1 else {}
    if stage.layer_decay < 1 and not above:
        raise UserError(
            f"{type(model).__name__} has no layers with separate weights",
            "layer_decay",
            "omit layer_decay",
        )
    groups: dict[tuple[bool, int, bool], list[torch.nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            in_head = id(parameter) in head
            depth = 0 if in_head else above.get(id(parameter), 0)
            groups.setdefault((in_head, depth, parameter.ndim > 1), []).append(parameter)
    if more:
        groups.setdefault((False, max(above.values(), default=0), True), []).extend(more)
    for parameter in own:
        groups.setdefault((True, 0, parameter.ndim > 1), []).append(parameter)
    on_gpu = device.type == "cuda"
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": torch.tensor(0.0, device=device) if on_gpu else 0.0,
                "peak": head_rate if in_head else stage.learning_rate * stage.layer_decay**depth,
                "weight_decay": stage.weight_decay if decayed else 0.0,
            }
            for (in_head, depth, decayed), parameters in sorted(groups.items())
        ],
        fused=device.type in ("cuda", "cpu"),
        capturable=on_gpu,
    )


def peak_of(steps: torch.optim.Optimizer, parameter: torch.nn.Parameter) -> float:
    """The peak learning rate of one of the optimizer's parameters."""
    peaks = {id(p): group["peak"] for group in steps.param_groups for p in group["params"]}
    return float(peaks[id(parameter)])


def set_rates(optimizer: torch.optim.Optimizer, stage: Stage, step: int, total: int) -> float:
    """Sets the rates for update `step` (from 0) of `total`; returns the last layer's."""
    factor = rate_factor(stage, step, total)
    for group in optimizer.param_groups:
        if torch.is_tensor(group["lr"]):
            group["lr"].fill_(group["peak"] * factor)
        else:
            group["lr"] = group["peak"] * factor
    return stage.learning_rate * factor


def clip(
    parameters: Sequence[torch.nn.Parameter],
    limit: float,
    table: torch.Tensor | None = None,
    used: torch.Tensor | None = None,
) -> torch.Tensor:
    """Scales the gradients so that their common l2 norm is at most `limit`; returns the norm.

    Args:
        table: the one of the parameters most of whose rows have no gradient.
        used: its rows that may have one, in an order that does not depend on what else is in it:
            the norm is then the same to the bit, however many rows there are.
    """
    gradients = [p.grad for p in parameters if p.grad is not None and p is not table]
    if table is not None and table.grad is not None:
        gradients.append(table.grad if used is None else table.grad[used])
    norm = torch.nn.utils.get_total_norm(gradients)
    torch.nn.utils.clip_grads_with_norm_(parameters, limit, norm)
    return norm


def rate_factor(stage: Stage, step: int, total: int) -> float:
    """Linear warm-up, then constant, linear to 0 (Devlin et al. 2019) or along half a cosine.

    As in transformers, but that the first update is not spent on a rate of exactly 0.
    """
    share = stage.warmup
    warmup = math.ceil(round(share * total, 6)) if share is not None else stage.warmup_steps or 0
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if stage.schedule == "constant":
        return 1.0
    left = (total - step) / max(1, total - warmup)
    return left if stage.schedule == "linear" else (1 + math.cos(math.pi * (1 - left))) / 2
