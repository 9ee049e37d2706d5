"""What each run is, how far it is, and what it found: from its files, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlt_cli.errors import UserError
from xlt_cli.reports.evaluation import HEADLINES, headline
from xlt_cli.reports.selection import one_answer_on_dev, selected
from xlt_cli.reports.validity import is_collapsed
from xlt_cli.runs import pruned
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import summaries
from xlt_cli.runs.stage import is_pruned, result_of
from xlt_cli.spec import ExperimentSpec, Stage
from xlt_cli.spec.source import parse_override
from xlt_cli.sweep.plan import name_of_point

PLAIN = "ERM"
"""What training without a perturbation is called."""

_UNREADABLE = (UserError, OSError, ValueError, LookupError, TypeError, AttributeError)


def row(run: Run) -> dict[str, Any]:
    """A run's row; a run that cannot be read has one that says so."""
    try:
        return {**_about(run), **_results(run)}
    except _UNREADABLE as error:
        what = error.what if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        return {
            "run": run.name,
            "name": "",
            "path": str(run.path),
            "state": "damaged",
            "message": what,
            "seed": None,
            "created": None,
            "encoder": "",
            "tasks": [],
            "methods": [],
            "point": "",
            "overrides": [],
            "pruned": False,
            "collapsed_on_dev": None,
            "dev": None,
            "evaluations": [],
        }


def _about(run: Run) -> dict[str, Any]:
    record, status = run.record, run.status
    about: dict[str, Any] = {
        "run": run.name,
        "name": record.get("name", ""),
        "path": str(run.path),
        "state": run.state,
        "message": status.get("message", ""),
        "seed": record.get("seed"),
        "created": record.get("created"),
        "overrides": record.get("overrides") or [],
        "pruned": any(map(is_pruned, pruned.stages(run))),
        "encoder": str(record.get("model", "")),
        "tasks": [],
        "methods": [],
        "point": "",
        "collapsed_on_dev": one_answer_on_dev(run),
        "dev": None,
    }
    if "spec" not in record:  # of a model that xlt did not train
        return about
    spec = run.spec
    return about | {
        "encoder": _encoder(spec),
        "tasks": [stage.task.name for stage in spec.stages],
        "methods": [method(stage) for stage in spec.stages],
        "point": _point(spec, about["overrides"]),
        "dev": dev(run, spec),
    }


def dev(run: Run, spec: ExperimentSpec) -> dict[str, Any] | None:
    """The score on dev of the step that was selected; None for an unfinished run, or without dev.

    A run whose plugin is gone has its score by what the training wrote.
    """
    try:
        step = selected(run, spec)
    except _UNREADABLE:
        result = result_of(run.stage(len(spec.stages) - 1)) or {}
        if result.get("dev_score") is None:
            return None
        stage = spec.stages[-1]
        split = stage.dev.split if stage.dev else ""
        return {"score": result["dev_score"], "task": stage.task.name, "split": split,
                "languages": result["dev_languages"], "metric": "", "oracle": result["oracle"],
                "step": result["selected_step"], "steps": result["steps"]}  # fmt: skip
    if step is None:
        return None
    keys = ("score", "task", "split", "languages", "metric", "oracle", "step", "steps")
    lower = {"better": "lower"} if step.lower_is_better else {}
    return {key: getattr(step, key) for key in keys} | lower


def method(stage: Stage) -> str:
    """The perturbations of a stage: their names, joined by `+`; `ERM` without any."""
    return " + ".join(use.name for use in stage.perturbation) or PLAIN


def _encoder(spec: ExperimentSpec) -> str:
    """An encoder's name; of one that opens any checkpoint also which."""
    model = spec.encoder.params.get("model")
    return f"{spec.encoder.name} ({model})" if isinstance(model, str) else spec.encoder.name


def _point(spec: ExperimentSpec, overrides: list[str]) -> str:
    """The name of the sweep's point that a run is of; empty where the point has none."""
    given = {override.loc: override.value for override in map(parse_override, overrides)}
    return name_of_point(spec.sweep, given) if spec.sweep else ""


def _results(run: Run) -> dict[str, Any]:
    on_dev = one_answer_on_dev(run)
    return {
        "evaluations": [
            {
                "directory": directory,
                "parameters": about.get("task"),
                "limit": (result or about).get("limit"),
                "task": result["task"] if result else (about.get("task") or {}).get("name"),
                "split": (result or about).get("split"),
                "up_to_date": bool(result),
                **_shown(run.evaluations / directory, result, bool(on_dev)),
            }
            for directory, about, result in summaries(run.evaluations)
        ]
    }


def _shown(folder: Path, result: dict[str, Any] | None, one_answer: bool) -> dict[str, Any]:
    """What is shown of an evaluation's figures; None where they are not of all its cells."""
    averages = result["averages"] if result else {}
    return {
        "languages": list(result["languages"]) if result else [],
        "place": result.get("place", "") if result else "",
        "metric": result["metric"] if result else None,
        "collapsed": one_answer or bool(result and is_collapsed(folder, result)),
        "zero_shot_languages": averages.get("zero_shot", {}).get("cells", 0),
        **{name: headline(result, name) if result else None for name in HEADLINES},
    }
