"""Every branch of the rule by which claims are judged, and the rule in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.reports.claims import RULE, Verdict, despite_collapse, verdict
from xlt_cli.stats.intervals import Interval


def gain(low: float, high: float) -> Interval:
    """A gain with its interval, both in points."""
    return Interval((low + high) / 200, low / 100, high / 100)


@pytest.mark.parametrize(
    ("low", "high", "word", "remark"),
    [
        (0.5, 1.5, "confirmed", "smaller than the paper's"),
        (0.5, 3.0, "confirmed", ""),
        (2.5, 3.0, "confirmed", "larger than the paper's"),
        (-0.5, 1.5, "not confirmed", ""),
        (-3.0, -1.0, "not confirmed", ""),
        (0.0, 1.0, "not confirmed", ""),  # an interval that touches 0 does not lie above it
        (-0.5, 2.5, "undecided", ""),
        (-0.5, 2.0, "undecided", ""),  # ... and one that touches the figure not below it
        (0.5, 2.0, "confirmed", ""),
        (2.0, 3.0, "confirmed", ""),
    ],
)
def test_a_claim_with_a_figure(low: float, high: float, word: str, remark: str) -> None:
    found = verdict(gain(low, high), 2.0, seeds=5)
    assert (found.word, found.remark) == (word, remark)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.1, 4.0, "confirmed"),
        (-0.1, 4.0, "undecided"),
        (0.0, 4.0, "undecided"),
        (-4.0, 0.0, "undecided"),
        (-4.0, -0.1, "not confirmed"),
    ],
)
def test_a_claim_that_one_gain_is_larger(low: float, high: float, word: str) -> None:
    found = verdict(gain(low, high), None, seeds=2)
    assert (found.word, found.remark) == (word, "")


INTERVALS = st.tuples(st.floats(-10, 10), st.floats(-10, 10)).map(lambda ends: gain(*sorted(ends)))


@given(INTERVALS, st.none() | st.floats(0.1, 5), st.integers(0, 1))
def test_with_fewer_than_two_seeds_nothing_is_decided(
    found: Interval, points: float | None, seeds: int
) -> None:
    said = verdict(found, points, seeds)
    assert said.word == "undecided"
    assert said.remark == "one seed says nothing about other seeds"


@given(INTERVALS, st.none() | st.floats(0.1, 5), st.integers(1, 9))
def test_quick_runs_decide_nothing(found: Interval, points: float | None, seeds: int) -> None:
    said = verdict(found, points, seeds, quick=True)
    assert (said.word, said.remark) == ("undecided", "quick run")


@pytest.mark.parametrize("quick", [False, True])
def test_what_was_not_measured_is_undecided(quick: bool) -> None:
    found = verdict(None, 2.0, 0, quick)
    assert (found.word, found.remark) == ("undecided", "not measured")


@given(INTERVALS, st.integers(2, 9))
def test_one_language_of_each_kind_decides_nothing_of_languages(
    found: Interval, seeds: int
) -> None:
    said = verdict(found, None, seeds, languages=0)
    assert (said.word, said.remark) == ("undecided", "one language says nothing about others")
    assert verdict(found, None, seeds, languages=1) == verdict(found, None, seeds)


@given(INTERVALS, st.floats(0.1, 5), st.integers(2, 9))
def test_a_confirmed_gain_is_above_nothing_and_no_other_is(
    found: Interval, points: float, seeds: int
) -> None:
    assert (verdict(found, points, seeds).word == "confirmed") == (found.low > 0)


def test_the_rule_in_words_has_all_the_words() -> None:
    text = " ".join(RULE)
    for word in ("confirmed", "not confirmed", "undecided", "95%", "quick", "seeds"):
        assert word in text


@pytest.mark.parametrize(
    ("every", "left", "word", "remark"),
    [
        (
            Verdict("confirmed"),
            Verdict("confirmed"),
            "confirmed",
            "also without collapsed runs (a)",
        ),
        (
            *(Verdict("not confirmed", "x"), Verdict("not confirmed")),
            *("not confirmed", "x; also without collapsed runs (a)"),
        ),
        (
            *(Verdict("confirmed"), Verdict("undecided", "few")),
            *("undecided", "collapsed runs (a); without: undecided"),
        ),
        (
            *(Verdict("undecided"), Verdict("confirmed")),
            *("undecided", "collapsed runs (a); without: confirmed"),
        ),
        (
            *(Verdict("not confirmed"), Verdict("confirmed")),
            *("undecided", "collapsed runs (a); without: confirmed"),
        ),
        (Verdict("undecided"), Verdict("undecided"), "undecided", "collapsed runs (a)"),
    ],
)
def test_collapsed_runs_leave_a_claim_undecided_unless_they_change_nothing(
    every: Verdict, left: Verdict, word: str, remark: str
) -> None:
    assert despite_collapse(every, left, "a") == Verdict(word, remark)
