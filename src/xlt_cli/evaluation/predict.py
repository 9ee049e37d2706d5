"""Predictions of a model for features, in one pass, sorted by length, spread over processes."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import PreTrainedTokenizerBase

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate, filled_batches, filled_with_examples
from xlt_cli.problems import Feature, Prediction, Problem
from xlt_cli.registry.models import calling_model

ATTENTION = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
"""Kinds of attention; cuDNN's plans anew for each new shape."""

TOKENS = {"cuda": 32768, "cpu": 1024}
"""Tokens in a forward pass, padding included: enough to fill a GPU; on a CPU few enough for its
caches to hold what passes from layer to layer."""


class Recorded(Protocol):
    """A model's passes that are recorded, and what batches for them have to be.

    Attributes:
        multiple: what their lengths are padded to a multiple of.
    """

    multiple: int

    def __call__(self, batch: Batch) -> torch.Tensor | None:
        """The logits of a batch on the device; None where the pass has to be an ordinary one."""


def recorded_logits(model: EncoderModel, runtime: Runtime) -> Recorded | None:
    """Passes of a model that are recorded; None where that is not to be.

    Nobody may change the model as long as they are in use.
    """
    if runtime.speed is None or not runtime.fast or runtime.device.type != "cuda":
        return None
    recorded: Recorded = runtime.speed().RecordedLogits(model, runtime)
    return recorded


@dataclass
class Underway:
    """Features whose logits a GPU is still busy with.

    Attributes:
        parts: for each batch of this process: where its features stand, the features, the logits.
            Where these are over a whole vocabulary, what is kept of them: all together they would
            fill the memory.
        losses: of the rows of each of these batches, where they were asked for.
        done: what a GPU reaches when it has computed all logits; None on a CPU.
    """

    features: Sequence[Feature]
    problem: Problem
    runtime: Runtime
    parts: list[tuple[list[int], list[Feature], torch.Tensor | list[Any]]]
    tokenizer: PreTrainedTokenizerBase | None = None
    losses: list[torch.Tensor] = field(default_factory=list)
    done: torch.cuda.Event | None = None

    def answers(self) -> list[Prediction]:
        """A prediction for each example, in the order of the features; waits for the GPU."""
        return self.problem.decode(self.outputs(), self.features, self.tokenizer)

    def outputs(self) -> list[Any]:
        """What the problem keeps of each feature's logits; waits for the GPU."""
        with self._beside_the_next():
            own = [(indices, self._kept(logits, chosen)) for indices, chosen, logits in self.parts]
        return self._in_order(own)

    @contextlib.contextmanager
    def _beside_the_next(self) -> Iterator[None]:
        """Has a GPU compute what is kept of these logits beside the features launched since.

        In their stream it would come after those, and the processor would wait for them as well.
        """
        if self.done is None:
            yield
            return
        stream = _second_stream(self.runtime.device)
        stream.wait_event(self.done)
        with torch.cuda.stream(stream):
            yield
        stream.synchronize()  # before the logits' memory is used again

    def _in_order(self, own: list[tuple[list[int], list[Any]]]) -> list[Any]:
        """What all processes have of each feature, in the order of the features."""
        ordered: list[Any] = [None] * len(self.features)
        for indices, kept in self.runtime.gather(own):
            for place, one in zip(indices, kept, strict=True):
                ordered[place] = one
        return ordered

    def _kept(self, logits: torch.Tensor | list[Any], chosen: list[Feature]) -> list[Any]:
        return logits if isinstance(logits, list) else self.problem.predict(logits, chosen)

    def summed_losses(self) -> list[float]:
        """The loss of each example, summed over its inputs, in the order of the features."""
        with self._beside_the_next():
            own = [
                (indices, losses.double().tolist())
                for (indices, *_), losses in zip(self.parts, self.losses, strict=True)
            ]
        kept = self._in_order(own)
        return [sum(losses) for _, losses in Problem.by_example(self.features, kept)]


@functools.cache
def _second_stream(device: torch.device) -> torch.cuda.Stream:
    """A stream beside the one in which models are run; its kernels, which are small, go first."""
    return torch.cuda.Stream(device, priority=-1)  # type: ignore[no-untyped-call]


def predict(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    runtime: Runtime,
    tokenizer: PreTrainedTokenizerBase | None = None,
) -> list[Prediction]:
    """A prediction for each example, in the order of `features`."""
    return launch(model, features, problem, pad_id, runtime, tokenizer).answers()


@torch.inference_mode()
def launch(
    model: EncoderModel,
    features: Sequence[Feature],
    problem: Problem,
    pad_id: int,
    runtime: Runtime,
    tokenizer: PreTrainedTokenizerBase | None = None,
    with_losses: bool = False,
    recorded: Recorded | None = None,
) -> Underway:
    """Starts predicting; a GPU goes on while the processor prepares what comes next.

    Args:
        recorded: of `recorded_logits`, for the model as it is.
    """
    assert isinstance(model, torch.nn.Module)
    was_training = model.training
    model.eval()
    tokens = TOKENS.get(runtime.device.type, TOKENS["cpu"])
    multiple = 1 if recorded is None else recorded.multiple
    if with_losses and problem.grouped:
        batches = filled_with_examples(features, tokens)
    else:
        batches = filled_batches([len(f.input_ids) for f in features], tokens, multiple)
    parts: list[tuple[list[int], list[Feature], torch.Tensor | list[Any]]] = []
    losses = []
    at_once = problem.head.over == "vocabulary"
    faster: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if runtime.speed is not None and runtime.fast:
        faster = runtime.speed().fast_prediction(model, features, problem, pad_id, runtime)
    # Autocast spans all batches, so that weights are cast once.
    with sdpa_kernel(ATTENTION), faster, runtime.accelerator.autocast():
        for indices in batches[runtime.rank :: runtime.world]:
            chosen = [features[i] for i in indices]
            batch = collate(chosen, problem, pad_id, multiple).to(runtime.device)
            # Logits over a vocabulary would fill the memory that a recording keeps.
            logits = None if recorded is None or at_once else recorded(batch)
            if logits is None:
                with calling_model(model, "logits", batch):
                    logits = model.logits(model.embed(batch), batch)
            if with_losses:
                losses.append(problem.losses(logits, batch))
            kept = problem.predict(logits, chosen) if at_once else logits
            parts.append((indices, chosen, kept))
    model.train(was_training)
    done = None
    if runtime.device.type == "cuda":
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record(torch.cuda.current_stream(runtime.device))
    return Underway(features, problem, runtime, parts, tokenizer, losses, done)
