"""Joint intent and slots against seqeval and torch, and long sentences."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer

from xlt_cli.api import IGNORED, Criterion, TokenExample, Words
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.data.template import Template
from xlt_cli.errors import DataError
from xlt_cli.problems import IntentAndSlots, IntentExample, Prediction, TokenLabelling
from xlt_cli.problems.schemes import scheme_of

TAGS = ("O", "B-time", "I-time", "B-place", "I-place")
INTENTS = ("ask", "set")
PROBLEM = IntentAndSlots((*TAGS, *INTENTS), INTENTS)
SENTENCE = IntentExample(
    "1", ("Anna", "sees", "Paris", "now"), ("B-time", "I-time", "O", "B-place"), ("en",), "set"
)


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_encoder)


def frames() -> st.SearchStrategy[list[Prediction]]:
    """Answers of every kind: gold and predicted intents and tags, also words that were cut off."""
    tag, intent = st.sampled_from(TAGS), st.sampled_from(INTENTS)
    words = st.lists(st.tuples(tag, st.one_of(tag, tag, st.none())), min_size=1, max_size=6)
    frame = st.tuples(intent, intent, words).map(
        lambda f: Prediction("", (f[0], *(g for g, _ in f[2])), (f[1], *(t for _, t in f[2])))
    )
    return st.lists(frame, min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(frames())
def test_metrics_are_seqevals_and_shares_of_sentences(found: list[Prediction]) -> None:
    scores = PROBLEM.score(PROBLEM.statistics(found).sum(axis=0))
    gold = [list(p.gold[1:]) for p in found]
    told = [[tag or "O" for tag in p.predicted[1:]] for p in found]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert scores["slot_f1"] == pytest.approx(f1_score(gold, told))
    right = [p.gold[0] == p.predicted[0] for p in found]
    assert scores["intent_accuracy"] == pytest.approx(sum(right) / len(found))
    scheme = scheme_of(TAGS)
    assert scheme is not None
    alone = [scheme.entities(t) == scheme.entities(g) for g, t in zip(gold, told, strict=True)]
    seen = [None not in p.predicted for p in found]
    exact = [all(each) for each in zip(right, alone, seen, strict=True)]
    assert scores["exact_match"] == pytest.approx(sum(exact) / len(found))


def test_a_frame_with_a_word_that_was_not_seen_is_not_exact() -> None:
    found = [Prediction("1", ("ask", "O", "O"), ("ask", "O", None))]
    sums = PROBLEM.statistics(found).sum(axis=0)
    assert PROBLEM.score(sums)["exact_match"] == 0
    assert PROBLEM.words(sums) == Words(2, unseen=1)


def test_the_loss_is_the_intents_and_the_mean_of_the_words(tokenizer: Any) -> None:
    features = Featuriser(PROBLEM, tokenizer, 32).features([SENTENCE])
    batch = collate(features, PROBLEM, 0, 16)
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(1, batch.input_ids.shape[1], 7, generator=generator)
    starts = [i for i, tag in enumerate(features[0].target[1:]) if tag != IGNORED]
    assert [features[0].target[1 + i] for i in starts] == [1, 2, 0, 3]
    intent = cross_entropy(logits[:, 0, 5:], torch.tensor([1]))
    tags = cross_entropy(logits[0, starts, :5], torch.tensor([1, 2, 0, 3]))
    assert float(PROBLEM.losses(logits, batch)) == pytest.approx(float(intent + tags))
    assert PROBLEM.size(features[0]) == 1


def test_each_of_the_two_losses_has_the_weights_of_its_own_classes(tokenizer: Any) -> None:
    problem = IntentAndSlots((*TAGS, *INTENTS), INTENTS)
    batch = collate(Featuriser(problem, tokenizer, 32).features([SENTENCE]), problem, 0)
    logits = torch.zeros(1, batch.input_ids.shape[1], 7)
    of_tags, of_intents = torch.log(torch.tensor(5.0)), torch.log(torch.tensor(2.0))
    problem.criterion = Criterion(class_weights=torch.tensor([3.0] * 5 + [7.0] * 2))
    expected = 3 * float(of_tags) + 7 * float(of_intents)
    assert float(problem.losses(logits, batch)) == pytest.approx(expected)


def test_a_long_sentence_is_answered_by_windows(tokenizer: Any) -> None:
    words = ("Anna", "sees", "Paris") * 10
    tags = ("B-time", "I-time", "O") * 10
    long = IntentExample("1", words, tags, ("en",), "ask")
    inputs = Featuriser(PROBLEM, tokenizer, 16).windows([long])
    assert len(inputs) > 2
    assert [f.goes_on for f in inputs] == [False] + [True] * (len(inputs) - 1)
    batch = collate(inputs, PROBLEM, 0)
    logits = torch.zeros(len(inputs), batch.input_ids.shape[1], 7)
    for row, tag, place in torch.nonzero(batch.targets[:, 1:] != IGNORED)[:, [0, 1, 1]].tolist():
        logits[row, place, batch.targets[row, 1 + tag]] = 5.0
    logits[0, 0, 6] = 1.0  # the first window says "set", all others "ask"
    logits[1:, 0, 5] = 1.0
    (whole,) = PROBLEM.decode(PROBLEM.predict(logits, inputs), inputs, tokenizer)
    assert whole.gold == whole.predicted == ("ask", *tags)


def test_an_edit_moves_slots_with_their_words_and_keeps_the_intent() -> None:
    edit = (("Anna", "Maria"), ("saw",), ("Paris",), ("right", "now"))
    edited = PROBLEM.edited(SENTENCE, (edit,))
    assert isinstance(edited, IntentExample)
    assert edited.tags == ("B-time", "I-time", "I-time", "O", "B-place", "I-place")
    assert edited.intent == "set"


@pytest.mark.parametrize(
    ("labels", "intents", "scheme", "said"),
    [
        (TAGS, ("ask",), None, "then its `intents`"),
        ((*TAGS, *INTENTS), (), None, "then its `intents`"),
        (("ask", *TAGS), ("ask",), None, "then its `intents`"),
        ((*TAGS, "O"), ("O",), None, "'O' is two labels"),
        (("NOUN", "VERB", "ask"), ("ask",), None, "no scheme of entities"),
        ((*TAGS, "ask"), ("ask",), "none", "no scheme of entities"),
    ],
)
def test_labels_that_are_not_tags_then_intents_are_refused(
    labels: Any, intents: Any, scheme: Any, said: str
) -> None:
    task = SimpleNamespace(labels=labels, intents=intents, scheme=scheme)
    with pytest.raises(DataError, match=said):
        IntentAndSlots.of(task)


@pytest.mark.parametrize(
    ("tags", "intent", "said"),
    [
        (("O", "ask"), "ask", "the tag 'ask' is an intent"),
        (("O", "O"), "O", "the intent 'O' is the tag of a slot"),
        (("O", "B-tim"), "ask", "'B-tim' is not one of the task's"),
        (("O",), "ask", "2 words but 1 tags"),
    ],
)
def test_examples_that_do_not_fit_are_refused(tags: Any, intent: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        PROBLEM.check_example(IntentExample("1", ("a", "b"), tags, ("en",), intent))
    with pytest.raises(DataError, match="gave a TokenExample"):
        PROBLEM.check_example(TokenExample("1", ("a",), ("O",), ("en",)))


def test_tags_are_encoded_as_those_of_token_labelling(tokenizer: Any) -> None:
    plain = TokenLabelling(TAGS)
    sentence = TokenExample("1", SENTENCE.tokens, SENTENCE.tags, SENTENCE.languages)
    (one,), (other,) = (
        problem.encode([example], tokenizer)
        for problem, example in ((plain, sentence), (PROBLEM, SENTENCE))
    )
    assert (one.pieces, one.heads) == (other.pieces, other.heads)
    template = Template(tokenizer)
    target = plain.feature(one, template, 32).target
    assert PROBLEM.feature(other, template, 32).target == (PROBLEM.ids["set"], *target)
