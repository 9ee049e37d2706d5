"""Scores on a benchmark: averages against numbers worked out by hand, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from xlt_cli.errors import DataError
from xlt_cli.reports.benchmark import ALL, scores
from xlt_cli.reports.benchmarked import report
from xlt_cli.reports.entries import DIMENSIONS, Entry
from xlt_cli.spec.benchmark import Benchmark

NLI = {"name": "NLI", "task": "nli", "metrics": ["accuracy"], "languages": ["en", "de"], "rows": 10}
TAGS = {"name": "tags", "task": "tags", "metrics": ["f1"], "languages": ["en", "sw"]}
QA = {
    "name": "QA",
    "task": "qa",
    "metrics": ["f1", "exact_match"],
    "languages": ["en", "de"],
    "rows": {"en": 30, "de": 10},
}
BENCHMARK = Benchmark.model_validate(
    {
        "title": "THREE",
        "reference": "nobody",
        "groups": [{"name": "sentences", "tasks": [NLI]}, {"name": "words", "tasks": [TAGS, QA]}],
    }
)


def entry(task: str, language: str, value: float, metric: str = "accuracy", **more: Any) -> Entry:
    place = {**dict.fromkeys(DIMENSIONS, ""), "split": "test", "condition": "clean", "seed": "1"}
    place |= {"task": task, "language": language, "metric": metric, "stage": f"{task} source"}
    rows, training = more.pop("rows", 10), more.pop("training", task)
    place |= {"run": f"{task}-{more.get('seed', '1')}", "evaluation": f"{task}-test", **more}
    return Entry(place, training, {"value": value}, {}, True, False, rows, {})


FIRST = [
    entry("nli", "en", 0.8),
    entry("nli", "de", 0.6),
    entry("nli", "fr", 0.0),  # no language of the benchmark
    entry("nli", "de", 0.1, condition="perturbed"),
    entry("nli", "de", 0.1, labels="{}"),
    entry("nli", "de", 0.1, split="dev"),
    entry("qa", "en", 0.9, "f1", rows=20),
    entry("qa", "de", 0.5, "f1"),
    entry("qa", "en", 0.5, "exact_match", rows=20),
    entry("qa", "de", 0.1, "exact_match"),
    entry("qa", "de", 0.0, "precision"),
]
SECOND = [
    entry("nli", "en", 0.9, seed="2"),
    entry("nli", "de", 0.7, seed="2"),
]


def by_name(values: Mapping[str, Any], kind: str, key: str) -> dict[str, Any]:
    return {one[key]: one for one in values[kind]}


def test_averages_are_over_languages_then_metrics_then_tasks() -> None:
    values = scores({"mine": FIRST}, BENCHMARK, "deviation")
    tasks = by_name(values, "tasks", "task")
    assert set(tasks) == {"NLI", "QA"}
    assert tasks["NLI"]["score"] == {"value": pytest.approx(0.7)}
    assert tasks["QA"]["metrics"]["f1"]["value"] == pytest.approx(0.7)
    assert tasks["QA"]["metrics"]["exact_match"]["value"] == pytest.approx(0.3)
    assert tasks["QA"]["score"]["value"] == pytest.approx(0.5)
    means = by_name(values, "means", "group")
    assert means["words"]["value"] == pytest.approx(0.5)
    assert means["words"]["absent"] == ["tags"]
    assert means[ALL]["value"] == pytest.approx(0.6)
    assert (means[ALL]["tasks"], means[ALL]["absent"]) == (["NLI", "QA"], ["tags"])


def test_subsets_are_stated() -> None:
    tasks = by_name(scores({"mine": FIRST}, BENCHMARK, "deviation"), "tasks", "task")
    assert tasks["QA"]["rows"] == 30
    assert tasks["QA"]["share_of_rows"] == pytest.approx(0.75)  # 20 + 10 of 30 + 10
    assert tasks["QA"]["trained_on"] == "qa source"
    (dev,) = scores({"mine": [entry("nli", "de", 0.5, split="dev")]}, BENCHMARK, "deviation")[
        "tasks"
    ]
    assert (dev["split"], dev["share_of_rows"]) == ("dev", None)
    assert (dev["languages"], dev["languages_published"]) == (["de"], 2)


def test_several_seeds_have_a_deviation_or_an_interval() -> None:
    nli = [one for one in FIRST if one.place["task"] == "nli"]
    found = scores({"mine": nli + SECOND}, BENCHMARK, "deviation")["tasks"][0]
    assert found["score"]["value"] == pytest.approx(0.75)
    assert found["score"]["deviation"] == pytest.approx(0.1 / 2**0.5)  # 0.7 and 0.8
    assert found["seeds"] == ["1", "2"]
    found = scores({"mine": nli + SECOND}, BENCHMARK, "interval")["tasks"][0]
    half = 12.7062 * 0.1 / 2  # Student's t with one degree of freedom, standard error 0.05
    assert found["score"]["low"] == pytest.approx(0.75 - half, abs=1e-4)


def test_means_of_tasks_with_different_seeds_have_no_spread() -> None:
    means = by_name(scores({"mine": FIRST + SECOND}, BENCHMARK, "deviation"), "means", "group")
    assert "deviation" in means["sentences"]
    assert means[ALL]["value"] == pytest.approx((0.75 + 0.5) / 2)
    assert "deviation" not in means[ALL]


def test_systems_that_do_not_compare_are_named() -> None:
    """One has all tasks on test; another one task, on dev."""
    systems = {"mine": FIRST, "other": [entry("nli", "de", 0.5, split="dev")]}
    values = {
        **scores(systems, BENCHMARK, "deviation"),
        "benchmark": "THREE",
        "reference": "nobody",
        "spread": "deviation",
        "all": ALL,
        "systems": list(systems),
        "defined": [[group, task.name, task.metrics] for group, task in BENCHMARK.tasks],
        "notes": [],
    }
    notes = report(values).notes
    assert "NLI: the systems were tested on other rows each; their figures do not compare" in notes
    assert any(note.startswith("the systems were tested on other tasks each") for note in notes)
    assert any("other: the mean is over 1 of 3 tasks" in note for note in notes)
    assert not any(note.startswith("QA: the systems") for note in notes)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([entry("nli", "en", 0.1, run="other")], "differ in run"),
        ([entry("nli", "en", 0.1, evaluation="nli-test-x")], "differ in evaluation"),
        ([entry("nli", "en", 0.1, limit="5")], "differ in limit"),
        ([entry("nli", "en", 0.1, seed="2", training="else")], "differ in run"),
        ([entry("nli", "en", 0.1, seed="2")], "different languages: seed 2 .* differ in de"),
    ],
)
def test_figures_of_several_tests_are_refused(more: list[Entry], said: str) -> None:
    with pytest.raises(DataError, match=said):
        scores({"mine": FIRST[:2] + more}, BENCHMARK, "deviation")


def test_a_metric_that_results_lack_is_refused() -> None:
    with pytest.raises(DataError, match="have no 'exact_match'"):
        scores({"mine": [entry("qa", "en", 0.5, "f1")]}, BENCHMARK, "deviation")


def test_several_other_splits_are_refused() -> None:
    other = [entry("nli", "en", 0.5, split=split) for split in ("dev", "train")]
    with pytest.raises(DataError, match=r"differ in split \(dev, train\)"):
        scores({"mine": other}, BENCHMARK, "deviation")


def test_runs_without_a_task_of_the_benchmark_are_refused() -> None:
    with pytest.raises(DataError, match="no run was tested on a task of THREE"):
        scores({"mine": [entry("else", "en", 0.5)]}, BENCHMARK, "deviation")
