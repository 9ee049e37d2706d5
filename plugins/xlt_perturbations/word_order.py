"""Local shuffling: words change places with near ones."""

from __future__ import annotations

import random
import re

from pydantic import Field

from xlt_cli.api import Problem
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.words import bound_fault, core, is_unspaced

SPACES = re.compile(r"(\s+)")


class WordOrder(NoisyCopies):
    """Shuffles words so that each moves `distance` places at most.

    Words are what white space separates, without the punctuation at their ends: spacing and that
    punctuation stay in place. Text in scripts without spaces between words (Chinese, Japanese,
    Thai, Lao, Khmer, Myanmar, Tibetan) stays as it is.
    """

    api_version = 1
    name = "word-order"
    summary = "words are shuffled locally"
    reference = "Lample et al. 2018 (unsupervised translation, monolingual corpora), section 2.3"
    caveat = (
        "word-order keeps labels correct only if they do not depend on word order, as "
        "they do in PAWS and PAWS-X"
    )
    strength = "distance"

    class Params(CopiesParams):
        distance: int = Field(3, ge=0, description="largest number of places that a word moves")

    params: Params

    def problem_fault(self, problem: Problem) -> str:
        return bound_fault(problem)

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        if is_unspaced(text):
            return text
        pieces = SPACES.split(text)
        parts = {i: core(piece) for i, piece in enumerate(pieces)}
        places = [i for i, (_, word, _) in parts.items() if word]
        # Two words pass each other only if their keys do: those further apart than the distance
        # never do, so nothing moves further.
        reach = self.params.distance + 1
        keys = [n + rng.random() * reach for n in range(len(places))]
        order = sorted(range(len(places)), key=keys.__getitem__)
        for place, moved in zip(places, order, strict=True):
            before, _, after = parts[place]
            pieces[place] = before + parts[places[moved]][1] + after
        return "".join(pieces)
