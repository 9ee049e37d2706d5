"""Gains over a baseline: against closed forms, brute force, and known truths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_cli.errors import DataError
from xlt_cli.problems import Prediction, SequenceClassification
from xlt_cli.reports.comparison import Comparison, group
from xlt_cli.reports.measured import Measured, measure
from xlt_cli.runs.predictions import Answers
from xlt_cli.stats.crossed import crossed

Pair = tuple[str, str]
Right = Mapping[Pair, Sequence[bool] | np.ndarray]

PROBLEM = SequenceClassification(["0", "1"])
EN, DE, ZH = ("en", "en"), ("de", "de"), ("zh", "zh")


def answered(right: Right, aligned: bool = True, metric: str = "accuracy") -> Measured:
    """A run that answered item i of each cell rightly or wrongly; gold is 0 and 1 in turn."""
    rows = {}
    for pair, outcomes in right.items():
        golds = [i % 2 for i in range(len(outcomes))]
        rows[pair] = Answers(
            [f"test-{i}" for i in range(len(outcomes))],
            [str(gold) for gold in golds],
            [str(gold if ok else 1 - gold) for gold, ok in zip(golds, outcomes, strict=True)],
        )
    return measure(PROBLEM, metric, rows, aligned)


def compared(**methods: Mapping[int, Right]) -> Comparison:
    """Of {method: {seed: outcomes}}; the first is the baseline."""
    runs = {m: {s: answered(right) for s, right in seeds.items()} for m, seeds in methods.items()}
    return Comparison(runs, next(iter(methods)))


def coins(n: int, seed: int, share: float = 0.7) -> np.ndarray:
    return np.random.default_rng(seed).random(n) < share


def test_a_gain_is_the_mean_difference_over_seeds_and_cells() -> None:
    found = compared(
        erm={1: {EN: [True, False], DE: [False, False]}, 2: {EN: [True, True], DE: [True, False]}},
        da={1: {EN: [True, True], DE: [True, False]}, 2: {EN: [True, True], DE: [True, False]}},
    )
    gain = found.gain("da", [EN, DE])
    assert gain is not None
    assert gain.seeds == (1, 2)
    assert gain.estimate.value == pytest.approx(((1.0 + 0.5 - 0.5 - 0.0) / 2 + 0.0) / 2)
    figure = found.figure("da", [EN, DE])
    assert figure is not None
    assert figure.value == pytest.approx(0.75)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_the_interval_is_that_of_gains_item_by_item(metric: str) -> None:
    # Two aligned languages: of accuracy, the mean over them of each item's gain.
    n, seeds = 30, (1, 2, 3)
    erm = {s: {EN: coins(n, s), DE: coins(n, s + 10)} for s in seeds}
    da = {s: {EN: coins(n, s + 20), DE: coins(n, s + 30)} for s in seeds}
    runs = {
        name: {s: answered(right, metric=metric) for s, right in of.items()}
        for name, of in (("erm", erm), ("da", da))
    }
    gain = Comparison(runs, "erm").gain("da", [EN, DE])
    assert gain is not None
    gold = np.arange(n) % 2

    def f1(right: np.ndarray, left_out: int | None = None) -> float:
        kept = np.arange(n) != left_out
        g, told = gold[kept], np.where(right, gold, 1 - gold)[kept]
        return float(
            np.mean(
                [
                    2 * ((g == c) & (told == c)).sum() / ((g == c).sum() + (told == c).sum())
                    for c in (0, 1)
                ]
            )
        )

    def effects(right: np.ndarray) -> np.ndarray:
        if metric == "accuracy":
            return right - right.mean()
        left_out = np.array([f1(right, item) for item in range(n)])
        influence: np.ndarray = (n - 1) * (left_out.mean() - left_out)
        return influence

    def value(right: np.ndarray) -> float:
        return float(right.mean()) if metric == "accuracy" else f1(right)

    each = [np.mean([value(da[s][c]) - value(erm[s][c]) for c in (EN, DE)]) for s in seeds]
    moved = [
        np.mean([effects(da[s][c]) - effects(erm[s][c]) for c in (EN, DE)], axis=0) for s in seeds
    ]
    expected = crossed(np.array(each), np.array(moved))
    assert gain.each == pytest.approx(each)
    assert gain.estimate.error == pytest.approx(expected.error, rel=0.05)


def test_one_seed_has_the_interval_of_its_items() -> None:
    n = 2000
    found = compared(erm={1: {DE: coins(n, 1, 0.6)}}, da={1: {DE: coins(n, 2, 0.7)}})
    gain = found.gain("da", [DE])
    assert gain is not None
    erm, da = (found.runs[name][1].scores[DE].value for name in ("erm", "da"))
    # Independent answers: the variances of the two proportions add up.
    half = 1.96 * math.sqrt((erm * (1 - erm) + da * (1 - da)) / n)
    interval = gain.estimate.interval()
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.12)


def test_pairing_removes_what_the_two_methods_share() -> None:
    # Hard items are hard for both; the method mends 2 in 100 of them.
    n = 5000
    hard = coins(n, 3, 0.7)
    mended = hard | coins(n, 4, 0.02)
    found = compared(
        erm={s: {DE: hard} for s in (1, 2, 3)}, da={s: {DE: mended} for s in (1, 2, 3)}
    )
    gain, alone = found.gain("da", [DE]), found.figure("da", [DE])
    assert gain is not None
    assert alone is not None
    paired, single = gain.estimate.interval(), alone.interval()
    assert paired.low > 0
    assert paired.high - paired.low < (single.high - single.low) / 4
    share = float((mended & ~hard).mean())
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    assert paired.high - paired.low == pytest.approx(2 * half, rel=0.15)


def test_noise_of_a_seed_that_both_share_cancels() -> None:
    # Seeds differ by 20 points, the method is better by 2 in each of them.
    n = 1000
    right = np.arange(n)
    found = compared(
        erm={s: {DE: right < 500 + 100 * s} for s in (1, 2, 3)},
        da={s: {DE: right < 520 + 100 * s} for s in (1, 2, 3)},
    )
    gain, alone = found.gain("da", [DE]), found.figure("da", [DE])
    assert gain is not None
    assert alone is not None
    assert gain.estimate.value == pytest.approx(0.02)
    assert gain.estimate.interval().low > 0
    assert alone.interval().high - alone.interval().low > 0.15


def test_only_seeds_that_both_finished_are_compared() -> None:
    bad, good = {DE: [False] * 4}, {DE: [True] * 4}
    found = compared(erm={1: bad, 2: good}, da={2: good, 3: good}, rp={3: good}, at={})
    gain, figure = found.gain("da", [DE]), found.figure("erm", [DE])
    assert gain is not None
    assert figure is not None
    assert (gain.seeds, gain.estimate.value) == ((2,), 0.0)
    assert figure.value == 0.5
    assert found.gain("rp", [DE]) is None
    assert found.gain("at", [DE]) is None
    assert found.figure("at", [DE]) is None
    assert found.larger("rp", [DE], [DE]) is None


def test_nothing_finished_is_nothing_to_compare() -> None:
    found = Comparison({}, "erm")
    assert found.pairs == []
    assert found.gain("da", [DE]) is None


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_a_method_that_answers_as_the_baseline_gains_exactly_nothing(
    right: list[bool], seeds: int
) -> None:
    runs = {seed: {EN: right, DE: right} for seed in range(seeds)}
    gain = compared(erm=runs, da=runs).gain("da", [EN, DE])
    assert gain is not None
    assert gain.estimate.interval().as_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}


@given(st.integers(0, 10_000), st.integers(1, 4), st.permutations([1, 2, 3, 4]))
@settings(max_examples=15, deadline=None)
def test_the_order_of_seeds_and_cells_does_not_matter(
    start: int, count: int, order: list[int]
) -> None:
    def of(offset: int, seeds: Sequence[int], cells: Sequence[Pair]) -> dict[int, Right]:
        return {
            s: {c: coins(20, start + offset + 10 * s + ord(c[0][0])) for c in cells} for s in seeds
        }

    one, other = sorted(order[:count]), order[:count]
    first = compared(erm=of(0, one, [EN, DE]), da=of(7, one, [EN, DE])).gain("da", [EN, DE])
    second = compared(erm=of(0, other, [DE, EN]), da=of(7, other, [DE, EN])).gain("da", [EN, DE])
    assert first is not None
    assert second is not None
    assert vars(first.estimate) == pytest.approx(vars(second.estimate))


def test_a_difference_of_gains_is_over_the_same_items_and_seeds() -> None:
    runs = {s: {DE: coins(50, s), ZH: coins(50, s)} for s in (1, 2, 3)}
    better = {s: {DE: coins(50, s + 5), ZH: coins(50, s + 5)} for s in (1, 2, 3)}
    found = compared(erm=runs, da=better).larger("da", [DE], [ZH])
    assert found is not None
    assert found.seeds == (1, 2, 3)
    assert found.estimate.interval().as_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}
    gains = compared(erm=runs, da=better).gain("da", [DE])
    assert gains is not None
    assert gains.estimate.error > 0.01


def test_runs_on_different_rows_are_not_compared() -> None:
    with pytest.raises(DataError, match="different rows"):
        compared(erm={1: {DE: [True] * 4}}, da={1: {DE: [True] * 5}})
    with pytest.raises(DataError, match="different rows"):
        compared(erm={1: {DE: [True]}}, da={1: {DE: [True], EN: [True]}})


def test_statistics_are_those_of_each_prediction() -> None:
    rng = np.random.default_rng(0)
    labels: list[str | None] = ["0", "1", None]  # None: an abstention
    rows = [
        Prediction(str(i), str(gold), labels[answer])
        for i, (gold, answer) in enumerate(rng.integers(0, [2, 3], (50, 2)))
    ]
    found = measure(PROBLEM, "macro_f1", {EN: Answers.of(rows)}, aligned=True)
    sums = PROBLEM.statistics(rows).sum(axis=0)
    assert found.scores[EN].value == PROBLEM.score(sums)["macro_f1"]


def test_items_of_languages_whose_labels_disagree_are_not_the_same() -> None:
    def run(shift: int) -> Measured:
        rows = {
            pair: Answers.of([Prediction(f"test-{i}", str((i + move) % 2), "0") for i in range(40)])
            for pair, move in ((EN, 0), (DE, shift))
        }
        return measure(PROBLEM, "accuracy", rows, aligned=True)

    together, apart = run(0), run(1)
    assert (together.items, apart.items) == (40, 80)
    # The same answers in both languages are as sure as in one; those to other items are surer.
    errors = [crossed([0], one.effects([EN, DE])[None]).error for one in (together, apart)]
    assert errors[0] == pytest.approx(math.sqrt(0.25 / 39))
    assert errors[1] == pytest.approx(math.sqrt(0.25 / 79))


def test_a_language_that_lacks_items_lacks_them_in_the_average() -> None:
    rows = {EN: coins(50, 1), DE: coins(30, 2)}
    found = answered(rows)
    assert found.items == 50
    effects = found.effects([EN, DE])
    assert effects.mean() == pytest.approx(0, abs=1e-6)
    lonely = (rows[EN] - rows[EN].mean())[30:] / 2
    np.testing.assert_allclose(effects[30:], lonely, atol=1e-6)


def test_near_and_distant_languages_are_samples() -> None:
    cells = [EN, DE, ZH, ("ja", "ja")]
    runs = {s: {c: coins(50, 10 * s + n) for n, c in enumerate(cells)} for s in (1, 2, 3)}
    shares = [0.7, 0.98, 0.98, 0.7]  # what languages gain differs within both groups
    better = {
        s: {c: coins(50, 10 * s + n + 5, shares[n]) for n, c in enumerate(cells)} for s in (1, 2, 3)
    }
    compare = compared(erm=runs, da=better)
    tested = compare.larger("da", cells[:2], cells[2:])
    sample = compare.larger("da", cells[:2], cells[2:], samples=True)
    assert tested is not None
    assert sample is not None
    assert sample.estimate.value == pytest.approx(tested.estimate.value)
    assert sample.estimate.error > 1.5 * tested.estimate.error
    assert (tested.languages, sample.languages) == (None, 2)
    alone = compare.larger("da", cells[:1], cells[1:2], samples=True)
    assert alone is not None
    assert alone.languages == 0


def test_groups() -> None:
    languages = ["de", "en", "zh", "ja"]
    pairs = [(a, b) for a in languages for b in languages]
    found = group(pairs, ["en"], ["de", "fr"])
    assert found["source"] == [EN]
    assert found["zero_shot"] == [DE, ZH, ("ja", "ja")]
    assert found["near"] == [DE]
    assert found["distant"] == [ZH, ("ja", "ja")]
    assert len(found["all"]) == 4
    assert len(found["generalized"]) == 12
    assert set(found["generalized_zero_shot"]) == {
        (a, b) for a in languages for b in languages if a != b and "en" not in (a, b)
    }
    assert found["generalized_near"] == [("de", "en"), ("en", "de")]
    assert set(found["generalized_distant"]) == set(found["generalized"]) - {
        *found["generalized_near"]
    }


def test_groups_do_not_depend_on_the_form_of_codes() -> None:
    languages = ("eng_Latn", "deu_Latn", "swh_Latn", "zho_Hant")
    pairs = [(a, b) for a in languages for b in languages]
    found = group(pairs, ["en"], ["german", "sw"])
    assert found["source"] == [("eng_Latn", "eng_Latn")]
    assert found["near"] == [("deu_Latn", "deu_Latn"), ("swh_Latn", "swh_Latn")]
    assert found["distant"] == [("zho_Hant", "zho_Hant")]
    assert len(found["generalized_near"]) == 6
    assert all("zho_Hant" in pair for pair in found["generalized_distant"])
    assert len(found["generalized_zero_shot"]) == 6


def test_groups_without_a_cell_are_left_out() -> None:
    assert set(group([EN, ZH], ["en"], ["de"])) == {"source", "zero_shot", "distant", "all"}
