"""What a model makes of inputs that several cells share, as the pool of a search: computed once.

In retrieval the candidates of a language are searched by the queries of all others. The inputs of a
cell are computed by language, queries and candidates apart, so that those that come again come in
the same batches: whether they are remembered or computed anew, as after an interruption, makes no
difference, not even in the last bit.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xlt_cli.evaluation.predict import Underway
from xlt_cli.problems import Feature, Prediction, Problem

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MOST = 512 * 10**6
"""Bytes that are remembered; what was used longest ago is forgotten first."""


class Remembered:
    """The outputs of a model for groups of inputs.

    Args:
        begin: begins with computing the outputs of inputs.
    """

    def __init__(
        self,
        problem: Problem,
        tokenizer: PreTrainedTokenizerBase,
        begin: Callable[[Sequence[Feature]], Underway],
    ) -> None:
        self._problem, self._tokenizer, self._begin = problem, tokenizer, begin
        self._outputs: dict[str, list[Any]] = {}

    def begin(self, features: Sequence[Feature]) -> Callable[[], list[Prediction]]:
        """Begins with a cell; what it returns waits for its predictions."""
        groups: dict[tuple[Any, ...], list[int]] = {}
        for place, feature in enumerate(features):
            groups.setdefault((feature.goes_on, *feature.languages), []).append(place)
        begun = []
        for places in groups.values():
            own = [features[place] for place in places]
            name = _name(own)
            known = self._outputs.get(name)
            begun.append((places, name, known, self._begin(own) if known is None else None))

        def answers() -> list[Prediction]:
            ordered: list[Any] = [None] * len(features)
            for places, name, known, underway in begun:
                outputs = underway.outputs() if underway is not None else known
                assert outputs is not None
                self._remember(name, outputs)
                for place, output in zip(places, outputs, strict=True):
                    ordered[place] = output
            return self._problem.decode(ordered, features, self._tokenizer)

        return answers

    def _remember(self, name: str, outputs: list[Any]) -> None:
        self._outputs.pop(name, None)
        self._outputs[name] = outputs
        sizes = {key: sum(map(_size, own)) for key, own in self._outputs.items()}
        for key in list(self._outputs):
            if sum(sizes.values()) <= MOST:
                return
            del self._outputs[key], sizes[key]


def _size(output: Any) -> int:
    return int(getattr(output, "nbytes", 0)) or sys.getsizeof(output)


def _name(features: Sequence[Feature]) -> str:
    """States all that a model is given of inputs: equal ones have the same outputs."""
    digest = hashlib.sha256()
    for feature in features:
        digest.update(repr(feature.languages).encode())
        for values in (feature.input_ids, feature.token_type_ids, feature.text_ids):
            digest.update(np.array(values, dtype=np.int64).tobytes() + b"|")
        digest.update(np.array(feature.special_mask, dtype=np.bool_).tobytes())
    return digest.hexdigest()
