"""Batches seen from the seam: of a tiny model, and of functions whose worst case is known."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from xlt_cli.api import Batch, Draws, EncoderModel, Example, Seam, SequenceExample, TokenExample
from xlt_cli.data.batches import collate
from xlt_cli.data.template import Template
from xlt_cli.models.seam import seam
from xlt_cli.problems import Feature, Problem, SequenceClassification, TokenLabelling
from xlt_encoders.huggingface import HuggingFaceEncoder

WORDS = ["the", "cat", "sees", "the", "dog", "and", "likes", "the", "bird"]
TAGS = ("O", "B-PER", "I-PER")


def draws(rows: int, seed: int = 1) -> Draws:
    """Random numbers of so many examples, whose seeds count up."""
    return Draws(torch.arange(rows) + 1_000_000 * seed)


@dataclass
class Bench:
    """A tiny model, and batches of its features; without dropout until `model.train()`."""

    problem: Problem
    model: Any
    features: list[Feature]
    seen: list[torch.Tensor] = field(default_factory=list)

    def batch(self, *rows: int) -> Batch:
        return collate([self.features[row] for row in rows], self.problem, 0)

    def seam(
        self,
        batch: Batch | None = None,
        seed: int = 1,
        progress: float = 0.5,
    ) -> Seam:
        """What the runner would give; `seen` collects the embeddings that were run."""
        chosen = batch or self.batch(0, 3, 5, 8)

        found = seam(
            self.model,
            self.problem,
            chosen,
            draws(len(chosen), seed),
            progress,
        )

        def logits(embeddings: torch.Tensor, other: Batch | None = None) -> torch.Tensor:
            self.seen.append(embeddings.detach())
            return found.logits(embeddings, other)

        return replace(found, logits=logits)

    def clean(self, batch: Batch | None = None) -> torch.Tensor:
        seam = self.seam(batch)
        return seam.loss(seam.logits(seam.embeddings))

    def gradients(self, losses: torch.Tensor) -> dict[str, torch.Tensor]:
        """The gradients that the runner's backward pass leaves in the parameters."""
        self.model.zero_grad(set_to_none=True)
        losses.sum().backward()
        named = self.model.named_parameters()
        found = {name: p.grad.clone() for name, p in named if p.grad is not None}
        self.model.zero_grad(set_to_none=True)
        return found


def _load(encoder: HuggingFaceEncoder, problem: Problem, seed: int, scale: float) -> EncoderModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = encoder.load_model(problem.head)
        assert isinstance(model, torch.nn.Module)
        for parameter in model.parameters():  # larger than usual: predictions are to differ
            parameter.data += scale * torch.randn_like(parameter)
    model.eval()
    return model


MakeBench = Callable[..., Bench]


@pytest.fixture(scope="session")
def make_bench(tiny_encoder: Path) -> MakeBench:
    encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tiny_encoder)))
    tokenizer = encoder.load_tokenizer()
    template = Template(tokenizer)
    pairs: list[Example] = [
        SequenceExample(
            str(i), (" ".join(WORDS[: 1 + i]), " ".join(WORDS[i % 5 :])), "012"[i % 3], ("en", "en")
        )
        for i in range(9)
    ]
    sentences: list[Example] = [
        TokenExample(
            str(i), tuple(WORDS[: 1 + i]), tuple(TAGS[(i + j) % 3] for j in range(1 + i)), ("en",)
        )
        for i in range(9)
    ]
    rows = {"sequence": pairs, "tokens": sentences}
    problems: dict[str, Problem] = {
        "sequence": SequenceClassification(("0", "1", "2")),
        "tokens": TokenLabelling(TAGS),
    }
    features = {
        kind: [problem.feature(e, template, 32) for e in problem.encode(rows[kind], tokenizer)]
        for kind, problem in problems.items()
    }
    models: dict[tuple[str, int, float], EncoderModel] = {}

    def make(kind: str = "sequence", seed: int = 0, scale: float = 0.3) -> Bench:
        key = (kind, seed, scale)
        if key not in models:
            models[key] = _load(encoder, problems[kind], seed, scale)
        return Bench(problems[kind], copy.deepcopy(models[key]), features[kind])

    return make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()


@pytest.fixture(scope="session")
def toy_seam() -> Callable[..., Seam]:
    """A seam whose loss is a given function of the embeddings, [B, L, D] -> [B]."""

    def make(
        embeddings: torch.Tensor,
        function: Callable[[torch.Tensor], torch.Tensor],
        perturbable: torch.Tensor | None = None,
        seed: int = 1,
    ) -> Seam:
        if perturbable is None:
            perturbable = torch.ones(embeddings.shape[:2], dtype=torch.bool)
        ids = torch.zeros_like(perturbable, dtype=torch.long)
        mask = torch.ones_like(ids)
        return Seam(
            embeddings=embeddings,
            batch=Batch(ids, mask, ids, ~perturbable, ids, [("en",)] * len(ids), ids[:, 0]),
            perturbable=perturbable,
            states=lambda given, other=None: given,
            logits=lambda given, other=None: function(given).unsqueeze(1),
            loss=lambda found: found[:, 0],
            draws=draws(len(embeddings), seed),
            progress=0.5,
        )

    return make
