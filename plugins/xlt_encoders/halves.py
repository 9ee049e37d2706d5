"""Hugging Face models in two halves; the seam is `inputs_embeds`. Imports torch: import it late.

embed   = the model's own table of word embeddings
encode  = its base model, from `inputs_embeds` to the last hidden states
logits  = the model with its own head, from `inputs_embeds` (class `NativeModel`)
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from xlt_cli.api import Batch, UserError
from xlt_cli.problems.heads import INFO_FILE, WEIGHTS_FILE
from xlt_encoders.adaptable import Adaptable
from xlt_encoders.freezing import embedding_modules, first_layers
from xlt_encoders.kept_adapter import CONFIG, WEIGHTS
from xlt_encoders.language_ids import check_languages, language_inputs
from xlt_encoders.padding import left_places, padded_left, right_places, taken, without_trailing
from xlt_encoders.quiet import quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

POOLER = re.compile(r"(^|\.)pooler\.")  # in the names of weights
_ONE_FILE = "1000GB"  # weights are never split into shards
_POSITIONS_FROM_IDS = "create_position_ids_from_input_ids"  # RoBERTa and its kin


class Halves(Adaptable):
    """A Hugging Face model cut at its word embeddings: a backbone for `WithHead`.

    Args:
        model: a base model, or one with a head.

    Attributes:
        pads_left: whether the model is run with rows padded on the left (see `padding`). The
            batches that it is given, and what it returns, are padded on the right all the same.
        has_states: whether the base model has a hidden state for each token.
        passes_segments: whether the model is given segment ids, where it takes them.

    Raises:
        UserError: if the architecture cannot be run from embeddings.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__(model)
        self.pads_left = False
        self.has_states = True
        self._use_cache: bool | None = None
        # Two signatures: a head's forward may take fewer arguments than its base model's.
        self._base_takes = _takes(self.backbone)
        self._takes = _takes(model)
        if _passes_on(model):
            self._takes |= self._base_takes
        if "inputs_embeds" not in self._takes & self._base_takes:
            raise UserError(
                f"{type(model).__name__} cannot be run from embeddings (it takes no inputs_embeds)",
                hint="xlt needs an encoder like BERT, XLM, XLM-R or DeBERTa",
            )
        self._padding_index = _padding_index(self.backbone)
        # XLM-R's vocabulary of types has one entry.
        self.passes_segments = (getattr(model.config, "type_vocab_size", 0) or 0) > 1
        self._classifies = type(model).__name__.endswith("ForSequenceClassification")
        self.train(model.training)

    @property
    def backbone(self) -> PreTrainedModel:
        """The base model, without the head."""
        base: PreTrainedModel = self.model.base_model  # type: ignore[assignment]
        return base

    @property
    def has_no_segment_vocabulary(self) -> bool:
        """Whether it takes segment ids and has no vocabulary of them (XLM, GPT-2, CTRL, XLNet).

        To most of these, zeros are not the same as no ids (XLM and GPT-2 look them up among the
        words): such a model is to be given segment ids only if its tokenizer gives them.
        """
        takes = "token_type_ids" in self._takes | self._base_takes
        return takes and not hasattr(self.model.config, "type_vocab_size")

    @property
    def in_order(self) -> bool:
        """Whether the outputs of the model are in the order of the task's labels."""
        return True

    @property
    def hidden_size(self) -> int:
        return int(self.model.config.hidden_size)

    def embed(self, batch: Batch) -> torch.Tensor:
        """Word embeddings before positions, types, languages and normalisation: [B, L, D]."""
        embeddings: torch.Tensor = self.model.get_input_embeddings()(batch.input_ids)
        return embeddings

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Last hidden states: [B, L, H].

        Raises:
            UserError: if the architecture has none for each token (Funnel's classifier).
        """
        if not self.has_states:
            raise UserError(
                f"{type(self.model).__name__} shortens its inputs and has no hidden state for each "
                "token",
                hint="use pooling: native, and no method that works on hidden states",
            )
        return self.run(self.backbone, batch, embeddings)

    @property
    def layers(self) -> int | None:
        """The number of layers whose states can be read; None if the config does not tell."""
        count = getattr(self.model.config, "num_hidden_layers", None)
        return count if self.has_states else None

    def states_of(self, layer: int, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The hidden states after so many layers, as transformers returns them: [B, L, H].

        Raises:
            UserError: the architecture returns none, or others than one for each layer.
        """
        return self.run(self.backbone, batch, embeddings, layer)

    def run(
        self,
        module: nn.Module,
        batch: Batch,
        embeddings: torch.Tensor | None = None,
        layer: int | None = None,
    ) -> torch.Tensor:
        """The first output of the model, or of its base, for a batch padded on the right.

        Args:
            embeddings: None to run it from the batch's token ids, as it is ordinarily run.
            layer: for the hidden states after so many layers instead.
        """
        takes = self._base_takes if module is self.backbone else self._takes
        back = None
        if self.pads_left:
            if not hasattr(self.model, "sequence_summary"):  # XLNet's takes the last place as it is
                batch = without_trailing(batch, getattr(self.model.config, "pad_token_id", None))
            back = right_places(batch.attention_mask)
            if embeddings is not None:
                embeddings = taken(embeddings, left_places(batch.attention_mask))
            batch = padded_left(batch)
        given = {"input_ids": batch.input_ids} if embeddings is None else {}
        if embeddings is not None:
            given["inputs_embeds"] = embeddings
        inputs = given | self.inputs(batch, takes)
        output: torch.Tensor
        if layer is None:
            output = module(**inputs)[0]
        else:
            output = self._hidden(module(**inputs, output_hidden_states=True), layer)
        return output if back is None or output.dim() < 3 else taken(output, back)

    def _hidden(self, outputs: Any, layer: int) -> torch.Tensor:
        states: Any = getattr(outputs, "hidden_states", None)
        if states is None or len(states) != (self.layers or 0) + 1:
            raise UserError(
                f"{type(self.model).__name__} does not return the states of each layer",
                "layer",
                "leave `layer` out of the task's parameters",
            )
        chosen: torch.Tensor = states[layer]
        return chosen

    def inputs(self, batch: Batch, takes: frozenset[str]) -> dict[str, torch.Tensor]:
        """The arguments besides the embeddings, as far as the architecture takes them.

        Raises:
            UserError: for a language that the model has no embedding or adapter for.
        """
        inputs: dict[str, torch.Tensor] = {}
        if "attention_mask" in takes:
            inputs["attention_mask"] = batch.attention_mask
        if "token_type_ids" in takes and self.passes_segments:
            inputs["token_type_ids"] = batch.token_type_ids
        if "position_ids" in takes and self._padding_index is not None:
            # From the ids: a padding token that stands literally in a text has no position either.
            counted = batch.input_ids.ne(self._padding_index).long() * batch.attention_mask
            inputs["position_ids"] = counted.cumsum(dim=1) * counted + self._padding_index
        elif "position_ids" in takes and self.pads_left:
            inputs["position_ids"] = (batch.attention_mask.long().cumsum(dim=1) - 1).clamp(min=0)
        if (
            "global_attention_mask" in takes and self._classifies
        ):  # Longformer's, on its own `[CLS]`
            first = torch.zeros_like(batch.attention_mask)
            first[:, 0] = 1
            inputs["global_attention_mask"] = first
        return inputs | language_inputs(self.model.config, takes, batch)

    def check_languages(self, languages: Iterable[str]) -> None:
        """Raises a UserError for a language that the model has no embedding or adapter for."""
        check_languages(self.model.config, languages)

    def freeze_parts(self, *, embeddings: bool, layers: int, encoder: bool) -> None:
        """Excludes parts of the encoder from training; see `EncoderModel`.

        Raises:
            UserError: the architecture has no such parts.
        """
        base = self.backbone
        try:
            modules = embedding_modules(base) if embeddings else []
            modules += first_layers(base, layers) if layers else []
        except UserError as error:
            raise replace(error, where="freeze", hint="") from None
        if encoder:  # but what only the head looks at
            modules += [m for name, m in base.named_children() if not POOLER.search(f"{name}.")]
            for parameter in base.parameters(recurse=False):
                parameter.requires_grad_(False)
        self.freeze(modules)

    def checkpoint_gradients(self) -> None:
        """Has the layers computed again in the backward pass; see `EncoderModel`.

        Raises:
            UserError: the architecture does not offer it.
        """
        model = self.model
        # transformers 5.2x gave it another name.
        enable = getattr(model, "activation_checkpointing_enable", None)
        try:
            (enable or model.gradient_checkpointing_enable)({"use_reentrant": False})
        except ValueError as error:
            raise UserError(
                f"{type(self.model).__name__} has no gradient checkpointing",
                "gradient_checkpointing",
                "leave it out, and lower the batch size or raise `accumulate`",
            ) from error
        # An encoder has no cache, and its config may ask for one, of which transformers would warn.
        self._use_cache = getattr(model.config, "use_cache", None)
        if self._use_cache:
            model.config.use_cache = False
        # Embeddings that are frozen need no gradient for it, and have none.
        model.disable_input_require_grads()  # type: ignore[no-untyped-call]

    def save(self, directory: Path) -> None:
        """config.json and model.safetensors, as `from_pretrained` opens them.

        With an adapter, these are in a folder beside it; see `adapters`.
        """
        for name in (INFO_FILE, WEIGHTS_FILE, CONFIG, WEIGHTS):  # of a model saved here before
            (directory / name).unlink(missing_ok=True)
        config = self.model.config
        with quiet(), self.without_adapter(directory) as folder:
            if self._use_cache:
                config.use_cache = True
            self.model.save_pretrained(str(folder), max_shard_size=_ONE_FILE)
            if self._use_cache:
                config.use_cache = False


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

    @property
    def in_order(self) -> bool:
        return self._order is None

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """[B, C], or [B, L, C] for tokens; classes in the order of the task's labels."""
        logits = self.run(self.model, batch, embeddings)
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


class MaskedModel(NativeModel):
    """A model with a language-modelling head, which answers for the tokens that it is asked about.

    The head works on each token alone, so that it is run on the states of these only: a
    multilingual vocabulary makes it the larger part of the work.

    Attributes:
        about_head: where the head is from, for the user.
    """

    about_head = ""

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        """[B, M, V] for the tokens that `batch.asked` names; [B, L, V] if it names none."""
        asked = batch.asked
        if asked is None:
            return super().logits(embeddings, batch)

        def pick(module: nn.Module, inputs: object, output: Any) -> Any:
            states = output[0]
            at = asked.unsqueeze(-1).expand(-1, -1, states.shape[-1])
            output.last_hidden_state = states.gather(1, at)
            return output

        hook = self.backbone.register_forward_hook(pick)
        try:
            return super().logits(embeddings, batch)
        finally:
            hook.remove()

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """Those that are none of the base model's: a tied output layer is the word embeddings."""
        base = {id(parameter) for parameter in self.backbone.parameters()}
        return (p for p in self.model.parameters() if id(p) not in base)


def _takes(model: nn.Module) -> frozenset[str]:
    return frozenset(inspect.signature(model.forward).parameters)


def _passes_on(model: nn.Module) -> bool:
    """Whether a head gives its base model what it does not name itself, as GPT-J's does."""
    parameters = inspect.signature(model.forward).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _padding_index(base: nn.Module) -> int | None:
    """The id that positions are counted from, skipping it; None where they are counted from 0."""
    embeddings = getattr(base, "embeddings", None)
    module = sys.modules.get(type(base).__module__)
    if not (hasattr(embeddings, _POSITIONS_FROM_IDS) or hasattr(module, _POSITIONS_FROM_IDS)):
        return None
    index = getattr(embeddings, "padding_idx", None)
    return index if isinstance(index, int) else getattr(base.config, "pad_token_id", None)
