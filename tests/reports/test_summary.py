"""Figures of an evaluation, recomputed here from the same predictions."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sklearn.metrics import accuracy_score, f1_score

from xlt_cli.errors import DataError, UserError
from xlt_cli.problems import Prediction, SequenceClassification, TokenLabelling
from xlt_cli.reports.summary import Summary, check_alignment, counted, summarise
from xlt_cli.runs.cells import Pair

LABELS = ("0", "1", "2")
SHARES = {"en": 0.9, "de": 0.7, "fr": 0.5, "zh-Hans": 0.4}


def predictions(share: float, seed: str, rows: int = 60) -> list[Prediction]:
    """About `share` of them right; the gold labels are the same whatever the seed."""
    rng, golds = random.Random(seed), random.Random(0)
    found = []
    for i in range(rows):
        gold = golds.choice(LABELS)
        predicted = gold if rng.random() < share else rng.choice(LABELS)
        found.append(Prediction(f"test-{i}", gold, predicted, (0.5, 0.25, 0.25)))
    return found


STANDARD: dict[Pair, list[Prediction]] = {(a, a): predictions(s, a) for a, s in SHARES.items()}
MIXED: dict[Pair, list[Prediction]] = {
    (a, b): predictions(SHARES[a] * SHARES[b], a + b) for a in SHARES for b in SHARES if a != b
}
TRAINED = ("en", "de")
UNSEEN = ("fr", "zh-Hans")


def summary(
    cells: dict[Pair, list[Prediction]], trained: tuple[str, ...] = TRAINED, aligned: bool = True
) -> Summary:
    problem = SequenceClassification(LABELS)
    evaluated = {pair: counted(problem, rows) for pair, rows in cells.items()}
    return summarise(problem, "accuracy", evaluated, trained, aligned)


def independent(rows: list[Prediction]) -> dict[str, float]:
    gold, predicted = [r.gold for r in rows], [r.predicted for r in rows]
    return {
        "accuracy": accuracy_score(gold, predicted),
        "macro_f1": f1_score(gold, predicted, average="macro"),
    }


def mean(pairs: list[Pair], metric: str) -> float:
    cells = STANDARD | MIXED
    return sum(independent(cells[pair])[metric] for pair in pairs) / len(pairs)


@pytest.mark.parametrize(
    ("trained", "seen"),
    [
        (("eng_Latn",), {"en"}),
        (("english", "zho_Hant"), {"en", "zh-Hans"}),
        (("yue_Hant", "de-AT"), {"zh-Hans", "de"}),
        (("gsw",), set()),
        ((), set()),
    ],
)
def test_languages_count_as_seen_whatever_their_code(
    trained: tuple[str, ...], seen: set[str]
) -> None:
    found = summary(STANDARD | MIXED, trained)
    assert {x for x, figures in found.languages.items() if figures["trained_on"]} == seen
    unseen = [(x, x) for x in SHARES if x not in seen]
    assert found.averages["zero_shot"]["cells"] == len(unseen)
    value = found.averages["zero_shot"]["accuracy"]["value"]
    assert value == pytest.approx(mean(unseen, "accuracy"))
    pairs = [(a, b) for a, b in MIXED if not {a, b} & seen]
    assert found.pair_averages["zero_shot"]["cells"] == len(pairs)
    if seen:
        gap = mean([(x, x) for x in seen], "accuracy") - mean(unseen, "accuracy")
        assert found.transfer_gap is not None
        assert found.transfer_gap["accuracy"]["value"] == pytest.approx(gap)


def test_no_zero_shot_average_has_an_unknown_language() -> None:
    with pytest.raises(UserError, match="'xx' is not a known language"):
        summary({("en", "en"): STANDARD["en", "en"], ("xx", "xx"): STANDARD["de", "de"]}, ("en",))
    alone = summary({("xx", "xx"): STANDARD["de", "de"]}, ("xx",))
    assert alone.languages["xx"]["trained_on"] is True


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_cells_equal_scikit_learn(metric: str) -> None:
    found = summary(STANDARD | MIXED)
    for language in SHARES:
        figures = found.languages[language]
        assert figures["n"] == 60
        assert figures["trained_on"] is (language in TRAINED)
        expected = independent(STANDARD[language, language])[metric]
        assert figures[metric]["value"] == pytest.approx(expected)
        assert figures[metric]["low"] < expected < figures[metric]["high"]
    for figures in found.pairs.values():
        expected = independent(MIXED[figures["first"], figures["second"]])[metric]
        assert figures[metric]["value"] == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_averages_are_means_of_the_cells_they_say(metric: str) -> None:
    found = summary(STANDARD | MIXED)
    expected = {
        "all": [(a, a) for a in SHARES],
        "zero_shot": [(a, a) for a in UNSEEN],
    }
    for name, pairs in expected.items():
        assert found.averages[name]["cells"] == len(pairs)
        assert found.averages[name][metric]["value"] == pytest.approx(mean(pairs, metric))
    expected = {"all": list(MIXED), "zero_shot": [("fr", "zh-Hans"), ("zh-Hans", "fr")]}
    for name, pairs in expected.items():
        assert found.pair_averages[name]["cells"] == len(pairs)
        assert found.pair_averages[name][metric]["value"] == pytest.approx(mean(pairs, metric))


def test_transfer_gap_is_positive_where_transfer_loses() -> None:
    gap = summary(STANDARD).transfer_gap
    assert gap is not None
    expected = mean([(a, a) for a in TRAINED], "accuracy") - mean(
        [(a, a) for a in UNSEEN], "accuracy"
    )
    assert gap["accuracy"]["value"] == pytest.approx(expected)
    assert 0 < gap["accuracy"]["low"] < expected < gap["accuracy"]["high"]
    backwards = summary(STANDARD, trained=UNSEEN).transfer_gap
    assert backwards is not None
    assert backwards["accuracy"]["value"] == pytest.approx(-expected)


def test_without_zero_shot_languages_there_is_neither_their_average_nor_a_gap() -> None:
    found = summary(STANDARD, trained=tuple(SHARES))
    assert list(found.averages) == ["all"]
    assert found.transfer_gap is None


def test_without_evaluated_trained_languages_there_is_no_gap() -> None:
    cells = {pair: rows for pair, rows in STANDARD.items() if pair[0] in UNSEEN}
    found = summary(cells)
    assert found.transfer_gap is None
    assert found.averages["zero_shot"] == found.averages["all"]


def test_a_pair_with_one_trained_language_is_not_zero_shot() -> None:
    found = summary({("en", "fr"): MIXED["en", "fr"], ("fr", "en"): MIXED["fr", "en"]})
    assert list(found.pair_averages) == ["all"]
    assert found.languages == found.averages == {}


def test_accuracy_of_a_cell_has_wilsons_interval_near_one() -> None:
    right = [Prediction(f"test-{i}", "0", "0", (1.0, 0.0, 0.0)) for i in range(20)]
    figures = summary({("en", "en"): right}).languages["en"]
    # The bootstrap would say [1, 1]. Newcombe 1998: 20/20 has [0.8389, 1].
    assert figures["accuracy"]["low"] == pytest.approx(0.8389, abs=5e-5)
    assert figures["accuracy"]["high"] == 1.0


def test_token_accuracy_is_no_share_of_the_sentences() -> None:
    problem = TokenLabelling(("NOUN", "VERB"))
    rows = [
        Prediction(f"test-{i}", ("NOUN",) * 50, ("NOUN",) * 50) for i in range(4)
    ]  # Wilson over 4 sentences would say [0.51, 1]
    cells = {("en", "en"): counted(problem, rows)}
    found = summarise(problem, "accuracy", cells, ["en"], aligned=False)
    assert found.languages["en"]["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_metric_and_trained_languages_are_kept() -> None:
    found: dict[str, Any] = summary(STANDARD).as_dict()
    assert (found["metric"], found["trained_on"]) == ("accuracy", ["de", "en"])


def test_wrongly_aligned_labels_are_found_with_their_place() -> None:
    golds = {
        "en": {"test-1": "0", "test-2": "1"},
        "de": {"test-1": "0"},
        "fr": {"test-2": "0", "test-3": "1"},
    }
    with pytest.raises(DataError) as caught:
        check_alignment("pawsx", golds)
    assert "'test-2' is '1' in 'en' and '0' in 'fr'" in caught.value.what
    assert caught.value.where == "pawsx (en, fr)"


def test_rows_that_are_missing_in_a_language_are_no_misalignment() -> None:
    check_alignment("pawsx", {"en": {"a": "0", "b": "1"}, "de": {"b": "1"}, "fr": {"c": "0"}})


def test_without_any_cell_there_are_no_figures() -> None:
    found = summary({})
    assert found.languages == found.averages == found.pairs == found.pair_averages == {}
    assert found.transfer_gap is None
