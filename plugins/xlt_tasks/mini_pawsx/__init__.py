"""mini-pawsx: sentence pairs in the style of PAWS-X, written by grammar and lexicon.

This is DEMONSTRATION DATA, never evidence: the sentences come from a few dozen templates, so a
score on them says that the machinery runs, not how well a model or a method transfers. It
needs no download and no package outside the standard library.

A pair labelled "1" says one scene in two forms (voice, clause order, a converse such as buy
and sell); a pair labelled "0" uses the same forms with two arguments exchanged in the second
sentence, so that nearly every word is shared (as in PAWS, Zhang et al. 2019, and PAWS-X, Yang
et al. 2019), or with one of them replaced, which a model learns much sooner. Row i of a split
is the same scene with the same label in every language.
"""

import math
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Literal, NamedTuple, cast

from .common import Realiser
from .scenes import FEW, KINDS, SIZES, Scene, items, needed, replaced, swapped

__all__ = ["KINDS", "LANGUAGES", "SPLITS", "Pair", "generate", "realise", "too_few"]

# The seven of PAWS-X first.
LANGUAGES: tuple[str, ...] = (
    "en", "de", "es", "fr", "ja", "ko", "zh", "id", "it", "nl", "pt", "ru", "sv", "tr",
)  # fmt: skip
SPLITS: dict[str, int] = SIZES


class Pair(NamedTuple):
    """One example; the label is "1" for a paraphrase and "0" for a near-miss."""

    sentence1: str
    sentence2: str
    label: str


@cache
def _realiser(language: str) -> Realiser:
    if language not in LANGUAGES:
        raise ValueError(f"mini-pawsx has no {language!r}; it has {', '.join(LANGUAGES)}")
    return cast(Realiser, import_module(f".languages.{language}", __name__).realise)


def realise(scene: Scene, form: int, language: str) -> str:
    """One sentence: the scene said in a form (0 up to the kind's number of forms)."""
    return _realiser(language)(scene, form)


def generate(
    split: str,
    language: str,
    kinds: tuple[str, ...] = tuple(KINDS),
    near_misses: Literal["swapped", "replaced"] = "swapped",
) -> list[Pair]:
    """All pairs of a split, always the same ones in the same order.

    Args:
        kinds: an even number of the KINDS of scene that the pairs are about.
        near_misses: what is done to one of two arguments of a pair labelled "0".
    """
    say = _realiser(language)
    near_miss = swapped if near_misses == "swapped" else replaced
    return [
        Pair(
            say(it.scene, it.form1),
            say(it.scene if it.paraphrase else near_miss(it.scene), it.form2),
            "1" if it.paraphrase else "0",
        )
        for it in items(split, kinds)
    ]


def too_few(kinds: Sequence[str]) -> str:
    """Why there are not enough different scenes of some kinds; empty if there are."""
    short = [kind for kind in kinds if FEW.get(kind, math.inf) < needed(kinds)]
    if not short:
        return ""
    each = ", ".join(f"{FEW[kind]:,} of '{kind}'" for kind in short)
    return f"{len(kinds)} kinds need {needed(kinds):,} scenes each, and there are only {each}"
