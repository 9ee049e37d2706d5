"""Whether a measured gain confirms what a paper claims; the rule, and the rule in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xlt_cli.stats.intervals import Interval

FEWEST_SEEDS = 2

Word = Literal["confirmed", "not confirmed", "undecided"]

RULE = (
    "A claim with a figure: confirmed if the gain's 95% interval lies above 0; not confirmed if it "
    "does not, and lies below the paper's figure; otherwise undecided.",
    "A claim that one gain is larger than another: confirmed if the interval of their difference "
    "lies above 0, not confirmed if it lies below 0; otherwise undecided. Where it is about near "
    "and distant languages, those that were tested are a sample of them.",
    f"With fewer than {FEWEST_SEEDS} seeds, and in quick runs, every claim is undecided.",
)

RULE_OF_COLLAPSE = (
    "Collapsed runs are in every figure, marked †. A claim that rests on one is undecided, unless "
    "the verdict is the same with it and without it."
)
"""Said where there is such a run."""


NOT_MEASURED, QUICK = "not measured", "quick run"
"""Remarks on claims that are undecided whatever the figures."""


@dataclass(frozen=True)
class Verdict:
    """What the results say of a claim, and what has to be said beside it."""

    word: Word
    remark: str = ""


def verdict(
    gain: Interval | None,
    points: float | None,
    seeds: int,
    quick: bool = False,
    languages: int | None = None,
) -> Verdict:
    """Judges a claim by the rule above.

    Args:
        gain: with its 95% interval, in [-1, 1]; None where it was not measured.
        points: the paper's figure, in points (100 points are 1); None for a claim without one.
        seeds: that the gain is a mean over.
        quick: the runs were cut down to see them work.
        languages: of a claim about languages, how many more were tested than it has groups.
    """
    if gain is None:
        return Verdict("undecided", NOT_MEASURED)
    if quick:
        return Verdict("undecided", QUICK)
    if seeds < FEWEST_SEEDS:
        return Verdict("undecided", "one seed says nothing about other seeds")
    if languages == 0:
        return Verdict("undecided", "one language says nothing about others")
    if points is None:
        return _larger(gain)
    return _with_figure(gain, points / 100)


def despite_collapse(every: Verdict, left: Verdict, runs: str) -> Verdict:
    """The verdict where collapsed runs have a part in the gain.

    Args:
        every: over all runs.
        left: without those that collapsed.
        runs: which these are, in words.
    """
    if every.word == left.word != "undecided":
        remark = f"also without collapsed runs ({runs})"
        return Verdict(every.word, f"{every.remark}; {remark}" if every.remark else remark)
    remark = f"collapsed runs ({runs})"
    if every.word != left.word:
        remark += f"; without: {left.word}"
    return Verdict("undecided", remark)


def _larger(gain: Interval) -> Verdict:
    if gain.low > 0:
        return Verdict("confirmed")
    return Verdict("not confirmed" if gain.high < 0 else "undecided")


def _with_figure(gain: Interval, figure: float) -> Verdict:
    if gain.low > 0:
        if gain.high < figure:
            return Verdict("confirmed", "smaller than the paper's")
        return Verdict("confirmed", "larger than the paper's" if gain.low > figure else "")
    return Verdict("not confirmed" if gain.high < figure else "undecided")
