"""What names runs, evaluations and analyses: the part of a spec that makes them what they are.

Only what differs from the defaults is hashed, so that a spec or a plugin that gains an optional
field leaves every name as it is. A default must therefore keep its value as long as `FORMAT` does:
with another value, a name would mean another training.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from xlt_cli import registry
from xlt_cli.compute.devices import resolve_precision
from xlt_cli.spec import (
    Dev,
    Evaluation,
    Exclusion,
    ExperimentSpec,
    MoreRows,
    PerturbationUse,
    PluginUse,
    Stage,
)
from xlt_cli.spec.parts import parts_of
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


def stage_key(spec: ExperimentSpec, stage: Stage, made_from: Mapping[str, Any]) -> str:
    """Twenty-four hexadecimal digits that name a trained stage, whatever runs share it.

    Args:
        made_from: what it is trained from besides its spec: the stage before, data, seed.
    """
    content = {
        **made_from,
        "format": FORMAT,
        "encoder plugin": plugin_stated(spec.encoder, "encoder"),
        "max_length": spec.max_length,
        "stage": _stage(stage),
    }
    return _digest(content)[:24]


def evaluation_stated(evaluation: Evaluation) -> dict[str, Any]:
    """What makes an evaluation's cells what they are: task, split, limit.

    Its languages, settings and conditions say which cells there are, and each condition has a key
    of its own; one that is written as a field is part of what all cells are. Metrics are computed
    from the cells.
    """
    assert evaluation.task is not None
    about = stated(evaluation)
    for name in ("languages", "settings", "conditions", "metric", "metrics", "allow_overlap"):
        about.pop(name, None)
    about["task"] = plugin_stated(evaluation.task, "task")
    if evaluation.former is not None:
        given = plugin_stated(evaluation.former, "condition")
        about[given.pop("name")] = given
    return about


def condition_key(use: PluginUse, fingerprint: Mapping[str, str]) -> str:
    """What names the cells of a condition: what it was given, and the data that it works with."""
    content = {"condition": plugin_stated(use, "condition"), "fingerprint": dict(fingerprint)}
    return f"{re.sub('[^A-Za-z0-9._-]', '-', use.name)}-{key(content)}"


def key(content: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits for what an evaluation, or records of an analysis, are of."""
    return _digest({**content, "format": FORMAT})[:8]


def plugin_stated(use: PluginUse, kind: str) -> dict[str, Any]:
    """A plugin's name, and those of its parameters that are not at their defaults.

    Also its version, if its author has raised it; a parameter's name cannot have a space.
    """
    plugin = registry.get(kind, use.name)
    params = plugin.Params.model_validate(use.params)
    parts = {name: plugin_stated(part, of_kind) for name, of_kind, part in parts_of(params)}
    version = {} if plugin.version == 1 else {"plugin version": plugin.version}
    return {"name": use.name, **stated(params), **parts, **version}


def _stage(stage: Stage) -> dict[str, Any]:
    content = stated(stage)
    content["task"] = plugin_stated(stage.task, "task")
    for field, rows in (("also", stage.also), ("exclude", stage.exclude)):
        if rows:
            content[field] = [_rows(each) for each in rows]
    if stage.perturbation:
        content["perturbation"] = [_perturbation(use) for use in stage.perturbation]
    if stage.dev is not None and "dev" in content:
        content["dev"] |= _metrics(stage.dev)
    if stage.head_learning_rate == stage.learning_rate:
        content.pop("head_learning_rate", None)  # its default, written out
    return content


def _rows(rows: MoreRows | Exclusion) -> dict[str, Any]:
    task = {} if rows.task is None else {"task": plugin_stated(rows.task, "task")}
    return {**stated(rows), **task}


def _metrics(dev: Dev) -> dict[str, Any]:
    """The metrics that dev names; those of the problem are no plugins."""
    known = registry.names("metric", disabled=True)

    def one(use: PluginUse) -> dict[str, Any]:
        return plugin_stated(use, "metric") if use.name in known else {"name": use.name}

    main = {} if dev.metric is None else {"metric": one(dev.metric)}
    return main | ({"metrics": [one(use) for use in dev.metrics]} if dev.metrics else {})


def _perturbation(use: PerturbationUse) -> dict[str, Any]:
    shared = {} if use.proportion is None else {"proportion": round(use.proportion, _DIGITS)}
    return {**plugin_stated(use, "perturbation"), **shared}


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
