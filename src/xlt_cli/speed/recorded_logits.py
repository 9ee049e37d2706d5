"""Forward passes of an evaluation as CUDA graphs: a GPU otherwise waits for Python, or for a
library that chooses an algorithm for each new shape.

A pass is recorded for each shape of batch that comes again, and replayed with new inputs. The
kernels are those of an ordinary pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.compute.runtime import Runtime
from xlt_cli.registry.models import calling_model
from xlt_cli.speed.graphs import MULTIPLE, copy_into, renew_generator, shapes, watched

FROM = 2
"""How often a shape has come when it is recorded; the first pass warms the libraries up."""


@dataclass
class _Recorded:
    """A pass of one shape: its inputs, to be overwritten, and its logits."""

    batch: Batch
    graph: torch.cuda.CUDAGraph
    logits: torch.Tensor


class RecordedLogits:
    """The logits of a model on a GPU that nobody changes meanwhile.

    Attributes:
        multiple: batches are to be padded to a multiple of so many tokens, for few shapes.
        refusal: why the model's passes cannot be recorded.
    """

    def __init__(self, model: EncoderModel, runtime: Runtime) -> None:
        assert isinstance(model, nn.Module)
        self.multiple = MULTIPLE
        self.refusal = ""
        self._model: Any = model
        self._device = runtime.device
        self._half = runtime.precision == "bf16"
        self._came: Counter[Hashable] = Counter()
        self._recorded: dict[Hashable, _Recorded] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, batch: Batch) -> torch.Tensor | None:
        """The logits of a batch on the device; None where this pass has to be an ordinary one."""
        if self.refusal:
            return None
        key = shapes(batch)
        self._came[key] += 1
        if key not in self._recorded:
            if self._came[key] < FROM:
                return None
            try:
                self._recorded[key] = self._record(batch)
            except Exception as error:
                # Some models look at values on the device, or at the languages.
                self.refusal = f"{type(error).__name__}: {error}".splitlines()[0]
                self._recorded.clear()
                renew_generator(self._device)
                return None
        recording = self._recorded[key]
        copy_into(recording.batch, batch)
        recording.graph.replay()
        return recording.logits.clone()

    def _record(self, batch: Batch) -> _Recorded:
        inputs = watched(batch.select(range(len(batch))))
        graph = torch.cuda.CUDAGraph()
        # A weight that autocast kept would be in the recording's memory, which is used again.
        cast = torch.autocast("cuda", torch.bfloat16, enabled=self._half, cache_enabled=False)
        with (
            torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"),
            cast,
            calling_model(self._model, "logits", inputs),
        ):
            logits = self._model.logits(self._model.embed(inputs), inputs)
        return _Recorded(inputs, graph, logits)
