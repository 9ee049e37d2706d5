"""Words that the rows of this distribution's tasks are made of."""

from __future__ import annotations

import random
from abc import abstractmethod

from xlt_cli import api

WORDS = {
    "en": ("the", ("cat", "dog", "bird", "horse"), ("sees", "likes", "finds", "follows")),
    "de": ("die", ("Katze", "Hündin", "Möwe", "Stute"), ("sieht", "mag", "findet", "verfolgt")),
    "fr": ("la", ("chatte", "chienne", "mouette", "jument"), ("voit", "aime", "trouve", "suit")),
}
NAMES = ("Anna", "Müller", "Paris", "Acme")
COUNTS = {"train": 16, "dev": 4, "test": 8}


def sentence(language: str, rng: random.Random) -> str:
    """Somebody sees somebody."""
    the, nouns, verbs = WORDS[language]
    return f"{the} {rng.choice(nouns)} {rng.choice(verbs)} {the} {rng.choice(nouns)}"


class InTheCode(api.Task):
    """Rows that are drawn anew wherever they are asked for."""

    aligned = True
    labels = ()

    def languages(self, split: api.Split) -> tuple[str, ...]:
        return tuple(WORDS)

    def load(self, split: api.Split, language: str) -> api.Rows:
        draws = {str(n): random.Random(f"{split} {n}") for n in range(COUNTS[split])}
        rows = tuple(self.example(number, language, rng) for number, rng in draws.items())
        return api.Rows(rows, "in the code")

    @abstractmethod
    def example(self, number: str, language: str, rng: random.Random) -> api.Example: ...
