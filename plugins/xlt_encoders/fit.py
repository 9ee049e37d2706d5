"""Whether an architecture fits the seam: tried on a few made-up tokens each time one is loaded.

Imports torch: import it late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from xlt_cli.api import Batch, UserError
from xlt_encoders.halves import Halves, NativeModel
from xlt_encoders.language_ids import any_language
from xlt_encoders.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_FAILURES = (
    NotImplementedError, ValueError, TypeError, RuntimeError, AttributeError, IndexError
)  # fmt: skip
_TOLERANCE = 1e-3  # of the largest value
_LENGTHS = (5, 8)


def choose_padding(halves: Halves) -> None:
    """Finds the side of padding on which a row is answered as it is alone.

    Raises:
        UserError: if padding changes the answers on either side.
    """
    change = 0.0
    for halves.pads_left in (False, True):
        try:
            change = _changed_by_padding(halves)
        except _FAILURES:  # `check_cut` says why it cannot be run
            halves.pads_left = False
            return
        if change <= _TOLERANCE:
            return
    raise UserError(
        f"{type(halves.model).__name__} gives different outputs for a text that is padded (by "
        f"{change:.0%} of its largest output, on either side), because its architecture does "
        "not mask padding. Its results would depend on the batch size",
        hint="use an encoder whose attention masks padding, such as BERT, XLM-R, DeBERTa or "
        "ModernBERT",
    )


def _changed_by_padding(halves: Halves) -> float:
    """How much the outputs for a short row change when it is padded, relative to the largest."""
    batch = probe(halves.model)
    short = _cut(batch, 1, _LENGTHS[0])
    modules = {halves.backbone, halves.model}
    training, largest = halves.training, 0.0
    halves.eval()
    try:
        with torch.no_grad(), quiet():  # decoders warn of right padding, which is tried first
            for module in modules:
                alone = halves.run(module, short, halves.embed(short))[0]
                whole = halves.run(module, batch, halves.embed(batch))
                if module is not halves.model and whole.shape[:2] != batch.input_ids.shape:
                    halves.has_states = False  # Funnel's; its head needs none
                    continue
                padded = whole[1]
                if padded.dim() > 1:  # an output for each token
                    padded = padded[: len(alone)]
                scale = float(alone.abs().max().clamp(min=1e-9))
                largest = max(largest, float((alone - padded).abs().max()) / scale)
    finally:
        halves.train(training)
    return largest


def check_cut(halves: Halves) -> None:
    """Runs a few tokens both ways, from ids and from embeddings, and compares.

    Architectures differ in what they do before `inputs_embeds` (scaling, projections) and in how
    they find the token to classify (by ids, in decoders); one that disagrees is refused here
    rather than trained wrongly.

    Raises:
        UserError: if the two halves are not the model's ordinary forward pass.
    """
    model, training = halves.model, halves.training
    batch = probe(model)
    # On a bare backbone only the hidden states of real tokens are defined.
    shown = slice(None) if isinstance(halves, NativeModel) else batch.attention_mask.bool()
    halves.eval()
    try:
        with torch.no_grad():
            whole = halves.run(model, batch)[shown]
            cut = halves.run(model, batch, halves.embed(batch))[shown]
        same = whole.shape == cut.shape and torch.allclose(whole, cut, rtol=1e-3, atol=1e-4)
        problem: Exception | None = None
    except _FAILURES as error:
        same, problem = False, error
    finally:
        halves.train(training)
    if not same:
        raise UserError(
            f"{type(model).__name__} cannot be run from its word embeddings: its outputs "
            "differ from those for token ids",
            hint="xlt needs an encoder like BERT, XLM, XLM-R or DeBERTa"
            + (f" ({type(problem).__name__}: {problem})" if problem else ""),
        ) from problem


def probe(model: PreTrainedModel) -> Batch:
    """Two made-up examples, the second one padded."""
    config = model.config
    pad = getattr(config, "pad_token_id", None) or 0
    words = [i for i in range(min(getattr(config, "vocab_size", 64), 64)) if i != pad][-4:]
    short, long = _LENGTHS
    row = torch.tensor(words).repeat(long)[:long]
    mask = torch.ones(2, long, dtype=torch.long)
    mask[1, short:] = 0
    ids = torch.stack([row, row.flip(0)]).masked_fill(mask == 0, pad)
    language = any_language(config)
    zeros = torch.zeros_like(ids)
    return Batch(ids, mask, zeros, mask == 0, zeros, [(language,)] * 2, zeros).to(model.device)


def _cut(batch: Batch, row: int, length: int) -> Batch:
    """One row of a batch without what comes after `length` tokens."""
    one = batch.select([row])
    tensors = {name: tensor[:, :length] for name, tensor in one.tensors().items()}
    return Batch(**tensors, languages=one.languages, companions=())
