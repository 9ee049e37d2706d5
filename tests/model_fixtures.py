"""The tiny encoder as a model, and rows as its features."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from xlt_cli.api import EncoderModel, Example, SequenceExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.template import Template
from xlt_cli.launch.computing import start
from xlt_cli.problems import Feature, SequenceClassification
from xlt_encoders.e5_q4 import E5SmallQ4
from xlt_encoders.e5_q4_package import WeightsNotFound, find_weights
from xlt_encoders.huggingface import HuggingFaceEncoder

torch.set_num_threads(1)

Featurise = Callable[[Sequence[Example]], list[Feature]]


@pytest.fixture(scope="session")
def encoder(tiny_encoder: Path) -> HuggingFaceEncoder:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tiny_encoder)))


@pytest.fixture(scope="session")
def tokenizer(encoder: HuggingFaceEncoder) -> Any:
    return encoder.load_tokenizer()


@pytest.fixture(scope="session")
def problem() -> SequenceClassification:
    return SequenceClassification(("0", "1"))


@pytest.fixture(scope="session")
def e5_tokenizer() -> Any:
    """The real tokenizer of the encoder that ships, which takes seconds to make."""
    try:
        find_weights()
    except WeightsNotFound as problem:
        pytest.skip(str(problem))
    return E5SmallQ4().load_tokenizer()


@pytest.fixture(scope="session")
def _model(encoder: HuggingFaceEncoder, problem: SequenceClassification) -> EncoderModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = encoder.load_model(problem.head)
    assert isinstance(made, torch.nn.Module)
    made.eval()
    return made


@pytest.fixture
def model(_model: EncoderModel) -> EncoderModel:
    """Always with the same weights; without dropout until `train()`."""
    return copy.deepcopy(_model)


@pytest.fixture(scope="session")
def examples() -> list[SequenceExample]:
    """Pairs of all lengths; some are the same item in two languages."""
    words = ["the", "cat", "sees", "the", "dog", "and", "likes", "the", "bird"]
    return [
        SequenceExample(
            f"train-{i}",
            (" ".join(words[: 1 + i % 9]), " ".join(words[i % 5 :])),
            "01"[i % 2],
            (language, language),
        )
        for language in ("en", "de")
        for i in range(23)
    ]


@pytest.fixture(scope="session")
def featurise(tokenizer: Any, problem: SequenceClassification) -> Featurise:
    template = Template(tokenizer)

    def make(rows: Sequence[Example]) -> list[Feature]:
        return [problem.feature(e, template, 32) for e in problem.encode(rows, tokenizer)]  # type: ignore[arg-type]

    return make


@pytest.fixture
def features(featurise: Featurise, examples: list[SequenceExample]) -> list[Feature]:
    return featurise(examples)


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    return start("cpu", "fp32")
