"""Whether an encoder's model keeps to the seam, tried on two rows before it is trained or tested.

What is tried is what results rest on: shapes; the same answer each time; answers that depend on no
other row and on no padding; embeddings that matter, so that noise on them is noise; gradients that
come back to them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.data.batches import collate
from xlt_cli.errors import PluginError, UserError
from xlt_cli.problems import Feature, Problem
from xlt_cli.registry.models import calling_model

TOLERANCE = 1e-3
"""Of the largest value: what rounding may change, and padding and neighbours may not exceed."""

SILENT = 1e-6
"""Of the largest value: a change of this size or less is none."""


@dataclass(frozen=True)
class Encoding:
    """A model under the check, and what errors call it."""

    model: EncoderModel
    name: str
    origin: str

    def broken(self, what: str, hint: str = "") -> PluginError:
        return PluginError(f"the encoder '{self.name}' cannot be used: {what}", self.origin, hint)

    def called(self, method: str, *arguments: Any) -> torch.Tensor:
        """What a method returns, if it is a tensor of finite floating-point numbers."""
        try:
            with calling_model(self.model, method, *arguments):
                returned = getattr(self.model, method)(*arguments)
        except UserError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise self.broken(f"{method}() failed: {reason}") from error
        if not isinstance(returned, torch.Tensor):
            raise self.broken(f"{method}() returned a {type(returned).__name__}, not a tensor")
        if not returned.is_floating_point():
            raise self.broken(f"{method}() returned {returned.dtype}, not floating-point numbers")
        return returned

    def states(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor | None:
        """The hidden states; None for a model that has none and says so where it is asked."""
        try:
            return self.called("encode", embeddings, batch)
        except PluginError:
            raise
        except UserError:
            return None


def check_seam(
    model: EncoderModel,
    problem: Problem,
    rows: tuple[Feature, Feature],
    pad_id: int,
    name: str,
    origin: str = "",
    trained: bool = False,
    known: bool = False,
) -> None:
    """Tries a model on a short row, alone, padded, and beside a longer one.

    Args:
        rows: the short one first; of the same length only if no row is ever padded.
        name: of the encoder.
        origin: the distribution that it comes from.
        trained: whether its weights were trained here or elsewhere; such a model may have
            collapsed, so that its logits are constant by no fault of the encoder.
        known: whether it was tried with other weights before: only shapes and values are then.

    Raises:
        PluginError: the model does not keep to the seam.
    """
    under = Encoding(model, name, origin)
    if not isinstance(model, torch.nn.Module) or not isinstance(model, EncoderModel):
        raise under.broken(
            f"load_model() returned a {type(model).__name__}, which is not a torch.nn.Module "
            "with embed, encode, logits, head_parameters and save"
        )
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    short, long = rows
    width = len(long.input_ids)
    alone = collate([short], problem, pad_id).to(device)
    padded = collate([short], problem, pad_id, width).to(device)
    beside = collate([short, long], problem, pad_id).to(device)
    training = model.training
    model.eval()
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(0)
            with torch.no_grad():
                outputs = _check_shapes(under, problem, beside)
                if not known:
                    _check_rows(under, alone, padded, outputs)
            if not trained:
                _check_embeddings(under, outputs.embeddings, beside)
    finally:
        model.train(training)


@dataclass(frozen=True)
class Outputs:
    """What a model gives for a batch; `states` is None for one that has none."""

    embeddings: torch.Tensor
    logits: torch.Tensor
    states: torch.Tensor | None


def _check_shapes(under: Encoding, problem: Problem, batch: Batch) -> Outputs:
    """Embeddings, hidden states and logits of a batch."""
    size, head = tuple(batch.input_ids.shape), problem.head
    classes = len(head.labels) if head.over == "labels" else None
    embeddings = under.called("embed", batch)
    _check_shape(under, "embed", embeddings, (*size, None), "[rows, tokens, width]")
    given = embeddings.clone()
    logits = under.called("logits", embeddings, batch)
    _check_unchanged(under, "logits", given, embeddings)
    per_token = head.per_token
    asked = size if batch.asked is None else tuple(batch.asked.shape)
    _check_shape(
        under, "logits", logits, (*asked, classes) if per_token else (size[0], classes),
        "[rows, tokens, labels]" if per_token else "[rows, labels]",
    )  # fmt: skip
    states = under.states(embeddings, batch)
    _check_unchanged(under, "encode", given, embeddings)
    if states is not None:
        _check_shape(under, "encode", states, (*size, None), "[rows, tokens, width]")
    real = batch.attention_mask.bool()
    for method, values in (("embed", embeddings[real]), ("logits", logits)):
        shown = values[real] if values.shape[:2] == real.shape else values
        if not torch.isfinite(shown).all():
            raise under.broken(f"{method}() returned values that are not finite")
    return Outputs(embeddings, logits, states)


def _check_unchanged(
    under: Encoding, method: str, before: torch.Tensor, given: torch.Tensor
) -> None:
    if not torch.allclose(before, given, rtol=0, atol=0, equal_nan=True):
        raise under.broken(
            f"{method}() changes the embeddings that it is given, which perturbations use again",
            "compute new ones: `embeddings = embeddings + positions` rather than `+=`",
        )


def _check_shape(
    under: Encoding, method: str, values: torch.Tensor, shape: tuple[int | None, ...], named: str
) -> None:
    same = len(values.shape) == len(shape) and all(
        wanted in (None, size) for wanted, size in zip(shape, values.shape, strict=True)
    )
    if not same:
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise under.broken(
            f"{method}() returned the shape {list(values.shape)}, expected [{wanted}], {named}"
        )


def _check_rows(under: Encoding, alone: Batch, padded: Batch, beside: Outputs) -> None:
    """The first row's logits and hidden states, in three batches.

    Args:
        beside: what the model gave for it beside another row.
    """
    for what, outputs, others in (
        ("answers", _logits, beside.logits),
        ("hidden states", _states, beside.states),
    ):
        first = outputs(under, alone)
        if first is None or others is None:
            continue
        again, with_padding = (
            _difference(first, outputs(under, batch)) for batch in (alone, padded)
        )
        with_others = _difference(first, others[0])
        if again > TOLERANCE:
            raise under.broken(
                f"its {what} for the same row differ between calls in evaluation mode",
                "use no randomness if `self.training` is False",
            )
        if with_padding > TOLERANCE:
            raise under.broken(
                f"its {what} for a row change when the row is padded (by {with_padding:.0%} of the "
                "largest value), so that results would depend on the batch size",
                "mask padding with `batch.attention_mask`; a model that reads the last token "
                "must use the last one that is not padding",
            )
        if with_others > TOLERANCE:
            raise under.broken(
                f"its {what} for a row depend on the other rows of the batch (by "
                f"{with_others:.0%} of the largest value)",
                "compute each row separately, without statistics over the batch",
            )


def _logits(under: Encoding, batch: Batch) -> torch.Tensor:
    return under.called("logits", under.called("embed", batch), batch)[0]


def _states(under: Encoding, batch: Batch) -> torch.Tensor | None:
    outcome = under.states(under.called("embed", batch), batch)
    return None if outcome is None else outcome[0]


def _difference(first: torch.Tensor, other: torch.Tensor | None) -> float:
    """The largest change of a row's output, relative to its largest value; padding left out."""
    assert other is not None
    other = other[: len(first)] if first.dim() > 1 else other
    change = (first - other).abs().max() / first.abs().max().clamp(min=1e-9)
    return float(torch.nan_to_num(change, nan=1.0, posinf=1.0))


def _check_embeddings(under: Encoding, embeddings: torch.Tensor, batch: Batch) -> None:
    """Other embeddings give other logits, and the logits' gradient comes back to them."""
    touched = ~batch.special_mask[..., None] if not batch.special_mask.all() else 1.0
    moved = embeddings + torch.randn_like(embeddings) * embeddings.std() * touched

    def silent() -> str:
        with torch.no_grad():
            before = under.called("logits", embeddings, batch)
            after = under.called("logits", moved, batch)
        scale = before.abs().max().clamp(min=1e-9)
        if float((before - after).abs().max() / scale) <= SILENT:
            return (
                "its logits do not depend on the embeddings that logits() is given, so that noise "
                "on embeddings would do nothing"
            )
        with torch.enable_grad():
            leaf = embeddings.detach().clone().requires_grad_()
            logits = under.called("logits", leaf, batch)
            gradient = None
            if logits.requires_grad:
                weighted = (logits * torch.randn_like(logits)).sum()
                (gradient,) = torch.autograd.grad(weighted, leaf, allow_unused=True)
        if gradient is None or not gradient.any():
            return "no gradient of its logits reaches the embeddings"
        return "" if torch.isfinite(gradient).all() else "the gradient of its logits is not finite"

    _refuse_if(under, silent)


def _refuse_if(under: Encoding, fault: Callable[[], str]) -> None:
    """Refuses a fault that a head drawn at random has as well: a new head may be all zeros."""
    if not fault():
        return
    with moved(under.model.head_parameters()):
        what = fault()
    if what:
        raise under.broken(what, "logits(embeddings, batch) must start from `embeddings`")


@contextlib.contextmanager
def moved(
    parameters: Iterable[torch.nn.Parameter], generator: torch.Generator | None = None
) -> Iterator[None]:
    """Moves parameters by random numbers meanwhile."""
    several = list(parameters)
    before = [parameter.detach().clone() for parameter in several]
    try:
        with torch.no_grad():
            for parameter in several:
                noise = torch.empty_like(parameter).normal_(generator=generator)
                parameter.add_(noise, alpha=0.1)
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(several, before, strict=True):
                parameter.copy_(value)
