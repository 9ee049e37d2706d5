"""Span extraction: windows, offsets of any tokenizer, n-best answers, no answer, edits, pairs."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.api import Feature, Prediction
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import DataError
from xlt_cli.problems import SpanExample, SpanExtraction, SpanSettings
from xlt_cli.testing import tokenizers

MADE = {make.__name__: make() for make in tokenizers.ALL}
CONTEXTS = st.text(
    st.one_of(
        st.sampled_from(" \n\t.,-'½①ﬁ가각カ\u0301\u200b\u00a0ไทย中文ال🙂"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=60,
)


def example(context: str, *answers: str, question: str = "who ?") -> SpanExample:
    spans = tuple((answer, context.index(answer)) for answer in answers)
    return SpanExample("q", question, context, spans, ("en", "de"))


def answered(
    problem: SpanExtraction, features: list[Feature], best: list[tuple[int, int] | None]
) -> Prediction:
    """The prediction where the logits are highest at the given positions of each input."""
    kept = []
    for feature, places in zip(features, best, strict=True):
        logits = torch.zeros(1, len(feature.input_ids), 2)
        if places is not None:
            logits[0, places[0], 0] = logits[0, places[1], 1] = 5
        kept += problem.predict(logits, [feature])
    (prediction,) = problem.decode(kept, features, None)
    return prediction


@pytest.mark.parametrize("tokenizer", MADE.values(), ids=MADE)
@settings(max_examples=30, deadline=None)
@given(context=CONTEXTS, data=st.data())
def test_an_answer_survives_the_way_to_the_model_and_back(
    tokenizer: Any, context: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(context) - 1))
    answer = context[start : data.draw(st.integers(start + 1, len(context)))]
    problem = SpanExtraction(settings=SpanSettings(max_answer_length=1000))
    row = SpanExample("q", "who", context, ((answer, start),), ("en", "en"))
    features = Featuriser(problem, tokenizer, 400).windows([row])
    (feature,) = features
    passage, at = feature.data.passage, feature.data.position
    stripped = start + len(answer) - len(answer.lstrip())
    wanted = range(stripped, stripped + len(answer.strip()))
    # Some characters have no token, such as control characters in BERT's normalisation.
    seen = {place for a, b in passage.offsets for place in range(a, b)}.intersection(wanted)
    if not seen:
        assert feature.target == (0, 0)
        return
    language, told = answered(problem, features, [feature.target]).predicted
    first, last = (passage.offsets[place - at] for place in feature.target)
    assert (language, told) == ("en", context[first[0] : last[1]])
    assert first[0] <= min(seen) < first[1]
    assert last[0] <= max(seen) < last[1]


@pytest.mark.parametrize("tokenizer", MADE.values(), ids=MADE)
@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("The Thames flows through London, slowly.", "London"),
        ("Sie wohnt in  Köln\n(am Rhein).", "Köln"),
        ("（北京）是首都。", "北京"),
    ],
)
def test_whole_words_come_back_as_they_were(tokenizer: Any, context: str, answer: str) -> None:
    problem = SpanExtraction()
    features = Featuriser(problem, tokenizer, 300).windows([example(context, answer)])
    told = answered(problem, features, [f.target for f in features]).predicted
    if tokenizer is MADE["unigram"] and "北" in context:
        assert answer in told[1]  # unknown characters are one token
    else:
        assert told == ("de", answer)


def test_windows_overlap_and_cover_the_passage_and_the_best_of_all_is_the_answer() -> None:
    problem = SpanExtraction(settings=SpanSettings(stride=5, max_answer_length=4, n_best=3))
    words = [f"{a}{b}" for a in "abcdefgh" for b in "xyz"]
    row = example(" ".join(words), "hx hy")
    features = Featuriser(problem, MADE["word_piece"], 30).windows([row])
    assert len(features) > 3
    assert [f.goes_on for f in features] == [False, *[True] * (len(features) - 1)]
    assert all(len(f.input_ids) <= 30 for f in features)
    passage = features[0].data.passage
    seen: set[int] = set()
    for before, after in pairwise(features):
        assert after.data.first - before.data.first == 5
    for feature in features:
        window = feature.data
        tokens = passage.ids[window.first : window.first + window.count]
        own = feature.input_ids[window.position : window.position + window.count]
        assert tuple(own) == tokens
        seen.update(range(window.first, window.first + window.count))
    assert seen == set(range(len(passage.ids)))
    targets = [f.target for f in features]
    assert targets[0] == (0, 0)
    assert targets[-1] != (0, 0)
    found = answered(problem, features, [t if t != (0, 0) else None for t in targets])
    assert found.gold == ("de", "hx hy")
    assert found.predicted[:2] == ("de", "hx hy")
    assert len(found.predicted) == 4
    assert len(set(found.predicted)) == 4


def test_the_best_spans_are_those_of_all_pairs_tried_one_by_one() -> None:
    problem = SpanExtraction(settings=SpanSettings(max_answer_length=4, n_best=6))
    row = example("one two three four five six seven", "two")
    (feature,) = Featuriser(problem, MADE["unigram"], 60).windows([row])
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):
        logits = torch.randn(1, len(feature.input_ids), 2, generator=generator)
        ((null, spans),) = problem.predict(logits, [feature])
        assert null == pytest.approx(float(logits[0, 0].sum()))
        window, own = feature.data, []
        offsets = window.passage.offsets
        for a in range(window.count):
            for b in range(a, min(a + 4, window.count)):
                if offsets[a][0] < offsets[a][1] and offsets[b][0] < offsets[b][1]:
                    total = logits[0, window.position + a, 0] + logits[0, window.position + b, 1]
                    own.append((float(total), offsets[a][0], offsets[b][1]))
        due = sorted(own, reverse=True)[:6]
        assert [s[1:] for s in spans] == [s[1:] for s in due]
        assert [s[0] for s in spans] == pytest.approx([s[0] for s in due])


@pytest.mark.parametrize(("threshold", "told"), [(0.0, ""), (2.0, "two")])
def test_no_answer_is_predicted_above_the_threshold(threshold: float, told: str) -> None:
    chosen = SpanSettings(unanswerable=True, null_threshold=threshold)
    problem = SpanExtraction(settings=chosen)
    row = replace(example("one two three", "two"), answers=())
    (feature,) = Featuriser(problem, MADE["unigram"], 60).windows([row])
    assert feature.target == (0, 0)
    at = feature.data.position + next(
        i for i, (a, _) in enumerate(feature.data.passage.offsets) if a == 4
    )
    last = feature.data.position + max(
        i for i, (_, b) in enumerate(feature.data.passage.offsets) if b == 7
    )
    logits = torch.zeros(1, len(feature.input_ids), 2)
    logits[0, 0] = 3
    logits[0, at, 0] = logits[0, last, 1] = 2.5
    prediction = problem.decode(problem.predict(logits, [feature]), [feature], None)[0]
    assert prediction.gold == ("de", "")
    assert prediction.predicted == ("de", told)
    f1, exact, _ = problem.statistics([prediction])[0]
    assert f1 == exact == float(not told)


def test_losses_are_those_of_both_ends_and_ignore_padding() -> None:
    problem = SpanExtraction()
    rows = [example("one two three", "two"), example("one two three four five six", "six")]
    features = Featuriser(problem, MADE["unigram"], 80).windows(rows)
    batch = collate(features, problem, 0, 64)
    logits = torch.randn(*batch.input_ids.shape, 2, generator=torch.Generator().manual_seed(0))
    losses = problem.losses(logits, batch)
    for row, feature in enumerate(features):
        own = logits[row, : len(feature.input_ids)].log_softmax(0)
        first, last = feature.target
        assert losses[row] == pytest.approx(-float(own[first, 0] + own[last, 1]) / 2)


def test_segmentation_noise_and_slow_tokenizers_find_answers_by_words() -> None:
    problem = SpanExtraction()
    tokenizer: Any = MADE["unigram"]
    featuriser = Featuriser(problem, tokenizer, 200)

    def letters(text: str, _: random.Random) -> list[int]:
        return [i for c in text for i in tokenizer(c, add_special_tokens=False)["input_ids"]]

    for context, answer in (("we saw Anna there", "Anna"), ("去北京吧", "北京")):
        row = example(context, answer)
        features = featuriser.sampled(row, letters, random.Random(0))
        told = answered(problem, features, [f.target for f in features]).predicted
        assert told == ("de", answer)


def test_pairs_ask_in_one_language_about_the_passage_of_another() -> None:
    problem = SpanExtraction()
    english = SpanExample("7", "who?", "It was Anna.", (("Anna", 7),), ("en", "en"))
    german = SpanExample("7", "wer?", "Das war Anna.", (("Anna", 8),), ("de", "de"))
    featuriser = Featuriser(problem, MADE["unigram"], 100)
    one, other = featuriser.clean([english, german])
    (feature,) = featuriser.laid_out([problem.pair(one, other)], windows=True)
    assert feature.languages == ("en", "de")
    told = answered(problem, [feature], [feature.target])
    assert told.predicted[0] == "de"
    assert "Anna" in told.predicted[1]


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_answers_move_with_the_text_around_them(data: st.DataObject) -> None:
    context = data.draw(CONTEXTS)
    spans = []
    for _ in range(data.draw(st.integers(0, 2))):
        start = data.draw(st.integers(0, len(context) - 1))
        spans.append((context[start : data.draw(st.integers(start + 1, len(context)))], start))
    row = SpanExample("q", "who?", context, tuple(spans), ("en", "de"))
    words = row.editable()[1].words or ()
    some = st.lists(st.sampled_from(["new", "x", "長"]), max_size=2).map(tuple)
    places = tuple(data.draw(st.one_of(st.just((word,)), some)) for word in words)
    edited = row.edited(["wer?", places])
    assert edited is not None
    assert (edited.question, edited.fault()) == ("wer?", "")
    assert [text for text, _ in edited.answers] == [text for text, _ in row.answers]
    assert row.edited(["who?", tuple((word,) for word in words)]) == replace(
        row, answers=tuple((t, s if t.strip() else 0) for t, s in spans)
    )


def test_an_answer_that_is_not_where_it_is_said_to_be_is_refused() -> None:
    problem = SpanExtraction()
    row = SpanExample("q7", "who?", "It was Anna.", (("Anna", 3),), ("en", "en"))
    with pytest.raises(DataError) as refused:
        problem.encode([row], MADE["unigram"])
    assert "'Anna' is not in the passage at character 3" in str(refused.value)
    assert "q7" in str(refused.value)


def test_parameters_of_the_task_reach_the_problem() -> None:
    params = SimpleNamespace(stride=9, n_best=4)
    task: Any = SimpleNamespace(params=params, normalisation="mlqa")
    problem = SpanExtraction.of(task)
    assert problem.settings == SpanSettings(stride=9, n_best=4)
    assert problem.scoring == "as by MLQA's official script"
