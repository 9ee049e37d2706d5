"""A run records where all its plugins come from, also those that its spec does not name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_cli.runs.making import create
from xlt_cli.runs.plugins import plugins_of
from xlt_cli.spec import ExperimentSpec

THIRD_PARTY = Path(__file__).parents[1] / "third_party"
SPAN_DIST = {
    "xlt.tasks": {"who-is-it": "tlh_xlt.spans:WhoIsIt"},
    "xlt.problems": {"passage-spans": "tlh_xlt.spans:SpanExtraction"},
    "xlt.heads": {"passage-spans": "tlh_xlt.heads:SpanHead"},
}
OWN_PROBLEM = """\
from xlt_cli.api import Task
from xlt_cli.problems import SequenceClassification

class Sentiment(SequenceClassification):
    pass

class Reviews(Task):
    api_version = 1
    name = "reviews"
    summary = "a task whose problem derives from one that ships"
    problem = Sentiment
    metric = "accuracy"
    labels = ("bad", "good")

    def languages(self, split):
        return ("en",)

    def load(self, split, language):
        raise NotImplementedError
"""


def spec(task: Any, encoder: Any = "e5-small") -> ExperimentSpec:
    stages = [{"task": task, "languages": "en"}]
    return ExperimentSpec.model_validate({"name": "a", "encoder": encoder, "stages": stages})


def recorded(of: ExperimentSpec) -> dict[tuple[str, str], str]:
    return {(p["kind"], p["name"]): p["distribution"] for p in plugins_of(of)}


def test_a_third_partys_problem_and_head_are_recorded_with_their_version(
    install: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    install("span-dist", SPAN_DIST, version="2.5")
    record = create(tmp_path / "runs", spec("who-is-it"), 1, "", []).record
    theirs = [p for p in record["plugins"] if p["distribution"] == "span-dist"]
    assert {(p["kind"], p["name"], p["version"]) for p in theirs} == {
        ("task", "who-is-it", "2.5"),
        ("problem", "passage-spans", "2.5"),
        ("head", "passage-spans", "2.5"),
    }


@pytest.mark.parametrize(
    ("task", "pooling", "problem", "head"),
    [
        ("xnli", "native", "sequence-classification", None),
        ("xnli", "segments", "sequence-classification", "segments"),
        ("panx", "native", "token-classification", None),
        ("panx", "token-classification", "token-classification", "token-classification"),
    ],
)
def test_a_head_of_the_encoders_own_is_no_plugin(
    task: str, pooling: str, problem: str, head: str | None
) -> None:
    own = recorded(spec(task, {"name": "e5-small", "pooling": pooling}))
    assert own["problem", problem] == "xlt-cli"
    assert [name for kind, name in own if kind == "head"] == ([head] if head else [])


def test_a_problem_that_is_no_plugin_counts_as_the_one_that_it_derives_from(install: Any) -> None:
    install("review-dist", {"xlt.tasks": {"reviews": "reviews:Reviews"}}, {"reviews": OWN_PROBLEM})
    own = recorded(spec("reviews"))
    assert own["task", "reviews"] == "review-dist"
    assert own["problem", "sequence-classification"] == "xlt-cli"
