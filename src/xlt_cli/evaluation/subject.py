"""The model under test."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlt_cli.api import Encoder, EncoderModel
from xlt_cli.data.template import Segments
from xlt_cli.evaluation.held_out import Used
from xlt_cli.problems import Problem

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Subject:
    """The model under test.

    Attributes:
        load: brings tokenizer and model; called only if a cell is missing.
        tokenizer: brings the tokenizer alone.
        used: the rows that it was trained and selected on, as far as xlt knows.
        trained_on: languages of all its stages.
        caveats: what must be said beside its results.
        weights: hash of its weights.
        encoder: what loads it.
        segments: the segment ids that it was trained with.
        outputs: the labels of the model's outputs in order, or None if it does not name them.
    """

    load: Callable[[Problem], tuple[PreTrainedTokenizerBase, EncoderModel]]
    tokenizer: Callable[[], PreTrainedTokenizerBase]
    used: Sequence[Used]
    trained_on: Collection[str]
    caveats: tuple[str, ...]
    max_length: int
    weights: str
    encoder: Encoder
    segments: Segments = "default"
    outputs: Callable[[], tuple[str, ...] | None] = lambda: None
