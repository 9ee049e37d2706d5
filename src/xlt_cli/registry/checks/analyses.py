"""Analyses: their classes, and what their methods return."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

from xlt_cli.api import AnalysedRun, Analysis, ModelAnalysis, Pass, PredictionAnalysis
from xlt_cli.api.reports import Report
from xlt_cli.registry.calls import Call, described
from xlt_cli.registry.checks.values import are_texts, is_property
from xlt_cli.registry.kinds import PluginKind

OPTIONS = (
    "archive",
    "device",
    "format",
    "from",
    "help",
    "json",
    "languages",
    "limit",
    "offline",
    "out",
    "quiet",
    "runs_dir",
    "split",
    "task",
)
"""Options of every analysis, whose names no parameter can have."""


def passes(call: Call, value: Any, runs: Sequence[AnalysedRun]) -> list[Pass]:
    """Passes over rows that are there."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, Pass) for each in value):
        raise call.wrong(value, "a list of Pass(language, ids)")
    if not value:
        raise call.refused("returned no pass; expected one or more")
    known = runs[0].rows
    languages = [each.language for each in value]
    for each in value:
        if languages.count(each.language) > 1:
            raise call.refused(f"returned two passes over '{each.language}'; expected one")
        for language in (each.language, *each.beside):
            if language not in known:
                raise call.refused(
                    f"returned a pass over '{language}', which the run does not have"
                )
            absent = [i for i in each.ids if i not in known[language]]
            if absent:
                raise call.refused(
                    f"returned a pass over row {absent[0]!r}, which does not exist in '{language}'"
                )
        if len(set(each.ids)) < len(each.ids):
            raise call.refused(f"returned a pass over '{each.language}' with a row twice")
    return list(value)


def records(call: Call, value: Any, *arguments: Any) -> list[dict[str, Any]]:
    """A record of JSON values for each row, in their order."""
    ids = arguments[-1].ids
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise call.wrong(value, "a list of records (dicts)")
    if len(value) != len(ids):
        raise call.refused(f"returned {len(value)} records for {len(ids)} rows")
    for identifier, record in zip(ids, value, strict=True):
        if record.get("id") != identifier:
            raise call.refused(
                f"returned a record with the id {record.get('id')!r} for the row {identifier!r}"
            )
    return [json_values(call, record) for record in value]


def json_values(call: Call, value: Any, *_: Any) -> dict[str, Any]:
    """A dict that JSON gives back as it is."""
    if not isinstance(value, Mapping):
        raise call.wrong(value, "a dict of JSON values")
    try:
        again: dict[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise call.refused(f"returned values that are not JSON values: {error}") from None
    return again


def report(call: Call, value: Any, *_: Any) -> Report:
    """A report."""
    if not isinstance(value, Report):
        raise call.wrong(value, "a Report of xlt_cli.api.reports")
    return value


def figures(call: Call, value: Any, *_: Any) -> dict[str, Any]:
    """Figures by the names of their files."""
    if not isinstance(value, Mapping):
        raise call.wrong(value, "a dict of figures by name")
    for name, figure in value.items():
        if not (isinstance(name, str) and name.replace("-", "").replace("_", "").isalnum()):
            raise call.refused(f"returned a figure called {name!r}; expected letters and digits")
        if not callable(getattr(figure, "savefig", None)):
            raise call.refused(f"returned {described(figure)} as '{name}'; expected a figure")
    return dict(value)


def fault(plugin: type[Analysis]) -> str:
    """What keeps a class from being an analysis."""
    if not issubclass(plugin, ModelAnalysis | PredictionAnalysis):
        return "is neither a ModelAnalysis nor a PredictionAnalysis"
    taken = [name for name in plugin.Params.model_fields if name in OPTIONS]
    if taken:
        return f"Params has a field '{taken[0]}', which is an option of every analysis"
    limit = inspect.getattr_static(plugin, "limit", None)
    if type(limit) is not int or limit < 0:
        return f"limit = {limit!r} is not a number of rows, 0 or more"
    reporting = inspect.getattr_static(plugin, "reporting", None)
    if is_property(reporting) or not are_texts(reporting):
        return f"reporting = {reporting!r} is not a tuple of names of parameters"
    unknown = [name for name in plugin.reporting if name not in plugin.Params.model_fields]
    return f"reporting names '{unknown[0]}', which is not in Params" if unknown else ""


KIND = PluginKind(
    "analysis",
    Analysis,
    "measurements of the rows of runs, and a report on them",
    {
        Analysis: {
            "prepare": passes,
            "describe": json_values,
            "report": report,
            "figures": figures,
            "upgraded": json_values,
        },
        ModelAnalysis: {"measure": records},
        PredictionAnalysis: {"measure": records},
    },
    fault=fault,
    plural="analyses",
    written="on the command line:  xlt analyze {use} RUN...",
)
