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
from xlt_cli.reports.comparison import Comparison, Measured, group, measure
from xlt_cli.runs.predictions import Answers
from xlt_cli.stats.intervals import RESAMPLES, Resampled, draws, over_seeds

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
    assert gain.figure.value == pytest.approx(((1.0 + 0.5 - 0.5 - 0.0) / 2 + 0.0) / 2)
    figure = found.figure("da", [EN, DE])
    assert figure is not None
    assert figure.value == pytest.approx(0.75)


def test_replicates_equal_those_of_brute_force() -> None:
    # Item by item and seed by seed, as the definition says, for macro-F1 as well.
    n, seeds = 37, (1, 2, 3)
    erm = {s: {EN: coins(n, s), DE: coins(n, s + 10)} for s in seeds}
    da = {s: {EN: coins(n, s + 20), DE: coins(n, s + 30)} for s in seeds}
    items, drawn = draws(n, "aligned"), draws(len(seeds), "seeds")
    gold = np.arange(n) % 2

    def score(right: np.ndarray, b: int, metric: str) -> float:
        chosen = np.repeat(np.arange(n), items[b].astype(int))
        g, p = gold[chosen], np.where(right, gold, 1 - gold)[chosen]
        if metric == "accuracy":
            return float((g == p).mean())
        f1 = [2 * ((g == c) & (p == c)).sum() / ((g == c).sum() + (p == c).sum()) for c in (0, 1)]
        return float(np.mean(f1))

    for metric in ("accuracy", "macro_f1"):
        runs = {
            name: {s: answered(right, metric=metric) for s, right in of.items()}
            for name, of in (("erm", erm), ("da", da))
        }
        gain = Comparison(runs, "erm").gain("da", [EN, DE])
        assert gain is not None
        for b in (0, 17, RESAMPLES - 1):
            each = [
                np.mean(
                    [score(da[s][c], b, metric) - score(erm[s][c], b, metric) for c in (EN, DE)]
                )
                for s in seeds
            ]
            bag = np.repeat(each, drawn[b].astype(int))
            wider = math.sqrt(3 / 2) * 4.302653 / 1.959964  # t with 2 degrees of freedom
            expected = np.mean(each) + wider * (bag.mean() - np.mean(each))
            assert gain.figure.replicates[b] == pytest.approx(expected)


def test_over_seeds_has_the_standard_error_of_a_mean_by_students_t() -> None:
    # Seeds that differ by exact amounts on no items at all: variance s^2 / K.
    values = [0.1, 0.4, 0.5, 0.9]
    found = over_seeds([Resampled(v, np.full(RESAMPLES, v)) for v in values])
    assert found.value == pytest.approx(np.mean(values))
    error = np.std(values, ddof=1) / 2
    assert found.replicates.std() == pytest.approx(error * 3.182446 / 1.959964, rel=0.1)


def test_one_seed_has_the_interval_of_its_items() -> None:
    n = 2000
    found = compared(erm={1: {DE: coins(n, 1, 0.6)}}, da={1: {DE: coins(n, 2, 0.7)}})
    gain = found.gain("da", [DE])
    assert gain is not None
    erm, da = (found.runs[name][1].scores[DE].value for name in ("erm", "da"))
    # Independent answers: the variances of the two proportions add up.
    half = 1.96 * math.sqrt((erm * (1 - erm) + da * (1 - da)) / n)
    interval = gain.figure.interval()
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
    paired, single = gain.figure.interval(), alone.interval()
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
    assert gain.figure.value == pytest.approx(0.02)
    assert gain.figure.interval().low > 0
    assert alone.interval().high - alone.interval().low > 0.15


def test_only_seeds_that_both_finished_are_compared() -> None:
    bad, good = {DE: [False] * 4}, {DE: [True] * 4}
    found = compared(erm={1: bad, 2: good}, da={2: good, 3: good}, rp={3: good}, at={})
    gain, figure = found.gain("da", [DE]), found.figure("erm", [DE])
    assert gain is not None
    assert figure is not None
    assert (gain.seeds, gain.figure.value) == ((2,), 0.0)
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
    assert gain.figure.interval().as_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}


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
    np.testing.assert_allclose(first.figure.replicates, second.figure.replicates)


def test_a_difference_of_gains_draws_the_same_items_and_seeds_for_both() -> None:
    runs = {s: {DE: coins(50, s), ZH: coins(50, s)} for s in (1, 2, 3)}
    better = {s: {DE: coins(50, s + 5), ZH: coins(50, s + 5)} for s in (1, 2, 3)}
    found = compared(erm=runs, da=better).larger("da", [DE], [ZH])
    assert found is not None
    assert found.seeds == (1, 2, 3)
    assert found.figure.interval().as_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}
    gains = compared(erm=runs, da=better).gain("da", [DE])
    assert gains is not None
    assert gains.figure.replicates.std() > 0.01


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


def test_languages_whose_labels_disagree_are_resampled_apart() -> None:
    def run(shift: int) -> Measured:
        rows = {
            pair: Answers.of([Prediction(f"test-{i}", str((i + move) % 2), "0") for i in range(40)])
            for pair, move in ((EN, 0), (DE, shift))
        }
        return measure(PROBLEM, "accuracy", rows, aligned=True)

    together, apart = run(0), run(1)
    same = together.scores[EN].replicates == together.scores[DE].replicates
    assert same.all()
    assert not (apart.scores[EN].replicates == 1 - apart.scores[DE].replicates).all()


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


def covered(seeds: int, spread: float, trials: int = 200, n: int = 400) -> float:
    """How often the interval contains the true gain, 0: over draws of items (which differ in how
    hard they are) and of seeds (whose gains have a standard deviation of `spread`)."""
    rng, items, hits = np.random.default_rng(seeds), draws(n, "aligned"), 0
    for _ in range(trials):
        ease = rng.uniform(0.3, 0.9, n)
        runs: dict[str, dict[int, Measured]] = {"erm": {}, "da": {}}
        for seed in range(seeds):
            effect = rng.normal(0, spread)
            for name, share in (("erm", ease), ("da", ease + effect)):
                right = (rng.random(n) < share).astype(np.float64)
                score = Resampled(float(right.mean()), items @ right / n)
                runs[name][seed] = Measured({DE: score}, {})
        gain = Comparison(runs, "erm").gain("da", [DE])
        assert gain is not None
        interval = gain.figure.interval()
        hits += interval.low <= 0 <= interval.high
    return hits / trials


@pytest.mark.parametrize("spread", [0.0, 0.05])
def test_with_ten_seeds_the_interval_covers_the_truth(spread: float) -> None:
    assert covered(seeds=10, spread=spread) >= 0.91


def test_with_three_seeds_it_covers_the_truth_where_seeds_decide() -> None:
    assert covered(seeds=3, spread=0.2) >= 0.88


def test_with_one_seed_the_interval_covers_the_items_and_not_the_seeds() -> None:
    assert covered(seeds=1, spread=0.0) >= 0.9
    assert covered(seeds=1, spread=0.2) < 0.5
