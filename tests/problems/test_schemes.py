"""Schemes of entity tags against seqeval, each other and spans that are known."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.scheme import BILOU, IOBES, Entities

from xlt_cli.api import Words
from xlt_cli.errors import DataError
from xlt_cli.problems import Prediction, TokenLabelling
from xlt_cli.problems.schemes import LENIENT, MARKS, Form, Scheme, scheme_of

KINDS = ("PER", "LOC")
PREFIX = Form("before", "-")
FORMS = {
    "B-PER": PREFIX,
    "PER-B": Form("after", "-"),
    "B_PER": Form("before", "_"),
    "b-PER": Form("before", "-", lower=True),
    "B": Form("alone"),
}

Span = tuple[str, int, int]


def tag_set(name: str, form: Form = PREFIX, outside: str = "O") -> tuple[str, ...]:
    kinds = ("",) if form.place == "alone" else KINDS
    return (outside, *(form.write(m, kind) for kind in kinds for m in MARKS[name].values()))


def written(spans: list[Span], length: int, scheme: Scheme, outside: str = "O") -> list[str]:
    """The tags of a sentence with these entities."""
    tags = [outside] * length
    marks = MARKS[scheme.name]
    for kind, first, last in spans:
        for place in range(first, last + 1):
            role: Any = "I"
            if place == last and "E" in marks:
                role = "E"
            if place == first and "B" in marks:
                role = "B"
            if first == last and "S" in marks:
                role = "S"
            tags[place] = scheme.form.write(marks[role], kind)
    return tags


@st.composite
def sentences(draw: st.DrawFn, apart: bool = False) -> tuple[list[Span], int]:
    """Entities that do not overlap; `apart`: with a word between any two."""
    spans: list[Span] = []
    place = 0
    for gap, size, kind in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(KINDS)))
    ):
        first = place + gap + apart
        spans.append((kind, first, first + size - 1))
        place = first + size
    return spans, place + draw(st.integers(1, 2))


@pytest.mark.parametrize("shown", FORMS)
@pytest.mark.parametrize("name", MARKS)
@pytest.mark.parametrize("outside", ["O", "o", "_", "OUT"])
def test_each_scheme_is_told_from_its_tags(name: str, shown: str, outside: str) -> None:
    form = FORMS[shown]
    assert scheme_of(tag_set(name, form, outside)) == Scheme(name, form)
    assert scheme_of(tag_set(name, form, outside), name) == Scheme(name, form)


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (["O", "B-X"], "BIO"),
        (["B-NP", "I-NP"], "BIO"),
        (["O", "I-PER", "I-LOC"], "IO"),
        (["B", "M", "E", "S"], "BMES"),
        (["O", "B-PER", "E-PER", "S-PER"], "BIOES"),
        (["O", "B-PER", "I-PER", "L-PER"], "BILOU"),
        (["O", "B-PER-given", "I-PER-given"], "BIO"),
        (["O", "b-per", "i-per"], "BIO"),
        (["PER_I", "O"], "IO"),
        (["O", "B|PER", "I|PER"], "BIO"),
        (["O", "B.PER", "L.PER", "I.PER", "U.PER"], "BILOU"),
        (["PER+B", "PER+I", "O"], "BIO"),
    ],
)
def test_sets_that_show_a_part_of_a_scheme(tags: list[str], name: str) -> None:
    found = scheme_of(tags)
    assert found is not None
    assert found.name == name
    assert TokenLabelling(tags).scoring == f"entities by {name}"


@pytest.mark.parametrize(
    "tags",
    [
        ["NOUN", "VERB", "ADP"],
        ["N", "V", "A", "P"],
        ["N", "V", "S", "O", "I"],
        ["S", "S-PRO", "A-PRO", "V", "ADV-PRO"],
        ["N------S1R", "I---------", "VIIA-3MS--", "P---------"],
        ["NN", "NN-SUF", "B-LEX", "VB", "JJ"],
        ["S", "S.PRO", "A.PRO", "V", "I.X"],
        ["VB|PRT", "NN|UTR", "I|X", "PN|NEU"],
        ["O", "PER", "LOC"],
        ["bad", "good"],
    ],
)
def test_parts_of_speech_are_words(tags: list[str]) -> None:
    assert scheme_of(tags) is None
    assert TokenLabelling(tags).metric_names == ("accuracy", "macro_f1")
    assert TokenLabelling(tags).scoring == "words"


@pytest.mark.parametrize(
    "tags",
    [
        ["O", "B-PER", "I-PER", "LOC"],
        ["O", "_", "B-PER", "I-PER"],
        ["O", "B-PER", "I-PER", "L-PER", "E-PER"],
        ["O", "B-PER", "I-PER", "E-PER"],
        ["O", "B-PER", "I-PER", "S-PER"],
        ["O", "B-PER", "I_PER"],
        ["X", "B-PER", "I-PER"],
        ["O", "S-PER", "S-LOC"],
        ["O", "B", "I-PER", "B-PER"],
        ["O", "E", "S"],
    ],
)
def test_what_is_no_scheme_is_refused_with_its_tags(tags: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        TokenLabelling(tags)
    assert ", ".join(tags) in caught.value.what
    assert "scheme:" in caught.value.hint
    assert scheme_of(tags, "none") is None


def test_a_scheme_that_is_stated() -> None:
    tags = ["O", "B-PER", "I-PER", "E-PER"]
    assert scheme_of(tags, "iobes") == Scheme("BIOES", PREFIX)
    assert scheme_of(["X", "B-PER", "I-PER"], "IOB1") == Scheme("BIO", PREFIX)
    with pytest.raises(DataError, match="do not follow the scheme BILOU"):
        scheme_of(tags, "BILOU")
    with pytest.raises(DataError, match="'BIOX' is not a tagging scheme"):
        scheme_of(tags, "BIOX")


def figures(tags: tuple[str, ...], gold: list[list[str]], told: list[list[str]]) -> Any:
    problem = TokenLabelling(tags)
    rows = [
        Prediction(str(i), tuple(g), tuple(t))
        for i, (g, t) in enumerate(zip(gold, told, strict=True))
    ]
    return problem.score(problem.statistics(rows).sum(axis=0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(sentences(), st.integers()), min_size=1, max_size=4))
def test_the_same_entities_score_the_same_in_every_scheme(
    drawn: list[tuple[tuple[list[Span], int], int]],
) -> None:
    pairs = []
    for (spans, length), seed in drawn:
        rng = random.Random(seed)
        told = [s for s in spans if rng.random() < 0.7]
        told = [(rng.choice(KINDS), first, rng.randint(first, last)) for _, first, last in told]
        pairs.append((spans, told, length))
    right = sum(len(set(gold) & set(told)) for gold, told, _ in pairs)
    total = sum(len(gold) + len(told) for gold, told, _ in pairs)
    expected = 2 * right / total if total else 0.0
    for name in MARKS:
        if name in ("IO", "IOE"):  # IO cannot part neighbours, IOE not those told as one
            continue
        for form in (PREFIX, FORMS["PER-B"], FORMS["b-PER"]):
            scheme = Scheme(name, form)
            gold = [written(g, n, scheme, "_") for g, _, n in pairs]
            told_tags = [written(t, n, scheme, "_") for _, t, n in pairs]
            found = figures(tag_set(name, form, "_"), gold, told_tags)
            assert found["f1"] == pytest.approx(expected)


@given(sentences(apart=True))
def test_every_scheme_reads_what_it_writes(drawn: tuple[list[Span], int]) -> None:
    spans, length = drawn
    for name in MARKS:
        scheme = Scheme(name, PREFIX)
        assert scheme.entities(written(spans, length, scheme)) == set(spans)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([("BIOES", IOBES), ("BILOU", BILOU)]))
def test_any_tags_are_read_as_seqeval_reads_them_strictly(
    data: st.DataObject, pair: tuple[str, Any]
) -> None:
    name, theirs = pair
    tags = data.draw(st.lists(st.sampled_from(tag_set(name)), min_size=1, max_size=10))
    (expected,) = Entities([tags], theirs).entities
    assert Scheme(name, PREFIX).entities(tags) == {(e.tag, e.start, e.end - 1) for e in expected}


def test_one_wrong_word_costs_the_same_in_bilou_bioes_and_bio() -> None:
    spans = [[("PER", 0, 1), ("LOC", 3, 3), ("LOC", 4, 4)] for _ in range(2)]
    spans.append([("PER", 1, 1)])
    for name, theirs in (("BILOU", BILOU), ("BIOES", IOBES), ("BIO", None)):
        scheme = Scheme(name, PREFIX)
        gold = [written(s, 6, scheme) for s in spans]
        told = [list(tags) for tags in gold]
        told[0][3] = "O"  # one word: Bonn is missed
        found = figures(tag_set(name), gold, told)
        strict = {} if theirs is None else {"mode": "strict", "scheme": theirs}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert found["f1"] == pytest.approx(f1_score(gold, told, **strict))
        assert 100 * found["f1"] == pytest.approx(92.3, abs=0.05)


def test_an_entity_that_was_seen_in_part_is_wrong_and_one_unseen_a_miss() -> None:
    problem = TokenLabelling(tag_set("BIO"))
    gold = ("B-PER", "I-PER", "O", "B-LOC", "O")
    told = ("B-PER", None, None, None, None)
    sums = problem.statistics([Prediction("1", gold, told)]).sum(axis=0)
    found = problem.score(sums)
    assert (found["precision"], found["recall"]) == (0, 0)
    assert problem.words(sums).unseen == 4
    assert problem.words(sums).all == 5
    whole = ("B-PER", "I-PER", None, None, None)
    found = problem.score(problem.statistics([Prediction("1", gold, whole)]).sum(axis=0))
    assert (found["precision"], found["recall"]) == (1, 0.5)


def test_gold_that_breaks_its_scheme_is_counted() -> None:
    problem = TokenLabelling(tag_set("BIOES"))
    gold = ("B-PER", "I-PER", "O", "S-LOC", "B-LOC", "E-LOC", "E-PER")
    sums = problem.statistics([Prediction("1", gold, gold)]).sum(axis=0)
    assert problem.words(sums) == Words(7, unseen=0, stray=3)
    assert problem.score(sums)["f1"] == 1
    lenient = TokenLabelling(tag_set("BIO"))
    gold = ("I-PER", "B-PER", "I-LOC", "O")
    assert lenient.words(lenient.statistics([Prediction("1", gold, gold)])[0]).stray == 0


@pytest.mark.parametrize("name", MARKS)
@given(drawn=sentences(apart=True), data=st.data())
def test_words_in_the_place_of_one_keep_tags_valid(
    name: str, drawn: tuple[list[Span], int], data: st.DataObject
) -> None:
    spans, length = drawn
    scheme = Scheme(name, PREFIX)
    counts = data.draw(st.lists(st.integers(1, 4), min_size=length, max_size=length))
    tags = [
        new
        for tag, count in zip(written(spans, length, scheme), counts, strict=True)
        for new in scheme.spread(tag, count)
    ]
    starts = np.cumsum([0, *counts])
    moved = {(k, int(starts[a]), int(starts[b + 1]) - 1) for k, a, b in spans}
    assert tags == written(sorted(moved, key=lambda s: s[1]), int(starts[-1]), scheme)
    if name not in LENIENT:
        assert set(tags) <= set(tag_set(name))
