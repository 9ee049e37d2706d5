"""Plugins of every kind, sound but for one method."""

from __future__ import annotations

import random
from typing import Any

from xlt_cli.api import (
    EmbeddingPerturbation,
    Encoder,
    Rows,
    SegmentationPerturbation,
    SequenceExample,
    Task,
    TextPerturbation,
    TokenExample,
)
from xlt_cli.problems import SequenceClassification
from xlt_cli.registry.guard import make

PAIR = SequenceExample("row-7", ("the cat", "the dog"), "yes", ("en", "en"))
SENTENCE = TokenExample("row-8", ("Anna", "sleeps"), ("B-PER", "O"), ("en",))
RNG = random.Random(0)


class SomeTask(Task):
    api_version = 1
    name = "some"
    summary = "a task"
    problem = SequenceClassification
    metric = "accuracy"

    @property
    def labels(self) -> tuple[str, ...]:
        return ("yes", "no")

    def languages(self, split: Any) -> tuple[str, ...]:
        return ("en", "de")

    def load(self, split: Any, language: str) -> Rows:
        return Rows((PAIR,), "in the code")


class SomeText(TextPerturbation):
    api_version = 1
    name = "some"
    summary = "noise"

    def perturb(self, example: Any, rng: Any) -> Any:
        return [example]


class SomeCuts(SegmentationPerturbation):
    api_version = 1
    name = "some"
    summary = "noise"

    def segmenter(self, tokenizer: Any) -> Any:
        return lambda text, rng: tokenizer(text, add_special_tokens=False)["input_ids"]


class SomeMethod(EmbeddingPerturbation):
    api_version = 1
    name = "some"
    summary = "noise"

    def loss(self, seam: Any) -> Any:
        return seam.loss(seam.logits(seam.embeddings))


class SomeEncoder(Encoder):
    api_version = 1
    name = "some"
    summary = "an encoder"

    def load_tokenizer(self, checkpoint: Any = None) -> Any:
        raise NotImplementedError

    def load_model(self, head: Any, checkpoint: Any = None, *, new_head: bool = False) -> Any:
        raise NotImplementedError

    def fingerprint(self) -> dict[str, str]:
        return {"sha256": "0"}


def answering(base: type, method: str, value: Any) -> Any:
    """A plugin that is to be used, one of whose methods returns a value or raises an exception."""

    def answer(self: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, BaseException):
            raise value
        return value(*arguments) if callable(value) else value

    body = {method: property(answer) if method == "labels" else answer}
    plugin = type(f"Odd{base.__name__}", (base,), body)
    return make(plugin, plugin.Params())
