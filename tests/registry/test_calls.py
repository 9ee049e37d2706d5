"""An exception in a plugin names its kind, name, distribution, method, arguments and line."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from contract_tools import PAIR, RNG, SomeEncoder, SomeMethod, SomeTask, SomeText, answering

from xlt_cli import registry
from xlt_cli.api import DataError, Plugin, PluginError
from xlt_cli.errors import PluginFailure
from xlt_cli.registry.guard import guarded, make

Install = Callable[..., Path]

TASK = """\
from brk_helpers.lines import parse
from xlt_cli.api import Rows, Task
from xlt_cli.problems import SequenceClassification

class Brk(Task):
    api_version = 1
    name = "brk"
    summary = "a task that breaks"
    problem = SequenceClassification
    metric = "accuracy"

    @property
    def labels(self):
        return {}["labels"]

    def languages(self, split):
        return (1 / 0,)

    def load(self, split, language):
        return parse({})

    def fetch(self, split, language):
        import json
        json.loads("{")
"""
HELPER = """\
def parse(row):
    return row["x"]
"""


@pytest.fixture
def brk(install: Install) -> Any:
    """A task whose methods raise exceptions, installed with a package that it uses."""
    site = install("some-dist", {"xlt.tasks": {"brk": "brk_task:Brk"}}, {"brk_task": TASK})
    (site / "brk_helpers").mkdir()
    (site / "brk_helpers" / "__init__.py").write_text("")
    (site / "brk_helpers" / "lines.py").write_text(HELPER)
    plugin = registry.get("task", "brk")
    return make(plugin, plugin.Params())


@pytest.mark.parametrize(
    ("call", "what", "file"),
    [
        (
            lambda task: task.load("train", "en"),
            "failed in load('train', 'en'): KeyError: 'x' at brk_task.py:20",
            "brk_task.py:20",
        ),
        (
            lambda task: task.load("train", language="en"),
            "failed in load('train', 'en'): KeyError: 'x' at brk_task.py:20",
            "brk_task.py:20",
        ),
        (
            lambda task: task.languages("dev"),
            "failed in languages('dev'): ZeroDivisionError: division by zero at brk_task.py:17",
            "brk_task.py:17",
        ),
        (lambda task: task.labels, "failed in labels: KeyError: 'labels' at brk_task.py:14", ":14"),
        (lambda task: task.fetch("test", "de"), "failed in fetch('test', 'de'): JSON", "py:24"),
    ],
)
def test_kind_plugin_distribution_method_arguments_and_line(
    brk: Any, call: Any, what: str, file: str
) -> None:
    with pytest.raises(PluginFailure) as caught:
        call(brk)
    assert caught.value.what.startswith(f"task 'brk' (some-dist 1.0) {what}")
    assert caught.value.where.endswith(file)
    assert isinstance(caught.value.__cause__, KeyError | ArithmeticError | ValueError)


@pytest.mark.parametrize(
    ("base", "method", "call", "shown"),
    [
        (SomeTask, "missing", lambda p: p.missing("dev"), "missing('dev')"),
        (SomeTask, "check", lambda p: p.check(), "check()"),
        (
            SomeText,
            "perturb",
            lambda p: p.perturb(PAIR, RNG),
            "perturb(example 'row-7' (en-en), <Random>)",
        ),
        (SomeText, "fetch", lambda p: p.fetch(), "fetch()"),
        (SomeMethod, "phase", lambda p: p.phase(0.25), "phase(0.25)"),
        (SomeMethod, "parallel", lambda p: p.parallel(), "parallel()"),
        (SomeEncoder, "load_tokenizer", lambda p: p.load_tokenizer(), "load_tokenizer()"),
        (
            SomeEncoder,
            "load_model",
            lambda p: p.load_model(None, Path("a/b"), new_head=True),
            "load_model(None, 'a/b', True)",
        ),
        (SomeEncoder, "fingerprint", lambda p: p.fingerprint(), "fingerprint()"),
    ],
)
@pytest.mark.parametrize("error", [ValueError("no"), AssertionError(), SystemExit(3)])
def test_every_method_of_every_kind(
    base: type[Plugin], method: str, call: Any, shown: str, error: BaseException
) -> None:
    plugin = answering(base, method, error)
    with pytest.raises(PluginFailure) as caught:
        call(plugin)
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    assert f"'some' failed in {shown}: {said} at " in caught.value.what
    assert "contract_tools.py:" in caught.value.where


@pytest.mark.parametrize(
    ("base", "name"),
    [
        *((SomeTask, name) for name in ("metric", "aligned", "texts", "scheme", "labels")),
        *((SomeMethod, name) for name in ("gaussian", "companion", "speaks", "caveat")),
    ],
)
def test_attributes_that_a_class_computes(base: type[Plugin], name: str) -> None:
    def compute(self: Any) -> Any:
        raise LookupError("no row")

    plugin = type("Odd", (base,), {name: property(compute)})
    with pytest.raises(PluginFailure, match=rf"'some' failed in {name}: LookupError: no row at "):
        getattr(make(plugin, plugin.Params()), name)


@pytest.mark.parametrize(
    "error",
    [DataError("a row is broken", "rows.tsv:3"), PluginError("no"), KeyboardInterrupt()],
)
def test_what_is_meant_for_users_and_interruptions_pass_unchanged(error: BaseException) -> None:
    task = answering(SomeTask, "load", error)
    with pytest.raises(type(error)) as caught:
        task.load("train", "en")
    assert caught.value is error


def test_an_error_while_rows_or_examples_are_drawn_from_a_generator_is_the_plugins() -> None:
    def noise(*_: Any) -> Any:
        yield PAIR
        raise LookupError("no word")

    with pytest.raises(PluginFailure, match=r"perturb.*LookupError: no word at .*test_calls\.py"):
        answering(SomeText, "perturb", noise).perturb(PAIR, RNG)


def test_memory_that_is_exhausted_in_a_plugin_is_known_as_such() -> None:
    from xlt_cli.launch.memory import out_of_memory
    from xlt_cli.runs.atomic import is_disk_full

    for error, knows in (
        (torch.OutOfMemoryError("CUDA out of memory"), out_of_memory),
        (OSError(errno.ENOSPC, "No space left on device"), is_disk_full),
    ):
        with pytest.raises(PluginFailure) as caught:
            answering(SomeTask, "load", error).load("train", "en")
        assert knows(caught.value)


class KeepsNothing(SomeTask):
    def __init__(self, params: Any = None) -> None:
        self.path = "here"


class OwnLabels(SomeTask):
    labels = ()  # type: ignore[assignment]

    def __init__(self, params: Any = None) -> None:
        super().__init__(params)
        self.labels = ("a", "b")


def test_a_plugin_that_is_used_is_one_of_its_class() -> None:
    made = make(SomeTask, SomeTask.Params())
    assert isinstance(made, SomeTask)
    assert type(made).__name__ == "SomeTask"
    assert guarded(SomeTask) is guarded(SomeTask)
    assert make(OwnLabels, OwnLabels.Params()).labels == ("a", "b")
    with pytest.raises(PluginError, match=r"does not store .*params"):
        make(KeepsNothing, KeepsNothing.Params())
