"""What names runs, evaluations and analyses: the part of a spec that makes them what they are.

Only what differs from the defaults is hashed, so that a spec or a plugin that gains an optional
field leaves every name as it is. A default must therefore keep its value as long as `FORMAT` does:
with another value, a name would mean another training.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from xlt_cli import registry
from xlt_cli.compute.devices import resolve_precision
from xlt_cli.spec import Evaluation, ExperimentSpec, PerturbationUse, PluginUse, Smoothing, Stage
from xlt_cli.spec.stated import stated

FORMAT = 2
"""Of names; those of version 1 were hashes of all values, defaults included."""

_NOT_TRAINED = ("name", "evaluations", "seeds", "device", "keep", "sweep")
"""Fields of a spec that make no other training."""

_DIGITS = 12
"""Of proportions: 1 - 0.7 is 0.30000000000000004."""


def identity(spec: ExperimentSpec, seed: int, precision: str | None = None) -> str:
    """Sixteen hexadecimal digits that name what is trained: encoder, stages, precision, seed.

    The spec's name, its evaluations, device, sweep and what it keeps are left out: the same
    training is the same run, whatever it is then tested on.

    Args:
        precision: what `auto` is on the device that trains; None to look, with torch.

    Raises:
        PluginError: a plugin of the spec is unknown.
        pydantic.ValidationError: its parameters are not those of this spec.
    """
    trained = {name: value for name, value in stated(spec).items() if name not in _NOT_TRAINED}
    content = {
        **trained,
        "format": FORMAT,
        "encoder": plugin_stated(spec.encoder, "encoder"),
        "stages": [_stage(stage) for stage in spec.stages],
        "precision": precision or resolve_precision(spec.device, spec.precision),
        "seed": seed,
    }
    return _digest(content)[:16]


def evaluation_stated(evaluation: Evaluation) -> dict[str, Any]:
    """What makes an evaluation's cells what they are: task, split, limit, smoothing.

    Its languages and settings say which cells there are, not what they hold.
    """
    assert evaluation.task is not None
    about = stated(evaluation)
    for name in ("languages", "settings"):
        about.pop(name, None)
    about["task"] = plugin_stated(evaluation.task, "task")
    if evaluation.smoothing is not None:
        about["smoothing"] = _smoothing(evaluation.smoothing)
    return about


def key(content: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits for what an evaluation, or records of an analysis, are of."""
    return _digest({**content, "format": FORMAT})[:8]


def plugin_stated(use: PluginUse, kind: str) -> dict[str, Any]:
    """A plugin's name, and those of its parameters that are not at their defaults."""
    plugin = registry.get(kind, use.name)
    return {"name": use.name, **stated(plugin.Params.model_validate(use.params))}


def _stage(stage: Stage) -> dict[str, Any]:
    content = stated(stage)
    content["task"] = plugin_stated(stage.task, "task")
    if stage.perturbation:
        content["perturbation"] = [_perturbation(use) for use in stage.perturbation]
    if stage.head_learning_rate == stage.learning_rate:
        content.pop("head_learning_rate", None)  # its default, written out
    return content


def _perturbation(use: PerturbationUse) -> dict[str, Any]:
    shared = {} if use.proportion is None else {"proportion": round(use.proportion, _DIGITS)}
    return {**plugin_stated(use, "perturbation"), **shared}


def _smoothing(smoothing: Smoothing) -> dict[str, Any]:
    return {**stated(smoothing), "noise": plugin_stated(smoothing.noise, "perturbation")}


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
