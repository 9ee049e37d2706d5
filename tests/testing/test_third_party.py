"""Plugins of a third party keep to the contract, as its author would test it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import Head
from xlt_cli.problems import SequenceClassification
from xlt_cli.testing import (
    AnalysisSuite,
    ConditionSuite,
    HeadSuite,
    LauncherSuite,
    MetricSuite,
    ProblemSuite,
)

THIRD_PARTY = Path(__file__).parents[1] / "third_party"


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A class of the third party's, by its module and name."""
    monkeypatch.syspath_prepend(str(THIRD_PARTY))

    def load(module: str, name: str) -> Any:
        return getattr(importlib.import_module(f"tlh_xlt.{module}"), name)

    return load


@pytest.mark.parametrize("name", ["Cautious", "ReversedWords"])
class TestConditions(ConditionSuite):
    @pytest.fixture
    def plugin(self, name: str, third_party: Any) -> Any:
        made = third_party("conditions", name)
        return made(made.Params())


class TestBackwards(LauncherSuite):
    @pytest.fixture
    def plugin(self, third_party: Any) -> Any:
        return third_party("launcher", "Backwards")()


class TestLengthEffects(AnalysisSuite):
    @pytest.fixture
    def plugin(self, third_party: Any) -> Any:
        return third_party("length", "LengthEffects")()


@pytest.mark.parametrize("name", ["SpanHead", "ChoiceHead"])
class TestHeads(HeadSuite):
    @pytest.fixture
    def plugin(self, name: str, third_party: Any) -> Any:
        return third_party("heads", name)()

    @pytest.fixture
    def asked(self, plugin: Any) -> Head:
        return Head(plugin.shape, (), per_token=plugin.shape == "passage-spans")


@pytest.mark.parametrize("name", ["Brier", "LabelRecall", "Matthews"])
class TestMetrics(MetricSuite):
    @pytest.fixture
    def plugin(self, name: str, third_party: Any) -> Any:
        return third_party("metrics", name)()

    @pytest.fixture
    def problem(self) -> SequenceClassification:
        return SequenceClassification(("honour", "other", "tea"))


@pytest.mark.parametrize("place", [("spans", "WhoIsIt"), ("choices", "WhichNames")])
class TestProblems(ProblemSuite):
    @pytest.fixture
    def task(self, place: tuple[str, str], third_party: Any) -> Any:
        return third_party(*place)()
