"""The heads that ship, as plugins. Without torch, until one is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlt_cli.api import HeadBuilder

if TYPE_CHECKING:
    import torch


class Pooling(HeadBuilder):
    """One vector for each row, a tanh layer and a linear one."""

    shape = "sequence-classification"

    def build(self, hidden_size: int, outputs: int, dropout: float) -> torch.nn.Module:
        from xlt_cli.problems.heads import SequenceHead

        return SequenceHead(hidden_size, outputs, self.name, dropout)


class FirstToken(Pooling):
    """The first token's state."""

    api_version = 1
    name = "cls"
    summary = "the first token, a tanh layer and a linear layer"


class Mean(Pooling):
    """The mean of all tokens' states."""

    api_version = 1
    name = "mean"
    summary = "the mean of all tokens except padding, a tanh layer and a linear layer"


class FirstTokenAndMean(Pooling):
    """Both, side by side."""

    api_version = 1
    name = "cls-mean"
    summary = "the first token and the mean, concatenated, a tanh layer and a linear layer"


class Segments(Pooling):
    """The comparison of two texts' means."""

    api_version = 1
    name = "segments"
    summary = "[u, v, |u - v|, u * v] of the means of two texts, a tanh layer and a linear layer"
    reference = "Conneau et al. 2017 (InferSent)"


class SentenceMean(HeadBuilder):
    """A vector for each row, without weights."""

    api_version = 1
    name = "sentence-mean"
    summary = "the mean of all tokens except padding, as a vector"
    shape = "sentence-embedding"

    def build(self, hidden_size: int, outputs: int, dropout: float) -> torch.nn.Module:
        from xlt_cli.problems.heads import SentenceVector

        return SentenceVector("mean")


class SentenceFirstToken(SentenceMean):
    """The first token's state as it is."""

    name = "sentence-cls"
    summary = "the first token, as a vector"

    def build(self, hidden_size: int, outputs: int, dropout: float) -> torch.nn.Module:
        from xlt_cli.problems.heads import SentenceVector

        return SentenceVector("cls")


class Tokens(HeadBuilder):
    """A linear layer at each token."""

    api_version = 1
    name = "token-classification"
    summary = "dropout and a linear layer at each token"
    shape = "token-classification"

    def build(self, hidden_size: int, outputs: int, dropout: float) -> torch.nn.Module:
        from xlt_cli.problems.heads import TokenHead

        return TokenHead(hidden_size, outputs, dropout)


class Spans(Tokens):
    """The same, for the first and the last token of an answer."""

    api_version = 1
    name = "span-extraction"
    summary = "dropout and a linear layer: an answer's first and last token"
    shape = "span-extraction"


class IntentsAndSlots(Tokens):
    """The same, for an intent at the first token and a slot at each word."""

    api_version = 1
    name = "intent-and-slots"
    summary = "dropout and a linear layer: the intent at the first token, a slot at each word"
    reference = "Chen et al. 2019 (JointBERT)"
    shape = "intent-and-slots"
