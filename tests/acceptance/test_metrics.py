"""A third party's metrics, found by entry points alone: on dev, in evaluations, in suites."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.metrics import f1_score, matthews_corrcoef

import xlt_cli
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

THIRD_PARTY = Path(__file__).parents[1] / "third_party"
LABELS = ("honour", "other")
NOISE = {"name": "perturbed", "perturbation": "typos", "strength": 0.9}
STAGE = {
    "task": {"name": "klingon-proverbs", "copies": 6},
    "languages": ["en"],
    "epochs": 3,
    "batch_size": 4,
    "learning_rate": 0.003,
    "dev": {"languages": ["en", "tlh"], "metric": "brier", "metrics": ["mcc", "accuracy"]},
}
EVALUATION = {"metric": "mcc", "metrics": [{"name": "label_recall", "label": "other"}]}


@pytest.fixture
def third_party(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The distribution's entry points, and its modules, in this process."""
    project = tomllib.loads((THIRD_PARTY / "pyproject.toml").read_text("utf-8"))["project"]
    install(project["name"], project["entry-points"], version=project["version"])
    monkeypatch.syspath_prepend(str(THIRD_PARTY))


@pytest.fixture
def spec(
    tmp_path: Path, tiny_encoder: Path, third_party: None, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    evaluation = {**EVALUATION, "conditions": ["clean", NOISE], "allow_overlap": True}
    about = {"encoder": {"name": "hf", "model": str(tiny_encoder)}, "device": "cpu"}
    return {**about, "stages": [STAGE], "evaluations": [evaluation]}


def write(spec: dict[str, Any]) -> str:
    Path("spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    return "spec.yaml"


def run_of() -> Path:
    (path,) = Path("runs").glob("*/run.json")
    return path.parent


def test_a_metric_counts_on_dev_and_in_evaluations_and_is_recomputed_without_the_model(
    spec: dict[str, Any], xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = xlt("train", write(spec))
    assert done.exit_code == 0, done.output
    run = run_of()
    lines = [json.loads(x) for x in (run / "stages/0/metrics.jsonl").read_text().splitlines()]
    dev = [line for line in lines if line["kind"] == "dev"]
    assert all({"accuracy", "macro_f1", "brier", "mcc"} <= set(line) for line in dev)
    by_step: dict[int, list[float]] = {}
    for line in dev:
        by_step.setdefault(line["step"], []).append(line["brier"])
    means = {step: float(np.mean(values)) for step, values in by_step.items()}
    result = json.loads((run / "stages/0/result.json").read_text())
    assert result["rule"].startswith("best brier on dev")
    assert len(means) == 3
    assert result["dev_score"] == min(means.values()) == means[result["selected_step"]]

    results_file = next(run.glob("evaluations/*/results.json"))
    results = json.loads(results_file.read_text())
    assert results["metric"] == "mcc"
    assert results["extra_metrics"] == {"label_recall": {"label": "other"}, "mcc": {}}
    store = Store(results_file.parent, weights=results["computed_from"]["weights"])
    for condition, figures in {"": results, "noise": results["conditions"][0]}.items():
        key = figures.get("key", "") if condition else ""
        for language in ("en", "tlh"):
            rows = store.read(Cell((language, language), key))
            golds, told = [p.gold for p in rows], [p.predicted for p in rows]
            own = figures["languages"][language]
            assert own["mcc"]["value"] == pytest.approx(matthews_corrcoef(golds, told))
            assert own["mcc"]["unit"] == "number"
            assert own["mcc"]["low"] <= own["mcc"]["value"] <= own["mcc"]["high"]
            of_label = [t == g for g, t in zip(golds, told, strict=True) if g == "other"]
            assert own["label_recall"]["value"] == pytest.approx(np.mean(of_label))
        assert set(figures["averages"]["all"]) >= {"mcc", "label_recall", "accuracy"}
    assert "mcc" in results["conditions"][0]["drop"]["averages"]["all"]

    # A metric that was not asked for before is computed from the stored predictions.
    monkeypatch.setattr("xlt_cli.evaluation.evaluate.fill", None)
    shown = xlt("eval", run.name, "--metric", "brier", "--metric", "weighted_f1", "--json")
    assert shown.exit_code == 0, shown.output
    (again,) = json.loads(shown.stdout)
    rows = store.read(Cell(("tlh", "tlh")))
    own = again["languages"]["tlh"]
    distance = [
        sum((x - (label == p.gold)) ** 2 for x, label in zip(p.probabilities, LABELS, strict=True))
        for p in rows
    ]
    assert own["brier"]["value"] == pytest.approx(np.mean(distance))
    assert own["brier"]["better"] == "lower"
    golds, told = [p.gold for p in rows], [p.predicted for p in rows]
    weighted = f1_score(golds, told, average="weighted", zero_division=0)
    assert own["weighted_f1"]["value"] == pytest.approx(weighted)
    assert again["metric"] == "mcc"
    assert own["mcc"] == results["languages"]["tlh"]["mcc"]
    stored = json.loads(results_file.read_text())
    assert set(stored["extra_metrics"]) == {"brier", "weighted_f1", "mcc"}
    assert "weighted-F1" in xlt("eval", run.name, "--metric", "weighted_f1").stdout
    # What asks for fewer leaves the file as it is.
    before = results_file.read_bytes()
    assert xlt("eval", run.name, "--metric", "brier").exit_code == 0
    assert results_file.read_bytes() == before

    opened = xlt_cli.open_run(run)
    (value,) = opened.evaluate(metrics=[{"name": "label_recall", "label": "other"}])
    assert value["languages"] == results["languages"]
    (value,) = opened.evaluate(metrics=["label_recall"])
    assert value["extra_metrics"] == {"label_recall": {}, "mcc": {}}
    assert json.loads(results_file.read_text())["languages"] == value["languages"]
    listed = json.loads(xlt("runs", "--json").stdout)
    assert listed[0]["dev"]["metric"] == "brier"
    assert listed[0]["dev"]["better"] == "lower"
    used = json.loads((run / "run.json").read_text())["plugins"]
    assert {"brier", "mcc", "label_recall"} <= {x["name"] for x in used if x["kind"] == "metric"}


def test_a_suite_computes_metrics_beside_the_main_one(spec: dict[str, Any], xlt: Any) -> None:
    stage = {"task": "mini-pawsx", "limit": 8, "max_steps": 1, "batch_size": 4, "dev": None}
    spec["stages"] = [stage]
    assert xlt("train", write({**spec, "evaluations": []})).exit_code == 0
    suite = {"summary": "own", "own": {"conditions": [NOISE], "limit": 10}, "metrics": "mcc"}
    Path("suite.yaml").write_text(yaml.safe_dump(suite), "utf-8")
    run = run_of().name
    shown = xlt("eval", run, "--suite", "suite.yaml", "--metric", "brier", "--json")
    assert shown.exit_code == 0, shown.output
    report = json.loads(shown.stdout)
    (own,) = report["results"]
    assert own["metric"] == "accuracy"
    assert {"mcc", "brier"} <= set(own["languages"]["en"])
    lines = xlt("eval", run, "--suite", "suite.yaml", "--format", "csv").stdout.splitlines()
    assert {line["metric"] for line in csv.DictReader(lines)} == {"accuracy", "mcc"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": ["brire"]}, ["'brire' is no metric", "did you mean 'brier'?", "accuracy"]),
        ({"metric": "f1"}, ["'f1' is no metric of 'klingon-proverbs'", "macro_f1", "mcc"]),
        ({"metrics": [{"name": "label_recall", "label": "tea"}]}, ["no label 'tea'"]),
        ({"metrics": [{"name": "accuracy", "k": 1}]}, ["has no parameters"]),
        (
            {"metrics": ["label_recall"], "metric": {"name": "label_recall", "label": "other"}},
            ["named twice"],
        ),
    ],
)
@pytest.mark.parametrize("place", ["dev", "evaluation"])
def test_a_metric_that_cannot_be_computed_is_refused_with_its_line(
    spec: dict[str, Any], xlt: Any, changes: dict[str, Any], said: list[str], place: str
) -> None:
    if place == "dev":
        spec = {**spec, "stages": [{**STAGE, "dev": changes}]}
    else:
        spec = {**spec, "evaluations": [changes]}
    refused = xlt("validate", write(spec))
    assert refused.exit_code == 2
    for text in ["spec.yaml:", *said]:
        assert text in refused.output


def test_a_metric_of_another_problem_is_refused(spec: dict[str, Any], xlt: Any) -> None:
    evaluation = {"task": "who-is-it", "metrics": ["mcc"]}
    stage = {**STAGE, "task": "who-is-it", "dev": None}
    refused = xlt("validate", write({**spec, "stages": [stage], "evaluations": [evaluation]}))
    assert refused.exit_code == 2
    assert "'mcc' cannot be used with 'who-is-it' (passage-spans)" in refused.output
    assert "exact_match" in refused.output
