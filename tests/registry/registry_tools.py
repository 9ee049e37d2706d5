"""Sources of plugins to install."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Install = Callable[..., Path]

GOOD = """\
from xlt_cli.api import TextPerturbation

class Good(TextPerturbation):
    api_version = 1
    name = "good"
    summary = "a plugin"

    def perturb(self, example, rng):
        return [example]
"""

TASK = """\
from xlt_cli.api import Task
from xlt_cli.problems import SequenceClassification

class Good(Task):
    api_version = 1
    name = "good"
    summary = "a task"
    problem = SequenceClassification
    metric = "accuracy"
    labels = ("a", "b")

    def languages(self, split):
        return ("en",)

    def load(self, split, language):
        raise NotImplementedError
"""


def changed(*replacements: tuple[str, str]) -> str:
    """The good plugin, spoilt."""
    source = GOOD
    for old, new in replacements:
        assert old in source
        source = source.replace(old, new)
    return source
