"""The F1 that XTREME reports for parts of speech: seqeval's, of tags that are no entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xlt_cli.api import ExtraMetric, Prediction, Problem

if TYPE_CHECKING:
    import numpy as np

NOT_SEEN = "O"
"""Stands for the tag of a word that was cut off."""

Chunk = tuple[str, int, int]
"""A type, and the first and the last word."""


class SeqevalF1(ExtraMetric):
    """Micro-averaged F1 of `seqeval.metrics.f1_score` (1.0 and later) on the tags as they are
    written, as XTREME's evaluate.py computes it for `udpos`.

    seqeval takes the first letter of a tag for its mark and the rest for its type. Neighbouring
    words of one type are one chunk, which is right as a whole or not at all; CCONJ and SCONJ are
    of one type; and tags that begin with S are chunks of one word.

    One thing is left out, so that a sentence counts whatever stands before it: seqeval joins all
    sentences, and begins a chunk with the tag X at a sentence's first word where the last chunk of
    the sentence before began. On the treebanks of XTREME's dev set this is 0.03 points at most.
    """

    api_version = 1
    name = "seqeval_f1"
    summary = "seqeval's F1 of the tags as they are written, as XTREME scores parts of speech"
    problems = ("token-classification",)

    def columns(self, problem: Problem) -> int:
        return 3

    def statistics(self, problem: Problem, predictions: Sequence[Prediction]) -> np.ndarray:
        """Chunks that are right, predicted, and gold."""
        import numpy as np

        rows = []
        for one in predictions:
            answers = one.gold, one.predicted or ()  # no tags where the model abstained
            gold, told = (chunks([tag or NOT_SEEN for tag in tags]) for tags in answers)
            rows.append((len(gold & told), len(told), len(gold)))
        return np.array(rows, dtype=np.float64).reshape(len(rows), 3)

    def score(self, problem: Problem, sums: np.ndarray) -> np.ndarray:
        """0 where nothing is right, as in seqeval."""
        import numpy as np

        right, told, gold = np.moveaxis(np.asarray(sums), -1, 0)
        f1: np.ndarray = np.divide(
            2 * right, told + gold, out=np.zeros_like(right), where=told + gold > 0
        )
        return f1


def chunks(tags: Sequence[str]) -> set[Chunk]:
    """The chunks that seqeval's `get_entities` finds, without its warnings."""
    found: set[Chunk] = set()
    before, kind, start = "O", "", 0
    for place, tag in enumerate([*tags, "O"]):
        mark, own = tag[0], tag[1:].split("-", maxsplit=1)[-1] or "_"
        if before not in "O." and (_ends(before, mark) or own != kind):
            found.add((kind, start, place - 1))
        if _begins(before, mark) or (mark not in "O." and own != kind):
            start = place
        before, kind = mark, own
    return found


def _ends(before: str, mark: str) -> bool:
    """Whether a chunk ends between two words of one type with these marks."""
    return before in "ES" or (before in "BI" and mark in "BSO")


def _begins(before: str, mark: str) -> bool:
    """Whether one begins at the second of them."""
    return mark in "BS" or (before in "ESO" and mark in "EI")
