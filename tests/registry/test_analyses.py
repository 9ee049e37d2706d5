"""What is refused of analyses: their classes, and what their methods return."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.api import (
    AnalysedRun,
    Analysis,
    Measured,
    Pass,
    PluginParams,
    PredictedRows,
    PredictionAnalysis,
)
from xlt_cli.api.reports import Report
from xlt_cli.errors import PluginError, PluginFailure
from xlt_cli.registry.checks.analyses import OPTIONS
from xlt_cli.registry.faults import fault
from xlt_cli.registry.guard import make


class Sound(PredictionAnalysis):
    api_version = 1
    name = "sound"
    summary = "sound"

    def measure(self, rows: Any) -> Any:
        return [{"id": i} for i in rows.ids]

    def report(self, measured: Measured) -> Report:
        return Report([])


def test_a_sound_one_has_no_fault() -> None:
    assert fault("analysis", "sound", Sound) == ""


def _with(**members: Any) -> type[Any]:
    return type("Changed", (Sound,), {"api_version": 1, **members})


class _Taken(PluginParams):
    limit: int = 3


class _Own(PluginParams):
    shown: int = 3


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (_with(limit=-1), "limit = -1 is not a number of rows"),
        (_with(limit="all"), "limit = 'all' is not a number of rows"),
        (_with(reporting=["shown", 1]), "is not a tuple of names"),
        (_with(reporting=("shown",)), "reporting names 'shown', which is not in Params"),
        (_with(Params=_Taken), "Params has a field 'limit', which is an option of every analysis"),
        (type("Neither", (Analysis,), dict(vars(Sound))), "is neither a ModelAnalysis nor a"),
    ],
)
def test_a_class_with_a_fault_is_refused(plugin: type[Any], said: str) -> None:
    assert said in fault("analysis", "sound", plugin)


def test_what_the_report_reads_may_be_named() -> None:
    assert fault("analysis", "sound", _with(Params=_Own, reporting=("shown",))) == ""


def test_the_options_of_every_analysis_are_those_of_the_command_line() -> None:
    from xlt_analyses.alignment.analysis import Alignment
    from xlt_analyses.errors.analysis import Errors
    from xlt_cli.commands.analyze import _command, _function

    flags = set()
    for plugin in (Alignment, Errors):
        command = _command(plugin.name, _function(plugin), plugin.summary)
        own = set(plugin.Params.model_fields)
        flags |= {o[2:].replace("-", "_") for p in command.params for o in p.opts if o[:2] == "--"}
        flags -= own
    assert {*flags, "help"} == set(OPTIONS)


@dataclass
class _Rows:
    ids: tuple[str, ...] = ("1", "2")


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "returned None; expected a list of records"),
        ([{"id": "1"}], "returned 1 records for 2 rows"),
        ([{"id": "2"}, {"id": "1"}], "the id '2' for the row '1'"),
        ([{"id": "1"}, {"id": "2", "x": float("nan")}], "returned values that are not JSON values"),
        ([{"id": "1"}, {"id": "2", "x": {1, 2}}], "returned values that are not JSON values"),
        ([{"id": "1"}, ["2"]], "expected a list of records"),
    ],
)
def test_records_are_checked(returned: Any, said: str) -> None:
    plugin = _with(measure=lambda self, rows: returned)
    with pytest.raises(PluginError, match=said):
        make(plugin, plugin.Params()).measure(_Rows())


def _run() -> AnalysedRun:
    rows: Any = {"en": {"1": None, "2": None}, "de": {"1": None}}
    none: Any = None
    return AnalysedRun("a", Path("a"), none, none, "test", "en", ["en"], True, "", rows, none)


@pytest.mark.parametrize(
    ("passes", "said"),
    [
        ([], "returned no pass"),
        ([("en", ["1"])], "expected a list of Pass"),
        ([Pass("fr", [])], "a pass over 'fr', which the run does not have"),
        ([Pass("en", ["1", "1"])], "with a row twice"),
        ([Pass("en", ["3"])], "a pass over row '3', which does not exist in 'en'"),
        ([Pass("en", ["2"], beside=("de",))], "row '2', which does not exist in 'de'"),
        ([Pass("en", ["1"]), Pass("en", ["2"])], "two passes over 'en'"),
    ],
)
def test_passes_are_checked(passes: Any, said: str) -> None:
    plugin = _with(prepare=lambda self, runs: passes)
    with pytest.raises(PluginError, match=said):
        make(plugin, plugin.Params()).prepare([_run()])


def test_every_row_is_measured_unless_it_says_otherwise() -> None:
    assert make(Sound, Sound.Params()).prepare([_run()]) == [
        Pass("en", ["1", "2"]),
        Pass("de", ["1"]),
    ]


@pytest.mark.parametrize(
    ("method", "returned"),
    [
        ("report", {"pieces": []}),
        ("describe", ["a"]),
        ("describe", {"a": object()}),
        ("figures", {"a": "figure"}),
        ("figures", {"../a": None}),
        ("upgraded", None),
    ],
)
def test_everything_else_is_checked(method: str, returned: Any) -> None:
    plugin = _with(**{method: lambda self, *arguments: returned})
    made = make(plugin, plugin.Params())
    arguments = {"report": 1, "figures": 2, "upgraded": 1}.get(method, 0)
    with pytest.raises(PluginError, match=method):
        getattr(made, method)(*[None] * arguments)


def test_an_exception_names_the_analysis() -> None:
    def measure(self: Any, rows: PredictedRows) -> Any:
        raise KeyError("x")

    plugin = _with(measure=measure)
    with pytest.raises(PluginFailure, match=r"analysis 'sound' failed in measure\(.*KeyError: 'x'"):
        make(plugin, plugin.Params()).measure(_Rows())
