"""Conditions that break the contract; `fails` names the checks that say so."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from xlt_cli.api import (
    Answer,
    Condition,
    Example,
    MeasuredColumn,
    MeasuredTable,
    Prediction,
    Reply,
    Seam,
    Search,
    Searched,
    SequenceExample,
)
from xlt_cli.testing import ConditionSuite


class Sound(Condition):
    """Leaves words out, and doubts an answer under noise."""

    api_version = 1
    name = "sound"
    summary = "leaves words out, and doubts answers"
    acts = ("text", "answer")
    problems = ("sequence-classification",)
    measured = MeasuredTable("doubt", "doubts", (MeasuredColumn("silent", "silent", "share"),))

    def edit(self, example: Example, rng: random.Random) -> Example:
        assert isinstance(example, SequenceExample)
        texts = (" ".join(w for w in t.split() if rng.random() < 0.8) for t in example.texts)
        return replace(example, texts=tuple(texts))

    def answer(self, seam: Seam) -> Answer:
        noise = seam.draws.normal(*seam.embeddings.shape[1:]) * seam.perturbable[..., None]
        logits = seam.logits(seam.embeddings + 0.1 * noise)
        margin = logits.max(dim=-1).values - logits.min(dim=-1).values
        return Answer(logits, margin < 0.1, {"margin": margin})

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        return {"silent": sum(p.predicted is None for p in predictions) / len(predictions)}


class Suite(ConditionSuite):
    made: ClassVar[type[Condition]]
    fails: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def plugin(self) -> Any:
        return self.made(self.made.Params())


class TestSound(Suite):
    made = Sound
    fails = ()


class TestTurnsLabels(Suite):
    class made(Sound):
        def edit(self, example: Example, rng: random.Random) -> Example:
            assert isinstance(example, SequenceExample)
            return replace(example, label="no")

    fails = (
        "test_edited_examples_keep_their_id_label_and_languages",
        "test_edit_depends_on_the_example_and_the_generator_alone",
        "test_edit_draws_from_the_given_generator_alone",
    )


class TestDrawsFromTheProcess(Suite):
    class made(Sound):
        def edit(self, example: Example, rng: random.Random) -> Example:
            return super().edit(example, random)  # type: ignore[arg-type]

    fails = (
        "test_edit_depends_on_the_example_and_the_generator_alone",
        "test_edit_draws_from_the_given_generator_alone",
    )


class TestDrawsNoiseFromTheProcess(Suite):
    class made(Sound):
        def answer(self, seam: Seam) -> Answer:
            import torch

            noise = torch.randn_like(seam.embeddings)
            return Answer(seam.logits(seam.embeddings + noise))

    fails = (
        "test_answer_to_an_example_depends_on_no_other_and_on_no_order",
        "test_answer_does_not_depend_on_padding",
        "test_answer_is_the_same_for_the_same_draws",
    )


class TestNormalisesOverTheBatch(Suite):
    class made(Sound):
        def answer(self, seam: Seam) -> Answer:
            logits = seam.logits(seam.embeddings)
            return Answer(logits - logits.mean(dim=0))

    fails = ("test_answer_to_an_example_depends_on_no_other_and_on_no_order",)


class TestDividesByZero(Suite):
    class made(Sound):
        def answer(self, seam: Seam) -> Answer:
            logits = seam.logits(seam.embeddings)
            return Answer(logits, None, {"length": 1 / seam.perturbable.sum(dim=1)})

    fails = ("test_answers_are_numbers_that_the_problem_decodes",)


class TestLeavesGradients(Suite):
    class made(Sound):
        def answer(self, seam: Seam) -> Answer:
            import torch

            with torch.enable_grad():
                embeddings = seam.embeddings.detach().requires_grad_()
                seam.loss(seam.logits(embeddings)).sum().backward()  # type: ignore[no-untyped-call]
            assert embeddings.grad is not None
            return Answer(seam.logits(embeddings + embeddings.grad.sign()))

    fails = ("test_answer_leaves_the_model_as_it_is",)


class TestGuessesFigures(Suite):
    class made(Sound):
        def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
            return {"silent": random.random()}

    fails = ("test_figures_depend_on_the_predictions_alone",)


class TestLeavesOutAFigure(Suite):
    class made(Sound):
        def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
            return {}

    fails = ("test_figures_depend_on_the_predictions_alone",)


class Seeking(Condition):
    """Leaves out one word after the other, and ends with the worst."""

    api_version = 1
    name = "seeking"
    summary = "leaves out the word without which the loss is highest"
    acts = ("search",)
    problems = ("sequence-classification",)
    measured = MeasuredTable("sought", "searches", (MeasuredColumn("words", "words"),))

    def search(self, example: Example, rng: random.Random) -> Search:
        assert isinstance(example, SequenceExample)
        words = example.texts[0].split()
        shorter = [" ".join(words[:n] + words[n + 1 :]) for n in range(len(words))]
        rng.shuffle(shorter)
        examples = [example, *(replace(example, texts=(t, *example.texts[1:])) for t in shorter)]
        replies = yield examples
        return self.end(examples, replies)

    def end(self, examples: list[SequenceExample], replies: Sequence[Reply]) -> Searched:
        at = max(range(len(replies)), key=lambda n: replies[n].loss)
        return Searched(examples[at], replies[at], {"words": len(examples[at].texts[0].split())})

    def figures(self, predictions: Sequence[Prediction]) -> dict[str, Any]:
        return {"words": sum(p.values["words"] for p in predictions) / len(predictions)}


class TestSeeking(Suite):
    made = Seeking
    fails = ()


class TestEndsWithAnothersReply(Suite):
    class made(Seeking):
        def end(self, examples: list[SequenceExample], replies: Sequence[Reply]) -> Searched:
            return Searched(examples[-1], replies[0], {"words": 0})

    fails = ("test_searches_end_with_a_reply_to_their_example",)


class TestSearchesInOtherLabels(Suite):
    class made(Seeking):
        def search(self, example: Example, rng: random.Random) -> Search:
            assert isinstance(example, SequenceExample)
            return super().search(replace(example, label="no"), rng)

    fails = (
        "test_searches_end_with_a_reply_to_their_example",
        "test_a_search_depends_on_its_example_and_the_generator_alone",
        "test_a_search_draws_from_the_given_generator_alone",
        "test_figures_of_a_search_can_be_shown",
    )


class TestSearchesByChance(Suite):
    class made(Seeking):
        def end(self, examples: list[SequenceExample], replies: Sequence[Reply]) -> Searched:
            at = random.randrange(len(replies))
            return Searched(examples[at], replies[at], {"words": 0})

    fails = (
        "test_a_search_depends_on_its_example_and_the_generator_alone",
        "test_a_search_draws_from_the_given_generator_alone",
    )


class TestRemembersOtherRows(Suite):
    class made(Seeking):
        seen = 0.0

        def end(self, examples: list[SequenceExample], replies: Sequence[Reply]) -> Searched:
            self.seen += len(replies)
            return Searched(examples[0], replies[0], {"words": self.seen})

    fails = ("test_a_search_depends_on_its_example_and_the_generator_alone",)


class TestNeverEnds(Suite):
    class made(Seeking):
        def search(self, example: Example, rng: random.Random) -> Search:
            while True:
                yield [example]

    fails = (
        "test_searches_end_with_a_reply_to_their_example",
        "test_a_search_depends_on_its_example_and_the_generator_alone",
        "test_a_search_draws_from_the_given_generator_alone",
        "test_figures_of_a_search_can_be_shown",
    )
