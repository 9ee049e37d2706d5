"""An example on its way through a model: as token ids, as inputs, and as what was predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xlt_cli.api.layouts import Layout

# These are made for each of millions of examples, and must not be changed. They are not frozen: a
# frozen one takes three to six times as long to make.


@dataclass(slots=True)
class Encoded:
    """An example as token ids.

    Attributes:
        id: the example's id.
        pieces: token ids of each text of an input (one or two), without special tokens.
        languages: the language of each text.
        gold: the correct answer: the label, the tags of the words, or any other value that a
            `Prediction` may have.
        heads: if labels belong to words, the position in `pieces[0]` of each word's first piece.
        data: other values that the problem needs to make inputs.
    """

    id: str
    pieces: tuple[tuple[int, ...], ...]
    languages: tuple[str, ...]
    gold: Any
    heads: tuple[int, ...] = ()
    data: Any = None


@dataclass(slots=True)
class Feature:
    """One model input. The sequences have the same length, including `target` if it is a list.

    Attributes:
        target: the value from which `targets` makes the batch's targets: the id of the label, or of
            each token's tag; None if nothing is to be predicted.
        gold: the correct answer of the example, or of the part of it that this input covers.
        companions: additional features that belong to it (see `xlt_cli.api.Companion`).
        goes_on: whether it is another input of the same example as the feature before it.
        data: values that the problem needs to decode the prediction for it.
        head: which head of a stage with several trains on it; set by the runner.
    """

    id: str
    input_ids: list[int]
    token_type_ids: list[int]
    special_mask: list[bool]
    text_ids: list[int]
    languages: tuple[str, ...]
    target: Any
    gold: Any
    companions: tuple[Feature, ...] = ()
    goes_on: bool = False
    data: Any = None
    head: int = 0

    @classmethod
    def of(cls, encoded: Encoded, layout: Layout, target: Any, **others: Any) -> Feature:
        """The input of an example from the layout that a template made."""
        return cls(
            encoded.id,
            layout.input_ids,
            layout.token_type_ids,
            layout.special_mask,
            layout.text_ids,
            encoded.languages,
            target,
            **{"gold": encoded.gold, **others},
        )


@dataclass(slots=True)
class Prediction:
    """The prediction of a model for one example.

    Attributes:
        id: the example's id.
        gold: the label, the tags of the words, or an answer of another shape that consists of
            texts, numbers, None and tuples of them.
        predicted: a value of the same shape; None if the model abstained, or for a word that was
            cut off.
        probabilities: the probabilities of the labels in order of their ids; may be empty.
        values: additional numbers by name, from the condition of the evaluation.
    """

    id: str
    gold: Any
    predicted: Any
    probabilities: tuple[float, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
