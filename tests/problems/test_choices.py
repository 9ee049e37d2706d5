"""Multiple choice against transformers' own model for it, scikit-learn, and bad rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from transformers import AutoModelForMultipleChoice

from xlt_cli.api import Prediction
from xlt_cli.data.batches import by_example, collate, filled_with_examples
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import DataError
from xlt_cli.evaluation.predict import TOKENS, launch
from xlt_cli.problems import ChoiceExample, MultipleChoice

WORDS = ["Anna", "sees", "the", "dog", ".", "Paris", "likes", "a", "bird", "and", "cat"]


def example(number: int, choices: int, question: str = "who ?") -> ChoiceExample:
    """A row with choices of different lengths."""
    texts = tuple(" ".join(WORDS[: 1 + (number + c) % 9]) + f" {c}" for c in range(choices))
    context = " ".join(WORDS[number % 5 :])
    return ChoiceExample(f"{number}", context, question, texts, number % choices, ("en", "de"))


ROWS = [example(0, 2), example(1, 4, ""), example(2, 3), example(3, 2, ""), example(4, 5)]


def test_logits_and_losses_are_those_of_transformers_model_for_multiple_choice(
    encoder: Any, tokenizer: Any, tmp_path: Any
) -> None:
    problem = MultipleChoice(())
    torch.manual_seed(3)
    model = encoder.load_model(problem.head).eval()
    model.save(tmp_path)
    theirs = AutoModelForMultipleChoice.from_pretrained(str(tmp_path)).eval()
    torch.testing.assert_close(theirs.classifier.weight, model.model.classifier.weight)
    features = Featuriser(problem, tokenizer, 24).features(ROWS)
    batch = collate(features, problem, tokenizer.pad_token_id)
    with torch.no_grad():
        logits = model.logits(model.embed(batch), batch)
        losses = problem.losses(logits, batch)
        start = 0
        for row in ROWS:
            seconds = [f"{row.question} {c}" if row.question else c for c in row.choices]
            inputs = tokenizer(
                [row.context] * len(seconds),
                seconds,
                truncation="longest_first",
                max_length=24,
                padding=True,
                return_tensors="pt",
            )
            out = theirs(
                **{name: value.unsqueeze(0) for name, value in inputs.items()},
                labels=torch.tensor([row.right]),
            )
            own = slice(start, start + len(seconds))
            torch.testing.assert_close(logits[own, 0], out.logits[0], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(losses[own].sum(), out.loss, atol=1e-5, rtol=1e-4)
            start += len(seconds)
    said = problem.decode(problem.predict(logits, features), features, tokenizer)
    for prediction, row in zip(said, ROWS, strict=True):
        assert len(prediction.probabilities) == len(row.choices)
        assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
        assert prediction.predicted == int(np.argmax(prediction.probabilities))


def test_accuracy_is_scikit_learns_and_of_equal_choices_the_first_is_taken() -> None:
    problem = MultipleChoice(())
    rng = np.random.default_rng(0)
    gold, told = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    said = [
        Prediction(f"{i}", int(g), int(t)) for i, (g, t) in enumerate(zip(gold, told, strict=True))
    ]
    score = problem.score(problem.statistics(said).sum(0))
    assert score["accuracy"] == pytest.approx(accuracy_score(gold, told))
    assert np.isnan(problem.score(problem.statistics([]).sum(0))["accuracy"])


def test_ties_go_to_the_first_choice(tokenizer: Any) -> None:
    problem = MultipleChoice(())
    features = Featuriser(problem, tokenizer, 24).features(ROWS[:1])
    (prediction,) = problem.decode([0.5, 0.5], features, tokenizer)
    assert (prediction.predicted, prediction.probabilities) == (0, (0.5, 0.5))


def test_noise_sees_the_texts_of_a_row_and_keeps_what_is_right() -> None:
    row = ROWS[0]
    assert [(t.language, t.content) for t in row.editable()] == [
        ("en", row.context), ("de", row.question), ("de", row.choices[0]), ("de", row.choices[1]),
    ]  # fmt: skip
    assert row.edited(["c", "q", "one", "two"]) == replace(
        row, context="c", question="q", choices=("one", "two")
    )
    assert row.edited(["c", "q", "same", "same"]) is None
    fixed = replace(row, fixed=True)
    assert len(fixed.editable()) == 3
    assert fixed.edited(["c", "one", "two"]) == replace(fixed, context="c", choices=("one", "two"))
    assert [t.content for t in ROWS[1].editable()] == [ROWS[1].context, *ROWS[1].choices]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"choices": ("one",), "right": 0}, "it has 1 choices, expected two or more"),
        ({"right": 2}, "choice 2 is right, and it has 2"),
        ({"right": -1}, "choice -1 is right"),
        ({"languages": ("en",)}, "it states 1 languages, expected two"),
    ],
)
def test_rows_that_are_none_are_refused(changes: Any, said: str, tokenizer: Any) -> None:
    row = replace(ROWS[0], **changes)
    with pytest.raises(DataError, match=said):
        MultipleChoice(()).encode([row], tokenizer)
    assert said in row.fault()


def test_a_replacement_has_the_same_choices_and_the_same_right_one() -> None:
    row = ROWS[0]
    assert row.replacement_fault(replace(row, context="x"), ()) == ""
    assert "1 choices" in row.replacement_fault(replace(row, choices=("x",)), ())
    assert "choice 1 is right, not 0" in row.replacement_fault(replace(row, right=1), ())


def test_choices_of_a_translation_stand_with_the_context_of_a_row(tokenizer: Any) -> None:
    problem = MultipleChoice(())
    english, german = (
        ROWS[0],
        replace(ROWS[0], context="Paris .", choices=("cat", "bird"), languages=("fr", "fr")),
    )
    one, other = problem.encode([english, german], tokenizer)
    mixed = problem.pair(one, other)
    assert (mixed.pieces[0], mixed.data) == (one.pieces[0], other.data)
    assert mixed.languages == ("en", "fr")
    (turned,) = problem.encode([replace(german, right=1)], tokenizer)
    with pytest.raises(DataError, match="not in the same order"):
        problem.pair(one, turned)


@pytest.mark.parametrize("tokens", [1, 250, 4096])
def test_losses_of_whole_rows_do_not_depend_on_how_batches_are_filled(
    encoder: Any, tokenizer: Any, runtime: Any, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = MultipleChoice(())
    torch.manual_seed(3)
    model = encoder.load_model(problem.head).eval()
    features = Featuriser(problem, tokenizer, 24).features(ROWS)
    monkeypatch.setitem(TOKENS, "cpu", tokens)
    batches = filled_with_examples(features, tokens)
    assert sorted(place for batch in batches for place in batch) == list(range(len(features)))
    for own in batches:
        chosen = [features[place] for place in own]
        width = max(len(feature.input_ids) for feature in chosen)
        assert width * len(own) <= tokens or len(by_example(chosen)) == 1
        assert not chosen[0].goes_on
    pad = tokenizer.pad_token_id
    found = launch(model, features, problem, pad, runtime, tokenizer, with_losses=True)
    with torch.no_grad():
        batch = collate(features, problem, pad)
        losses = problem.losses(model.logits(model.embed(batch), batch), batch)
    start_at, expected = 0, []
    for row in ROWS:
        expected.append(float(losses[start_at : start_at + len(row.choices)].sum()))
        start_at += len(row.choices)
    assert found.summed_losses() == pytest.approx(expected, abs=1e-5)
