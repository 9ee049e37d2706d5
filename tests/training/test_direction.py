"""Metrics that are better when lower, and that are no shares: selected, stated and shown so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from xlt_cli.api import Metric
from xlt_cli.commands.runs import _goodness
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports import values
from xlt_cli.reports.summary import counted, summarise

MISTAKES = """
import numpy as np
from xlt_cli.api import Metric
from xlt_cli.problems import SequenceClassification
from xlt_tasks.pawsx import PawsX


class Mistakes(SequenceClassification):
    api_version = 1
    name = "mistakes"
    summary = "how many of a hundred answers are wrong"
    metrics = (Metric("mistakes", unit="number", higher_is_better=False),)

    def score(self, sums):
        return {"mistakes": 100 * (1 - super().score(sums)["accuracy"])}


class Paws(PawsX):
    api_version = 1
    name = "paws-mistakes"
    summary = "the same, scored by mistakes"
    problem = Mistakes
    metric = "mistakes"
"""


class Mistakes(SequenceClassification):
    name = "mistakes"
    metrics = (  # type: ignore[assignment]
        Metric("mistakes", unit="number", higher_is_better=False),
        Metric("accuracy", of_examples=True),
    )

    def score(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        accuracy = super().score(sums)["accuracy"]
        return {"mistakes": 100 * (1 - accuracy), "accuracy": accuracy}


def test_figures_say_what_they_are() -> None:
    problem = Mistakes(("a", "b"))
    answers = [Prediction(str(n), "ab"[n % 2], "a") for n in range(40)]
    cells = {(x, x): counted(problem, answers) for x in ("en", "de")}
    summary = summarise(problem, "mistakes", cells, ["en"], aligned=True)
    for figures in (*summary.languages.values(), *summary.averages.values(), summary.transfer_gap):
        assert figures is not None
        assert (figures["mistakes"]["unit"], figures["mistakes"]["better"]) == ("number", "lower")
        assert set(figures["accuracy"]) == {"value", "low", "high"}
    figure = summary.languages["en"]["mistakes"]
    assert figure["value"] == pytest.approx(50)
    assert figure["low"] < 50 < figure["high"]
    assert values.figure(values.measured("mistakes", figure)).startswith("50.000 [")
    accuracy = values.measured("accuracy", summary.languages["en"]["accuracy"])
    assert values.figure(accuracy).startswith("50.0 [")


def test_runs_are_sorted_by_what_is_better() -> None:
    scores: list[dict[str, Any]] = [{"score": 3.0, "better": "lower"}, {"score": 2.0}, {}]
    assert [_goodness(dev) for dev in scores] == [-3.0, 2.0, None]


def test_the_checkpoint_with_the_lowest_is_selected(
    xlt: Any, install: Callable[..., Path], tmp_path: Path, tiny_encoder: Path, tiny_data: Path
) -> None:
    points = {
        "xlt.tasks": {"paws-mistakes": "mistakes_plugin:Paws"},
        "xlt.problems": {"mistakes": "mistakes_plugin:Mistakes"},
    }
    install("mistakes-dist", points, {"mistakes_plugin": MISTAKES})
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [
            {
                "task": {"name": "paws-mistakes", "path": str(tiny_data / "pawsx")},
                "epochs": 3,
                "batch_size": 8,
                "learning_rate": 0.01,
                "evaluate_every": 4,
            }
        ],
        "evaluations": [],
        "max_length": 24,
        "device": "cpu",
    }
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    done = xlt("train", path, "--runs-dir", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    (stage,) = (tmp_path / "runs").glob("*/stages/0")
    lines = (stage / "metrics.jsonl").read_text("utf-8").splitlines()
    scores = [
        (row["mistakes"], row["step"]) for row in map(json.loads, lines) if row["kind"] == "dev"
    ]
    assert len({score for score, _ in scores}) > 1
    result = json.loads((stage / "result.json").read_text("utf-8"))
    assert (result["dev_score"], result["selected_step"]) == min(scores)
