"""Hugging Face models in two halves; the seam is `inputs_embeds`. Imports torch: import it late.

embed   = the model's own table of word embeddings
encode  = its base model, from `inputs_embeds` to the last hidden states
logits  = the model with its own head, from `inputs_embeds` (class `NativeModel`)
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from xlt_cli.api import Batch, UserError
from xlt_cli.problems.heads import INFO_FILE, WEIGHTS_FILE
from xlt_encoders.language_ids import any_language, language_inputs
from xlt_encoders.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

POOLER = re.compile(r"(^|\.)pooler\.")  # in the names of weights
_ONE_FILE = "1000GB"  # weights are never split into shards
_POSITIONS_FROM_IDS = "create_position_ids_from_input_ids"  # RoBERTa and its kin


class Halves(nn.Module):
    """A Hugging Face model cut at its word embeddings: a backbone for `WithHead`.

    Args:
        model: a base model, or one with a head.

    Raises:
        UserError: if the architecture cannot be run from embeddings.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        self._frozen: list[nn.Module] = []
        # Two signatures: a head's forward may take fewer arguments than its base model's.
        self._base_takes = _takes(self.backbone)
        self._takes = _takes(model)
        if "inputs_embeds" not in self._takes & self._base_takes:
            raise UserError(
                f"{type(model).__name__} cannot be run from embeddings (it takes no inputs_embeds)",
                hint="xlt needs an encoder like BERT, XLM, XLM-R or DeBERTa",
            )
        self._counts_positions = _counts_positions(self.backbone)
        self.train(model.training)

    @property
    def backbone(self) -> PreTrainedModel:
        """The base model, without the head."""
        base: PreTrainedModel = self.model.base_model  # type: ignore[assignment]
        return base

    @property
    def hidden_size(self) -> int:
        return int(self.model.config.hidden_size)

    def embed(self, batch: Batch) -> torch.Tensor:
        """Word embeddings before positions, types, languages and normalisation: [B, L, D]."""
        embeddings: torch.Tensor = self.model.get_input_embeddings()(batch.input_ids)
        return embeddings

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Last hidden states: [B, L, H]."""
        inputs = self.inputs(batch, self._base_takes)
        hidden: torch.Tensor = self.backbone(inputs_embeds=embeddings, **inputs)[0]
        return hidden

    def inputs(self, batch: Batch, takes: frozenset[str]) -> dict[str, torch.Tensor]:
        """The arguments besides the embeddings, as far as the architecture takes them.

        Raises:
            UserError: for a language that the model has no embedding or adapter for.
        """
        config = self.model.config
        inputs: dict[str, torch.Tensor] = {}
        if "attention_mask" in takes:
            inputs["attention_mask"] = batch.attention_mask
        # XLM takes token_type_ids too, and looks them up among the words: it has no vocabulary
        # of types, as DistilBERT has none; and XLM-R's has one entry.
        if "token_type_ids" in takes and (getattr(config, "type_vocab_size", 0) or 0) > 1:
            inputs["token_type_ids"] = batch.token_type_ids
        if "position_ids" in takes and self._counts_positions:
            mask = batch.attention_mask.long()
            inputs["position_ids"] = mask.cumsum(dim=1) * mask + config.pad_token_id
        return inputs | language_inputs(config, takes, batch)

    def freeze(self, modules: list[nn.Module]) -> None:
        """Excludes modules from training: no gradients, and no dropout either."""
        for module in modules:
            module.requires_grad_(False)
        self._frozen += modules
        self.train(self.training)

    def train(self, mode: bool = True) -> Halves:
        """As in torch, but frozen modules stay in evaluation mode: their output is the same."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def save(self, directory: Path) -> None:
        """config.json and model.safetensors, as `from_pretrained` opens them."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in (INFO_FILE, WEIGHTS_FILE):  # of another model saved here before
            (directory / name).unlink(missing_ok=True)
        with quiet():
            self.model.save_pretrained(str(directory), max_shard_size=_ONE_FILE)


class NativeModel(Halves):
    """An `EncoderModel`: the architecture's own model for the problem.

    Args:
        model: a model for sequence or token classification.
        order: for each of the task's labels, which of the model's outputs it is; None if they
            are in the task's order.
    """

    def __init__(self, model: PreTrainedModel, order: list[int] | None = None) -> None:
        super().__init__(model)
        self._order = order

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """[B, C], or [B, L, C] for tokens; classes in the order of the task's labels."""
        inputs = self.inputs(batch, self._takes)
        logits: torch.Tensor = self.model(inputs_embeds=embeddings, **inputs)[0]
        return logits if self._order is None else logits[..., self._order]

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """All outside the base model, and its pooler, which only the head looks at."""
        prefix = f"{self.model.base_model_prefix}."
        for name, parameter in self.model.named_parameters():
            if not name.startswith(prefix) or POOLER.search(name):
                yield parameter

    def forward(self, batch: Batch, embeddings: torch.Tensor | None = None) -> torch.Tensor:
        """The logits, for wrappers (DDP) that only run `forward`."""
        return self.logits(self.embed(batch) if embeddings is None else embeddings, batch)


def check_seam(halves: Halves) -> None:
    """Runs four tokens both ways, from ids and from embeddings, and compares.

    Architectures differ in what they do before `inputs_embeds` (scaling, projections) and in how
    they find the token to classify (by ids, in decoders); one that disagrees is refused here
    rather than trained wrongly.

    Raises:
        UserError: if the two halves are not the model's ordinary forward pass.
    """
    model, training = halves.model, halves.training
    batch = _probe(model)
    # On a bare backbone only the hidden states of real tokens are defined.
    shown = slice(None) if isinstance(halves, NativeModel) else batch.attention_mask.bool()
    halves.eval()
    try:
        with torch.no_grad():
            inputs = halves.inputs(batch, halves._takes)
            whole = model(input_ids=batch.input_ids, **inputs)[0][shown]
            embeddings = halves.embed(batch)
            cut = model(inputs_embeds=embeddings, **inputs)[0][shown]
        same = whole.shape == cut.shape and torch.allclose(whole, cut, rtol=1e-3, atol=1e-4)
        problem: Exception | None = None
    except (
        NotImplementedError, ValueError, TypeError, RuntimeError, AttributeError, IndexError
    ) as error:  # fmt: skip
        same, problem = False, error
    finally:
        halves.train(training)
    if not same:
        raise UserError(
            f"{type(model).__name__} cannot be cut at its word embeddings: run from them, it does "
            "not give what it gives for token ids",
            hint="xlt needs an encoder like BERT, XLM, XLM-R or DeBERTa"
            + (f" ({type(problem).__name__}: {problem})" if problem else ""),
        ) from problem


def _probe(model: PreTrainedModel) -> Batch:
    """Two made-up examples, the second one padded."""
    config = model.config
    pad = getattr(config, "pad_token_id", None) or 0
    words = [i for i in range(min(getattr(config, "vocab_size", 64), 64)) if i != pad][-4:]
    ids = torch.tensor([words, [*words[:2], pad, pad]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    zeros = torch.zeros_like(ids)
    return Batch(ids, mask, zeros, mask == 0, zeros, [(any_language(config),)] * 2, zeros).to(
        model.device
    )


def _takes(model: nn.Module) -> frozenset[str]:
    return frozenset(inspect.signature(model.forward).parameters)


def _counts_positions(base: nn.Module) -> bool:
    """Whether position ids are counted from the padding id on, skipping padding."""
    embeddings = getattr(base, "embeddings", None)
    if getattr(base.config, "pad_token_id", None) is None:
        return False
    module = sys.modules.get(type(base).__module__)
    return hasattr(embeddings, _POSITIONS_FROM_IDS) or hasattr(module, _POSITIONS_FROM_IDS)
