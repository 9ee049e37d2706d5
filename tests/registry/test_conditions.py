"""Conditions: what their classes state, and what their methods return."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from xlt_cli import registry
from xlt_cli.api import Answer, Condition, MeasuredColumn, MeasuredTable, SequenceExample
from xlt_cli.errors import PluginError
from xlt_cli.registry.guard import make

PAIR = SequenceExample("row-7", ("the cat", "the dog"), "yes", ("en", "en"))
SEAM: Any = SimpleNamespace(batch=[0, 1, 2])
LOGITS = torch.zeros(3, 2)


class Some(Condition):
    api_version = 1
    name = "some"
    summary = "a condition"
    acts = ("text", "answer")
    measured = MeasuredTable("some", "some", (MeasuredColumn("count", "count"),))


def answering(method: str, value: Any) -> Any:
    plugin = type("Odd", (Some,), {method: lambda self, *_: value})
    return make(plugin, plugin.Params())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "returned None; expected a SequenceExample"),
        ([PAIR], "returned a list of 1; expected a SequenceExample"),
        (replace(PAIR, label="no"), "its label is 'no', not 'yes'"),
        (replace(PAIR, id="row-8"), "row-8"),
        (replace(PAIR, texts=("one",)), "it has 1 texts, not 2"),
        (replace(PAIR, texts=("one", 2)), "its texts are"),
    ],
)
def test_an_edited_example_stands_for_the_one_it_was_made_of(value: Any, said: str) -> None:
    with pytest.raises(PluginError) as caught:
        answering("edit", value).edit(PAIR, random.Random(0))
    assert "condition 'some'" in str(caught.value)
    assert said in str(caught.value)


def test_sound_edits_are_taken() -> None:
    for value in (PAIR, replace(PAIR, texts=("a", "b"))):
        assert answering("edit", value).edit(PAIR, random.Random(0)) is value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (LOGITS, "expected an Answer"),
        (Answer(None), "whose logits are None"),  # type: ignore[arg-type]
        (Answer(torch.zeros(2, 2)), "expected a floating-point tensor [3, ...]"),
        (Answer(torch.zeros(3, 2, dtype=torch.long)), "expected a floating-point tensor"),
        (Answer(LOGITS, torch.zeros(3)), "expected a tensor of booleans [3]"),
        (Answer(LOGITS, torch.zeros(2, dtype=torch.bool)), "expected a tensor of booleans [3]"),
        (Answer(LOGITS, None, {"radius": torch.zeros(4)}), "as 'radius' a Tensor of shape [4]"),
        (
            Answer(LOGITS, None, {"gold": torch.zeros(3)}),
            "a value 'gold', which is a field of every prediction",
        ),
    ],
)
def test_answers_are_one_for_each_example(value: Any, said: str) -> None:
    with pytest.raises(PluginError) as caught:
        answering("answer", value).answer(SEAM)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("method", "value", "said"),
    [
        ("figures", [1], "expected a dict of figures by name"),
        ("figures", {"count": float("nan")}, "figures that are not JSON values"),
        ("figures", {"count": LOGITS}, "figures that are not JSON values"),
        ("figures", {}, "returned no 'count', which its `measured` names"),
        ("notes", "one note", "expected a list of texts"),
        ("notes", [1], "expected a list of texts"),
        ("fingerprint", {"lexicon": 3}, "expected a dict of texts"),
    ],
)
def test_what_is_said_beside_answers(method: str, value: Any, said: str) -> None:
    with pytest.raises(PluginError) as caught:
        getattr(answering(method, value), method)(*([[]] if method == "figures" else []))
    assert said in str(caught.value)


CLASS = """
from xlt_cli.api import Condition, PluginParams

class Odd(Condition):
    api_version = 1
    name = "odd"
    summary = "odd"
    {body}
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("acts = ('texts',)", "acts names 'texts': did you mean 'text'?"),
        ("acts = 'text'", "is not a tuple of places"),
        ("acts = ('segmentation',)", "does not define segmenter"),
        ("measured = 'radius'", "is not a MeasuredTable"),
        ("version = 0", "version = 0 is not a whole number, 1 or more"),
        ("version = '2'", "version = '2' is not a whole number, 1 or more"),
    ],
)
def test_classes_that_are_none(install: Callable[..., Path], body: str, said: str) -> None:
    source = CLASS.format(body=body)
    install("odd", {"xlt.conditions": {"odd": "odd_condition:Odd"}}, {"odd_condition": source})
    (entry,) = [e for e in registry.entries("condition") if e.name == "odd"]
    assert said in entry.error
