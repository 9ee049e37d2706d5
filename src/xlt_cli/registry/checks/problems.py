"""Problems: their classes, and what their methods return."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from xlt_cli.api import Encoded, Metric, Prediction, Problem
from xlt_cli.errors import did_you_mean
from xlt_cli.registry.calls import Call, described
from xlt_cli.registry.checks.values import anything, is_property
from xlt_cli.registry.kinds import PluginKind

FLAGS = (
    "labelled", "grouped", "by_words", "pairs", "votes", "contrasts", "searches", "takes_criterion",
)  # fmt: skip
CLASSIFIED = ("", "rows", "tokens")


def encoded(call: Call, value: Any, examples: Sequence[Any], tokenizer: Any) -> list[Encoded]:
    """An `Encoded` of each example."""
    return _one_of_each(call, value, Encoded, len(examples), "example")


def targets(call: Call, value: Any, features: Sequence[Any], length: int) -> Any:
    """What is to be predicted, of each input."""
    if not isinstance(value, list | tuple) or len(value) != len(features):
        raise call.wrong(value, f"a list of {len(features)}: the target of each input")
    return value


def asked(call: Call, value: Any, features: Sequence[Any], length: int) -> Any:
    """The same number of positions for each input, or None."""
    if value is None:
        return None
    fits = isinstance(value, list | tuple) and len(value) == len(features)
    if not fits or len({len(row) for row in value}) != 1:
        raise call.wrong(value, f"a list of {len(features)}, each with as many positions, or None")
    return value


def losses(call: Call, value: Any, logits: Any, *_: Any) -> Any:
    """One loss of each row, with a gradient where the logits have one."""
    import torch

    count = len(logits)
    fits = isinstance(value, torch.Tensor) and tuple(value.shape) == (count,)
    if not fits or not value.is_floating_point():
        raise call.wrong(value, f"a tensor of shape [{count}], floating point: a loss of each row")
    if logits.requires_grad and torch.is_grad_enabled() and not value.requires_grad:
        raise call.wrong(value, "losses with a gradient")
    return value


def kept(call: Call, value: Any, logits: Any, features: Sequence[Any]) -> list[Any]:
    """What is kept of each input."""
    return _one_of_each(call, value, object, len(features), "input")


def predictions(
    call: Call, value: Any, kept: Any, features: Sequence[Any], tokenizer: Any
) -> list[Prediction]:
    """A `Prediction` of each example, in their order."""
    ids = [feature.id for feature in features if not feature.goes_on]
    made = _one_of_each(call, value, Prediction, len(ids), "example")
    if [prediction.id for prediction in made] != ids:
        strange = next(p for p, id_ in zip(made, ids, strict=True) if p.id != id_)
        raise call.refused(f"returned the prediction of example '{strange.id}' out of its place")
    return made


def of_each(call: Call, value: Any, predictions: Sequence[Any], *_: Any) -> list[Prediction]:
    """A `Prediction` for each one."""
    return _one_of_each(call, value, Prediction, len(predictions), "prediction")


def statistics(call: Call, value: Any, predictions: Sequence[Any]) -> Any:
    """A row of numbers for each prediction."""
    import numpy as np

    fits = isinstance(value, np.ndarray) and value.ndim == 2 and len(value) == len(predictions)
    if not fits:
        raise call.wrong(value, f"an array of {len(predictions)} rows: statistics of each example")
    return value


def takes_criterion(plugin: type[Problem]) -> bool:
    """Whether the class that the losses are defined in says that they are the criterion's."""
    owner = next(base for base in plugin.__mro__ if "losses" in vars(base))
    says = next(base for base in plugin.__mro__ if "takes_criterion" in vars(base))
    return issubclass(says, owner) and plugin.takes_criterion


def _one_of_each(call: Call, value: Any, kind: type[Any], count: int, what: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise call.wrong(value, f"a list of {kind.__name__}s")
    if not all(issubclass(own, kind) for own in set(map(type, value))):
        strange = next(member for member in value if not isinstance(member, kind))
        raise call.refused(f"returned a list with {described(strange)}; expected {kind.__name__}s")
    if len(value) != count:
        raise call.refused(f"returned {len(value)} {kind.__name__}s for {count} {what}s")
    return list(value)


def fault(plugin: type[Problem]) -> str:
    """What keeps a class from being a problem."""
    missing = sorted(getattr(plugin, "__abstractmethods__", ()))
    if missing:
        return f"does not define {', '.join(missing)}"
    if plugin.feature is Problem.feature and plugin.features is Problem.features:
        return "defines neither feature nor features"
    if not inspect.isclass(getattr(plugin, "example_type", None)):
        return "states no example_type (the class of its examples)"
    for name in FLAGS:
        if not isinstance(getattr(plugin, name), bool):
            return f"{name} = {getattr(plugin, name)!r} is neither True nor False"
    if plugin.classifies not in CLASSIFIED:
        hint = did_you_mean(str(plugin.classifies), CLASSIFIED[1:])
        return f"classifies = {plugin.classifies!r}: {hint}"
    if plugin.Params.model_fields:
        return "has parameters; a problem gets what it needs from its task, in `of`"
    metrics = inspect.getattr_static(plugin, "metrics")
    if not is_property(metrics) and not _are_metrics(metrics):
        return f"metrics = {metrics!r} is not a tuple of Metrics"
    return ""


def _are_metrics(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(member, Metric) for member in value)


KIND = PluginKind(
    "problem",
    Problem,
    "inputs, loss, decoding and metrics of a type of task",
    {
        Problem: {
            "check_example": anything,
            "encode": encoded,
            "asked": asked,
            "targets": targets,
            "losses": losses,
            "predict": kept,
            "decode": predictions,
            "best_threshold": anything,
            "above": of_each,
            "statistics": statistics,
            "score": anything,
        }
    },
    attributes=("head", "metrics", "scoring", "open_threshold"),
    fault=fault,
    from_params=False,
    written="a task states it as its `problem`",
)
