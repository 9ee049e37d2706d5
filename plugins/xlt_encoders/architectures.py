"""Architectures that do not fit as they are: which part of them does, or why none does.

Imports transformers: import it late.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xlt_cli.api import Head, UserError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

MEAN = "use `pooling: mean` (or cls, cls-mean, segments), a new head of xlt on the hidden states"
_HALF = "use `pooling: mean`, which uses the encoder alone"
_NO_HALF = "xlt runs encoders; of encoder-decoders, only T5, mT5, UMT5 and similar models"


def backbone_class(config: PreTrainedConfig) -> Any:
    """The class that opens the backbone: of T5 and its kin, the encoder half alone."""
    from transformers import AutoModel, AutoModelForTextEncoding

    decodes = "decoder_input_ids" in _base_arguments(config)
    if decodes and type(config) in AutoModelForTextEncoding._model_mapping:
        return AutoModelForTextEncoding
    return AutoModel


def _base_arguments(config: PreTrainedConfig) -> frozenset[str]:
    """What the forward pass of the architecture's base model takes; empty if it is not known."""
    from transformers import AutoModel

    whole = AutoModel._model_mapping.get(type(config), None)
    return frozenset(inspect.signature(whole.forward).parameters if inspect.isclass(whole) else ())


def encoder_decoder(name: str, config: PreTrainedConfig, where: str) -> UserError:
    """The head of the architecture needs a decoder; the way out is the encoder alone."""
    from transformers import AutoModel

    half = backbone_class(config) is not AutoModel
    what = f"{name} is an encoder-decoder: its prediction comes from the decoder"
    return UserError(what, where, _HALF if half else _NO_HALF)


def no_class(config: PreTrainedConfig, head: Head | None, where: str) -> UserError:
    """transformers has no model with a head of this kind for the architecture."""
    if head is None:
        return UserError(
            f"transformers has no model without a head for '{config.model_type}'", where
        )
    if bool(getattr(config, "is_encoder_decoder", False)):
        return encoder_decoder(f"'{config.model_type}'", config, where)
    kind = head.kind.replace("-", " ")
    takes = _base_arguments(config)
    if takes and "inputs_embeds" not in takes:
        what = f"'{config.model_type}' models cannot be run from word embeddings"
        return UserError(what, where, "xlt needs a text encoder, such as BERT or XLM-R")
    return UserError(
        f"transformers has no '{config.model_type}' model for {kind}",
        where,
        MEAN
        if head.kind == "sequence-classification"
        else "choose another encoder for token labelling",
    )


def explained(
    model: PreTrainedModel, refused: UserError, check_bare: Callable[[], object] | None
) -> UserError:
    """Why a model cannot be run from its word embeddings, and the way out if there is one.

    Args:
        refused: what the check of the seam said.
        check_bare: the same check of the model without its head; None where it has none.
    """
    name = type(model).__name__
    if bool(getattr(model.config, "is_encoder_decoder", False)):
        return encoder_decoder(name, model.config, refused.where)
    if not _looks_words_up(model):
        what = f"{name} has no table of word embeddings"
        hint = "xlt needs an encoder with a table of word embeddings, such as BERT or XLM-R"
        return UserError(what, refused.where, hint)
    if check_bare is None:
        return refused
    try:
        check_bare()
    except UserError:
        return refused
    return UserError(
        f"the head of {name} needs token ids, so that it cannot be run from word embeddings, "
        "although its encoder can",
        refused.where,
        MEAN,
    )


def _looks_words_up(model: PreTrainedModel) -> bool:
    from torch import nn

    try:
        table = model.get_input_embeddings()
    except (NotImplementedError, AttributeError):
        return False
    return isinstance(table, nn.Embedding)
