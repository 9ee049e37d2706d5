"""Models with a language-modelling head: their own, or one that is tied to the word embeddings.

Imports torch: import it late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from xlt_cli.api import EncoderModel, UserError
from xlt_encoders.fit import probe
from xlt_encoders.halves import MaskedModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

OWN = "the encoder's own language-modelling head"
NEW = "a new language-modelling head"
TIED = ", whose output layer is that of the word embeddings"
TOLERANCE = 1e-4


def outside(model: PreTrainedModel) -> set[str]:
    """The names of the head's parameters: those that are none of the base model's.

    A parameter may have several names, and the table of word embeddings one in the head.
    """
    base = {id(parameter) for parameter in model.base_model.parameters()}
    named = model.named_parameters(remove_duplicate=False)
    return {name for name, parameter in named if id(parameter) not in base}


def is_tied(model: PreTrainedModel) -> bool:
    """Whether the output layer has the weights of the table of word embeddings."""
    outputs: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    table: Any = model.get_input_embeddings()
    return outputs is not None and outputs.weight is table.weight


def described(model: PreTrainedModel, missing: set[str]) -> str:
    """Where a head comes from, of whose weights some were missing."""
    if not missing & outside(model):
        return OWN
    return NEW + (TIED if is_tied(model) else "")


def adopt_head(halves: EncoderModel, other: EncoderModel) -> None:
    """Gives a language model the head of another one of its architecture."""
    assert isinstance(halves, MaskedModel)
    assert isinstance(other, MaskedModel)
    with torch.no_grad():
        for name in outside(halves.model):
            halves.model.get_parameter(name).copy_(other.model.get_parameter(name))
    halves.about_head = other.about_head


def check_asked(halves: MaskedModel) -> None:
    """Compares the answers for some tokens with those among the answers for all.

    Raises:
        UserError: they differ, or the model needs its padding on the left.
    """
    batch = probe(halves.model)
    asked = torch.tensor([[3, 0], [1, 2]], device=batch.input_ids.device)
    training = halves.training
    halves.eval()
    with torch.no_grad():
        every = halves.logits(halves.embed(batch), batch)
        batch.asked = asked
        some = None if halves.pads_left else halves.logits(halves.embed(batch), batch)
    halves.train(training)
    rows = torch.arange(2, device=asked.device)[:, None]
    if some is None or not torch.allclose(some, every[rows, asked], rtol=1e-3, atol=TOLERANCE):
        raise UserError(
            f"the language-modelling head of {type(halves.model).__name__} does not answer for "
            "each token alone",
            hint="masked language modelling needs an encoder like BERT, XLM-R or ModernBERT",
        )
