"""Adapters in models of `transformers`, by the library `peft`. Imports torch: import it late.

A model with an adapter is saved as peft saves one, beside the model that it was put on:

    adapter_config.json, adapter_model.safetensors   opens with `PeftModel.from_pretrained`
    base/                                            the frozen model, with the trained head
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from xlt_cli.api import NewAdapter, UserError
from xlt_encoders.adapter_targets import feedforward, linear_names, matching, usual_targets
from xlt_encoders.kept_adapter import BASE, WEIGHTS, check_installed
from xlt_encoders.quiet import quiet

if TYPE_CHECKING:
    from peft import PeftConfig, PeftModel
    from transformers import PreTrainedModel

_WRAPPED = "base_model.model."
"""Before the names of weights in files of peft."""


class Attached:
    """An adapter in a model.

    Args:
        tuned: the model as peft has it; its layers were changed in place.
        trained: the parameters that were trained before.
        head: those of the head, which stay so.
    """

    def __init__(
        self, tuned: PeftModel, trained: list[nn.Parameter], head: Iterable[nn.Parameter]
    ) -> None:
        self._tuned = tuned
        self._trained = trained
        self.parameters = [p for p in tuned.parameters() if p.requires_grad]
        of_head = {id(parameter) for parameter in head}
        for parameter in trained:
            parameter.requires_grad_(id(parameter) in of_head)

    @classmethod
    def new(
        cls, model: PreTrainedModel, adapter: NewAdapter, head: Iterable[nn.Parameter]
    ) -> Attached:
        """Puts a new adapter into a model.

        Raises:
            UserError: it has no such layers, or the usual ones are not known.
        """
        check_installed()
        from peft import get_peft_model

        head = list(head)
        config = _config(model, adapter, head)
        trained = [p for p in model.parameters() if p.requires_grad]
        try:
            with _quiet():
                tuned = get_peft_model(model, config)
        except (ValueError, TypeError) as error:
            raise UserError(
                f"peft cannot put an adapter into {type(model).__name__}",
                "adapter",
                str(error).splitlines()[0],
            ) from error
        return cls(tuned, trained, head)

    @classmethod
    def opened(cls, model: PreTrainedModel, folder: Path, head: Iterable[nn.Parameter]) -> Attached:
        """Puts the adapter in a folder into the model that it belongs to.

        Raises:
            UserError: it cannot be read.
        """
        check_installed()
        from peft import PeftConfig, get_peft_model, set_peft_model_state_dict
        from safetensors.torch import load_file

        head = list(head)
        trained = [p for p in model.parameters() if p.requires_grad]
        try:
            with _quiet(), torch.random.fork_rng(devices=[]):
                config: Any = PeftConfig.from_pretrained(str(folder))
                _, of_head = linear_names(model, head)
                config.exclude_modules = _excluded(config.target_modules, of_head) or None
                config.inference_mode = False
                saved = load_file(str(folder / WEIGHTS))
                weights = {_renamed(name, model): value for name, value in saved.items()}
                tuned = get_peft_model(model, config)
                if _state(tuned).keys() != weights.keys():
                    raise ValueError("it is an adapter of another model")
                set_peft_model_state_dict(tuned, weights)
        except Exception as error:  # safetensors' own errors derive from Exception only
            raise UserError(
                "the adapter cannot be read",
                str(folder),
                f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}",
            ) from error
        return cls(tuned, trained, head)

    @property
    def about(self) -> dict[str, Any]:
        """Its kind and settings, and how large it is."""
        config: Any = self._tuned.peft_config["default"]
        kind = str(config.peft_type.value).lower()
        about: dict[str, Any] = {"kind": "dora" if getattr(config, "use_dora", False) else kind}
        if kind == "lora":
            about |= {
                "rank": config.r, "alpha": config.lora_alpha, "dropout": config.lora_dropout
            }  # fmt: skip
        return about | {
            "targets": sorted(config.target_modules),
            "modules": len(list(_adapted(self._tuned))),
            "parameters": sum(parameter.numel() for parameter in self.parameters),
        }

    def save(self, folder: Path) -> None:
        """Writes the adapter's config and weights."""
        from safetensors.torch import save_file

        state = _state(self._tuned)
        weights = {name: value.detach().cpu().contiguous() for name, value in state.items()}
        save_file(weights, str(folder / WEIGHTS), metadata={"format": "pt"})
        config = self._tuned.peft_config["default"]
        trainable, config.inference_mode = config.inference_mode, True
        config.base_model_name_or_path = f"./{BASE}"  # and no model on a hub
        model = type(self._tuned.base_model.model)
        config.auto_mapping = {
            "base_model_class": model.__name__, "parent_library": model.__module__
        }  # fmt: skip
        config.save_pretrained(str(folder))
        config.inference_mode = trainable

    def remove(self, merge: bool) -> None:
        """Takes the adapter out of the model, merged into its weights or not."""
        if merge:
            self._tuned.merge_and_unload()
        else:
            self._tuned.unload()
        for parameter in self._trained:
            parameter.requires_grad_(True)


def check_targets(
    model: PreTrainedModel, adapter: NewAdapter, head: Iterable[nn.Parameter]
) -> None:
    """Checks that the layers that are to be adapted are known, and are there.

    Raises:
        UserError: names the linear layers that there are.
    """
    _targets(model, adapter, list(head))


@contextlib.contextmanager
def bare(model: nn.Module) -> Iterator[None]:
    """Has the model without its adapter meanwhile."""
    layers = list(_adapted(model))
    try:
        for parent, name, layer in layers:
            setattr(parent, name, layer.base_layer)
        yield
    finally:
        for parent, name, layer in layers:
            setattr(parent, name, layer)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings: of names that peft still uses, and of the path of the base."""
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _adapted(model: nn.Module) -> Iterator[tuple[nn.Module, str, Any]]:
    """The layers with an adapter: their parents, their names in these, and themselves."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for parent in model.modules():
        for name, layer in parent.named_children():
            if isinstance(layer, BaseTunerLayer):
                yield parent, name, layer


def _state(tuned: PeftModel) -> dict[str, torch.Tensor]:
    """The adapter's weights by the names that files of peft have for them."""
    from peft import get_peft_model_state_dict

    state: dict[str, torch.Tensor] = get_peft_model_state_dict(tuned, save_embedding_layers=False)
    return state


def _config(model: PreTrainedModel, adapter: NewAdapter, head: list[nn.Parameter]) -> PeftConfig:
    """The adapter as peft is told of it."""
    from peft import IA3Config, LoraConfig

    targets, excluded = _targets(model, adapter, head)
    if adapter.kind == "ia3":
        return IA3Config(
            target_modules=targets,
            feedforward_modules=feedforward(model, targets),
            exclude_modules=excluded or None,
        )
    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,  # type: ignore[arg-type]  # it divides it
        lora_dropout=adapter.dropout,
        target_modules=targets,
        exclude_modules=excluded or None,
        use_dora=adapter.kind == "dora",
    )


def _targets(
    model: PreTrainedModel, adapter: NewAdapter, head: list[nn.Parameter]
) -> tuple[list[str], list[str]]:
    """The names, or their ends, of layers to adapt, and the layers of the head that these name."""
    names, of_head = linear_names(model, head)
    ends = sorted({_readable(name) for name in names})
    known = f"the linear layers of {type(model).__name__} are: {', '.join(ends)}"
    targets = list(adapter.targets or usual_targets(model, adapter.kind) or ())
    if not targets:
        raise UserError(
            f"the layers that {adapter.kind} usually adapts in '{model.config.model_type}' models "
            "are not known",
            "adapter.targets",
            f"name them: `targets: [NAME, ...]`; {known}",
        )
    for target in targets:
        if not matching(target, names):
            raise UserError(
                f"{type(model).__name__} has no linear layer '{target}' below its head",
                "adapter.targets",
                known,
            )
    return targets, _excluded(targets, of_head)


def _excluded(targets: Iterable[str], of_head: list[str]) -> list[str]:
    """The layers of a head that the targets name as well."""
    return [name for name in of_head if any(matching(target, [name]) for target in targets)]


def _renamed(name: str, model: PreTrainedModel) -> str:
    """A weight's name in this model: the encoder may have been below another head, or none."""
    prefix = "" if model.base_model is model else f"{model.base_model_prefix}."
    inside = name.removeprefix(_WRAPPED).removeprefix(f"{model.base_model_prefix}.")
    return f"{_WRAPPED}{prefix}{inside}"


def _readable(name: str) -> str:
    """A layer's name from its last number on: `layer.0.output.dense` -> `output.dense`."""
    parts = name.split(".")
    numbers = [place for place, part in enumerate(parts) if part.isdecimal()]
    return ".".join(parts[numbers[-1] + 1 :] if numbers and numbers[-1] + 1 < len(parts) else parts)
