"""Long sentences of real sets: windows answer for every word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from xlt_cli.data.features import Featuriser
from xlt_cli.problems import TokenLabelling as TokenProblem
from xlt_tasks.token_labelling import TokenLabelling

FOLDER = Path(os.environ.get("XLT_DATA_DIR", "")) / "masakhaner"
TAGS = ["O", *(f"{mark}-{kind}" for kind in ("DATE", "PER", "ORG", "LOC") for mark in "BI")]

pytestmark = pytest.mark.skipif(
    not (FOLDER / "test-yor.tsv").is_file(), reason="XLT_DATA_DIR has no masakhaner"
)


def test_every_word_of_yoruba_sentences_is_answered(e5_tokenizer: Any) -> None:
    task = TokenLabelling(TokenLabelling.Params(path=FOLDER, tags=tuple(TAGS)))
    featuriser = Featuriser(TokenProblem.of(task), e5_tokenizer, 128)
    rows = featuriser.clean(task.load("test", "yor").examples[::3])
    problem = featuriser.problem
    words = sum(len(row.heads) for row in rows)
    whole = featuriser.laid_out(rows, windows=False)
    cut = [problem.size(one) < len(row.heads) for one, row in zip(whole, rows, strict=True)]
    parted = [featuriser.laid_out([row], windows=True) for row in rows]
    assert sum(cut) > 33, "one sentence in five does not fit"
    assert sum(problem.size(feature) for features in parted for feature in features) == words
    fits = [features for features, too_long in zip(parted, cut, strict=True) if not too_long]
    assert sum(len(features) == 1 for features in fits) > 0.95 * len(fits)
