"""Groups of languages: each language is in one, and means are those of their languages."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.languages import FACTS, facts_of
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports import by_language, groups
from xlt_cli.reports.summary import counted
from xlt_cli.stats.intervals import average, resample

LANGUAGES = [
    *("en", "de", "fr", "sw", "yo", "zu", "th", "tr", "ug", "qu", "quy", "ary", "arz", "pcm"),
    *("zho_Hant", "kas_Arab", "kas_Deva", "x-mine"),
]
LABELS = ("0", "1")
PROBLEM = SequenceClassification(LABELS)


def rows(language: str) -> list[Prediction]:
    rng, golds = random.Random(language), random.Random(0)
    return [
        Prediction(f"test-{i}", golds.choice(LABELS), rng.choice(LABELS), (0.5, 0.5))
        for i in range(50)
    ]


SCORES = resample({x: counted(PROBLEM, rows(x)) for x in LANGUAGES}, PROBLEM.score, aligned=True)


@given(st.sets(st.sampled_from(LANGUAGES), min_size=1), st.sampled_from(FACTS))
def test_every_language_is_in_one_group(languages: set[str], fact: str) -> None:
    grouped = groups.members(sorted(languages), fact)
    assert sorted(language for own in grouped.values() for language in own) == sorted(languages)
    assert all(own for own in grouped.values())
    for name, own in grouped.items():
        values = {getattr(facts_of(language), fact) for language in own}
        assert {str(value) if value is not None else groups.UNKNOWN for value in values} == {name}


def test_groups_by_each_fact() -> None:
    assert groups.members(LANGUAGES, "family") == {
        "Afro-Asiatic": ["ary", "arz"],
        "Atlantic-Congo": ["sw", "yo", "zu"],
        "Indo-European": ["en", "de", "fr", "pcm", "kas_Arab", "kas_Deva"],
        "Quechuan": ["qu", "quy"],
        "Sino-Tibetan": ["zho_Hant"],
        "Tai-Kadai": ["th"],
        "Turkic": ["tr", "ug"],
        "unknown": ["x-mine"],
    }
    assert groups.members(LANGUAGES, "resource") == {
        "0": ["pcm"],
        "1": ["ug", "qu", "kas_Arab", "kas_Deva"],
        "2": ["sw", "yo", "zu"],
        "3": ["th", "arz"],
        "4": ["tr"],
        "5": ["en", "de", "fr", "zho_Hant"],
        "unknown": ["quy", "ary", "x-mine"],
    }
    assert groups.members(["kas_Arab", "kas_Deva", "sw"], "language") == {
        "kas": ["kas_Arab", "kas_Deva"],
        "swa": ["sw"],
    }


@pytest.mark.parametrize("fact", FACTS)
def test_a_groups_mean_is_that_of_its_languages(fact: str) -> None:
    unseen = [language for language in LANGUAGES if language != "en"]
    made = groups.means(PROBLEM.metrics, SCORES, unseen, [fact])[fact]
    for group in made.values():
        for kind in ("all", "zero_shot"):
            own = [x for x in group["languages"] if kind == "all" or x in unseen]
            if not own:
                assert kind not in group
                continue
            right = [np.mean([p.gold == p.predicted for p in rows(language)]) for language in own]
            assert group[kind]["cells"] == len(own)
            assert group[kind]["accuracy"]["value"] == pytest.approx(np.mean(right))
            assert group[kind]["accuracy"]["low"] <= np.mean(right)
            assert group[kind]["accuracy"]["high"] >= np.mean(right)


def test_a_group_of_all_languages_is_the_average_of_all() -> None:
    known = ["en", "de", "fr", "pcm"]
    scores = {language: SCORES[language] for language in known}
    (group,) = groups.means(PROBLEM.metrics, scores, [], ["family"])["family"].values()
    expected = average([SCORES[language]["accuracy"] for language in known]).interval().as_dict()
    assert group["all"]["accuracy"] == expected
    assert "zero_shot" not in group


def result(**more: Any) -> dict[str, Any]:
    figures = {"en": 0.9, "sw": 0.5, "th": 0.6, "x-mine": 0.7}
    languages = {
        language: {"n": n, "trained_on": False, "accuracy": {"value": value, "low": 0, "high": 1}}
        for n, (language, value) in enumerate(figures.items())
    }
    return {"metric": "accuracy", "languages": languages, **more}


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("figure", "en x-mine th sw"),
        ("rows", "en sw th x-mine"),
        ("resource", "sw th en x-mine"),
        ("family", "sw en th x-mine"),
        ("fertility", "sw en x-mine th"),
    ],
)
def test_languages_in_order(key: str, order: str) -> None:
    fertility = {"en": 1.5, "sw": 1.2, "th": None, "x-mine": 2.0}
    facts = {language: {"fertility": value} for language, value in fertility.items()}
    condition = {name: value for name, value in result().items() if name != "metric"}
    given_results = [result(facts=facts, conditions=[condition])]
    (made,) = by_language.ordered(given_results, key)
    assert list(made["languages"]) == order.split()
    assert list(made["conditions"][0]["languages"]) == order.split()
