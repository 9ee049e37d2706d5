"""The mixed-effects model over the cells of a question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from question_points import ALONE, POINTS, Answers, asked
from question_runs import ASKED, SEEDS, Answering, Ask

from xlt_cli.formats import markdown
from xlt_cli.reports import mixed
from xlt_cli.reports.question import report
from xlt_cli.stats.trend import inside, logit


def test_the_mixed_model_is_that_of_the_cells(
    every: Path, ask: Ask, answering: Answering, answers: Answers, alone: Answers
) -> None:
    model = {"baseline": "plain", "covariates": ["in-distribution"]}
    arms = {name: ALONE["arms"][name] for name in ("plain", "each")}  # type: ignore[index]
    contrasts = [{"of": "each", "over": "plain"}]
    families = [
        {"name": one["name"], "sets": [{**x, "trained_on": True} for x in one["sets"]]}
        for one in ASKED["families"]
    ]
    found = asked(
        ask,
        every,
        alone={"arms": arms, "contrasts": contrasts, "mixed_model": model},
        families=families,
    )
    made = found["mixed_model"]
    assert made["formula"] == (
        "logit(accuracy) ~ system * condition + in-distribution + (1 | language) + (1 | seed) + "
        "(1 | set) + (1 | intermediate) + (1 | run) + (1 | system:language) + (1 | system:seed) + "
        "(1 | system:set) + (1 | condition:language) + (1 | condition:seed) + "
        "(1 | condition:intermediate) + (1 | condition:run) + (1 | system:condition:language) + "
        "(1 | system:condition:seed)"
    )
    rows = []
    for arm, own in (("plain", {"plain": answers}), ("each", dict.fromkeys(POINTS, alone))):
        for point, known in own.items():
            for seed in SEEDS:
                right = known[point, seed]
                home = float(logit(inside(right["en", ""].mean(), answering.rows)))
                for title, family, langs, keys in (
                    ("pawsx test", "zero-shot", ("en", "de", "fr"), [""]),
                    ("noisy", "noise", ("en", "de", "fr"), answering.draws),
                    ("noise in English", "noise", ("en",), answering.draws),
                ):
                    for lang in langs:
                        rows.append(
                            mixed.Observed(
                                arm,
                                lang,
                                str(seed),
                                family,
                                float(np.mean([right[lang, key].mean() for key in keys])),
                                len(keys) * answering.rows,
                                {"in-distribution": home},
                                {
                                    "set": title,
                                    "intermediate": point if point in POINTS else "none",
                                    "run": f"{point} {seed}",
                                },
                            )
                        )
    expected = mixed.model(rows, mixed.Question("plain", True, "accuracy", ["in-distribution"]))
    for one, other in zip(made["differences"], expected["differences"], strict=True):
        assert one["value"] == pytest.approx(other["value"], abs=2e-4)
        assert one["error"] == pytest.approx(other["error"], rel=2e-2)
    assert made["levels"] == {"system": 2, "language": 3, "seed": 4}
    text = markdown.text(report({**ask(every), "comparisons": [found]}))
    assert "a system is an arm, a condition a family of test sets" in text


def test_a_mixed_model_that_cannot_be_made_is_said(every: Path, ask: Ask) -> None:
    model = {"baseline": "plain", "covariates": ["fertility"]}
    arms = {name: ALONE["arms"][name] for name in ("plain", "each")}  # type: ignore[index]
    contrasts = [{"of": "each", "over": "plain"}]
    asking = {"arms": arms, "contrasts": contrasts, "mixed_model": model}
    found = asked(ask, every, alone=asking)
    assert found["mixed_model"] is None
    assert any("without a known fertility: de, en, fr" in note for note in found["notes"])
    assert any("there is no mixed model" in note for note in found["notes"])


def test_a_run_of_two_arms_is_in_no_model(every: Path, ask: Ask) -> None:
    model = {"baseline": "plain", "covariates": []}
    found = asked(ask, every, alone={"mixed_model": model})
    assert found["mixed_model"] is None
    assert any("is a run of 'each' and of 'some'" in note for note in found["notes"])
