"""Models as transformers opens them, and the weights of a new head of theirs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from xlt_cli.api import Head
from xlt_cli.weights import saved_weights
from xlt_encoders.architectures import backbone_class, no_class
from xlt_encoders.halves import POOLER
from xlt_encoders.loaded_with import Weights
from xlt_encoders.lowest_layers import is_above
from xlt_encoders.own_heads import SUFFIX
from xlt_encoders.quiet import quiet
from xlt_encoders.refusals import UNREADABLE, Report, unreadable

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def _auto_class(head: Head) -> Any:
    import transformers

    return getattr(transformers, f"AutoModel{SUFFIX[head.kind]}")


def open_model(weights: Weights, head: Head | None) -> tuple[PreTrainedModel, Report]:
    """Builds the model with a head, or without one and without a pooling layer, if it has one."""
    config = weights.config
    auto_class, bare = backbone_class(config) if head is None else _auto_class(head), head is None
    # A config may ask for tuples; and a fine-tuned one may ask for more outputs than we use.
    config.return_dict, config.output_hidden_states = True, False
    if getattr(config, "attention_type", None) == "block_sparse":
        # BigBird's sparse attention depends on a row's padding, and the first short batch turns it
        # off for good: full attention from the beginning.
        config.attention_type = "original_full"
    options: dict[str, Any] = {}
    model_class = auto_class
    if not hasattr(config, "auto_map"):
        try:
            mapped = auto_class._model_mapping[type(config)]
        except KeyError:
            raise no_class(config, head, weights.where) from None
        model_class = mapped if isinstance(mapped, type) else auto_class  # Funnel has two
        if bare and "add_pooling_layer" in inspect.signature(model_class).parameters:
            options["add_pooling_layer"] = False
    else:
        if type(config) not in auto_class._model_mapping and (
            auto_class.__name__ not in config.auto_map
        ):
            raise no_class(config, head, weights.where)
        options["trust_remote_code"] = weights.trust_remote_code
    given = weights.state_dict if weights.folder is None else saved_weights(weights.folder)
    if given is not None:
        options["state_dict"] = given
    folder = None if given is not None else str(weights.folder)
    try:
        with quiet():
            model, info = model_class.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # reported, and refused below if not in a new head
                **options,
            )
    except UNREADABLE as problem:
        raise unreadable("the model", weights.where, problem) from problem
    except Exception as problem:  # safetensors' and pickle's own errors derive from Exception only
        if type(problem).__module__.split(".")[0] not in (
            "safetensors_rust",
            "safetensors",
            "_pickle",
        ):
            raise
        raise unreadable("the model", weights.where, problem) from problem
    mismatched = {name for name, *_ in info["mismatched_keys"]}
    unexpected = {name for name in info["unexpected_keys"] if not is_above(name, weights.layers)}
    return model, Report(set(info["missing_keys"]), mismatched, unexpected)


def new_names(model: PreTrainedModel, report: Report) -> set[str]:
    """The weights to draw anew: those that are missing, or a fine-tuned model's whole head."""
    prefix = f"{model.base_model_prefix}."
    outside = {name for name, _ in model.named_parameters() if not name.startswith(prefix)}
    lacking = {name for name in report.missing if name in outside or POOLER.search(name)}
    fine_tuned = bool(report.mismatched & outside) or not report.missing & outside
    return lacking | outside if fine_tuned else lacking


def reinitialise(model: PreTrainedModel, names: set[str]) -> None:
    """Draws the named weights as the architecture does, and leaves all others alone."""
    # transformers marks what is done, on tensors and on modules, and skips it.
    for module in model.modules():
        own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        for tensor in own:
            tensor._is_hf_initialized = True  # type: ignore[attr-defined]
        module._is_hf_initialized = True  # type: ignore[assignment]
    for name in names:
        model.get_parameter(name)._is_hf_initialized = False  # type: ignore[attr-defined]
        path = name.split(".")[:-1]
        for depth in range(len(path) + 1):
            module = model.get_submodule(".".join(path[:depth]))
            module._is_hf_initialized = False  # type: ignore[assignment]
    model.initialize_weights()  # type: ignore[no-untyped-call]
