"""Conditions: their classes, and what their methods return."""

from __future__ import annotations

import inspect
import json
import math
import typing
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from xlt_cli.api import (
    Answer,
    Condition,
    Example,
    MeasuredTable,
    Place,
    Reply,
    Seam,
    Search,
    Searched,
)
from xlt_cli.errors import did_you_mean
from xlt_cli.registry.calls import Call, calling, described
from xlt_cli.registry.checks.examples import type_name
from xlt_cli.registry.checks.perturbations import check_replacement, problems_fault, segmenter
from xlt_cli.registry.checks.values import (
    all_texts,
    anything,
    are_texts,
    fingerprint,
    is_property,
    listed,
    text,
)
from xlt_cli.registry.kinds import PluginKind

PLACES: tuple[str, ...] = typing.get_args(Place)
TAKEN = ("id", "first", "second", "gold", "predicted", "probabilities")
"""What a stored prediction has already."""
COUNTED = "queries"
"""What the runner adds to the values of a search."""


def replacement(call: Call, value: Any, example: Example, rng: Any) -> Example:
    """The example that stands in for one, its label still true."""
    if not isinstance(value, type(example)):
        raise call.wrong(value, f"a {type_name(example)}")
    if value is not example:
        check_replacement(call, example, value)
    edited: Example = value
    return edited


def answer(call: Call, value: Any, seam: Seam) -> Answer:
    """Logits for each example, and numbers by name."""
    import torch

    if not isinstance(value, Answer):
        raise call.wrong(value, "an Answer")
    count, logits = len(seam.batch), value.logits
    is_tensor = isinstance(logits, torch.Tensor) and logits.is_floating_point()
    if not is_tensor or logits.dim() not in (2, 3) or len(logits) != count:
        said = f"an Answer whose logits are {described(logits)}"
        raise call.refused(f"returned {said}; expected a floating-point tensor [{count}, ...]")
    abstained = value.abstained
    if abstained is not None and not (
        isinstance(abstained, torch.Tensor)
        and abstained.dtype == torch.bool
        and tuple(abstained.shape) == (count,)
    ):
        said = f"an Answer whose `abstained` is {described(abstained)}"
        raise call.refused(f"returned {said}; expected a tensor of booleans [{count}]")
    if not isinstance(value.values, Mapping) or not all_texts(value.values):
        raise call.refused("returned an Answer whose `values` are not a mapping of names")
    for name, numbers in value.values.items():
        if name in TAKEN:
            raise call.refused(f"returned a value '{name}', which is a field of every prediction")
        if not isinstance(numbers, torch.Tensor) or tuple(numbers.shape) != (count,):
            raise call.refused(
                f"returned as '{name}' {described(numbers)}; expected a tensor [{count}]"
            )
    return value


def search(call: Call, value: Any, example: Example, rng: Any) -> Search:
    """A generator, each of whose steps is checked."""
    if not isinstance(value, Generator):
        raise call.wrong(value, "a generator")
    return _steps(call, value, example)


def _steps(call: Call, steps: Search, example: Example) -> Search:
    replies: Sequence[Reply] | None = None
    while True:
        try:
            with calling(call, passing=(StopIteration,)):
                asked = next(steps) if replies is None else steps.send(replies)
        except StopIteration as stop:
            return _searched(call, stop.value, example)
        if not isinstance(asked, list | tuple):
            raise call.refused(f"yielded {described(asked)}; expected a list of examples")
        for other in asked:
            check_replacement(call, example, other)
        replies = yield asked


def _searched(call: Call, value: Any, example: Example) -> Searched:
    if not isinstance(value, Searched):
        raise call.wrong(value, "a Searched")
    if not isinstance(value.reply, Reply):
        raise call.refused(f"returned a Searched whose `reply` is {described(value.reply)}")
    check_replacement(call, example, value.example)
    if not isinstance(value.values, Mapping) or not all_texts(value.values):
        raise call.refused("returned a Searched whose `values` are no mapping of names")
    for name, number in value.values.items():
        if name in (*TAKEN, COUNTED):
            raise call.refused(f"returned a value '{name}', which is a field of every prediction")
        if not isinstance(number, int | float) or not math.isfinite(number):
            raise call.refused(f"returned as '{name}' {described(number)}; expected a number")
    return value


def figures(call: Call, value: Any, *_: Any) -> dict[str, Any]:
    """Figures by name, as JSON holds them; those that its class states."""
    if not isinstance(value, dict) or not all_texts(value):
        raise call.wrong(value, "a dict of figures by name")
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise call.refused(f"returned figures that are not JSON values: {error}") from None
    measured = getattr(call.owner, "measured", None)
    stated = [column.name for column in measured.columns] if measured is not None else []
    missing = [name for name in stated if name not in value]
    if missing:
        raise call.refused(f"returned no '{missing[0]}', which its `measured` names")
    return value


def sentences(call: Call, value: Any, *_: Any) -> tuple[str, ...]:
    """Notes, all of them texts."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not all_texts(value):
        raise call.refused(f"returned {listed(value)}; expected a list of texts")
    return tuple(value)


def fault(plugin: type[Condition]) -> str:
    """What keeps a class from being a condition."""
    acts = inspect.getattr_static(plugin, "acts", ())
    if not is_property(acts):
        if not are_texts(acts):
            return f"acts = {acts!r} is not a tuple of places"
        for word in acts:
            if word not in PLACES:
                return f"acts names '{word}': {did_you_mean(word, PLACES)}"
        if "segmentation" in acts and plugin.segmenter is Condition.segmenter:
            return "acts on segmentation but does not define segmenter"
        if "search" in acts and plugin.search is Condition.search:
            return "searches and does not define search"
        if "search" in acts and len(acts) > 1:
            return f"acts = {acts!r}: a search acts nowhere else"
    measured = inspect.getattr_static(plugin, "measured", None)
    if (
        measured is not None
        and not is_property(measured)
        and not isinstance(measured, MeasuredTable)
    ):
        return f"measured = {measured!r} is not a MeasuredTable"
    former: object = plugin.former_field
    if not isinstance(former, str):
        return f"former_field = {former!r} is not a text"
    stress: object = plugin.for_stress
    wanted = {"perturbation", "strength", "draws", "seed"}
    if stress and not wanted <= set(plugin.Params.model_fields):
        return f"for_stress = {stress!r}, and Params has not all of {', '.join(sorted(wanted))}"
    if "draws" in plugin.Params.model_fields and "seed" not in plugin.Params.model_fields:
        return "Params has a field 'draws' and none named 'seed', which each draw has its own of"
    return problems_fault(plugin)


KIND = PluginKind(
    "condition",
    Condition,
    "changes of an evaluation's inputs or of its predictions",
    {
        Condition: {
            "problem_fault": text,
            "accept": anything,
            "fetch": anything,
            "fingerprint": fingerprint,
            "edit": replacement,
            "segmenter": segmenter,
            "answer": answer,
            "search": search,
            "figures": figures,
            "notes": sentences,
        }
    },
    attributes=("acts", "problems", "measured", "seed", "draws", "strength", "seconds"),
    written="in a spec, of an evaluation:  conditions: [{use}]",
    fault=fault,
)
