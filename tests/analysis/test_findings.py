"""What a task shows, as values: gains are over the baseline, wherever it stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xlt_cli.analysis.comparison import Measured, measure
from xlt_cli.analysis.findings import TaskFindings
from xlt_cli.problems import SequenceClassification
from xlt_cli.runs.predictions import Answers

METHODS = ["erm", "rp", "da"]
LANGUAGES = ("en", "de", "zh")


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


def findings(baseline: str) -> TaskFindings:
    return TaskFindings({"trained_on": ["en"]}, RUNS, METHODS, baseline, near=["de"])


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
