"""Which tokens of an input are masked, and what stands in their places (Devlin et al. 2019).

Of the tokens of an input that are not special, `probability` are chosen, at least one: 80 % of them
become the mask token, 10 % a token drawn at random, and 10 % stay as they are.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import UserError

MASKED, REPLACED = 0.8, 0.9
"""Below the first, a chosen token is masked; below the second, replaced."""
LONGEST = 10
"""Pieces of a word that is masked whole. What is longer is text that has no spaces."""


@dataclass(frozen=True)
class Masking:
    """How tokens are chosen.

    Attributes:
        probability: the share of the tokens of an input.
        whole_words: whether all pieces of a word are chosen together.
    """

    probability: float = 0.15
    whole_words: bool = False

    def count(self, tokens: int) -> int:
        """How many of so many tokens are chosen."""
        return max(1, round(self.probability * tokens))


@dataclass(frozen=True, repr=False)
class Vocabulary:
    """What a tokenizer's vocabulary says for masking.

    Attributes:
        mask: the id of the mask token.
        ordinary: the ids of all tokens that are not special.
        inside: for each id, whether the piece goes on with the word of the piece before.
        tokens: for each id, the token.
    """

    mask: int
    ordinary: Sequence[int]
    inside: Sequence[bool]
    tokens: Sequence[str] = ()

    def named(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The tokens of some ids; a model may have rows that are no token's."""
        return tuple(self.tokens[i] if i < len(self.tokens) else str(i) for i in ids)

    @classmethod
    def of(cls, tokenizer: Any) -> Vocabulary:
        """The vocabulary of a tokenizer.

        Raises:
            UserError: it has no mask token.
        """
        if getattr(tokenizer, "mask_token_id", None) is None:
            raise UserError(
                "the encoder's tokenizer has no mask token",
                hint="masked language modelling needs an encoder that was pretrained with it",
            )
        special = set(tokenizer.all_special_ids)
        tokens = {int(i): str(token) for token, i in tokenizer.get_vocab().items()}
        ordinary = tuple(sorted(i for i in tokens if i not in special))
        every = [tokens.get(i, "") for i in range(max(tokens) + 1)]
        return cls(int(tokenizer.mask_token_id), ordinary, _inside(every), tuple(every))


def _inside(tokens: Sequence[str]) -> tuple[bool, ...]:
    """Of each token whether it is no first piece of a word, by the marks that tokenizers write."""
    marks: Mapping[str, bool] = {"##": True, "▁": False, "Ġ": False}
    counts = {mark: sum(token.startswith(mark) for token in tokens) for mark in marks}
    mark = max(counts, key=lambda each: counts[each])
    if not counts[mark]:
        return (False,) * len(tokens)
    return tuple(token.startswith(mark) == marks[mark] for token in tokens)


def words(ids: Sequence[int], special: Sequence[bool], inside: Sequence[bool]) -> list[list[int]]:
    """The positions of each word's pieces; a run of more than `LONGEST` counts piece by piece."""
    runs: list[list[int]] = []
    for place, (piece, is_special) in enumerate(zip(ids, special, strict=True)):
        if is_special:
            continue
        goes_on = runs and runs[-1][-1] == place - 1 and piece < len(inside) and inside[piece]
        if goes_on:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [part for run in runs for part in ([run] if len(run) <= LONGEST else [[p] for p in run])]


def chosen(
    ids: Sequence[int],
    special: Sequence[bool],
    masking: Masking,
    known: Vocabulary,
    rng: random.Random,
) -> list[int]:
    """The positions of the tokens that are to be predicted, in order."""
    places = [place for place, is_special in enumerate(special) if not is_special]
    if not places:
        return []
    count = masking.count(len(places))
    if not masking.whole_words:
        return sorted(rng.sample(places, count))
    units = words(ids, special, known.inside)
    rng.shuffle(units)
    taken: list[int] = []
    for unit in units:
        if len(taken) + len(unit) <= count:
            taken += unit
    shortest: list[int] = min(units, key=len)
    return sorted(taken or shortest)


def masked(
    ids: Sequence[int], places: Sequence[int], known: Vocabulary, rng: random.Random
) -> list[int]:
    """The input with something else in most of the chosen places."""
    shown = list(ids)
    for place in places:
        at = rng.random()
        if at < MASKED:
            shown[place] = known.mask
        elif at < REPLACED:
            shown[place] = rng.choice(known.ordinary)
    return shown
