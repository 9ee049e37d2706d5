"""RS-DA: words replaced by words that mean nearly the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from xlt_cli.api import DataError, Edit
from xlt_perturbations import downloads, wordnet
from xlt_perturbations.copies import CopiesParams, NoisyCopies
from xlt_perturbations.lexicon import Lexicon, default_path, given_path, read_neighbors
from xlt_perturbations.words import core, map_words, match_case

FILE = "counterfitted_neighbors.json"
SOURCE = "https://github.com/uclanlp/Robust-XLT"
URL = (
    "https://raw.githubusercontent.com/uclanlp/Robust-XLT/"
    f"175cddb89c4e86c7152d0175db8f824f7f4e6bad/{FILE}"
)
SHA256 = "103247143f39bd5dd66850f3a912393392641dbd98093c61e2b24a4cc8a96fb0"
BY_HAND = (
    f"download {FILE} from {SOURCE} into $XLT_DATA_DIR/lexicons, or give the path of the "
    "file in `neighbors`"
)


class Synonyms(NoisyCopies):
    """Replaces each word by a uniform draw from itself and its neighbours.

    With the defaults each word that has neighbours is drawn anew from the set of itself and all
    of them, as in the paper. Only `fetch`, which is called before training, downloads what is
    missing; all else reads what is there.
    """

    api_version = 1
    name = "synonyms"
    summary = "RS-DA: words replaced by counter-fitted neighbours, or by WordNet's synonyms"
    reference = "Huang et al. 2021 (Robust-XLT); Ye et al. 2020 (SAFER); Jia et al. 2019"
    speaks = ("en",)
    strength = "probability"

    class Params(CopiesParams):
        neighbors: Path | None = Field(
            None,
            description="a JSON object of words, each with a list of its neighbours; default: "
            f"$XLT_DATA_DIR/lexicons/{FILE}, or else the paper's, downloaded once; a relative "
            "path is also looked up in $XLT_DATA_DIR",
        )
        wordnet: str | None = Field(
            None,
            pattern=f"^{wordnet.LEXICON}$",
            description="an English WordNet of the package wn to use in place of neighbours, with "
            "its version, e.g. oewn:2024; a word's synonyms are those that share a synset with it",
        )
        probability: float = Field(
            1.0,
            ge=0,
            le=1,
            description="probability of replacing a word by a uniform draw from itself and "
            "its neighbours; 1 in the paper",
        )
        most: int | None = Field(
            None,
            ge=1,
            description="largest number of neighbours of a word, from the beginning of its list",
        )
        tokenization: Literal["words", "original"] = Field(
            "words",
            description="words: punctuation is split off and case is kept; original: split at "
            "single spaces and looked up unchanged, as in the paper's code",
        )

        @model_validator(mode="after")
        def _one_source(self) -> Synonyms.Params:
            if self.neighbors is not None and self.wordnet is not None:
                raise ValueError("`neighbors` and `wordnet` exclude each other: give one of them")
            return self

    params: Params

    def check(self) -> None:
        """The file of neighbours is there where one is named; others are downloaded."""
        if self.params.wordnet is not None:
            wordnet.check(self.params.wordnet)
        elif self.params.neighbors is not None:
            self.path()

    def fetch(self) -> None:
        """Brings the neighbours and reads them, so that training does not begin without.

        Raises:
            OfflineError: they have to be downloaded and cannot be.
            DataError: the file is missing or broken.
            PluginError: WordNet's package is not installed.
        """
        p = self.params
        if p.wordnet is not None:
            wordnet.fetch(p.wordnet)
        elif p.neighbors is None and self._default() is None:
            downloads.fetch(URL, SHA256, FILE, BY_HAND)
        _ = self._lexicon

    def fingerprint(self) -> dict[str, str]:
        """The sha256 of the file of neighbours, by its name or the WordNet's."""
        return {self.params.wordnet or self.path().name: self._lexicon.sha256}

    def path(self) -> Path:
        """The file of neighbours; DataError if there is none."""
        p = self.params
        if p.wordnet is not None:
            path = wordnet.path(p.wordnet)
            if path.is_file():
                return path
            raise DataError(
                f"the synonyms of the WordNet '{p.wordnet}' have not been extracted yet",
                str(path),
                "`xlt fetch SPEC` extracts them",
            )
        file = self._default() if p.neighbors is None else given_path(p.neighbors)
        if file is None or not file.is_file():
            raise DataError(
                f"there is no file of synonyms ({FILE})",
                str(file or downloads.cache_path(FILE)),
                f"`xlt fetch SPEC` downloads that of the paper; or {BY_HAND}",
            )
        return file

    def _default(self) -> Path | None:
        """The user's own file, or else the downloaded one; None if there is neither."""
        own = default_path(FILE)
        return own if own is not None and own.is_file() else downloads.cached(FILE, SHA256)

    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        change = self._change(rng)
        if self.params.tokenization == "original":
            return " ".join([change(word) for word in text.split(" ")])
        return map_words(text, change)

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        change = self._change(rng)
        if self.params.tokenization == "original":
            return tuple((change(word),) for word in words)
        parts = [core(word) for word in words]
        return tuple((before + change(word) + after,) for before, word, after in parts)

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
