"""A reproduction's tables: what stands out is marked, and many methods still fit."""

from __future__ import annotations

from typing import Any

import pytest

from xlt_cli.formats import terminal
from xlt_cli.reports import reproduction as pieces
from xlt_cli.reports.reproduction import WIDTH

LANGUAGES = {"source": ["en"], "near": ["de", "fr"], "distant": ["zh"]}
AVERAGES = {"source": 1, "zero_shot": 3, "near": 2, "distant": 1, "all": 4, "generalized": 12}
AVERAGES |= {"generalized_zero_shot": 6, "generalized_near": 6, "generalized_distant": 6}
GAIN = {"value": -0.101, "low": -0.122, "high": -0.08}


def method(tested: bool, p_holm: float) -> dict[str, Any]:
    cells = [f"average:{name}" for name in AVERAGES]
    cells += [language for part in LANGUAGES.values() for language in part]
    tests = {"p": 0.002, "p_holm": p_holm}
    gains = {c: GAIN if ":" in c else {**GAIN, **tests} for c in cells} if tested else {}
    figures = {cell: {"value": 0.7, "low": 0.6, "high": 0.8} for cell in cells}
    return {"seeds": [1, 2], "paired_seeds": [1, 2], "figures": figures, "gains": gains}


def report(
    methods: list[str], p_holm: float = 0.008, claims: int = 1, baseline: str = "ERM"
) -> dict[str, Any]:
    verdict = {"verdict": "undecided", "remark": "", "seeds": [1, 2], "gain": GAIN}
    claim = {"task": "xnli", "text": "better", "of": "all", "points": 1.6, "than": None}
    return {
        "title": "A title",
        "reference": "A paper",
        "encoder": "mbert",
        "original": "mbert",
        "quick": False,
        "baseline": baseline,
        "methods": methods,
        "tasks": [
            {
                "task": "xnli",
                "split": "test",
                "metric": "accuracy",
                "demonstration": False,
                "languages": LANGUAGES,
                "averages": AVERAGES,
                "methods": {name: method(name != baseline, p_holm) for name in methods},
            }
        ],
        "claims": [{**claim, "verdicts": dict.fromkeys(methods[1:], verdict)}] * claims,
        "rule": ["A rule."] * claims,
        "notes": [],
        "missing": [],
    }


def plain(values: dict[str, Any]) -> str:
    """`report.txt`."""
    return terminal.text(pieces.report(values), WIDTH)


@pytest.mark.parametrize("count", [2, 4, 5, 10])
def test_tables_fit_however_many_methods_there_are(count: int) -> None:
    methods = ["ERM", *(f"method-{number}" for number in range(1, count))]
    text = plain(report(methods))
    assert max(map(len, text.splitlines())) <= WIDTH
    tables = -(-(count - 1) // 3)
    assert text.count("gain over ERM by language") == tables
    assert text.count("the paper's claims") == tables
    assert text.count("-10.1 [-12.2, -8.0]*") == 4 * (count - 1)  # no gain is broken in two


def test_only_what_stands_out_among_the_languages_is_marked() -> None:
    assert "]*" in plain(report(["ERM", "da"], p_holm=0.05))
    assert "]*" not in plain(report(["ERM", "da"], p_holm=0.051))


def test_pairs_are_shown_by_the_nearness_of_their_languages() -> None:
    text = plain(report(["ERM", "da"]))
    for row in ("all pairs (12)", "unseen pairs (6)", "near pairs (6)", "distant pairs (6)"):
        assert row in text


def test_another_baseline_has_no_gain_and_the_first_method_has_one() -> None:
    text = plain(report(["ERM", "rp", "da"], claims=0, baseline="da"))
    assert "every gain is over da" in text
    means, by_language = text.split("gain over da by language")
    *others, own = means.split("├")
    assert [row.split("│")[1].strip() for row in (*others[1:], own)] == ["rp", "da"]
    assert all("-10.1" in row for row in others)
    assert "-10.1" not in own
    heading = by_language.splitlines()[2].split("┃")
    assert [name.strip() for name in heading[2:-1]] == ["da", "ERM", "rp"]


def test_a_reproduction_without_claims_shows_none() -> None:
    assert "claim" not in plain(report(["ERM", "da"], claims=0))


def test_figures_and_gains_of_collapsed_runs_are_marked() -> None:
    found = report(["ERM", "rp", "da"])
    own = found["tasks"][0]["methods"]["da"]
    own.update(collapsed_seeds=[2], without_collapsed={})
    text = plain(found)
    assert text.count("70.0†") == 4  # the means of da
    by_language = text.split("by language")[1]
    assert by_language.count("-10.1 [-12.2, -8.0]†") == 6  # means of languages, and of pairs
    assert text.count("-10.1 [-12.2, -8.0]*†") == 4
    assert max(map(len, text.splitlines())) <= WIDTH
    found = report(["ERM", "rp", "da"])
    methods = found["tasks"][0]["methods"]
    methods["ERM"].update(collapsed_seeds=[1], without_collapsed={})
    for method in ("rp", "da"):
        methods[method]["without_collapsed"] = {}
    text = plain(found)
    assert text.count("-10.1 [-12.2, -8.0]*†") == 8
    assert "†" not in plain(report(["ERM", "rp", "da"]))
