"""What a task shows, as values: gains are over the baseline, wherever it stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from xlt_cli.formats import csv as csv_format
from xlt_cli.problems import SequenceClassification
from xlt_cli.reports.gains import COLUMNS, TaskGains, records
from xlt_cli.reports.measured import Measured, measure
from xlt_cli.runs.predictions import Answers

METHODS = ["erm", "rp", "da"]
NAMES = {"task": "t", "metric": "accuracy"}
LANGUAGES = ("en", "de", "zh")


def csv_text(tasks: list[dict[str, Any]]) -> str:
    return csv_format.records(records(tasks))


def measured(seed: int, share: float) -> Measured:
    """A run that answers this share of 60 items rightly, in each language others."""
    rng = np.random.default_rng(seed)
    ids, golds = [f"test-{i}" for i in range(60)], [str(i % 2) for i in range(60)]
    answers = {}
    for language in LANGUAGES:
        wrong = rng.random(len(ids)) >= share
        predicted = [str(int(gold) ^ int(no)) for gold, no in zip(golds, wrong, strict=True)]
        answers[language, language] = Answers(ids, golds, predicted)
    return measure(SequenceClassification(["0", "1"]), "accuracy", answers, aligned=True)


RUNS = {
    method: {seed: measured(10 * seed + number, 0.6 + 0.1 * number) for seed in (1, 2, 3)}
    for number, method in enumerate(METHODS)
}


def findings(baseline: str) -> TaskGains:
    return TaskGains({"trained_on": ["en"]}, RUNS, METHODS, baseline, near=["de"])


def gains(baseline: str) -> dict[str, dict[str, dict[str, Any]]]:
    methods = findings(baseline).as_dict()["methods"]
    assert list(methods) == METHODS
    return {method: found["gains"] for method, found in methods.items()}


@pytest.mark.parametrize("baseline", METHODS)
def test_every_method_but_the_baseline_has_gains(baseline: str) -> None:
    others = [method for method in METHODS if method != baseline]
    assert [method for method, found in gains(baseline).items() if found] == others
    assert list(findings(baseline).judge("all", None, None, quick=False)) == others


def test_a_gain_over_another_baseline_is_the_reverse_one_turned_round() -> None:
    there, back = gains("erm")["da"], gains("da")["erm"]
    assert there.keys() == back.keys() >= {"average:all", *LANGUAGES}
    for cell, gain in there.items():
        assert gain["value"] == pytest.approx(-back[cell]["value"])
        assert (gain["low"], gain["high"]) == pytest.approx(
            (-back[cell]["high"], -back[cell]["low"])
        )
        assert gain.get("p") == back[cell].get("p")
        assert gain.get("p_holm") == back[cell].get("p_holm")
    assert there["average:all"]["value"] > 0


def collapsed(languages: tuple[str, ...] = LANGUAGES) -> Measured:
    """A run that answers `1` to every row of these languages, and rightly to all others."""
    ids, golds = [f"test-{i}" for i in range(60)], [str(i % 2) for i in range(60)]
    answers = {
        (x, x): Answers(ids, golds, ["1"] * 60 if x in languages else golds) for x in LANGUAGES
    }
    return measure(SequenceClassification(["0", "1"]), "accuracy", answers, aligned=True)


def with_collapse(
    changed: Mapping[str, Mapping[int, Measured]], seeds: tuple[int, ...] = (1, 2, 3)
) -> TaskGains:
    runs = {m: {s: one[s] for s in seeds} | dict(changed.get(m, {})) for m, one in RUNS.items()}
    return TaskGains({"trained_on": ["en"]}, runs, METHODS, "erm", near=["de"])


def values(found: Mapping[str, Any], cell: str) -> float:
    return float(found["figures"][cell]["value"])


def test_a_collapsed_run_is_in_the_mean_and_the_mean_without_it_stands_beside() -> None:
    found = with_collapse({"da": {3: collapsed()}}).as_dict()["methods"]
    (all_three, two) = (found["da"], found["da"]["without_collapsed"])
    assert all_three["collapsed_seeds"] == [3]
    assert (all_three["seeds"], two["seeds"], two["paired_seeds"]) == ([1, 2, 3], [1, 2], [1, 2])
    sound = [RUNS["da"][seed].scores["de", "de"].value for seed in (1, 2)]
    assert values(all_three, "de") == pytest.approx((sum(sound) + 0.5) / 3)
    assert values(two, "de") == pytest.approx(sum(sound) / 2)
    assert "without_collapsed" not in found["rp"]


def test_a_collapsed_baseline_is_in_every_gain() -> None:
    found = with_collapse({"erm": {2: collapsed()}}).as_dict()["methods"]
    assert found["erm"]["collapsed_seeds"] == [2]
    for method in ("rp", "da"):
        assert "collapsed_seeds" not in found[method]
        assert found[method]["without_collapsed"]["seeds"] == [1, 2, 3]
        assert found[method]["without_collapsed"]["paired_seeds"] == [1, 3]


def test_a_baseline_that_collapsed_in_a_seed_of_its_own_is_in_no_gain() -> None:
    findings = with_collapse({"erm": {4: collapsed()}})
    assert "without_collapsed" not in findings.as_dict()["methods"]["da"]
    assert findings.judge("all", None, 2.0, quick=False)["da"]["remark"] in (
        *("", "larger than the paper's", "smaller than the paper's"),
    )


@pytest.mark.parametrize("languages", [("de",), ("de", "zh")])
def test_one_answer_in_target_languages_alone_is_no_collapse(languages: tuple[str, ...]) -> None:
    found = with_collapse({"da": {3: collapsed(languages)}}).as_dict()["methods"]["da"]
    assert "collapsed_seeds" not in found


def test_without_collapse_nothing_is_added() -> None:
    found = findings("erm").as_dict()
    assert all("collapsed" not in key for one in found["methods"].values() for key in one)
    assert csv_text([{"task": "t", "metric": "m", **found}]).startswith(",".join(COLUMNS) + "\n")


def test_csv_tells_collapsed_runs_from_the_others() -> None:
    found = with_collapse({"da": {3: collapsed()}}).as_dict()
    lines = list(csv.DictReader(io.StringIO(csv_text([{"task": "t", "metric": "m", **found}]))))
    mine = [(x["seeds"], x["collapsed"]) for x in lines if (x["method"], x["cell"]) == ("da", "de")]
    assert mine == [("3", "1"), ("2", "left out"), ("3", "1"), ("2", "left out")]
    assert {line["collapsed"] for line in lines if line["method"] == "rp"} == {"0"}
    baseline = with_collapse({"erm": {3: collapsed()}}).as_dict()
    lines = list(csv.DictReader(io.StringIO(csv_text([{"task": "t", "metric": "m", **baseline}]))))
    mine = [
        (x["quantity"], x["collapsed"])
        for x in lines
        if (x["method"], x["cell"]) == ("rp", "average:all")
    ]
    assert mine == [("figure", "0"), ("gain", "1"), ("gain", "left out")]


def test_a_claim_that_rests_on_a_collapsed_run_is_undecided() -> None:
    whole = findings("erm").judge("all", None, 2.0, quick=False)["da"]
    assert whole["verdict"] == "confirmed"
    one = with_collapse({"da": {3: collapsed()}}).judge("all", None, 2.0, quick=False)["da"]
    assert (one["verdict"], one["seeds"]) == ("undecided", [1, 2, 3])
    assert one["remark"].startswith("collapsed runs (da seed 3)")
    every = {"da": {seed: collapsed() for seed in (1, 2, 3)}}
    gone = with_collapse(every).judge("all", None, 2.0, quick=False)["da"]
    assert (gone["verdict"], gone["remark"][:32]) == (
        "undecided",
        "collapsed runs (da seed 1, 2, 3)",
    )
    two = with_collapse({"rp": {1: collapsed()}, "erm": {1: collapsed()}})
    assert "rp seed 1; erm seed 1" in two.judge("all", None, 2.0, quick=False)["rp"]["remark"]


def test_groups_of_languages_have_gains_like_other_averages() -> None:
    about = {"trained_on": ["en"]}
    task = TaskGains(about, RUNS, METHODS, "erm", ["de"], by=["family", "resource"]).as_dict()
    assert task["by"] == {
        "family": {"Indo-European": ["de"], "Sino-Tibetan": ["zh"]},
        "resource": {"5": ["de", "zh"]},
    }
    plain = findings("erm").as_dict()
    for method in METHODS:
        for quantity in ("figures", "gains"):
            own = task["methods"][method][quantity]
            if not own:
                continue
            assert own["average:zero_shot:resource=5"] == own["average:zero_shot"]
            shown = {name: own["zh"][name] for name in ("value", "low", "high")}
            assert own["average:zero_shot:family=Sino-Tibetan"] == shown
            without = {name: value for name, value in own.items() if "=" not in name}
            assert without == plain["methods"][method][quantity]
    cells = {line["cell"] for line in csv.DictReader(io.StringIO(csv_text([{**task, **NAMES}])))}
    assert "average:zero_shot:family=Indo-European" in cells
