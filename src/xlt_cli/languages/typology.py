"""Typological distance between languages, from URIEL with the package urielplus (an extra)."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from xlt_cli.errors import UserError
from xlt_cli.languages.iso import used_for
from xlt_cli.languages.reading import lookup

KIND = "featural"
"""URIEL's features of syntax, phonology and sound inventory together."""

INSTALL = "pip install 'xlt-cli[typology]'"


@dataclass(frozen=True)
class Distance:
    """The distance of a language to the nearest of some others.

    Attributes:
        value: angular distance of the features that both languages have, from 0 to 1; None where
            there are none.
        coverage: the share of all features that both have.
        nearest: the code of the nearest language; None where there is none.
    """

    value: float | None
    coverage: float
    nearest: str | None


def check() -> None:
    """Raises UserError if the package urielplus is not installed."""
    if importlib.util.find_spec("urielplus") is None:
        what = "typological distances need the package urielplus, which is not installed"
        raise UserError(what, "distance", INSTALL)


def distance(code: str, others: Collection[str]) -> Distance:
    """The distance of a language to the nearest of some others; 0 to itself.

    Raises:
        UserError: the package urielplus is not installed, or cannot prepare its files.
    """
    own = _known(code)
    nearest = Distance(None, 0.0, None)
    for other in others:
        theirs = _known(other)
        if own is None or theirs is None:
            continue
        shared = _features(own) & _features(theirs)
        coverage = len(shared) / _total()
        if own == theirs:
            return Distance(0.0, coverage, other)
        if not shared:
            continue
        value = _between(own, theirs)
        if nearest.value is None or value < nearest.value:
            nearest = Distance(value, coverage, other)
    return nearest


@functools.cache
def _between(first: str, second: str) -> float:
    with _quiet():
        return float(_uriel().new_distance(KIND, [first, second]))


def _known(code: str) -> str | None:
    """The code under which URIEL has features of a language, or of what its code is used for."""
    language = lookup(code)
    if language is None:
        return None
    codes = (language.language, *used_for(language.language))
    return next((one for one in codes if one in _places() and _features(one)), None)


@functools.cache
def _places() -> dict[str, int]:
    """The row of each language in the table of features."""
    uriel = _uriel()
    languages = uriel.langs[uriel.map_new_distance_to_loaded_features(KIND)]
    return {str(language): row for row, language in enumerate(languages)}


@functools.cache
def _features(language: str) -> frozenset[int]:
    """The features that any source gives for a language."""
    uriel = _uriel()
    values = uriel.data[uriel.map_new_distance_to_loaded_features(KIND)][_places()[language]]
    return frozenset((values != -1).any(axis=-1).nonzero()[0].tolist())


def _total() -> int:
    uriel = _uriel()
    return len(uriel.feats[uriel.map_new_distance_to_loaded_features(KIND)])


@functools.cache
def _uriel() -> Any:
    """URIEL, as the package ships it: without the sources that URIEL+ adds on request."""
    check()
    with _quiet():
        from urielplus.urielplus import URIELPlus

        try:
            return URIELPlus()
        except OSError as error:
            raise UserError(
                f"urielplus cannot copy its tables into its own folder: {error}",
                "distance",
                "it does so at its first use: use it once as a user who may write there",
            ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the package logs, and without the handler that it adds to the root logger."""
    root = logging.getLogger()
    handlers, level, disabled = list(root.handlers), root.level, root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(disabled)
        root.handlers[:] = handlers
        root.setLevel(level)
