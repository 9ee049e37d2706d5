"""Runs with stored predictions, made without training."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlt_cli.api import Prediction
from xlt_cli.data.rows import RowStore
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.making import create, create_for_model
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.building import build_task
from xlt_cli.spec.resolution import resolve
from xlt_cli.spec.source import Source
from xlt_cli.spec.yaml_lines import Document

Answer = Callable[[Any, Sequence[str], random.Random], Any]
"""From gold, the labels and a random generator to what is predicted."""


def sometimes_wrong(share: float) -> Answer:
    """Answers of which about so many are wrong."""

    def answer(gold: Any, labels: Sequence[str], rng: random.Random) -> Any:
        if isinstance(gold, tuple):
            return tuple(answer(part, labels, rng) for part in gold)
        return rng.choice(labels) if rng.random() < share else gold

    return answer


def predicted(
    root: Path,
    name: str,
    task: Mapping[str, Any],
    answer: Answer,
    languages: Sequence[str] = ("en", "de", "fr"),
    trained: bool = True,
    **evaluation: Any,
) -> Run:
    """A run with predictions of each language's test rows.

    Args:
        trained: False for the directory of a model that was not trained with xlt.
    """
    written = {"name": name, "encoder": "e5-small-q4", "stages": [{"task": dict(task)}]}
    spec: ExperimentSpec = resolve(Source(Document(Path("spec.yaml"), written, {}), "")).spec
    run = (
        create(root, spec, 1, "", [])
        if trained
        else create_for_model(root, name, "0123456789abcdef", {"trained_on": ["en"]})
    )
    rows, built = RowStore(), build_task(spec.stages[-1].task)
    tested = Evaluation(task=spec.stages[-1].task, **evaluation)
    store = Store.open(run.evaluations, tested, f"weights of {name}")
    for language in languages:
        rng = random.Random(f"{name}/{language}")
        store.write(
            Cell((language, language)),
            [
                Prediction(e.id, gold, answer(gold, built.labels, rng))
                for e in rows.load(built, tested.split, language, tested.limit)
                for gold in [getattr(e, "label", None) or e.tags]  # type: ignore[attr-defined]
            ],
        )
    return run
