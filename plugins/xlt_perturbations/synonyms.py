"""RS-DA: words replaced by words that mean nearly the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from xlt_cli.api import DataError, TokenExample
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.lexicon import DATA_DIR, Lexicon, default_path, given_path, read_neighbors
from xlt_perturbations.words import core, map_words, match_case

FILE = "counterfitted_neighbors.json"
SOURCE = "https://github.com/uclanlp/Robust-XLT"


class Synonyms(NoisyCopies):
    """Replaces each word by a uniform draw from itself and its neighbours.

    With the defaults each word that has neighbours is drawn anew from the set of itself and all
    of them, as in the paper.
    """

    api_version = 1
    name = "synonyms"
    summary = "RS-DA: words replaced by counter-fitted neighbours"
    reference = "Huang et al. 2021 (Robust-XLT); Ye et al. 2020 (SAFER); Jia et al. 2019"
    speaks = ("en",)
    problems = ("sequence-classification", "token-classification")

    class Params(CopiesParams):
        neighbors: Path | None = Field(
            None,
            description="a JSON object of words, each with a list of its neighbours; default: "
            f"$XLT_DATA_DIR/lexicons/{FILE}; a relative path is also looked up in $XLT_DATA_DIR",
        )
        probability: float = Field(
            1.0,
            ge=0,
            le=1,
            description="of drawing a word anew, uniformly from itself and its neighbours; "
            "1 is the paper's",
        )
        most: int | None = Field(
            None, ge=1, description="neighbours used of a word, from the front of its list"
        )
        tokenization: Literal["words", "original"] = Field(
            "words",
            description="words: punctuation is split off and case carried over; original: split "
            "at single spaces and looked up as it is, as the paper's code does",
        )

    params: Params

    def fetch(self) -> None:
        """Reads the neighbours, so that a missing or broken file is known before training."""
        _ = self._lexicon

    def fingerprint(self) -> dict[str, str]:
        """The sha256 of the file of neighbours, by its name."""
        return {self.path().name: self._lexicon.sha256}

    def path(self) -> Path:
        """The file of neighbours; DataError if there is none."""
        given = self.params.neighbors
        path = default_path(FILE) if given is None else given_path(given)
        if path is None or not path.is_file():
            raise DataError(
                f"there is no file of synonyms ({FILE})",
                str(path) if path else f"neither `neighbors` nor {DATA_DIR} is set",
                f"take {FILE} from {SOURCE} and put it into $XLT_DATA_DIR/lexicons, "
                "or name the file in `neighbors`",
            )
        return path

    def text(self, text: str, side: int, rng: random.Random) -> str:
        change = self._change(rng)
        if self.params.tokenization == "original":
            return " ".join([change(word) for word in text.split(" ")])
        return map_words(text, change)

    def sentence(self, example: TokenExample, rng: random.Random) -> TokenExample:
        change = self._change(rng)
        if self.params.tokenization == "original":
            return replace(example, tokens=tuple(change(token) for token in example.tokens))
        parts = [core(token) for token in example.tokens]
        tokens = tuple(before + change(word) + after for before, word, after in parts)
        return replace(example, tokens=tokens)

    def _change(self, rng: random.Random) -> Callable[[str], str]:
        entries, most = self._lexicon.entries, self.params.most
        probability, as_is = self.params.probability, self.params.tokenization == "original"

        def change(word: str) -> str:
            neighbors = entries.get(word if as_is else word.lower(), ())[:most]
            if not neighbors or rng.random() >= probability:
                return word
            drawn = rng.choice((None, *neighbors))
            if drawn is None:
                return word
            return drawn if as_is else match_case(drawn, word)

        return change

    @cached_property
    def _lexicon(self) -> Lexicon:
        return read_neighbors(self.path())
