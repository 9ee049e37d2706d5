"""A model stays loaded while evaluations need the same head."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any

import pytest

from xlt_cli.errors import ResultWarning
from xlt_cli.evaluation.loaded_once import LoadedOnce
from xlt_cli.problems import SequenceClassification, TokenLabelling


class Model:
    pass


def test_the_same_head_gets_the_same_model_and_another_head_another() -> None:
    asked: list[Any] = []

    def load(problem: Any) -> Any:
        asked.append(problem.head)
        return "tokenizer", Model()

    loader = LoadedOnce(load)
    first = loader(SequenceClassification(("a", "b")))
    assert loader(SequenceClassification(("a", "b"))) is first
    assert loader(SequenceClassification(("b", "a"))) is not first, "other outputs"
    loader(TokenLabelling(("b", "a")))
    assert [head.labels for head in asked] == [("a", "b"), ("b", "a"), ("b", "a")]


def test_each_evaluation_is_told_what_loading_said() -> None:
    def load(problem: Any) -> Any:
        warnings.warn("cut words otherwise", ResultWarning, stacklevel=2)
        return "tokenizer", Model()

    loader = LoadedOnce(load)
    for _ in range(3):
        with pytest.warns(ResultWarning, match="cut words otherwise"):
            loader(SequenceClassification(("a", "b")))


def test_the_former_model_is_gone_when_another_is_loaded() -> None:
    made: list[weakref.ref[Model]] = []

    def load(problem: Any) -> Any:
        gc.collect()
        assert not any(model() for model in made), "two models at once"
        model = Model()
        made.append(weakref.ref(model))
        return "tokenizer", model

    loader = LoadedOnce(load)
    loader(SequenceClassification(("a", "b")))
    loader(SequenceClassification(("c", "d")))


def test_a_model_that_could_not_be_loaded_is_asked_for_again() -> None:
    answers = [OSError("gone"), ("tokenizer", Model())]

    def load(problem: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    loader = LoadedOnce(load)
    with pytest.raises(OSError, match="gone"):
        loader(SequenceClassification(("a", "b")))
    assert loader(SequenceClassification(("a", "b")))[0] == "tokenizer"
