"""The parameters of every task of question answering: how answers are found in passages."""

from __future__ import annotations

from pydantic import Field

from xlt_cli.api import PluginParams
from xlt_cli.problems import SpanSettings

_USUAL = SpanSettings()


class AnswerParams(PluginParams):
    """How answers are found in passages."""

    stride: int = Field(
        _USUAL.stride,
        ge=1,
        description="tokens from the start of a window of a passage to that of the next; at most "
        "half a window",
    )
    max_answer_length: int = Field(
        _USUAL.max_answer_length, ge=1, description="largest number of tokens of an answer"
    )
    n_best: int = Field(
        _USUAL.n_best,
        ge=1,
        description="number of answers stored for each question, best first; the first is scored",
    )
    unanswerable: bool = Field(
        _USUAL.unanswerable,
        description="keep questions without an answer, and let the model answer that there is "
        "none; otherwise they are left out",
    )
    null_threshold: float = Field(
        _USUAL.null_threshold,
        description="with `unanswerable`: how far the score of no answer must be above that of the "
        "best answer",
    )
