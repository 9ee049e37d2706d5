"""A model that stays loaded from one evaluation to the next."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from xlt_cli.api import EncoderModel, Head
from xlt_cli.errors import ResultWarning
from xlt_cli.problems import Problem

Loaded = tuple[PreTrainedTokenizerBase, EncoderModel]


@dataclass(frozen=True)
class _Kept:
    key: tuple[str, Head]
    loaded: Loaded
    said: Sequence[str]


class LoadedOnce:
    """Loads tokenizer and model; evaluations that need the same head get the same model.

    `ResultWarning`s are given for each of them, because each stores them beside its results.

    Args:
        load: brings tokenizer and model for a problem.
    """

    def __init__(self, load: Callable[[Problem], Loaded]) -> None:
        self._load = load
        self._kept: _Kept | None = None

    def __call__(self, problem: Problem) -> Loaded:
        key = (problem.name, problem.head)
        if self._kept is None or self._kept.key != key:
            self._kept = None  # frees its memory before another is loaded
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", ResultWarning)
                loaded = self._load(problem)
            said = [str(w.message) for w in caught if w.category is ResultWarning]
            self._kept = _Kept(key, loaded, said)
        for text in self._kept.said:
            warnings.warn(text, ResultWarning, stacklevel=2)
        return self._kept.loaded
