"""The loss of a stage as one torch module: embed, perturb, encode, compare.

One module, so that data-parallel training and mixed precision wrap the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch

from xlt_cli.api import Batch, Draws, EmbeddingPerturbation, EncoderModel
from xlt_cli.models.seam import seam
from xlt_cli.problems import Problem
from xlt_cli.registry.models import calling_model
from xlt_cli.training.heads import OtherHead
from xlt_cli.training.noise import Method


class StageLoss(torch.nn.Module):
    """Losses of the examples of a batch, [B], under a stage's perturbations of embeddings.

    Several perturbations share the batch: each example is given one of them at random, in their
    proportions, and what is left of the examples is trained on plainly.

    Args:
        modules: of each perturbation the module of its own, if it has one.
        others: further heads on the same encoder, each with its problem.
        in_step: each perturbation is run for every batch, if need be for an example that is not
            its own and does not count: processes that share a model have to run it equally often.

    Attributes:
        own: those modules, then the further heads.
        parameters_fixed: what perturbations are given under this name (see `View`).
    """

    def __init__(
        self,
        model: EncoderModel,
        problem: Problem,
        methods: Sequence[Method] = (),
        modules: Sequence[torch.nn.Module | None] = (),
        others: Sequence[OtherHead] = (),
        in_step: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.problem = problem
        self.methods = tuple(methods)
        self.others = tuple(others)
        self.in_step = in_step
        self.parameters_fixed: Callable[[], AbstractContextManager[None]] = nullcontext
        own = [module for module in modules if module is not None]
        self.own = torch.nn.ModuleList([*own, *(one.model for one in others)])
        self._modules_of = dict(zip((id(method) for method, _ in methods), modules, strict=False))

    def forward(
        self,
        batch: Batch,
        seeds: torch.Tensor | None = None,
        progress: float = 0.0,
        head: int = 0,
    ) -> torch.Tensor:
        """The losses by the head that all rows are for; `seeds` are those of the examples' noise,
        int64, [B]."""
        if not self.methods:
            return self._plain(batch, head)
        assert seeds is not None
        draws = Draws(seeds)
        if len(self.methods) == 1 and self.methods[0][1] >= 1:
            return self._robust(self.methods[0][0], batch, draws, progress, head)
        rows: list[int] = []
        losses = []
        uncounted = torch.zeros((), device=seeds.device)
        for method, own in self._shared_out(draws, batch):
            if own:
                losses.append(self._shared(method, batch, own, draws, progress, head))
                rows += own
            elif self.in_step:
                device = seeds.device
                with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                    first = _first_example(batch)
                    made = self._shared(method, batch, first, draws, progress, head)
                uncounted = uncounted + 0 * made.sum()
        order = torch.tensor(rows, device=losses[0].device).argsort()
        return torch.cat(losses)[order] + uncounted

    def _shared(
        self,
        method: EmbeddingPerturbation | None,
        batch: Batch,
        rows: list[int],
        draws: Draws,
        progress: float,
        head: int,
    ) -> torch.Tensor:
        """The losses of those rows of a batch that one method, or none, is for."""
        part = batch.select(rows)
        if method is None:
            return self._plain(part, head)
        return self._robust(method, part, draws.select(rows), progress, head)

    def phase(self, progress: float) -> Hashable:
        """What the computation depends on besides its tensors; None if it cannot be recorded."""
        if self.others:
            return None
        if not self.methods:
            return "plain"
        if len(self.methods) > 1 or self.methods[0][1] < 1 or len(self.own):
            return None
        return self.methods[0][0].phase(progress)

    def _shared_out(
        self, draws: Draws, batch: Batch
    ) -> list[tuple[EmbeddingPerturbation | None, list[int]]]:
        """The rows of each method, perhaps none, and (None) those of no method if there are any."""
        proportions = torch.tensor([share for _, share in self.methods], dtype=torch.float64)
        bounds = proportions.cumsum(0)
        if bounds[-1] > 1 - 1e-9:  # shares such as 0.7 + 0.2 + 0.1 are all there is
            bounds[-1] = 2.0
        at = draws.uniform(dtype=torch.float64)
        firsts = batch.firsts()
        at = (at if firsts is None else at[firsts]).cpu()  # the rows of an example stay together
        chosen = torch.searchsorted(bounds, at, right=True).tolist()
        methods: list[EmbeddingPerturbation | None] = [method for method, _ in self.methods]
        if bounds[-1] < 1:
            methods.append(None)
        return [
            (method, [row for row, which in enumerate(chosen) if which == index])
            for index, method in enumerate(methods)
        ]

    def _answering(self, head: int) -> tuple[EncoderModel, Problem]:
        if head == 0:
            return self.model, self.problem
        return self.others[head - 1].model, self.others[head - 1].problem

    def _plain(self, batch: Batch, head: int) -> torch.Tensor:
        model, problem = self._answering(head)
        with calling_model(self.model, "logits", batch):
            logits = model.logits(model.embed(batch), batch)
        return problem.losses(logits, batch)

    def _robust(
        self,
        method: EmbeddingPerturbation,
        batch: Batch,
        draws: Draws,
        progress: float,
        head: int,
    ) -> torch.Tensor:
        module = self._modules_of.get(id(method))
        answering = self._answering(head)
        fixed = self.parameters_fixed
        return method.loss(seam(*answering, batch, draws, progress, module, fixed))


def _first_example(batch: Batch) -> list[int]:
    """The rows of a batch's first example."""
    firsts = batch.firsts()
    return [0] if firsts is None else [r for r, first in enumerate(firsts.tolist()) if first == 0]
