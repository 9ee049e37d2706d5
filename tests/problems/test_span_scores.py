"""Exact match and F1 against independent copies of what the official scripts compute.

SQuAD v1.1: evaluate-v1.1.py of the SQuAD explorer (Rajpurkar et al. 2016); SQuAD 2.0: its
evaluate-v2.0.py; MLQA: mlqa_evaluation_v1.py of facebookresearch/MLQA (Lewis et al. 2020).
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.api import Prediction
from xlt_cli.problems import SpanExtraction, SpanSettings
from xlt_cli.problems.span_scores import normalised, scores

ARTICLES = {
    "en": "a an the",
    "es": "un una unos unas el la los las",
    "vi": "của là cái chiếc những",
    "de": "ein eine einen einem eines einer der die das den dem des",
}
PUNCTUATION = {
    chr(i) for i in range(sys.maxunicode) if unicodedata.category(chr(i)).startswith("P")
} | set(string.punctuation)
LANGUAGES = ("en", "es", "hi", "vi", "de", "ar", "zh")
SOME = """the The a an, Das Haus, der ein! el la Los của là ال الكتاب والكتاب 北京 北京市
ABC中文x U.S. «eins» x-y 1,000 ، 。 है हैं é É it's it’s $5 ½"""
WORDS = st.sampled_from(SOME.split())
FORMS = {
    "en": ("eng", "en-GB", "English"),
    "de": ("deu", "de-CH", "deu_Latn"),
    "zh": ("zho", "zh-Hans", "cmn", "zho_Hant"),
    "ar": ("ara", "arb", "arz_Arab"),
    "vi": ("vie",),
}
TEXTS = st.lists(WORDS, max_size=6).flatmap(
    lambda words: st.sampled_from([" ", "  ", ""]).map(lambda gap: gap.join(words))
)


def official(text: str, rules: str, language: str) -> str:
    """What `normalize_answer` of the scripts returns."""
    marks = set(string.punctuation) if rules == "squad" else PUNCTUATION
    text = "".join(c for c in text.lower() if c not in marks)
    if rules == "squad":
        language = "en"
    if language == "ar":
        text = re.sub("\\sال^|ال", " ", text)
    elif language in ARTICLES:
        text = re.sub(r"\b(" + ARTICLES[language].replace(" ", "|") + r")\b", " ", text)
    if language != "zh":
        return " ".join(text.split())
    segments, held = [], ""
    for c in text:
        if re.search("[\u4e00-\u9fa5]", c) or c in PUNCTUATION:
            segments += [*held.split(), c]
            held = ""
        else:
            held += c
    return " ".join(s for s in [*segments, *held.split()] if s.strip())


def official_f1(told: str, gold: str) -> float:
    one, other = told.split(), gold.split()
    same = sum((Counter(one) & Counter(other)).values())
    if same == 0:
        return 0
    precision, recall = same / len(one), same / len(other)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("rules", ["squad", "mlqa"])
@given(
    told=TEXTS, golds=st.lists(TEXTS, min_size=1, max_size=3), language=st.sampled_from(LANGUAGES)
)
def test_scores_are_those_of_the_official_scripts(
    rules: Any, told: str, golds: list[str], language: str
) -> None:
    exact, f1 = scores(golds, told, rules, language, unanswerable=False)
    one, others = (
        official(told, rules, language),
        [official(gold, rules, language) for gold in golds],
    )
    assert exact == max(one == other for other in others)
    assert f1 == pytest.approx(max(official_f1(one, other) for other in others))


@given(told=TEXTS, golds=st.lists(TEXTS, max_size=3))
def test_scores_with_questions_that_have_no_answer_are_those_of_squad_2(
    told: str, golds: list[str]
) -> None:
    kept = [gold for gold in golds if official(gold, "squad", "en")] or [""]
    one, others = official(told, "squad", "en"), [official(gold, "squad", "en") for gold in kept]
    f1 = max(official_f1(one, o) if one and o else float(one == o) for o in others)
    exact = max(one == other for other in others)
    figures = scores(golds or [""], told, "squad", "en", True)
    assert figures == pytest.approx((float(exact), f1))


@pytest.mark.parametrize(
    ("text", "rules", "language", "words"),
    [
        ("The  U.S. Army!", "squad", "en", ["us", "army"]),
        ("Das Haus", "squad", "de", ["das", "haus"]),  # SQuAD's knows English articles only
        ("Das Haus", "mlqa", "de", ["haus"]),
        ("«Los Ángeles»", "mlqa", "es", ["ángeles"]),
        ("«Los Ángeles»", "squad", "es", ["«los", "ángeles»"]),  # and ASCII punctuation only
        ("الكتاب", "mlqa", "ar", ["كتاب"]),
        ("والكتاب", "mlqa", "ar", ["و", "كتاب"]),  # also inside a word
        ("北京市。", "mlqa", "zh", ["北", "京", "市"]),
        ("北京市", "squad", "zh", ["北京市"]),
        ("ABC中文x 12", "mlqa", "zh", ["abc", "中", "文", "x", "12"]),
        ("của cái nhà", "mlqa", "vi", ["nhà"]),
        ("", "mlqa", "hi", []),
    ],
)
def test_words_of_an_answer(text: str, rules: Any, language: str, words: list[str]) -> None:
    assert normalised(text, rules, language) == words


def test_hand_computed_figures_over_questions() -> None:
    problem = SpanExtraction(normalisation="mlqa")
    said = [
        Prediction("1", ("zh", "北京市"), ("zh", "北京")),  # 2 of 2 and 2 of 3 words: 0.8
        Prediction("2", ("de", "der Rhein", "Rhein"), ("de", "den Rhein")),  # 1, exact
        Prediction("3", ("ar", "الكتاب الكبير"), ("ar", "كتاب")),  # 1 of 1 and 1 of 2: 2/3
        Prediction("4", ("en", "Paris"), ("en", "")),  # 0
    ]
    statistics = problem.statistics(said)
    assert statistics[:, 0] == pytest.approx([0.8, 1, 2 / 3, 0])
    figures = problem.score(statistics.sum(0))
    assert float(figures["f1"]) == pytest.approx((0.8 + 1 + 2 / 3) / 4)
    assert float(figures["exact_match"]) == 0.25


def test_a_gold_without_words_is_scored_as_each_script_scores_it() -> None:
    row = [Prediction("1", ("en", "the"), ("en", "a"))]
    plain = SpanExtraction().statistics(row)[0].tolist()
    assert plain == [0, 1, 1]  # no word is shared, and the texts are equal
    both = SpanExtraction(settings=SpanSettings(unanswerable=True)).statistics(row)[0].tolist()
    assert both == [1, 1, 1]


def checklist(text: str, language: str) -> str:
    """What `clean` of XTREME-R's generate_test_utils.py returns, for some languages."""
    articles = {
        "en": r"\b(a|an|the|in|at)\b",
        "de": r"\b(ein|eine|einen)\b",
        "ar": r"\sال^|ال",
        "hi": r"\b(एक)",
        "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
        "vi": r"\b(một)\b",
    }
    marks = ",. ৷" if language == "hi" else ",. "
    return re.sub(articles.get(language, ""), " ", text).strip(marks)


CHECKED = st.lists(
    st.sampled_from(
        [
            "a",
            "the",
            "in",
            "ein",
            "eine",
            "Haus",
            "haus",
            "la",
            "एक",
            "एकघर",
            "घर।",
            "الكتاب",
            "một",
            "北京,",
            ".",
            "x৷",
        ]
    ),
    max_size=4,
).map(" ".join)


@settings(deadline=None)
@given(
    told=CHECKED, gold=CHECKED, language=st.sampled_from(["en", "de", "ar", "hi", "es", "vi", "zh"])
)
def test_answers_are_the_same_where_multichecklists_script_says_so(
    told: str, gold: str, language: str
) -> None:
    exact, _ = scores([gold], told, "multichecklist", language, unanswerable=False)
    assert exact == (checklist(told, language) == checklist(gold, language))


@pytest.mark.parametrize(
    ("told", "gold", "language", "same"),
    [
        ("the cat.", "cat", "en", True),
        ("Cat", "cat", "en", False),  # case counts
        ("die Katze", "Katze", "de", False),  # only the articles of the templates
        ("eine Katze", "Katze", "de", True),
        ("एकघर", "घर", "hi", True),
        ("„Kot”", "Kot", "pl", True),
        ("’n kat", "kat", "af", True),
        ("pomo, ", "pomo", "sw", True),
    ],
)
def test_answers_of_multichecklist(told: str, gold: str, language: str, same: bool) -> None:
    assert scores([gold], told, "multichecklist", language, False)[0] == same


@pytest.mark.parametrize(("language", "forms"), FORMS.items())
def test_the_rules_of_a_language_are_those_of_any_form_of_its_code(
    language: str, forms: tuple[str, ...]
) -> None:
    for form in forms:
        for normalisation in ("mlqa", "multichecklist"):
            found = normalised(f"{SOME} hello", normalisation, form)  # type: ignore[arg-type]
            assert found == normalised(f"{SOME} hello", normalisation, language), form  # type: ignore[arg-type]
    assert normalised(SOME, "mlqa", language) != normalised(SOME, "mlqa", "x-none")
