"""What a property of intermediate languages says of their effects."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from question_points import ALONE, FERTILITY, Answers, asked, in_german
from question_runs import ASKED, Ask
from scipy import stats

from xlt_cli.errors import DataError, SpecError
from xlt_cli.formats import csv as csv_format
from xlt_cli.formats import markdown
from xlt_cli.questions.by_property import intermediate_language, property_of
from xlt_cli.questions.stored import TestedRun as Stored
from xlt_cli.reports.question import report
from xlt_cli.runs.finding import all_runs
from xlt_cli.stats.association import rank_correlation


def test_effects_are_ranked_with_numbers_and_averaged_over_words(
    every: Path, ask: Ask, answers: Answers, alone: Answers
) -> None:
    found = asked(ask, every)
    about = found["contrasts"][0]["by_property"]
    effects = (in_german(alone, "alone") - in_german(answers, "plain")).mean(axis=(1, 2))
    shown = {one["point"]: one for one in about["points"]}
    assert [x["effects"]["zero-shot"]["accuracy"] for x in shown.values()] == pytest.approx(effects)
    assert [x["properties"]["fertility"] for x in shown.values()] == [1.6, 1.4, 3.0, None, 2.7]
    assert shown["ur"]["properties"]["script"] == "Arab"
    (one,) = [
        x
        for x in about["relations"]
        if (x["property"], x["family"], x["outcome"]) == ("fertility", "zero-shot", "accuracy")
    ]
    known = [0, 1, 2, 4]
    expected = stats.spearmanr([1.6, 1.4, 3.0, 2.7], effects[known]).statistic
    assert (one["value"], one["points"]) == (pytest.approx(expected), 4)
    assert one["p_holm"] >= one["p"]
    latin = [x for x in about["means"] if x["level"] == "Latn" and x["family"] == "zero-shot"]
    own = next(x for x in latin if x["outcome"] == "accuracy")
    assert own["value"] == pytest.approx(np.mean(effects[[0, 2, 3, 4]]))
    text = markdown.text(
        report(ask(every, comparisons=[ALONE], properties={"fertility": FERTILITY}))
    )
    assert "each (5 points)" in text
    assert "rank correlation of accuracy with properties" in text
    assert "they are a sample" in text


def test_the_correlation_of_ranks_is_scipys_and_its_p_that_of_all_orders() -> None:
    rng = np.random.default_rng(2)
    for count in (3, 5, 6):
        x, y = rng.normal(size=count), rng.normal(size=count)
        value, p = rank_correlation(x.tolist(), y.tolist()) or (np.nan, np.nan)
        rho = stats.spearmanr(x, y).statistic
        every = [stats.spearmanr(order, y).statistic for order in itertools.permutations(x)]
        assert value == pytest.approx(rho)
        tails = [np.mean(np.array(every) >= rho - 1e-9), np.mean(np.array(every) <= rho + 1e-9)]
        assert p == pytest.approx(min(1, 2 * min(tails)))
    assert rank_correlation([1, 1, 1], [1, 2, 3]) is None
    assert rank_correlation([1, 2], [1, 2]) is None
    many = rank_correlation(list(range(12)), list(range(12)))
    assert many is not None
    assert many[0] == pytest.approx(1)
    assert many[1] < 0.001


def test_points_without_one_intermediate_language_are_refused(every: Path, ask: Ask) -> None:
    arms = {"plain": {"sweep": "plain"}, "each": {"sweep": "alone", "points": ["sw", "ur"]}}
    contrasts = [{"of": "each", "over": "plain", "by_property": ["script"]}]
    found = asked(ask, every, alone={"arms": arms, "contrasts": contrasts})
    assert len(found["contrasts"][0]["by_property"]["points"]) == 2
    plain = [Stored(run, {}) for run in all_runs(every) if run.name.startswith("plain")]
    with pytest.raises(DataError, match="trained on nothing before their last stage"):
        intermediate_language("plain", plain)


@pytest.mark.parametrize(
    ("stated", "what"),
    [
        ({"fertility": {"sw": 1.6, "ur": "high"}}, "a number of some languages and a word"),
        ({"fertility": {"sw": "1.6"}}, "is written as such"),
        ({"fertility": {"sw": "1,6"}}, "is written as such"),
        ({"fertility": {"sw": True}}, "a number or a word, not True"),
        ({"fertility": {"sw": float("nan")}}, "is written as such"),
        ({"fertility": {"zzzzz": 1.6}}, "'zzzzz' in the property 'fertility' is no known language"),
        ({"condition": {"sw": 1.6}}, "cannot be called 'condition'"),
        ({"family": {"sw": "Bantu"}}, "cannot be called 'family'"),
    ],
)
def test_properties_that_cannot_be_meant_are_refused(
    every: Path, ask: Ask, stated: dict[str, Any], what: str
) -> None:
    with pytest.raises(SpecError, match=re.escape(what)):
        ask(every, comparisons=[ALONE], properties={**stated, "other": {"sw": 1}})


def test_a_property_is_of_the_language_that_is_meant() -> None:
    stated = {"x": {"yue": 9.0, "zho_Hans": 1.0, "sr": 3.0, "sw": 2.0, "fr": 4.0}}
    assert property_of("x", "zh", stated) == 1.0
    assert property_of("x", "hr", stated) is None
    assert property_of("x", "swh_Latn", stated) == 2.0
    assert property_of("resource", "sw", {}) == 2


def test_the_records_have_the_points_and_the_model(every: Path, ask: Ask) -> None:
    arms = {name: ALONE["arms"][name] for name in ("plain", "each")}  # type: ignore[index]
    asking = {**ALONE, "arms": arms, "contrasts": ALONE["contrasts"][:1],  # type: ignore[index]
              "mixed_model": {"baseline": "plain"}}  # fmt: skip
    families = [
        {"name": one["name"], "sets": [{**x, "trained_on": True} for x in one["sets"]]}
        for one in ASKED["families"]
    ]
    values = ask(every, comparisons=[asking], properties={"fertility": FERTILITY},
                 families=families)  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(csv_format.text(report(values)))))
    kinds = {row["kind"] for row in rows}
    assert kinds >= {"point", "property", "rank correlation", "mean of points", "mixed model"}
    fertility = [r for r in rows if r["kind"] == "property" and r["property"] == "fertility"]
    assert [r["value"] for r in fertility] == ["1.6", "1.4", "3.0", "", "2.7"]
    assert {r["word"] for r in rows if r["property"] == "script"} >= {"Latn", "Arab"}
