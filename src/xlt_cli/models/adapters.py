"""The adapter that a stage trains in place of a model's weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from xlt_cli.api import EncoderModel
from xlt_cli.errors import UserError
from xlt_cli.spec import Stage

METHODS = ("check_adapter", "adapt", "merge_adapter", "drop_adapter")


def begin(model: EncoderModel, stages: Sequence[Stage], name: str, seed: int) -> str:
    """Gives a model that a stage begins with the adapter that the stage trains.

    Args:
        stages: the stage, and those that come after it, whose adapters are checked as well.
        name: of the encoder.
        seed: of the new adapter's weights.

    Returns:
        What is to be said of it; empty if there is no adapter.

    Raises:
        UserError: the model cannot have the adapter.
    """
    wanted = stages[0].adapter
    kept = about(model)
    if wanted is None and kept is None:
        _check(model, stages, name)
        return ""
    if wanted is not None and wanted.new() is None:
        if kept is None:
            raise UserError("the model of the stage before has no adapter", f"encoder '{name}'")
        return f"goes on with {described(kept)}, which the stage before kept"
    taker = _taker(model, name)
    said = []
    if kept is not None:
        drops = wanted is not None and wanted.over == "base"
        (taker.drop_adapter if drops else taker.merge_adapter)()
        done = "left out" if drops else "merged into the weights"
        said.append(f"the adapter that the stage before kept is {done}")
    _check(model, stages, name)
    new = None if wanted is None else wanted.new()
    if new is not None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            taker.adapt(new)
        said.append(f"trains {described(about(model) or {})}")
    return "; ".join(said)


def about(model: EncoderModel) -> dict[str, Any] | None:
    """What a model's adapter is; None if it has none."""
    for owner in (model, getattr(model, "backbone", None)):
        adapter: dict[str, Any] | None = getattr(owner, "adapter", None)
        if adapter is not None:
            return adapter
    return None


def merge(model: EncoderModel) -> EncoderModel:
    """The model with its adapter merged into its weights, if it has one."""
    if about(model) is not None:
        _taker(model, "").merge_adapter()
    return model


def described(adapter: dict[str, Any]) -> str:
    """An adapter in words."""
    rank = f" of rank {adapter['rank']}" if "rank" in adapter else ""
    return (
        f"a {adapter['kind']} adapter{rank} in {adapter['modules']} layers "
        f"({', '.join(adapter['targets'])}): {adapter['parameters']:,} weights"
    )


def _check(model: EncoderModel, stages: Sequence[Stage], name: str) -> None:
    for stage in stages:
        new = None if stage.adapter is None else stage.adapter.new()
        if new is not None:
            _taker(model, name).check_adapter(new)


def _taker(model: EncoderModel, name: str) -> Any:
    """The model, or what is below a head of xlt's own, if it takes adapters."""
    for owner in (model, getattr(model, "backbone", None)):
        if all(callable(getattr(owner, method, None)) for method in METHODS):
            return owner
    raise UserError(
        "the encoder's model cannot be trained through adapters",
        f"encoder '{name}'",
        "leave `adapter` out",
    )
