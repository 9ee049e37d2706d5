"""The pool of a search is computed once for all cells, and no prediction depends on that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from xlt_cli.api import EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation import remembered as module
from xlt_cli.evaluation.predict import Underway, launch
from xlt_cli.evaluation.remembered import Remembered
from xlt_cli.problems import Candidate, Feature, Prediction, RetrievalExample, SentenceRetrieval
from xlt_encoders.huggingface import HuggingFaceEncoder

WORDS = ("cat", "dog", "bird", "horse")
LANGUAGES = {"de": ("Katze", "Hündin", "Möwe", "Stute"), "fr": ("chatte", "chienne", "mouette")}


@pytest.fixture
def problem() -> SentenceRetrieval:
    return SentenceRetrieval()


@pytest.fixture
def asked() -> list[int]:
    """How many inputs were computed by each pass."""
    return []


@pytest.fixture
def begin(
    tiny_encoder: Any,
    tokenizer: Any,
    runtime: Runtime,
    problem: SentenceRetrieval,
    asked: list[int],
) -> Any:
    params = HuggingFaceEncoder.Params(model=str(tiny_encoder))
    model: EncoderModel = HuggingFaceEncoder(params).load_model(problem.head)

    def begun(features: Sequence[Feature]) -> Underway:
        asked.append(len(features))
        return launch(model, features, problem, 0, runtime, tokenizer)

    return begun


def cell(
    problem: SentenceRetrieval, tokenizer: Any, language: str, offset: int = 0
) -> list[Feature]:
    """Sentences of a language, each with the English one; the pool is the same for all."""
    rows = []
    for number, word in enumerate(WORDS):
        own = LANGUAGES[language]
        query = f"{own[(number + offset) % len(own)]} {own[number % len(own)]}"
        candidates = (Candidate(f"en-{number}", f"the {word} sees the {word}", "en"),)
        rows.append(
            RetrievalExample.of(str(number), query, language, candidates, (f"en-{number}",))
        )
    return Featuriser(problem, tokenizer, 32).windows(rows)


def test_the_pool_of_all_cells_is_computed_once(
    begin: Any, problem: SentenceRetrieval, tokenizer: Any, asked: list[int]
) -> None:
    cells = [cell(problem, tokenizer, language) for language in ("de", "fr", "de")]
    together = Remembered(problem, tokenizer, begin)
    found = [together.begin(features)() for features in cells]
    assert asked == [4, 4, 4]  # German, English, French
    alone = [Remembered(problem, tokenizer, begin).begin(features)() for features in cells]
    assert found == alone
    plain = [begin(features).answers() for features in cells]
    assert [ids(own) for own in found] == [ids(own) for own in plain]
    assert [p.predicted for own in found for p in own] == [
        p.predicted for own in plain for p in own
    ]


def ids(predictions: Sequence[Prediction]) -> list[str]:
    return [prediction.id for prediction in predictions]


def test_other_inputs_are_computed_anew(
    begin: Any, problem: SentenceRetrieval, tokenizer: Any, asked: list[int]
) -> None:
    together = Remembered(problem, tokenizer, begin)
    together.begin(cell(problem, tokenizer, "de"))()
    together.begin(cell(problem, tokenizer, "de", offset=1))()  # as under noise
    assert asked == [4, 4, 4]


def test_a_cell_may_begin_before_the_former_has_ended(
    begin: Any, problem: SentenceRetrieval, tokenizer: Any
) -> None:
    cells = [cell(problem, tokenizer, language) for language in ("de", "fr")]
    together = Remembered(problem, tokenizer, begin)
    begun = [together.begin(features) for features in cells]
    found = [answers() for answers in begun]
    assert found == [Remembered(problem, tokenizer, begin).begin(own)() for own in cells]


def test_no_more_is_remembered_than_there_is_room_for(
    begin: Any,
    problem: SentenceRetrieval,
    tokenizer: Any,
    asked: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vector = begin(cell(problem, tokenizer, "de")).outputs()[0]
    monkeypatch.setattr(module, "MOST", 8 * vector.nbytes)  # of two groups
    asked.clear()
    together = Remembered(problem, tokenizer, begin)
    for language in ("de", "fr", "de"):
        together.begin(cell(problem, tokenizer, language))()
    assert asked == [4, 4, 4, 4]  # English is used in between, and stays; German is forgotten
    assert sum(v.nbytes for own in together._outputs.values() for v in own) <= module.MOST
