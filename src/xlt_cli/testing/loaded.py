"""A model that was loaded for the checks of an encoder, and rows for it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from xlt_cli.api import (
    Batch,
    Encoder,
    EncoderModel,
    PluginError,
    SequenceExample,
    TokenExample,
    UserError,
)
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.models.trial import moved
from xlt_cli.problems import Feature, Problem, SequenceClassification, TokenLabelling
from xlt_cli.registry.guard import make
from xlt_cli.testing import rows as samples
from xlt_cli.training.snapshot import Snapshots

Outputs = tuple[torch.Tensor, torch.Tensor | None, torch.Tensor]
"""Embeddings, hidden states (None where the model has none) and logits."""

PAIRS = [
    SequenceExample("0", ("The dog", "A cat sleeps."), samples.LABELS[0], ("en", "en")),
    SequenceExample("1", (samples.SENTENCES["en"], "yes"), samples.LABELS[1], ("en", "en")),
    SequenceExample("2", (samples.SENTENCES["de"], samples.SENTENCES["fr"]), "no", ("de", "fr")),
]


@dataclass(frozen=True)
class Loaded:
    """A model in evaluation mode, which checks leave as it is."""

    problem: Problem
    model: EncoderModel
    features: list[Feature]
    pad_id: int

    def of(self, model: EncoderModel) -> Loaded:
        """The same rows for another model."""
        return replace(self, model=_evaluating(model))

    def batch(self, rows: Sequence[int], multiple: int = 1) -> Batch:
        return collate([self.features[row] for row in rows], self.problem, self.pad_id, multiple)

    def without_gradients(self) -> Any:
        return torch.no_grad()

    def run(self, batch: Batch) -> Outputs:
        with torch.no_grad():
            embeddings = self.model.embed(batch)
            try:
                states = self.model.encode(embeddings, batch)
            except UserError:
                states = None
            return embeddings, states, self.model.logits(embeddings, batch)

    def change(self, one: torch.Tensor, other: torch.Tensor, batch: Batch) -> float:
        """The largest change at tokens of a batch, relative to the largest value."""
        length = batch.input_ids.shape[1]
        if one.dim() == 3:
            kept = batch.attention_mask.bool()
            one, other = one[:, :length][kept], other[:, :length][kept]
        change = (one - other).abs().max() / one.abs().max().clamp(min=1e-9)
        return float(torch.nan_to_num(change, nan=1.0, posinf=1.0))

    def save(self, encoder: Encoder, folder: Path) -> None:
        """Model and tokenizer, as a run's checkpoint has them."""
        encoder.load_tokenizer().save_pretrained(str(folder))
        self.model.save(folder)

    @contextlib.contextmanager
    def with_random_head(self) -> Iterator[None]:
        """Moves the head's parameters meanwhile: a new head may be all zeros."""
        with moved(self.model.head_parameters(), _numbers()):
            yield

    @contextlib.contextmanager
    def trained_on(self) -> Iterator[EncoderModel | None]:
        """Gives what a checkpoint of the model is written from, and moves all parameters meanwhile;
        None for a model that is not copied."""
        model: Any = self.model
        taken = Snapshots(model).take(model, {}, None, None)
        with moved(model.parameters(), _numbers()):
            yield None if taken is None else taken.model


def _numbers() -> torch.Generator:
    """The same random numbers each time."""
    return torch.Generator().manual_seed(0)


def loaded(plugin: Encoder) -> list[Loaded]:
    """The model with the head of each problem; those of the plugin that was asked for last."""
    return _loaded(type(plugin), plugin.params.model_dump_json())


@functools.lru_cache(maxsize=1)
def _loaded(plugin: type[Encoder], params: str) -> list[Loaded]:
    encoder: Encoder = make(plugin, plugin.Params.model_validate_json(params))
    tokenizer = encoder.load_tokenizer()
    words = samples.SENTENCES["en"].split()
    sentences = [
        TokenExample(str(n), tuple(words[:n]), samples.tags_for(n), ("en",)) for n in (2, 12, 7)
    ]
    models = []
    for problem, examples in (
        (SequenceClassification(samples.LABELS), PAIRS),
        (TokenLabelling(samples.TAGS), sentences),
    ):
        featuriser = Featuriser(problem, tokenizer, 40)
        features = featuriser.features(examples)
        try:
            model = load(encoder, problem)
        except PluginError:
            raise
        except UserError as error:  # its parameters ask for a head of one problem
            refused = error
            continue
        models.append(Loaded(problem, model, features, featuriser.template.pad_id))
    if not models:
        raise refused
    return models


def load(encoder: Encoder, problem: Problem) -> EncoderModel:
    """A model whose new weights are always drawn with one seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        return _evaluating(encoder.load_model(problem.head))


def _evaluating(model: EncoderModel) -> EncoderModel:
    module: Any = model
    module.eval()
    return model
