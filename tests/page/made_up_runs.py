"""Runs with made-up answers in some languages, and in all pairs of them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from xlt_cli.data.rows import RowStore
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports.summary import counted, summarise
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.building import build_task
from xlt_cli.spec.identity import FORMAT

LANGUAGES = ("en", "de", "zh")
HOSTILE = "</script><img src=x onerror=alert(1)>\x00\u202e'\""
"""Ends a script, loads a picture, has a NUL and a sign that turns the direction of writing."""


def write_run(
    root: Path,
    name: str,
    seed: int,
    share: float,
    *,
    languages: Sequence[str] = LANGUAGES,
    pairs: bool = True,
    method: str | None = None,
    rows: int = 40,
    state: str = "success",
    strengths: Sequence[float] = (),
) -> Run:
    """Writes a run whose answers are right in a share of the rows."""
    run = Run(root / f"{name}-s{seed}")
    stage = {"task": "mini-pawsx", "perturbation": method, "epochs": 1}
    spec = ExperimentSpec.model_validate(
        {"name": name, "encoder": "e5-small-q4", "stages": [stage]}
    )
    record = {"identity": "0", "format": FORMAT, "name": name, "seed": seed}
    record |= {"spec": spec.model_dump(mode="json"), "created": "2026-01-02T03:04:05+00:00"}
    run.path.mkdir(parents=True)
    atomic.write_json(run.path / "run.json", record)
    atomic.write_text(run.path / "spec.yaml", f"name: {name}\nencoder: e5-small-q4\n")
    atomic.write_json(run.path / "status.json", {"state": state})
    atomic.write_json(run.path / "fingerprints.json", {"mini-pawsx/test/de": {"sha256": "ab" * 32}})
    hardware = {"device": "cuda", "cpu": "A processor", "gpu": "NVIDIA H200"}
    atomic.append_line(
        run.path / "environment.jsonl",
        {"xlt": "1", "packages": {"torch": "2.9"}, "hardware": hardware, "host": "secret-host"},
    )
    for step in range(1, 6):
        line = {"kind": "train", "stage": 0, "step": 10 * step, "epoch": step / 5}
        atomic.append_line(
            run.stage(0) / "metrics.jsonl", {**line, "loss": 0.7 / step, "learning_rate": 1e-5}
        )
    for step, score in ((25, 0.5), (50, share)):
        line = {"kind": "dev", "stage": 0, "step": step, "language": "en", "accuracy": score}
        atomic.append_line(run.stage(0) / "metrics.jsonl", line)
    for step, seconds in ((25, 60.0), (25, 30.0), (50, 90.0)):  # two sessions
        line = {"stage": 0, "step": step, "seconds_this_session": seconds}
        atomic.append_line(run.timing, line)
    _evaluate(run, name, seed, share, languages, pairs, rows, strengths)
    return run


def _evaluate(
    run: Run,
    name: str,
    seed: int,
    share: float,
    languages: Sequence[str],
    pairs: bool,
    rows: int,
    strengths: Sequence[float],
) -> None:
    evaluation = Evaluation.model_validate({"task": "mini-pawsx"})
    store = Store.open(run.evaluations, evaluation, f"{name}{seed}")
    problem, cells = SequenceClassification(("0", "1")), {}
    assert evaluation.task is not None
    examples = RowStore().load(build_task(evaluation.task), "test", "de")
    every = [p for p in product(languages, languages) if pairs or p[0] == p[1]]
    for number, pair in enumerate(every):
        rng = np.random.default_rng([seed, number, int(100 * share)])
        asked = [(row.id, row.shared_label()) for row in examples[:rows]]
        answers = [
            Prediction(i, gold, gold if rng.random() < share else str(1 - int(gold or 0)))
            for i, gold in asked
        ]
        store.write(Cell(pair), answers)
        cells[pair] = counted(problem, answers)
    figures = summarise(problem, "accuracy", cells, ["en"], True).as_dict()
    data = {language: {"sha256": language, "source": ""} for language in languages}
    about = {"task": "mini-pawsx", "split": "test", "limit": None, "data": data}
    under = [_under(figures, strength) for strength in strengths]
    more: dict[str, Any] = {"condition": "clean", "conditions": under} if under else {}
    store.write_summary({**about, **figures, "notes": [], "demonstration": False, **more}, "")


def _under(figures: dict[str, Any], strength: float) -> dict[str, Any]:
    """The same figures under noise, lower by its strength."""
    kept = ("languages", "averages", "pairs", "pair_averages", "transfer_gap", "warnings")
    own = copy.deepcopy({name: figures[name] for name in kept})
    for group in ("languages", "averages"):
        for one in own[group].values():
            for name in ("value", "low", "high"):
                one["accuracy"][name] -= strength
    return {**own, "condition": f"noise {strength:g}", "curve": "noise", "strength": strength}
