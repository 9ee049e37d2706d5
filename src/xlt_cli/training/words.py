"""What a run remembers of how its words were cut into pieces, and of words that were cut off."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from xlt_cli.api import Example
from xlt_cli.data.batches import by_example
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import ResultWarning, UserError
from xlt_cli.problems import Encoded, Feature, Problem
from xlt_cli.problems.words import ALONE, ask_space_before
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run

FILE = "words.json"
"""In a stage's directory: how it cuts words."""

WAYS = {True: "alone", False: "with the space before them"}


def remember_way(run: Run, index: int, featuriser: Featuriser, goes_on: bool) -> None:
    """Records how a stage's words are cut; refuses to go on in another way than it began.

    Raises:
        UserError: the stage began with a version that cut words as if each began a sentence.
        RunError: its tokenizer cuts words in another way than when it began.
    """
    if not featuriser.problem.by_words:
        return
    key = f"words/stage {index + 1}"
    known = atomic.read_json(run.path / "fingerprints.json") or {}
    alone = featuriser.space_before == ALONE
    # The stage may have been begun by another run that shares it.
    began = atomic.read_json(run.stage(index) / FILE) or known.get(key)
    if goes_on and not alone and began is None:
        raise UserError(
            f"stage {index + 1} began with a version of xlt that tokenized each word as if it "
            "began a sentence; words are now tokenized as in running text",
            str(run.path),
            "start a new run: another --runs-dir, or another name",
        )
    run.add_fingerprints({key: {"cut": began["cut"] if goes_on and began else WAYS[alone]}})
    run.add_fingerprints({key: {"cut": WAYS[alone]}})
    atomic.write_json(run.stage(index) / FILE, {"cut": WAYS[alone]})


def trained_words(featuriser: Featuriser, examples: Sequence[Example]) -> dict[str, Any]:
    """What a stage's result says of the words of its rows; nothing where words have no tags."""
    problem = featuriser.problem
    if not problem.by_words:
        return {}
    rows = featuriser.clean(examples)
    every = sum(len(row.heads) for row in rows)
    inputs = by_example(featuriser.laid_out(rows, windows=False))
    seen = sum(_seen(row, own) for row, own in zip(rows, inputs, strict=True))
    way = WAYS[featuriser.space_before == ALONE]
    return {"words": {"of_training_rows": every, "cut_off": every - seen, "tokenized": way}}


def _seen(row: Encoded, inputs: Sequence[Feature]) -> int:
    """How many words of a sentence begin in its input."""
    kept = sum(feature.special_mask.count(False) for feature in inputs)
    return sum(head < kept for head in row.heads)


def warn_of_other_way(result: dict[str, Any], problem: Problem, tokenizer: Any) -> None:
    """Warns where the last stage of a run was trained by a version that cut words otherwise."""
    if not problem.by_words or "words" in result:
        return
    if ask_space_before(tokenizer) != ALONE:
        warnings.warn(
            "trained by a version of xlt that tokenized each word as if it began a sentence; "
            "here, words are tokenized as in running text",
            ResultWarning,
            stacklevel=2,
        )
