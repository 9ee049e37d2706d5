"""Coverage of the intervals of gains over seeds, by simulation with known truth.

    python benchmarks/coverage.py --processes 2 > docs/results/statistics/coverage.txt

Two classifiers answer N items with K seeds each. An item is answered correctly where a standard
normal number, drawn for each run and item, lies below the sum of 0.5, the item's ease (deviation
0.9), for the second classifier its gain (0.09, of deviation 0.3 over items), and the seed's effect
(the deviation in the heading). macro-F1 has three classes (60, 30 and 10% of the items; harder, the
rarer), and each seed an effect on each class. In four aligned languages, items and seeds have a
correlation of 0.64 between languages. The truth is known in closed form.

The last tables are about claims on languages: the gain of each language differs (deviation in the
heading), the interval is of the mean over L languages, and the truth is the mean over all languages
there could be. Items are the same in all languages, or others in each. Each seed has an effect of
deviation 0.03 in each language and, in some tables, one that is the same in all languages. The last
is about the difference of two means over languages, such as near and distant ones; the truth is 0.

Each figure is the share of intervals with the truth in it, in percent, and the mean width, in
points. By chance, a share of 95.0 from 2,500 draws has a deviation of 0.44, from 1,000
draws 0.69.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import product
from multiprocessing import get_context

import numpy as np
from scipy.special import ndtr

from xlt_cli.problems.sequence import confusion_scores
from xlt_cli.stats.crossed import crossed, influence, over_languages
from xlt_cli.stats.estimates import Estimate

EASE, HARD, GAIN, METHOD, SHARED = 0.5, 0.9, 0.09, 0.3, 0.8
PREVALENCE, SHIFT = np.array([0.6, 0.3, 0.1]), np.array([0.3, 0.0, -0.4])

SEEDS, ITEMS = (3, 5, 10, 20), (200, 1000, 5000)
DEVIATIONS = (0.0, 0.03, 0.12, 0.6)
LANGUAGES, APART = (5, 14), (0.0, 0.03, 0.1, 0.3)
GROUPS = ((3, 3), (3, 11))
DRAWS = 2500
FIRST = {
    "accuracy": 0,
    "accuracy, 4 languages": 12,
    "macro-F1": 20,
    "any language": 32,
    "seeds": 39,
    "groups": 47,
    "items": 51,
}
"""The numbers of the tables' rows, from which their draws are seeded."""

Draw = Callable[[np.random.Generator], Estimate | None]


def expected(mean: np.ndarray | float, *deviations: float) -> np.ndarray:
    """The share of correct answers over effects that are normal."""
    share: np.ndarray = ndtr(mean / np.sqrt(1 + np.square(deviations).sum()))
    return share


def true_gain(deviation: float, languages: float = 0.0) -> float:
    """In accuracy, over all items, seeds and languages."""
    gained = expected(EASE + GAIN, HARD, METHOD, deviation, languages)
    return float(gained - expected(EASE, HARD, deviation))


@cache
def true_gain_in_f1(deviation: float) -> float:
    """In macro-F1: of all items for a seed, on average over seeds."""
    effects = np.random.default_rng(1).normal(0, deviation, (200_000 if deviation else 1, 3))

    def score(gain: float, *own: float) -> float:
        right = expected(EASE + gain + SHIFT + effects, *own)
        table = np.zeros((len(right), 3, 4))
        for gold, answer in product(range(3), range(3)):
            share = right[:, gold] if gold == answer else (1 - right[:, gold]) / 2
            table[:, gold, answer] = PREVALENCE[gold] * share
        return float(score_f1(table.reshape(-1, 12))["macro_f1"].mean())

    return score(GAIN, HARD, METHOD) - score(0.0, HARD)


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32)


def correlated(rng: np.random.Generator, languages: int, common: int, *shape: int) -> np.ndarray:
    """Effects with a correlation between languages, which are axis `common` of their shape."""
    own = normal(rng, *shape)
    if languages == 1:
        return own
    shared = normal(rng, *(1 if axis == common else size for axis, size in enumerate(shape)))
    mixed: np.ndarray = np.float32(SHARED) * shared + np.float32(np.sqrt(1 - SHARED**2)) * own
    return mixed


def accuracy(
    count: int, items: int, deviation: float, languages: int, rng: np.random.Generator
) -> Estimate:
    """The estimate of the gain, on average over the languages."""
    ease = EASE + HARD * correlated(rng, languages, 0, languages, items)
    gain = GAIN + METHOD * normal(rng, languages, items)
    right = [
        normal(rng, count, languages, items)
        < own + deviation * correlated(rng, languages, 1, count, languages, 1)
        for own in (ease + gain, ease)
    ]
    gains = (right[0].astype(np.float32) - right[1]).mean(axis=1)
    values = gains.mean(axis=1, dtype=np.float64)
    return crossed(values, gains - values[:, None])


def macro_f1(count: int, items: int, deviation: float, rng: np.random.Generator) -> Estimate:
    """The estimate of the gain in macro-F1."""
    gold = rng.choice(3, items, p=PREVALENCE).astype(np.int8)
    ease = EASE + SHIFT[gold] + HARD * normal(rng, items)
    helped = ease + GAIN + METHOD * normal(rng, items)
    values, effects = np.zeros(count), np.zeros((count, items))
    for sign, log_odds in ((1, helped), (-1, ease)):
        right = normal(rng, count, items) < log_odds + (deviation * normal(rng, count, 3))[:, gold]
        other = (gold + rng.integers(1, 3, (count, items), dtype=np.int8)) % 3
        rows = gold * 4 + np.where(right, gold, other)
        counts = np.stack([np.bincount(own, minlength=12) for own in rows]).astype(np.float64)
        values += sign * score_f1(counts)["macro_f1"]
        for seed, own in enumerate(rows):
            moved = influence(np.eye(12), score_f1, counts[seed])["macro_f1"]
            effects[seed] += sign * moved[own]
    return crossed(values, effects)


def score_f1(sums: np.ndarray) -> dict[str, np.ndarray]:
    return confusion_scores(sums, 3)


def any_language(
    count: int,
    items: int,
    deviation: float,
    groups: Sequence[int],
    aligned: bool,
    common: float,
    rng: np.random.Generator,
) -> Estimate | None:
    """The estimate of the mean gain over L languages, a sample, or of one mean less another.

    Args:
        groups: how many languages are in the mean, or in each of the two.
        common: the deviation of the seeds' effects that all languages have in common.
    """
    languages = sum(groups)
    ease = EASE + HARD * correlated(rng, 2 if aligned else 1, 0, languages, items)
    gain = GAIN + deviation * normal(rng, languages, 1) + METHOD * normal(rng, languages, items)
    right = []
    for own in (ease + gain, ease):
        noise = normal(rng, count, languages, items)
        seeds = 0.03 * normal(rng, count, languages, 1)
        if common:
            seeds = seeds + np.float32(common) * normal(rng, count, 1, 1)
        right.append(noise < own + seeds)
    gains = right[0].astype(np.float32) - right[1]
    values = gains.mean(axis=2, dtype=np.float64)
    effects = np.moveaxis(gains - values[:, :, None], 1, 0)
    if not aligned:  # others in each: of all items, a language has its own
        apart = np.zeros((languages, count, languages, items))
        apart[np.arange(languages), :, np.arange(languages)] = effects * languages
        effects = apart.reshape(languages, count, languages * items)
    ends = np.cumsum(groups)
    means = [range(end - size, end) for size, end in zip(groups, ends, strict=True)]
    return over_languages(values, list(effects), means)


def cover(job: tuple[Draw, float, int, int]) -> tuple[float, float]:
    """The share of intervals with the truth in it, and their mean width."""
    draw, truth, draws, start = job
    rng = np.random.default_rng(start)
    hits, width = 0, 0.0
    for _ in range(draws):
        estimate = draw(rng)
        assert estimate is not None
        interval = estimate.interval()
        hits += interval.low <= truth <= interval.high
        width += interval.high - interval.low
    return hits / draws, width / draws


def designs() -> Iterator[tuple[int, str, str, list[tuple[Draw, float]]]]:
    """Number, table, row, and what each column draws from with its truth."""
    for name, languages in (("accuracy", 1), ("accuracy, 4 languages", 4), ("macro-F1", 1)):
        every = product(SEEDS, ITEMS if name == "accuracy" else ITEMS[:2])
        for number, (count, items) in enumerate(every, FIRST[name]):
            cells: list[tuple[Draw, float]] = []
            for deviation in DEVIATIONS:
                if name == "macro-F1":
                    draw: Draw = partial(macro_f1, count, items, deviation)
                    cells.append((draw, true_gain_in_f1(deviation)))
                else:
                    draw = partial(accuracy, count, items, deviation, languages)
                    cells.append((draw, true_gain(deviation)))
            title = f"{name}; deviation of seeds {DEVIATIONS}"
            yield number, title, f"K={count:<2} N={items:<4}", cells
    # The eighth would take as long as all others.
    others = list(product((True, False), (3, 10), LANGUAGES))[:7]
    for number, (aligned, count, languages) in enumerate(others, FIRST["any language"]):
        which = "the same items" if aligned else "other items in each"
        title = f"any language, {which} (200); deviation of languages {APART}"
        yield number, title, f"K={count:<2} L={languages:<2}", sampled(count, languages, aligned)
    for number, (common, count, languages) in enumerate(
        product(DEVIATIONS[2:], (3, 10), LANGUAGES), FIRST["seeds"]
    ):
        title = f"any language, the same items, deviation of seeds {common}; of languages {APART}"
        cells = sampled(count, languages, common=common)
        yield number, title, f"K={count:<2} L={languages:<2}", cells
    for number, (count, groups) in enumerate(product((3, 10), GROUPS), FIRST["groups"]):
        title = f"any language, one mean less another; deviation of languages {APART}"
        cells = [(partial(any_language, count, 200, d, groups, True, 0.0), 0.0) for d in APART]
        yield number, title, f"K={count:<2} L={groups[0]}, {groups[1]}", cells
    for number, count in enumerate((3, 10), FIRST["items"]):
        title = f"any language, the same items (2000); deviation of languages {APART}"
        yield number, title, f"K={count:<2} L=5 ", sampled(count, 5, items=2000)


def sampled(
    count: int, languages: int, aligned: bool = True, common: float = 0.0, items: int = 200
) -> list[tuple[Draw, float]]:
    """A row of the tables about any language."""
    seeds = float(np.hypot(0.03, common))
    return [
        (partial(any_language, count, items, d, (languages,), aligned, common), true_gain(seeds, d))
        for d in APART
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="tables, or rows of one, that begin so")
    given = parser.parse_args()
    rows = [row for row in designs() if f"{row[1]}: {row[2]}".startswith(given.only)]
    jobs = [
        (*cell, draws_of(table, given.draws), 10 * number + column)
        for number, table, _, cells in rows
        for column, cell in enumerate(cells)
    ]
    lowest, highest, title = 1.0, 0.0, ""
    with get_context("fork").Pool(given.processes) as pool:
        found = pool.imap(cover, jobs)
        for _, table, row, cells in rows:
            if table != title:
                draws = draws_of(table, given.draws)
                print(f"\n{table}; {draws} draws" if title else f"{table}; {draws} draws")
            title = table
            columns = [next(found) for _ in cells]
            lowest = min([lowest, *(share for share, _ in columns)])
            highest = max([highest, *(share for share, _ in columns)])
            shown = (f"{100 * share:.1f} ({100 * width:.1f})" for share, width in columns)
            print(f"  {row}  " + "".join(f"{text:<13}" for text in shown).rstrip(), flush=True)
    print(f"\n{len(jobs)} designs: {100 * lowest:.1f} to {100 * highest:.1f}")


def draws_of(table: str, draws: int) -> int:
    """How many draws a design has: of macro-F1, which is slow, fewer."""
    return draws * 2 // 5 if table.startswith("macro") else draws


if __name__ == "__main__":
    main()
