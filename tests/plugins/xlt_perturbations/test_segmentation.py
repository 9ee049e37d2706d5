"""Words cut at random: the probabilities of the papers, and never other characters."""

from __future__ import annotations

import io
import math
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare  # type: ignore[import-untyped]

from xlt_perturbations.segmentation import MaxMatch, Merges, Sampler, Unigram

TOY = {
    piece: (i, math.log(p))
    for i, (piece, p) in enumerate(
        [
            ("a", 0.2),
            ("b", 0.1),
            ("c", 0.05),
            ("ab", 0.25),
            ("bc", 0.2),
            ("abc", 0.15),
            ("ca", 0.05),
        ]
    )
}
NAMES = {i: piece for piece, (i, _) in TOY.items()}
PREFIXED = {"a": 0, "##a": 1, "##b": 2, "ab": 3, "##ab": 4, "##ba": 5, "aba": 6, "b": 7}
MERGES = [("a", "b"), ("b", "a"), ("ab", "ab"), ("ab", "a")]
JOINED = {piece: i for i, piece in enumerate(["a", "b", *("".join(pair) for pair in MERGES)])}


def draws(sampler: Sampler | None, count: int) -> Counter[tuple[int, ...]]:
    assert sampler is not None
    rng = random.Random(7)
    return Counter(tuple(sampler(rng)) for _ in range(count))


def segmentations(word: str) -> Iterator[tuple[str, ...]]:
    if not word:
        yield ()
    for end in range(1, len(word) + 1):
        if word[:end] in TOY:
            yield from ((word[:end], *rest) for rest in segmentations(word[end:]))


@pytest.mark.parametrize("alpha", [0, 0.2, 1, 3])
@pytest.mark.parametrize("word", ["abc", "abcab", "aabbca"])
def test_unigram_draws_in_proportion_to_the_power_of_the_probability(
    alpha: float, word: str
) -> None:
    every = list(segmentations(word))
    weights = [math.exp(alpha * sum(TOY[piece][1] for piece in found)) for found in every]
    drawn = draws(Unigram(TOY, alpha).sampler(word, []), 20_000)
    named = {tuple(NAMES[i] for i in ids): count for ids, count in drawn.items()}
    assert set(named) <= set(every)
    # Those expected too seldom for a chi-square are taken together.
    expected = [20_000 * weight / sum(weights) for weight in weights]
    often = [i for i, count in enumerate(expected) if count >= 5]
    seen = [named.get(every[i], 0) for i in often]
    wanted = [expected[i] for i in often]
    rest = (20_000 - sum(seen), 20_000 - sum(wanted))
    if rest[1] > 5:
        seen.append(rest[0])
        wanted.append(rest[1])
    wanted = [count * sum(seen) / sum(wanted) for count in wanted]
    assert chisquare(seen, wanted).pvalue > 0.001


def test_unigram_leaves_words_that_known_pieces_cannot_make_up() -> None:
    assert Unigram(TOY, 1).sampler("abd", []) is None
    assert Unigram({}, 1).sampler("a", []) is None
    assert draws(Unigram(TOY, 1).sampler("", []), 1) == {(): 1}


def test_unigram_goes_on_where_probabilities_are_too_small_for_floats() -> None:
    pieces = {"a": (0, -50.0), "aa": (1, -50.0)}
    (drawn,) = draws(Unigram(pieces, 1).sampler("a" * 400, []), 1)
    assert drawn == (1,) * 200, "any other is e^-50 as likely"


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_unigram_samples_as_sentencepiece_does(alpha: float) -> None:
    import sentencepiece

    rng = random.Random(0)
    syllables = ["ba", "na", "da", "ban", "lan", "ad", "an", "la"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(3000)]
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(words), model_writer=written, vocab_size=60, model_type="unigram",
        minloglevel=2,
    )  # fmt: skip
    theirs = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    sentencepiece.set_random_generator_seed(1)
    pieces = {
        theirs.id_to_piece(i): (i, theirs.get_score(i))
        for i in range(theirs.get_piece_size())
        if not theirs.is_control(i) and not theirs.is_unknown(i)
    }
    sampled = Counter(
        tuple(theirs.encode("bandalan", enable_sampling=True, nbest_size=-1, alpha=alpha))
        for _ in range(20_000)
    )
    ours = draws(Unigram(pieces, alpha).sampler("▁bandalan", []), 20_000)
    assert len(sampled) > 2  # alpha 1 leaves the likeliest 98 of 100 draws
    for ids in sampled | ours:
        share = (sampled[ids] + ours[ids]) / 40_000
        spread = math.sqrt(2 * share * (1 - share) / 20_000)
        assert abs(sampled[ids] - ours[ids]) / 20_000 < 4.5 * spread + 1e-9


def test_max_match_without_dropout_is_the_longest_match() -> None:
    usual = [6, 2, 1]
    assert draws(MaxMatch(PREFIXED, "##", 0).sampler("ababa", [6, 5]), 9) == {(6, 5): 9}
    assert MaxMatch(PREFIXED, "##", 0).sampler("ababa", usual) is None, "the tokenizer's differs"
    assert MaxMatch(PREFIXED, "##", 0.5).sampler("abc", [9]) is None
    assert MaxMatch(PREFIXED, "##", 0.5).sampler("", []) is None


def test_max_match_drops_each_match_with_the_probability() -> None:
    drawn = draws(MaxMatch(PREFIXED, "##", 0.3).sampler("aba", [6]), 20_000)
    expected = {
        (6,): 0.7,  # aba
        (3, 1): 0.3 * 0.7,  # ab ##a
        (0, 5): 0.3 * 0.3 * 0.7,  # a ##ba
        (0, 2, 1): 0.3 * 0.3 * 0.3,  # a ##b ##a
    }
    assert set(drawn) == set(expected)
    counts = [20_000 * share for share in expected.values()]
    assert chisquare([drawn[ids] for ids in expected], counts).pvalue > 0.001


def test_max_match_takes_no_way_that_ends_in_an_unknown_piece() -> None:
    ids = {"a": 0, "ab": 1, "##bc": 2, "##c": 3}
    assert set(draws(MaxMatch(ids, "##", 0.5).sampler("abc", [1, 3]), 200)) == {(1, 3), (0, 2)}
    del ids["##bc"]
    assert set(draws(MaxMatch(ids, "##", 0.9).sampler("abc", [1, 3]), 200)) == {(1, 3)}
    assert set(draws(MaxMatch(PREFIXED, "##", 1).sampler("aba", [6]), 9)) == {(0, 2, 1)}


def test_merges_are_dropped_with_the_probability() -> None:
    whole = (JOINED["aba"],)
    assert draws(Merges(JOINED, MERGES, 0).sampler("aba", [*whole]), 9) == {whole: 9}
    drawn = draws(Merges(JOINED, MERGES, 0.4).sampler("aba", [*whole]), 20_000)
    a, b, ab, ba = (JOINED[piece] for piece in ("a", "b", "ab", "ba"))
    expected = {
        whole: 0.6 * 0.6,  # a+b first, then ab+a
        (ab, a): 0.6 * 0.4,
        (a, ba): 0.4 * 0.6,  # no merge joins a and ba
        (a, b, a): 0.4 * 0.4,
    }
    counts = [20_000 * share for share in expected.values()]
    assert set(drawn) == set(expected)
    assert chisquare([drawn[ids] for ids in expected], counts).pvalue > 0.001
    assert set(draws(Merges(JOINED, MERGES, 1).sampler("aba", [*whole]), 9)) == {(a, b, a)}


def test_merges_leave_what_they_would_not_cut_so() -> None:
    assert Merges(JOINED, MERGES, 0.5).sampler("aba", [0, 1, 0]) is None
    assert Merges(JOINED, MERGES, 0.5).sampler("abx", [9]) is None
    assert Merges(JOINED, MERGES, 0.5).sampler("", []) is None


@given(st.text("ab", min_size=1, max_size=12), st.integers(), st.floats(0, 1))
def test_pieces_are_the_word(word: str, seed: int, dropout: float) -> None:
    toy = Unigram(TOY, dropout).sampler(word, [])
    assert toy is not None
    assert "".join(NAMES[i] for i in toy(random.Random(seed))) == word
    names = {i: piece for piece, i in JOINED.items()}
    usual = Merges(JOINED, MERGES, 0)._merge([*word], random.Random(0), 0)
    merges = Merges(JOINED, MERGES, dropout).sampler(word, [JOINED[piece] for piece in usual])
    assert merges is not None
    assert "".join(names[i] for i in merges(random.Random(seed))) == word
    assert merges(random.Random(seed)) == merges(random.Random(seed))
