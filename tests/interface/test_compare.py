"""Comparing systems: what is found, refused, computed and said of stored predictions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

import xlt_cli
from xlt_cli.api import Metric
from xlt_cli.problems import Prediction
from xlt_cli.reports import measured
from xlt_cli.reports.measured import Measured, measure
from xlt_cli.reports.statements import statement
from xlt_cli.reports.systems import Settings
from xlt_cli.runs import atomic
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store
from xlt_cli.spec import Evaluation, ExperimentSpec
from xlt_cli.spec.identity import FORMAT
from xlt_cli.stats.estimates import Estimate

LANGUAGES = ("en", "de", "fr")
SPEC = {
    "name": "s",
    "encoder": "e5-small-q4",
    "stages": [{"task": "mini-pawsx"}],
    "evaluations": [{"task": "mini-pawsx"}],
}
Write = Callable[..., Run]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a run with the answers to 60 rows in each language, a share of them right."""
    monkeypatch.chdir(tmp_path)

    def run(
        name: str,
        seed: int,
        share: float,
        task: str = "mini-pawsx",
        languages: Sequence[str] = LANGUAGES,
        answer: str | None = None,
        rows: int = 60,
        data: str = "",
    ) -> Run:
        found = Run(tmp_path / "runs" / f"{name}-s{seed}")
        spec = ExperimentSpec.model_validate(SPEC).model_dump(mode="json")
        record = {"identity": "0", "format": FORMAT, "name": name, "seed": seed, "spec": spec}
        found.path.mkdir(parents=True, exist_ok=True)
        atomic.write_json(found.path / "run.json", record)
        evaluation = Evaluation.model_validate({"task": task})
        store = Store.open(found.evaluations, evaluation, f"{name}{seed}")
        for number, language in enumerate(languages):
            rng = np.random.default_rng([seed, number, int(100 * share)])
            golds = [str(i % 2) for i in range(rows)]
            told = [g if rng.random() < share else str(1 - int(g)) for g in golds]
            answers = [
                Prediction(f"t-{i}", g, answer or t)
                for i, (g, t) in enumerate(zip(golds, told, strict=True))
            ]
            store.write(Cell((language, language)), answers)
        results = {
            "task": task,
            "split": "test",
            "limit": None,
            "metric": "accuracy",
            "trained_on": ["en"],
            "languages": {language: {} for language in languages},
            "pairs": {},
            "data": {x: {"sha256": f"{x}{data}"} for x in languages},
        }
        store.write_summary(results, "")
        return found

    return run


@pytest.fixture
def three(write: Write) -> None:
    for seed in (1, 2, 3):
        write("erm", seed, 0.6)
        write("da", seed, 0.9)
        write("rp", seed, 0.62)


def test_a_comparison_of_three_systems(three: None, xlt: Any) -> None:
    found = xlt("compare", "ERM=erm-*", "DA=da-*", "RP=rp-*", "--equivalence", "2", "--json")
    assert found.exit_code == 0, found.output
    values = json.loads(found.stdout)
    (one,) = values["evaluations"]
    assert (one["headline"], one["languages"], values["baseline"]) == (
        "zero_shot",
        sorted(LANGUAGES),
        "ERM",
    )
    gain = one["gains"]["DA"]["cells"]["average:zero_shot"]
    mean = {
        name: own["figures"]["average:zero_shot"]["value"] for name, own in one["systems"].items()
    }
    assert gain["value"] == pytest.approx(mean["DA"] - mean["ERM"])
    assert gain["low"] > 0
    assert one["systems"]["DA"]["rank"] == {"place": 1, "low": 1, "high": 1, "ties": []}
    assert one["systems"]["ERM"]["rank"]["ties"] == ["RP"]
    assert "DA is better than ERM" in one["gains"]["DA"]["statement"]
    assert one["gains"]["DA"]["order"]["bound"] < 0.5
    assert "No difference between RP and ERM is shown" in one["gains"]["RP"]["statement"]
    python = xlt_cli.compare(
        {"ERM": "erm-*", "DA": "da-*", "RP": ["rp-s1", "rp-s2", "rp-s3"]}, equivalence=2
    )
    assert json.loads(json.dumps(python.values)) == values


def test_every_format_shows_it(three: None, xlt: Any) -> None:
    given = ["compare", "ERM=erm-*", "DA=da-*"]
    shown = xlt(*given)
    assert shown.exit_code == 0, shown.output
    assert "DA is better than ERM: accuracy in the 2 zero-shot languages" in shown.stdout
    assert xlt(*given, "--format", "markdown").stdout.count("|") > 50
    rows = list(csv.DictReader(io.StringIO(xlt(*given, "--format", "csv").stdout)))
    (gain,) = [r for r in rows if (r["quantity"], r["cell"]) == ("gain", "average:zero_shot")]
    assert (gain["system"], gain["seeds"]) == ("DA", "3")
    frame = xlt_cli.compare({"ERM": "erm-*", "DA": "da-*"}).frame()
    assert len(frame) == len(rows)
    other = xlt(*given, "--baseline", "DA", "--correction", "bh", "--metric", "macro_f1")
    assert "ERM is worse than DA: macro-F1" in other.stdout


def test_a_difference_that_is_the_same_on_every_row_tells_nothing_of_chance(
    write: Write, xlt: Any
) -> None:
    for seed in (1, 2):
        write("erm", seed, 0.5, answer="0")
        write("da", seed, 0.5, answer="0")
    found = xlt("compare", "ERM=erm-*", "DA=da-*", "--equivalence", "1")
    assert found.exit_code == 0, found.output
    said = " ".join(found.stdout.split())
    assert "the same on every row, so that nothing is known of chance" in said
    assert "That the difference lies within ±1.0 points is not shown" in said
    gain = xlt_cli.compare({"ERM": "erm-*", "DA": "da-*"}, equivalence=1).values
    (one,) = gain["evaluations"]
    for cell in one["gains"]["DA"]["cells"].values():
        assert (cell["value"], cell["smallest_effect"], cell["p_equivalence"]) == (0, None, None)


def test_one_seed_has_mcnemars_p_value(write: Write) -> None:
    one, other = write("a", 1, 0.6), write("b", 1, 0.8)
    values = xlt_cli.compare({"a": xlt_cli.open_run(one.path), "b": other.path}).values
    cell = values["evaluations"][0]["gains"]["b"]["cells"]["de"]
    right = [
        {
            r["id"]: r["gold"] == r["predicted"]
            for r in xlt_cli.open_run(p.path).predictions(language="de")
        }
        for p in (one, other)
    ]
    won = sum(right[1][i] and not right[0][i] for i in right[0])
    lost = sum(right[0][i] and not right[1][i] for i in right[0])
    assert (cell["won"], cell["lost"]) == (won, lost)
    assert cell["p"] == pytest.approx(binomtest(won, won + lost).pvalue)
    said = values["evaluations"][0]["gains"]["b"]["statement"]
    assert said.endswith("One seed says nothing about other seeds.")


def test_only_seeds_that_both_have_are_paired_and_collapsed_runs_are_counted(write: Write) -> None:
    for seed in (1, 2, 3):
        write("a", seed, 0.6)
    for seed in (2, 3, 4):
        write("b", seed, 0.9, answer="1" if seed == 3 else None)
    compared = xlt_cli.compare({"a": "a-*", "b": "b-*"})
    (one,) = compared.values["evaluations"]
    assert one["gains"]["b"]["seeds"] == [2, 3]
    assert one["systems"]["b"]["seeds"] == [2, 3, 4]
    assert one["systems"]["b"]["collapsed_seeds"] == [3]
    left = one["without_collapsed"]
    assert left["gains"]["b"]["seeds"] == [2]
    assert (
        left["systems"]["b"]["figures"]["de"]["value"]
        > one["systems"]["b"]["figures"]["de"]["value"]
    )
    assert any("collapsed" in note for note in compared.report.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "pawsx"}, "no evaluation in common: 'a' has mini-pawsx test; 'b' has pawsx test"),
        ({"rows": 59}, "different rows of mini-pawsx test in 'de': ids or gold labels differ"),
        ({"data": "2"}, "different rows of mini-pawsx test in 'de': the data files differ"),
        ({"languages": ["zh"]}, "were not tested in the same languages"),
    ],
)
def test_runs_over_other_data_are_refused(
    write: Write, xlt: Any, change: Mapping[str, Any], message: str
) -> None:
    write("a", 1, 0.6)
    write("b", 1, 0.6, **change)
    found = xlt("compare", "a=a-*", "b=b-*")
    assert found.exit_code == 2, found.output
    assert message in " ".join(found.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["A=erm-*"], "needs two systems"),
        (["A=erm-*", "erm-s1"], "lacks a name or runs"),
        (["A=erm-*", "B=nothing-*"], "no run matches 'nothing-*'"),
        (["A=erm-*", "B=erm-s1"], "belongs to 'A' and to 'B'"),
        (["A=*", "B=erm-s1"], "has two runs with seed 1"),
        (["A=erm-s1", "B=da-s2"], "no seed in common"),
        (["A=erm-*", "B=da-*", "--baseline", "C"], "unknown system 'C'"),
        (["A=erm-*", "B=da-*", "--metric", "bleu"], "unknown metric 'bleu'"),
        (["A=erm-*", "B=da-*", "--level", "5"], "between 0 and 1"),
        (["A=erm-*", "B=da-*", "--equivalence", "0"], "a band is above 0"),
    ],
)
def test_bad_input_is_refused(three: None, xlt: Any, arguments: list[str], message: str) -> None:
    found = xlt("compare", *arguments)
    assert found.exit_code == 2, found.output
    assert message in " ".join(found.output.split())


def test_languages_that_some_runs_lack_are_left_out_and_that_is_said(write: Write) -> None:
    write("a", 1, 0.6)
    write("b", 1, 0.8, languages=["en", "de"])
    compared = xlt_cli.compare({"a": "a-*", "b": "b-*"})
    assert compared.values["evaluations"][0]["languages"] == ["de", "en"]
    assert compared.values["notes"] == [
        "mini-pawsx test: only the 2 cells that all runs were tested in"
    ]


@pytest.mark.parametrize("lacking", [["de"], ["en", "de", "fr"]])
def test_languages_whose_metric_is_not_defined_are_left_out_and_that_is_said(
    three: None, xlt: Any, lacking: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def undefined(*arguments: Any) -> Measured:
        found = measure(*arguments)
        for pair in found.scores:
            if pair[0] in lacking:
                found.scores[pair] = replace(found.scores[pair], value=float("nan"))
        return found

    monkeypatch.setattr(measured, "measure", undefined)
    result = xlt("compare", "ERM=erm-*", "DA=da-*", "--json")
    if len(lacking) == 3:
        assert result.exit_code == 2
        assert "'accuracy' is not defined for the rows of " in result.output
        return
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["evaluations"][0]["languages"] == ["en", "fr"]
    assert any("without de, for whose rows 'accuracy'" in note for note in values["notes"])


@given(
    st.floats(-0.1, 0.1), st.floats(1e-4, 0.1), st.floats(1, 50), st.sampled_from([None, 0.02]),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_a_statement_never_says_more_than_its_interval(
    value: float, error: float, df: float, band: float | None, higher: bool
) -> None:
    estimate = Estimate(value, error, df)
    cell = {
        **estimate.interval().as_dict(),
        "p": estimate.p_value(),
        "smallest_effect": estimate.smallest_effect(),
    }
    if band:
        p = estimate.equivalence(band)
        cell |= {"p_equivalence": p, "equivalent": p <= 0.05}
    about = {
        "metric": Metric("accuracy", higher_is_better=higher),
        "settings": Settings("A", 0.05, "holm", band),
        "headline": "all",
        "cells": 1,
        "languages": ["en"],
    }
    gains = {"seeds": [1, 2], "cells": {"average:all": cell}, "any_language": None}
    said = statement("B", gains, about)
    low, high = cell["low"], cell["high"]
    assert ("is better" in said) == (low > 0 if higher else high < 0)
    assert ("is worse" in said) == (high < 0 if higher else low > 0)
    assert ("difference between" in said) == (low <= 0 <= high)
    assert "accuracy in the one language " in said
    wide = estimate.interval(0.1)
    inside = band is not None and -band <= wide.low and wide.high <= band
    assert ("The difference lies within" in said) == inside
