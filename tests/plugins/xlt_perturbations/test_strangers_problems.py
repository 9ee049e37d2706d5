"""Problems of other distributions are judged by what they are, not by what they are called."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from typing import Any, ClassVar

import pytest

from xlt_cli.api import Head, Metric, Problem, Task
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import SpecError
from xlt_cli.problems import SpanExtraction
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec.building import build_condition, build_perturbation
from xlt_cli.spec.suitability import check_speaks
from xlt_cli.spec.written import PluginUse
from xlt_cli.testing import tokenizers

THIRD_PARTY = Path(__file__).parents[2] / "third_party"
COMPARING = ("consistency", "r-drop", "smart", "token-cutoff", "vat")
MOVING = ("word-dropout", "word-order")
JUDGED = (*COMPARING, *MOVING, "bpe-sampling", "embedding-mixup")


class Stars(Problem):
    """A label for each text, and nothing of the problems that ship."""

    name = "stars"
    classifies = "rows"
    metrics = (Metric("accuracy", of_examples=True),)
    head = Head("stars", ("1", "2", "3"))
    encode = losses = predict = statistics = score = None  # type: ignore[assignment]


class Glosses(Stars):
    """A label for each word."""

    name = "glosses"
    by_words = True
    classifies = "tokens"
    head = Head("glosses", ("NOM", "GEN"), per_token=True)


class Grades(Stars):
    """A number for each text."""

    name = "grades"
    classifies = ""
    head = Head("grades", ("grade",))


@pytest.fixture
def task(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task of a problem of this module or of the third party."""
    if isinstance(request.param, type):
        return type("Made", (_Made,), {"problem": request.param})()  # type: ignore[no-any-return]
    module, name = request.param
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    made: Task = getattr(importlib.import_module(f"tlh_xlt.{module}"), name)()
    return made


class _Made(Task):
    name = "made"
    metric = "accuracy"
    labels: ClassVar[tuple[str, ...]] = ("1", "2", "3")
    languages = load = None  # type: ignore[assignment]


def plugin(name: str, **params: Any) -> Any:
    return build_perturbation(PluginUse.model_validate({"name": name, **params}))


@pytest.mark.parametrize(
    ("task", "refused"),
    [
        pytest.param(Stars, set(), id="a label for each text"),
        pytest.param(Glosses, {*MOVING, "consistency", "embedding-mixup"}, id="for each word"),
        pytest.param(Grades, set(COMPARING), id="a number for each text"),
        pytest.param(("spans", "WhoIsIt"), {*COMPARING, "embedding-mixup"}, id="spans"),
        pytest.param(SpanExtraction, {*COMPARING, "embedding-mixup"}, id="questions"),
        pytest.param(("choices", "WhichNames"), {*COMPARING, "embedding-mixup"}, id="choices"),
    ],
    indirect=["task"],
)
def test_a_perturbation_serves_a_problem_that_has_what_it_needs(
    task: Task, refused: set[str]
) -> None:
    said = {}
    for name in JUDGED:
        try:
            check_speaks(plugin(name), task, [], "here")
        except SpecError as error:
            said[name] = error.what
    assert set(said) == refused
    for name, what in said.items():
        assert f"'{name}' cannot be used with '{task.name}'" in what


@pytest.mark.parametrize("task", [Stars, Glosses, ("spans", "WhoIsIt")], indirect=True)
@pytest.mark.parametrize("name", JUDGED)
def test_a_condition_takes_the_judgement_of_its_perturbation(task: Task, name: str) -> None:
    use = PluginUse.model_validate({"name": "perturbed", "perturbation": {"name": name}})
    problem = problem_of(task)
    assert build_condition(use).problem_fault(problem) == plugin(name).problem_fault(problem)


@pytest.mark.parametrize("task", [("spans", "WhoIsIt")], indirect=True)
def test_words_of_a_question_move_and_those_that_an_answer_hangs_on_stay(task: Any) -> None:
    noise = plugin("word-order")
    moved = 0
    for example in task.load("train", "en").examples:
        _, noisy = noise.perturb(example, random.Random(example.id))
        assert sorted(noisy.question.split()) == sorted(example.question.split())
        assert (noisy.words, noisy.first, noisy.last) == (
            example.words,
            example.first,
            example.last,
        )
        moved += noisy.question != example.question
    assert moved > 4


@pytest.mark.parametrize("task", [("spans", "WhoIsIt"), ("choices", "WhichNames")], indirect=True)
def test_any_problems_texts_are_cut_anew(task: Any) -> None:
    tokenizer: Any = tokenizers.shared()
    featuriser = Featuriser(task.problem.of(task), tokenizer, 128)
    segment = plugin("bpe-sampling", dropout=0.5).segmenter(tokenizer)
    anew = 0
    for example in task.load("train", "en").examples:
        clean = featuriser.clean([example])[0]
        cut = featuriser.segmented(example, segment, random.Random(example.id))
        assert (cut.gold, len(cut.heads)) == (clean.gold, len(clean.heads))
        for one, other in zip(clean.pieces, cut.pieces, strict=True):
            usual, drawn = (tokenizer.decode(ids).replace(" ", "") for ids in (one, other))
            assert usual == drawn
            anew += one != other
    assert anew > 4
