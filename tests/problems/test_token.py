"""Token labelling against seqeval and scikit-learn."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from sklearn.metrics import accuracy_score
from sklearn.metrics import f1_score as class_f1_score
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from xlt_cli.api import IGNORED, Head, SequenceExample, TokenExample, Words
from xlt_cli.data.template import Template
from xlt_cli.errors import DataError
from xlt_cli.problems import Feature, Prediction, TokenLabelling

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
NAMES = TokenLabelling(TAGS)
SPEECH = TokenLabelling(("NOUN", "VERB", "ADP"))
NOTHING = "\u200b\u00ad"  # zero-width space, soft hyphen: BERT's normalizer leaves nothing of them
SENTENCE = TokenExample(
    "test-1",
    ("Anna", "Müller", "sees", NOTHING, "Paris"),
    ("B-PER", "I-PER", "O", "O", "B-LOC"),
    ("en",),
)

Tagged = list[tuple[list[str], list[str]]]


def sentences(tags: tuple[str, ...]) -> st.SearchStrategy[Tagged]:
    """Sentences of gold and predicted tags."""
    word = st.tuples(st.sampled_from(tags), st.sampled_from(tags))
    sentence = st.lists(word, min_size=1, max_size=8).map(
        lambda words: ([gold for gold, _ in words], [told for _, told in words])
    )
    return st.lists(sentence, min_size=1, max_size=5)


def rows(found: Tagged) -> list[Prediction]:
    return [Prediction(f"t-{i}", tuple(gold), tuple(told)) for i, (gold, told) in enumerate(found)]


def total(problem: TokenLabelling, found: Tagged) -> dict[str, np.ndarray]:
    return problem.score(problem.statistics(rows(found)).sum(axis=0))


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_encoder)


@pytest.fixture(scope="module")
def template(tokenizer: Any) -> Template:
    return Template(tokenizer)


@settings(max_examples=150, deadline=None)
@given(sentences(TAGS))
def test_entity_metrics_equal_seqeval(found: Tagged) -> None:
    gold, told = [list(g) for g, _ in found], [list(t) for _, t in found]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "f1": f1_score(gold, told),
            "precision": precision_score(gold, told),
            "recall": recall_score(gold, told),
        }
    assert total(NAMES, found) == pytest.approx(expected)
    assert tuple(expected) == NAMES.metric_names


@settings(max_examples=100, deadline=None)
@given(sentences(SPEECH.labels))
def test_parts_of_speech_are_scored_word_by_word_as_scikit_learn_does(found: Tagged) -> None:
    gold = [tag for tags, _ in found for tag in tags]
    told = [tag for _, tags in found for tag in tags]
    assert SPEECH.metric_names == ("accuracy", "macro_f1")
    assert total(SPEECH, found) == pytest.approx(
        {
            "accuracy": accuracy_score(gold, told),
            "macro_f1": class_f1_score(gold, told, average="macro"),
        }
    )


@pytest.mark.parametrize("problem", [NAMES, SPEECH])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_statistics_are_additive(problem: TokenLabelling, data: st.DataObject) -> None:
    first, second = (data.draw(sentences(problem.labels)) for _ in range(2))
    parts = problem.statistics(rows(first)).sum(axis=0) + problem.statistics(rows(second)).sum(0)
    np.testing.assert_array_equal(problem.statistics(rows(first + second)).sum(axis=0), parts)


def test_nothing_right_and_nothing_there_score_zero() -> None:
    assert total(NAMES, [(["O"], ["O"])]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    assert total(NAMES, [(["B-PER"], ["O"])]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}


def test_a_word_that_was_not_seen_is_wrong_as_a_part_of_speech() -> None:
    found = total(SPEECH, [(["NOUN", "VERB"], ["NOUN", None])])
    assert found["accuracy"] == 0.5


def test_the_macro_average_is_over_the_tasks_tags() -> None:
    problem = TokenLabelling(("N", "V", "A", "P"))
    found = [Prediction("long", ("N",) * 10, (*("N",) * 9, None))]
    found += [
        Prediction(str(i), tags, tags)
        for i, tags in enumerate([("N", "N", "V"), ("N", "A", "P")] * 10)
    ]
    golds = [tag for p in found for tag in p.gold]
    answers = [tag or "unseen" for p in found for tag in p.predicted or ()]
    expected = class_f1_score(golds, answers, labels=["N", "V", "A", "P"], average="macro")
    sums = problem.statistics(found).sum(axis=0)
    assert problem.score(sums)["macro_f1"] == pytest.approx(expected)
    assert round(100 * expected, 1) == 99.7
    assert problem.score(sums)["accuracy"] == pytest.approx(69 / 70)
    assert problem.words(sums) == Words(70, unseen=1)


def test_an_unseen_word_is_wrong_where_its_tag_is_the_one_outside() -> None:
    problem = TokenLabelling(("O", "TERM"), "none")
    found = problem.statistics([Prediction("1", ("O", "TERM", "O"), ("O", "TERM", None))])
    assert problem.score(found.sum(axis=0))["accuracy"] == pytest.approx(2 / 3)


def test_a_tasks_metric_can_say_that_words_are_scored() -> None:
    class Chunks:
        labels = ("B", "I", "O")
        scheme: str | None = None
        metric = "accuracy"

    assert TokenLabelling.of(Chunks()).metric_names == ("accuracy", "macro_f1")  # type: ignore[arg-type]
    Chunks.metric = "f1"
    assert TokenLabelling.of(Chunks()).scoring == "entities by BIO"  # type: ignore[arg-type]
    Chunks.scheme = "IOE"
    with pytest.raises(DataError, match="do not follow the scheme IOE"):
        TokenLabelling.of(Chunks())  # type: ignore[arg-type]


def logits_for(feature: Feature, tags: list[str], padding: int = 0) -> torch.Tensor:
    """Logits that say these tags at the words' first pieces, and "B-LOC" everywhere else."""
    wanted = iter(tags)
    assert isinstance(feature.target, list)
    ids = [TAGS.index("B-LOC" if t == IGNORED else next(wanted)) for t in feature.target]
    ids += [TAGS.index("B-LOC")] * padding
    return torch.nn.functional.one_hot(torch.tensor([ids]), len(TAGS)).float()


def test_words_to_pieces_to_tags_and_back(tokenizer: Any, template: Template) -> None:
    (encoded,) = NAMES.encode([SENTENCE], tokenizer)
    words = [tokenizer(w, add_special_tokens=False)["input_ids"] for w in SENTENCE.tokens]
    assert words[3] == []  # normalised to nothing: it still has a place for its tag
    words[3] = [tokenizer.unk_token_id]
    assert len(words[1]) > 1, "the test is about words of several pieces"
    assert list(encoded.pieces[0]) == [piece for word in words for piece in word]
    assert encoded.heads == tuple(sum(map(len, words[:i])) for i in range(5))

    feature = NAMES.feature(encoded, template, 64)
    assert isinstance(feature.target, list)
    assert len(feature.target) == len(feature.input_ids)
    targets = {
        1 + head: TAGS.index(tag) for head, tag in zip(encoded.heads, SENTENCE.tags, strict=True)
    }
    assert feature.target == [targets.get(i, IGNORED) for i in range(len(feature.target))]
    assert NAMES.size(feature) == 5
    told = ["O", "B-PER", "I-PER", "O", "I-LOC"]
    for padding in (0, 3):
        (prediction,) = NAMES.predict(logits_for(feature, told, padding), [feature])
        assert prediction == Prediction("test-1", SENTENCE.tags, tuple(told))


def test_words_beyond_the_maximum_length_are_unseen(tokenizer: Any, template: Template) -> None:
    (encoded,) = NAMES.encode([SENTENCE], tokenizer)
    for kept in range(len(encoded.pieces[0]) + 1):
        feature = NAMES.feature(encoded, template, kept + 2)
        assert len(feature.input_ids) == kept + 2
        seen = sum(head < kept for head in encoded.heads)
        assert NAMES.size(feature) == seen
        (prediction,) = NAMES.predict(logits_for(feature, ["B-PER"] * seen), [feature])
        assert prediction.predicted == ("B-PER",) * seen + (None,) * (5 - seen)


def test_the_first_words_are_kept_also_if_a_tokenizer_cuts_beginnings_off(
    tiny_encoder: Path, template: Template
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder, truncation_side="left")
    (encoded,) = NAMES.encode([SENTENCE], tokenizer)
    cutting = Template(tokenizer)
    for kept in range(len(encoded.pieces[0]) + 1):
        expected = NAMES.feature(encoded, template, kept + 2)
        assert NAMES.feature(encoded, cutting, kept + 2) == expected


def test_windows_show_every_word_and_what_fits_is_as_it_was(
    tokenizer: Any, template: Template
) -> None:
    words = SENTENCE.tokens * 3
    example = TokenExample("long", words, SENTENCE.tags * 3, ("en",))
    (encoded,) = NAMES.encode([example], tokenizer)
    length = len(encoded.pieces[0]) + 2
    assert NAMES.features(encoded, template, length) == [NAMES.feature(encoded, template, length)]
    for shorter in (8, 12, 16, length - 1):
        found = NAMES.features(encoded, template, shorter)
        assert len(found) > 1
        assert [f.goes_on for f in found] == [False] + [True] * (len(found) - 1)
        assert all(len(f.input_ids) <= shorter for f in found)
        assert tuple(tag for f in found for tag in f.gold) == example.tags
        assert sum(map(NAMES.size, found)) == len(words)
        for feature in found:
            assert isinstance(feature.target, list)
            tags = [NAMES.labels[t] for t in feature.target if t != IGNORED]
            assert tuple(tags) == feature.gold
            assert feature.input_ids[0] == tokenizer.cls_token_id
            assert feature.input_ids[-1] == tokenizer.sep_token_id


def test_targets_are_padded_with_what_the_loss_ignores(tokenizer: Any, template: Template) -> None:
    short = TokenExample("b", ("Paris",), ("B-LOC",), ("en",))
    features = [NAMES.feature(e, template, 64) for e in NAMES.encode([SENTENCE, short], tokenizer)]
    length = len(features[0].input_ids)
    targets = torch.tensor(NAMES.targets(features, length))
    assert targets[1].ne(IGNORED).sum() == 1
    logits = torch.randn(2, length, len(TAGS))
    found = NAMES.losses(logits, SimpleNamespace(targets=targets))
    for row in range(2):
        by_hand = sum(
            -logits[row, i].log_softmax(0)[t] for i, t in enumerate(targets[row]) if t != IGNORED
        )
        torch.testing.assert_close(found[row], by_hand)


def test_head_has_the_tags_in_order() -> None:
    assert NAMES.head == Head("token-classification", TAGS, per_token=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (TokenExample("test-1", ("a", "b"), ("O",), ("en",)), "2 words but 1 tags"),
        (TokenExample("test-1", ("a",), ("B-PERS",), ("en",)), "did you mean 'B-PER'"),
        (SequenceExample("test-1", ("a",), "O", ("en",)), "SequenceExample"),
    ],
)
def test_wrong_examples_are_refused_by_name(wrong: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        NAMES.check_example(wrong)
    assert "test-1" in caught.value.where


def test_a_word_without_pieces_has_a_piece_where_there_is_no_unknown_token() -> None:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: i for i, piece in enumerate([*letters, "[PAD]", "[SEP]"])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.normalizer = normalizers.Replace("\u200b", "")
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", sep_token="[SEP]")
    assert tokenizer.unk_token_id is None
    example = TokenExample("1", ("\u200b", "a"), ("O", "O"), ("ar",))
    (encoded,) = TokenLabelling(["O", "B-X"]).encode([example], tokenizer)
    assert encoded.pieces[0][0] == tokenizer.sep_token_id
    assert encoded.heads == (0, 1)
