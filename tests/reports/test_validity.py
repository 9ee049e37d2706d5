"""Whether figures mean anything: told from labels and answers, for every kind of problem."""

from __future__ import annotations

from typing import Any

import pytest

from xlt_cli.problems import Prediction, Problem, SequenceClassification, TokenLabelling
from xlt_cli.reports import validity
from xlt_cli.reports.summary import Summary, counted, summarise
from xlt_cli.reports.validity import ABSTAINED, Look, look

GOLDS = ["a", "b", "c"] * 10
LABELS = ("a", "b", "c")


def summary(
    answers: dict[tuple[str, str], list[str | None]],
    golds: dict[tuple[str, str], list[str]] | None = None,
    trained_on: tuple[str, ...] = ("en",),
) -> Summary:
    problem = SequenceClassification(LABELS)
    cells = {
        pair: counted(
            problem,
            [
                Prediction(f"t-{i}", gold, answer)
                for i, (gold, answer) in enumerate(
                    zip((golds or {}).get(pair, GOLDS), given, strict=True)
                )
            ],
        )
        for pair, given in answers.items()
    }
    return summarise(problem, "accuracy", cells, trained_on, aligned=False)


def kinds(found: Summary) -> dict[str, list[str]]:
    return {warning["kind"]: warning["cells"] for warning in found.warnings}


EN, DE, SW = ("en", "en"), ("de", "de"), ("sw", "sw")
GOOD: list[str | None] = [*GOLDS]
SAME: list[str | None] = ["b"] * 30


def test_a_model_that_learnt_something_has_no_warning() -> None:
    found = summary({EN: GOOD, DE: [*GOLDS[1:], "a"]})
    assert (found.warnings, found.collapsed) == ([], False)


@pytest.mark.parametrize("answer", ["a", "b", "c"])
def test_one_answer_everywhere_is_a_collapse(answer: str) -> None:
    found = summary({pair: [answer] * 30 for pair in (EN, DE, SW)})
    assert found.collapsed
    assert kinds(found) == {"collapsed": [], "constant_answers": ["en", "de", "sw"]}
    assert found.languages["en"]["accuracy"]["value"] == pytest.approx(1 / 3)


def test_one_answer_in_a_target_language_is_said_and_is_no_collapse() -> None:
    found = summary({EN: GOOD, DE: GOOD, SW: SAME})
    assert not found.collapsed
    assert kinds(found) == {"constant_answers": ["sw"]}


def test_each_language_its_own_answer_is_a_collapse_all_the_same() -> None:
    found = summary({EN: ["a"] * 30, DE: SAME})
    assert found.collapsed
    assert [w["answer"] for w in found.warnings if w["kind"] == "constant_answers"] == ["a", "b"]


def test_of_several_languages_trained_on_all_must_show_it() -> None:
    assert not summary({EN: SAME, DE: GOOD}, trained_on=("en", "de")).collapsed
    assert summary({EN: SAME, DE: SAME, SW: GOOD}, trained_on=("en", "de")).collapsed


def test_without_a_language_trained_on_the_others_tell() -> None:
    assert summary({DE: SAME, SW: SAME}).collapsed
    assert not summary({DE: SAME, SW: GOOD}).collapsed


def test_pairs_of_languages_tell_where_there_is_nothing_else() -> None:
    found = summary({("de", "sw"): SAME, ("sw", "de"): SAME})
    assert found.collapsed
    assert kinds(found)["constant_answers"] == ["de+sw", "sw+de"]


def test_rows_of_one_label_measure_nothing_and_are_no_sign_of_a_collapse() -> None:
    found = summary({EN: GOOD, DE: SAME}, {DE: ["b"] * 30})
    assert (found.languages["de"]["accuracy"]["value"], found.collapsed) == (1.0, False)
    assert found.warnings == [{"kind": "constant_labels", "cells": ["de"], "label": "b"}]
    alone = summary({EN: SAME}, {EN: ["b"] * 30})
    assert not alone.collapsed
    assert "every row has the label 'b'" in validity.note(alone.warnings[0])


def test_where_the_language_trained_on_cannot_tell_another_does() -> None:
    assert summary({EN: SAME, DE: SAME}, {EN: ["b"] * 30}).collapsed


def test_few_rows_are_said_and_one_answer_to_three_of_them_is_chance() -> None:
    found = summary({EN: ["a"] * 3}, {EN: ["a", "b", "c"]})
    assert found.warnings == [{"kind": "few_rows", "cells": ["en"], "rows": [3]}]
    assert validity.note(found.warnings[0]) == "en: only 3 rows; the figure means little"
    one = summary({EN: ["a"]}, {EN: ["a"]})
    assert [warning["kind"] for warning in one.warnings] == ["few_rows"]


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ([None] * 30, ABSTAINED),
        (["a", None] * 15, "a"),
        (["a", None, "b"] * 10, None),
    ],
)
def test_a_smoothed_classifier_that_abstains(
    predicted: list[str | None], expected: str | None
) -> None:
    found = look(GOLDS, predicted, LABELS)
    assert found.answer == expected
    assert found.constant is (expected is not None)


TAGS = ("O", "B-PER", "I-PER")


@pytest.mark.parametrize(
    ("problem", "gold", "predicted", "answer"),
    [
        (TokenLabelling(TAGS), ("O", "B-PER", "I-PER"), ("O", "O", "O"), "O"),
        (TokenLabelling(("N", "V")), ("N", "V"), ("V", "V"), "V"),
        (TokenLabelling(("N", "V")), ("N", "V", "N"), ("V", "V", "?"), "V"),  # a word never seen
        (TokenLabelling(TAGS), ("O", "B-PER"), ("O", "B-PER"), None),
    ],
)
def test_token_labelling_looks_at_words(
    problem: Problem, gold: tuple[str, ...], predicted: tuple[str, ...], answer: str | None
) -> None:
    """Sentences of different lengths never have the same list of tags."""
    rows = [Prediction("s", gold, predicted)] * 20 + [Prediction("t", gold * 2, predicted * 2)]
    found = counted(problem, rows).look
    assert found == Look(21, None, answer)


def test_words_of_one_gold_tag_measure_nothing() -> None:
    assert look([("O", "O"), ("O",)], [("O", "B-PER"), ("O",)], TAGS).label == "O"


def test_notes_name_the_cells_and_what_is_wrong() -> None:
    found = summary(
        {(x, x): SAME for x in ["en", "de", "es", "fr", "it", "ja", "ko", "nl", "pt", "ru", "zh"]}
    )
    collapse, constant = map(validity.note, found.warnings)
    assert "collapsed" in collapse
    assert constant == (
        "† en, de, es, fr, it, ja, ko, nl and 3 more: the model gives the one answer 'b'; the "
        "figures follow from the labels alone"
    )


def test_the_language_whose_labels_were_replaced_is_named_not_its_neighbour() -> None:
    right = {f"t-{i}": label for i, label in enumerate(GOLDS)}
    turned = {i: {"a": "b", "b": "c", "c": "a"}[label] for i, label in right.items()}
    labels = {"de": turned, "en": right, "fr": right, "sw": dict(list(right.items())[:10])}
    (warning,) = validity.disagreements(labels)
    assert warning == {"kind": "labels_differ", "cells": ["de"], "rows": [30], "of": [30]}
    assert validity.note(warning).endswith("in other languages: de (30 of 30)")


def test_of_two_languages_none_can_be_blamed() -> None:
    labels = {"de": {"1": "a", "2": "b", "3": "a"}, "en": {"1": "b", "2": "b", "4": "a"}}
    (warning,) = validity.disagreements(labels)
    assert warning == {"kind": "labels_differ", "cells": ["de", "en"], "rows": [1, 1], "of": [2, 2]}


def test_languages_that_agree_or_share_nothing_differ_in_nothing() -> None:
    assert validity.disagreements({"de": {"1": "a"}, "en": {"1": "a"}, "fr": {"2": "b"}}) == []


def test_words_that_the_model_never_saw_are_no_answer() -> None:
    predicted: Any = [("V", None), (None, "V")] * 10
    for labels in (("N", "V"), None):
        assert look([("N", "V")] * 20, predicted, labels).answer == "V"


def test_a_language_that_is_there_twice_is_said_to_count_twice() -> None:
    pairs = {(code, code): GOOD for code in ("en", "et", "ekk", "de")}
    found = summary({**pairs, ("et", "ekk"): GOOD})
    assert kinds(found) == {"same_language": ["et", "ekk"]}
    assert "et, ekk are one language and count 2 times" in validity.note(found.warnings[0])
