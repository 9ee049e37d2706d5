"""Runs with stored predictions and figures, clean and under noise, made without training."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import analysis_tools

from xlt_cli.api import PluginUse, Prediction
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation.plan import make_plan
from xlt_cli.evaluation.subject import Subject
from xlt_cli.evaluation.summary import summarise_all
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation
from xlt_cli.spec.resolution import resolve_evaluation

NOISE = PluginUse.model_validate({"name": "perturbed", "perturbation": "typos", "strength": 0.3})
LANGUAGES = ("en", "de", "fr")


def never(*_: object) -> Any:
    raise AssertionError("nothing may be predicted")


def evaluated(
    root: Path,
    name: str,
    task: Mapping[str, Any],
    wrong: Mapping[str, float],
    other: Mapping[str, Any] | None = None,
    conditions: Sequence[PluginUse] = (PluginUse(name="clean"), NOISE),
    trained_on: Sequence[str] = ("en",),
    trained: bool = True,
    **evaluation: Any,
) -> Run:
    """A run whose first rows are wrong: in each language such a share of them, and under noise a
    third as many more.

    Args:
        wrong: by language; a language that is not named is not evaluated.
        other: another task that it is evaluated on as well.
        trained: False for a model that was not trained with xlt.
    """
    run = analysis_tools.predicted(
        root, name, task, analysis_tools.sometimes_wrong(0), languages=(), trained=trained
    )
    for use in [task, *([other] if other else [])]:
        asked = Evaluation(
            task=PluginUse.model_validate(dict(use)),
            languages=list(wrong),
            conditions=list(conditions),
            **evaluation,
        )
        _evaluate(run, name, asked, wrong, trained_on)
    return run


def _evaluate(
    run: Run, name: str, asked: Evaluation, wrong: Mapping[str, float], trained_on: Sequence[str]
) -> None:
    plan = make_plan(resolve_evaluation(asked, ()), RowStore())
    subject = Subject(never, never, (), trained_on, (), 48, f"weights of {name}", never)  # type: ignore[arg-type]
    store = Store.open(run.evaluations, plan.evaluation, subject.weights)
    labels = plan.task.labels
    for tested in plan.conditions:
        if tested.key:
            store.write_given(tested.key, tested.given())
        for language in plan.languages:
            rows = list(plan.counted(language))
            order = random.Random("one order").sample(range(len(rows)), len(rows))
            share = wrong[language] * (4 / 3 if tested.key else 1)
            missed = {rows[i].id for i in order[: round(share * len(rows))]}
            predictions = [
                Prediction(
                    example.id,
                    example.label,
                    labels[(labels.index(example.label) + 1) % len(labels)]
                    if example.id in missed
                    else example.label,
                )
                for example in rows
            ]
            store.write(Cell((language, language), tested.key), predictions)
    summarise_all(plan, store, subject)
