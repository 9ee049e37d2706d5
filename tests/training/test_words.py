"""A run remembers how its words were cut into pieces."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from xlt_cli.api import TokenExample
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import RunError, UserError
from xlt_cli.problems import SequenceClassification, TokenLabelling
from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.training.words import remember_way, trained_words, warn_of_other_way

PROBLEM = TokenLabelling(("N", "V"))


@pytest.fixture(scope="module")
def bytewise() -> Any:
    """A tokenizer of bytes, for which the space before a word is part of it."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = ["<pad>", "</s>", *alphabet]
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<pad>"
    )


def known(run: Run) -> Any:
    return atomic.read_json(run.path / "fingerprints.json")


def test_the_way_is_kept_and_another_one_refused(
    bytewise: Any, tokenizer: Any, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    remember_way(run, 0, Featuriser(PROBLEM, bytewise, 16), goes_on=False)
    assert known(run) == {"words/stage 1": {"cut": "with the space before them"}}
    remember_way(run, 0, Featuriser(PROBLEM, bytewise, 16), goes_on=True)
    with pytest.raises(RunError, match="words/stage 1"):
        remember_way(run, 0, Featuriser(PROBLEM, tokenizer, 16), goes_on=True)


def test_a_stage_of_an_earlier_version_goes_on_only_where_nothing_changed(
    bytewise: Any, tokenizer: Any, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    with pytest.raises(UserError, match="as if it began a sentence"):
        remember_way(run, 0, Featuriser(PROBLEM, bytewise, 16), goes_on=True)
    remember_way(run, 0, Featuriser(PROBLEM, tokenizer, 16), goes_on=True)
    assert known(run) == {"words/stage 1": {"cut": "alone"}}


def test_texts_are_no_words(bytewise: Any, tmp_path: Path) -> None:
    featuriser = Featuriser(SequenceClassification(("0", "1")), bytewise, 16)
    remember_way(Run(tmp_path), 0, featuriser, goes_on=True)
    assert not list(tmp_path.iterdir())
    assert trained_words(featuriser, []) == {}


def test_results_of_a_model_that_was_trained_otherwise_say_so(
    bytewise: Any, tokenizer: Any
) -> None:
    with pytest.warns(match="trained by a version"):
        warn_of_other_way({"task": "x"}, PROBLEM, bytewise)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_other_way({"task": "x"}, PROBLEM, tokenizer)
        warn_of_other_way({"words": {}}, PROBLEM, bytewise)
        warn_of_other_way({}, SequenceClassification(("0", "1")), bytewise)


def test_words_of_training_rows_that_are_cut_off_are_counted(bytewise: Any) -> None:
    rows = [
        TokenExample("1", ("ab", "cd"), ("N", "V"), ("en",)),
        TokenExample("2", ("ab",) * 6, ("N",) * 6, ("en",)),
    ]
    found = trained_words(Featuriser(PROBLEM, bytewise, 9), rows)
    assert found == {
        "words": {"of_training_rows": 8, "cut_off": 3, "tokenized": "with the space before them"}
    }
