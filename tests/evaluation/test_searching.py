"""Searches of many rows at once: independent, within their budgets, resumed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import Field

from xlt_cli.api import (
    Condition,
    EncoderModel,
    Example,
    PluginParams,
    Prediction,
    Reply,
    Search,
    Searched,
    SequenceExample,
)
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.features import Featuriser
from xlt_cli.evaluation import searching
from xlt_cli.evaluation.asking import Asking
from xlt_cli.evaluation.predict import predict
from xlt_cli.evaluation.searching import search_all
from xlt_cli.problems import SequenceClassification
from xlt_cli.registry.guard import make
from xlt_cli.runs.searches import SearchLog

ROWS = [
    SequenceExample(f"row-{n}", ("x" * (1 + n % 7), "y"), "01"[n % 2], ("en", "en"))
    for n in range(150)
]


@pytest.fixture(params=[1, 2], autouse=True)
def groups(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many groups of searches take turns: as on a processor, and as on a GPU."""
    count: int = request.param
    monkeypatch.setattr(searching, "GROUPS", {"cpu": count})
    return count


class Longer(Condition):
    """Adds a drawn letter to the first text for as many rounds as it had letters."""

    api_version = 1
    name = "longer"
    summary = "longer and longer texts"
    acts = ("search",)

    class Params(PluginParams):
        seconds: float | None = Field(None, gt=0)

    def search(self, example: Example, rng: random.Random) -> Search:
        assert isinstance(example, SequenceExample)
        (worst,) = yield [example]
        for _ in range(len(example.texts[0])):
            texts = (example.texts[0] + rng.choice("abc"), example.texts[1])
            example = SequenceExample(example.id, texts, example.label, example.languages)
            (worst, _) = yield [example, example]
        return Searched(example, worst, {"length": len(example.texts[0])})


class Asked:
    """Stands for the model; each call takes a second, and it may die after some."""

    def __init__(self, calls: int | None = None) -> None:
        self.runtime: Any = SimpleNamespace(device=SimpleNamespace(type="cpu"), is_main=True)
        self.seconds = 0.0
        self.calls = calls
        self.sizes: list[int] = []
        self.ids: list[str] = []

    def begin(self, examples: Sequence[Example]) -> Callable[[], list[Reply]]:
        replies = self(examples)
        return lambda: replies

    def __call__(self, examples: Sequence[Example]) -> list[Reply]:
        if self.calls is not None and len(self.sizes) == self.calls:
            raise KeyboardInterrupt
        self.sizes.append(len(examples))
        self.ids += [e.id for e in examples]
        self.seconds += 1
        return [
            Reply(Prediction(e.id, e.shared_label(), "1", (0.5, 0.5)), len(str(e.content())))
            for e in examples
        ]


def longer(seconds: float | None = None) -> Any:
    return make(Longer, Longer.Params(seconds=seconds))


def run(ask: Any, tmp_path: Path, seconds: float | None = None, weights: str = "w") -> list[Any]:
    return search_all(longer(seconds), ROWS, ask, SearchLog(tmp_path / "log.jsonl", weights))


def test_rows_do_not_depend_on_which_go_on_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Asked()
    many = run(ask, tmp_path / "many")
    assert max(ask.sizes) > 64  # many rows in one call
    assert len(ask.sizes) < 40
    monkeypatch.setattr(searching, "OPEN", {"cpu": 1})
    assert run(Asked(), tmp_path / "one") == many
    assert [row.example.id for row in many] == [row.id for row in ROWS]
    for row, found in zip(ROWS, many, strict=True):
        letters = len(row.texts[0])
        assert found.prediction.values == {"queries": 1 + 2 * letters, "length": 2 * letters}
    assert sum(row.prediction.values["queries"] for row in many) == sum(ask.sizes)


@pytest.mark.parametrize("calls", [0, 1, 2, 5, 9, 14])
def test_a_killed_search_goes_on_with_the_rows_that_are_left(
    tmp_path: Path, calls: int, groups: int
) -> None:
    whole = run(Asked(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(Asked(calls), tmp_path)
    log = tmp_path / "log.jsonl"
    kept = {row.example.id for row in SearchLog(log, "w").read(ROWS).rows}
    assert bool(kept) == (calls >= 2 * groups)
    if log.exists():  # killed in the middle of a line, too
        with log.open("ab") as file:
            file.write(b'{"weights": "w", "rows": [{"id": "row-1')
    ask = Asked()
    assert run(ask, tmp_path) == whole
    assert not kept & set(ask.ids)


def test_rows_of_another_model_are_searched_again(tmp_path: Path) -> None:
    run(Asked(), tmp_path)
    ask = Asked()
    run(ask, tmp_path, weights="others")
    assert len(set(ask.ids)) == len(ROWS)


def test_no_row_is_begun_after_the_time_is_over_and_begun_ones_end(
    tmp_path: Path, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(Asked(), tmp_path / "whole")
    monkeypatch.setattr(searching, "OPEN", {"cpu": 64 // groups})
    for seconds in (0.5, 4, 8):
        ask = Asked()
        some = run(ask, tmp_path / str(seconds), seconds)
        assert some == whole[: len(some)]
        assert 64 // groups <= len(some) < len(ROWS)
        assert ask.seconds <= seconds + 8 * groups + 1
    assert run(Asked(), tmp_path / "enough", 99) == whole


def test_time_counts_over_several_processes(tmp_path: Path) -> None:
    """What an earlier process began is finished; what it did not begin is not."""
    at_once = run(Asked(), tmp_path / "at once", 4)
    with pytest.raises(KeyboardInterrupt):
        run(Asked(6), tmp_path, 4)
    ask = Asked()
    rest = run(ask, tmp_path, 4)
    assert rest == at_once[: len(rest)]
    assert len(rest) > len(ROWS) / 3
    again = Asked()
    assert run(again, tmp_path, 4) == rest
    assert again.sizes == []


def test_what_is_asked_is_what_the_model_says_of_each_example_alone(
    model: EncoderModel,
    tokenizer: Any,
    problem: SequenceClassification,
    examples: list[SequenceExample],
    runtime: Runtime,
) -> None:
    import torch

    featuriser = Featuriser(problem, tokenizer, 32)
    ask = Asking(model, featuriser, True, runtime)
    replies = ask(examples)
    assert [r.prediction.id for r in replies] == [e.id for e in examples]
    for example, reply in zip(examples, replies, strict=True):
        features = featuriser.features([example])
        (alone,) = predict(model, features, problem, featuriser.template.pad_id, runtime)
        assert reply.prediction.probabilities == pytest.approx(alone.probabilities, abs=1e-4)
        gold = alone.probabilities[problem.ids[example.label]]
        assert reply.loss == pytest.approx(-float(torch.tensor(gold).log()), abs=1e-3)
    assert ask.seconds > 0
    assert ask([]) == []
