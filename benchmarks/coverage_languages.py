"""Coverage of candidate intervals of a mean over seeds, items and languages that are samples.

    python benchmarks/coverage_languages.py > docs/results/statistics/coverage-languages.txt

Draws the mean squares of balanced tables of K seeds, L languages and 200 items, each a chi-square
variable times its expectation, and computes the half-width of each candidate from them. Given the
half-width, the coverage is known in closed form. Designs are stated by what adds to the variance of
the mean, in units of the noise of its figures (seeds x languages with its items): seeds, languages,
items of one language, and items that all languages have in common.

"Choice" are the designs by which the interval was chosen, "table" the components of those in
coverage.txt with the same items in all languages. None of the numbers of seeds and languages is in
both, except 3 seeds. "Two seeds" are the designs of "choice" with fewer seeds. By chance, a figure
has a deviation of about 0.2. The last lines say how often the kept interval is shorter than that of
the languages that were tested, and the median of the ratio, where neither seeds nor languages vary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np
from scipy.special import ndtr, stdtrit

ITEMS, DRAWS, SURROGATES, SLOW = 200, 2000, 500, 17
SEEDS, LANGUAGES = (3, 4, 6, 20), (3, 4, 8, 20)
RATIOS, OF_ONE, COMMON = (0.0, 0.5, 2.0, 8.0, 30.0), (0.0, 0.3, 2.0), (0.0, 1.0)
POWER, NOISE = 4 / 3, 0.9
"""NOISE: how much of the noise of figures is that of their items."""

Squares = Mapping[str, np.ndarray]
"""Mean squares, over K L N, [DRAWS] each: of seeds K, languages L, items N, and interactions."""

Candidate = Callable[[int, int, Squares], np.ndarray]
"""Half-widths, from the numbers of seeds and languages."""

Design = tuple[int, int, float, float, float, float]
"""K, L, and the variance of seeds, of languages, of items of one language, of common items."""

_INVERSE = np.linspace(0.0, 1.0, 4001)
_QUANTILES = np.concatenate([[stdtrit(1e9, 0.975)], stdtrit(1 / _INVERSE[1:], 0.975)])


def quantile(inverse_df: np.ndarray | float) -> np.ndarray:
    """Of Student's t, for 95% intervals."""
    found: np.ndarray = np.interp(inverse_df, _INVERSE, _QUANTILES)
    return found


def weighted(parts: list[np.ndarray], df: list[float], power: float) -> np.ndarray:
    """1 / df of a sum, by the shares of its parts to a power."""
    shares = np.stack(parts) / np.sum(parts, axis=0)
    found: np.ndarray = np.minimum((shares**power / np.array(df)[:, None]).sum(axis=0), 1.0)
    return found


def half(parts: list[np.ndarray], df: list[float], power: float = 1.0) -> np.ndarray:
    width: np.ndarray = quantile(weighted(parts, df, power)) * np.sqrt(np.sum(parts, axis=0))
    return width


def items_of(ms: Squares) -> tuple[np.ndarray, np.ndarray]:
    """What items add with the languages that were tested, and what common items add."""
    every = ms["N"] - ms["KN"]
    return np.maximum(every, 0.0), np.maximum(every - ms["LN"] + ms["KLN"], 0.0)


def languages_net(ms: Squares) -> np.ndarray:
    net: np.ndarray = np.maximum(ms["L"] - ms["KL"] - ms["LN"] + ms["KLN"], 0.0)
    return net


def tested(seeds: int, languages: int, ms: Squares) -> np.ndarray:
    """The interval about the languages that were tested."""
    return half([ms["K"], items_of(ms)[0]], [seeds - 1, ITEMS - 1])


def former(power: float = 1.0) -> Candidate:
    """Seeds in full, and what languages differ by as a difference that is cut off at 0."""

    def found(seeds: int, languages: int, ms: Squares) -> np.ndarray:
        parts = [ms["K"], items_of(ms)[0], languages_net(ms)]
        return half(parts, [seeds - 1, ITEMS - 1, languages - 1], power)

    return found


def of_difference(seeds: int, languages: int, ms: Squares) -> np.ndarray:
    """The same; the difference has the degrees of freedom of Satterthwaite (1946)."""
    net, of_seeds, items = languages_net(ms), ms["K"], items_of(ms)[0]
    squares = ms["L"] ** 2 / (languages - 1) + ms["KL"] ** 2 / ((seeds - 1) * (languages - 1))
    total = of_seeds + items + net
    of_net = np.divide(squares, net, out=np.zeros_like(net), where=net > 0)
    inverse = (of_seeds / (seeds - 1) + items / (ITEMS - 1) + np.minimum(of_net, net)) / total
    width: np.ndarray = quantile(np.minimum(inverse, 1.0)) * np.sqrt(total)
    return width


def quantiles_of_parts(seeds: int, languages: int, ms: Squares) -> np.ndarray:
    """Howe (1974): each part times the square of its own quantile."""
    few, many, noise = in_order(seeds, languages, ms)
    net = np.maximum(many[0] - noise, 0.0)
    parts = [(few[0], few[1]), (net, many[1]), (items_of(ms)[1], ITEMS - 1.0)]
    squares = [part * quantile(1 / df) ** 2 for part, df in parts]
    width: np.ndarray = np.sqrt(np.sum(squares, axis=0))
    return width


def generalized(seeds: int, languages: int, ms: Squares) -> np.ndarray:
    """Weerahandi (1993): mean squares over surrogates of their chi-square variables."""
    rng = np.random.default_rng(0)
    df = (seeds - 1, languages - 1, (seeds - 1) * (languages - 1))
    of_seeds, of_languages, noise = (
        ms[name][:, None] * own / rng.chisquare(own, SURROGATES)
        for name, own in zip(("K", "L", "KL"), df, strict=True)
    )
    apart = np.maximum(ms["LN"] - ms["KLN"], 0.0)[:, None]
    figures = np.maximum(of_seeds, noise) + np.maximum(of_languages, noise + apart) - noise
    spread = np.sqrt(figures + items_of(ms)[1][:, None])
    low, high = np.zeros(len(spread)), 15.0 * spread.mean(axis=1)
    for _ in range(12):  # bisection: on average, 97.5% lie below
        middle = (low + high) / 2
        short = ndtr(middle[:, None] / spread).mean(axis=1) < 0.975
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    width: np.ndarray = (low + high) / 2
    return width


def in_order(
    seeds: int, languages: int, ms: Squares
) -> tuple[tuple[np.ndarray, float], tuple[np.ndarray, float], np.ndarray]:
    """Mean square and df of the rarer of seeds and languages, of the other, and the noise."""
    both = [(ms["L"], languages - 1.0), (ms["K"], seeds - 1.0)]
    few, many = sorted(both, key=lambda own: own[1])
    return few, many, ms["KL"]


def rarer(power: float, least: bool, languages_first: bool = False) -> Candidate:
    """The rarer of seeds and languages in full; the other as a difference.

    Args:
        least: whether not the difference is cut off at 0, but the sum at df / (df + 1).
        languages_first: whether languages count as the rarer whatever their number.
    """

    def found(seeds: int, languages: int, ms: Squares) -> np.ndarray:
        few, many, noise = in_order(seeds, languages, ms)
        if languages_first and few[0] is ms["K"]:
            few, many = many, few
        difference = many[0] - noise
        net = np.maximum(difference, 0.0)
        bound = few[0] * few[1] / (few[1] + 1) if least else few[0]
        figures = np.maximum(few[0] + difference, bound)
        inverse = weighted([few[0], net], [few[1], many[1]], power)
        common = items_of(ms)[1]
        total = figures + common
        inverse = (figures * inverse + common / (ITEMS - 1)) / total
        alone = quantile(1 / (ITEMS - 1)) * np.sqrt(items_of(ms)[0])
        width: np.ndarray = np.maximum(quantile(inverse) * np.sqrt(total), alone)
        return width

    return found


kept = rarer(POWER, least=True)


def no_shorter(seeds: int, languages: int, ms: Squares) -> np.ndarray:
    width: np.ndarray = np.maximum(kept(seeds, languages, ms), tested(seeds, languages, ms))
    return width


CANDIDATES: Mapping[str, Candidate] = {
    "A  seeds in full, languages as a difference (former)": former(),
    "A2 squares of shares (Satterthwaite)": former(2.0),
    "AS df of the difference by Satterthwaite": of_difference,
    "L  languages in full, seeds as a difference": rarer(1.0, False, languages_first=True),
    "R  the rarer in full, the other as a difference": rarer(1.0, False),
    "RH quantiles of the parts (Howe)": quantiles_of_parts,
    "R2 squares of shares (Satterthwaite)": rarer(2.0, False),
    "S  the sum cut off in place of the difference": rarer(1.0, True),
    "S4 shares to the power 4/3 (kept)": kept,
    "S5 shares to the power 3/2": rarer(1.5, True),
    "S2 squares of shares (Satterthwaite)": rarer(2.0, True),
    "ST as kept, no shorter than of tested languages": no_shorter,
    "G  generalized interval (Weerahandi)": generalized,
}


def drawn(design: Design, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Mean squares, over K L N, of a design with noise 1."""
    seeds, languages, of_seeds, of_languages, apart, common = design
    k, n, m = seeds - 1, languages - 1, ITEMS - 1
    expected = {
        "K": (of_seeds + 1, k),
        "L": (of_languages + apart + 1, n),
        "N": (common + apart + NOISE, m),
        "KL": (1.0, k * n),
        "KN": (NOISE, k * m),
        "LN": (apart + NOISE, n * m),
        "KLN": (NOISE, k * n * m),
    }
    return {name: mean * rng.chisquare(df, DRAWS) / df for name, (mean, df) in expected.items()}


def choice(seeds: tuple[int, ...] = SEEDS) -> Iterator[Design]:
    yield from product(seeds, LANGUAGES, RATIOS, RATIOS, OF_ONE, COMMON)


def table() -> Iterator[Design]:
    """As an analysis of variance of many draws of coverage.py finds them."""
    noise, apart = 0.318 / ITEMS + 0.00012, 0.0075 / ITEMS
    for seeds, languages in product((3, 10), (5, 14)):
        for of_seeds in (0.0, 0.0021, 0.036):
            for of_languages in (0.0, 6.2e-5, 7e-4, 6e-3):
                yield (
                    seeds,
                    languages,
                    of_seeds * languages / noise,
                    of_languages * seeds / noise,
                    apart * seeds / noise,
                    0.0,
                )


def covered(candidate: Candidate, designs: list[Design]) -> np.ndarray:
    """The coverage of each design, in percent."""
    found = []
    for number, design in enumerate(designs):
        ms = drawn(design, np.random.default_rng(number))
        deviation = np.sqrt(sum(design[2:]) + 1)
        halves = candidate(design[0], design[1], ms)
        found.append(100 * float((2 * ndtr(halves / deviation) - 1).mean()))
    return np.array(found)


def main() -> None:
    sets = {"choice": list(choice()), "table": list(table()), "two seeds": list(choice((2,)))}
    for name, designs in sets.items():
        print(f"{name}: {len(designs)} designs; lowest, highest, % below 93.5, % above 96.5")
        for title, candidate in CANDIDATES.items():
            own = designs[::SLOW] if candidate is generalized else designs
            shares = covered(candidate, own)
            below, above = 100 * (shares < 93.5).mean(), 100 * (shares > 96.5).mean()
            print(
                f"  {title:<54}{shares.min():6.1f}{shares.max():6.1f}{below:7.1f}{above:7.1f}",
                flush=True,
            )
    print("kept, over that of tested languages: % shorter, median ratio")
    for design in (own for own in sets["table"] if own[2] == own[3] == 0):
        of = (*design[:2], drawn(design, np.random.default_rng(0)))
        ratios = kept(*of) / tested(*of)
        print(f"  K={of[0]:<3}L={of[1]:<3}{100 * (ratios < 1).mean():6.0f}{np.median(ratios):6.2f}")


if __name__ == "__main__":
    main()
