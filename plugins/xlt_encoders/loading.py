"""From a folder, or from weights in memory, to an `EncoderModel`. Imports torch: import it late.

Three things are ours rather than transformers': weights that do not fit are an error instead of a
report to read; a new head depends on the seed and on nothing else; weights are float32 whatever
the checkpoint was saved in (mDeBERTa's is float16).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from xlt_cli.api import EncoderModel, Head, UserError
from xlt_cli.problems.heads import INFO_FILE, WithHead, read_head_info
from xlt_cli.problems.label_names import label_order
from xlt_cli.weights import PACKED, saved_weights
from xlt_encoders.architectures import backbone_class, explained, no_class
from xlt_encoders.fit import check_cut, choose_padding
from xlt_encoders.folder_contents import check_model_folder
from xlt_encoders.freezing import embedding_modules, first_layers
from xlt_encoders.halves import POOLER, Halves, MaskedModel, NativeModel
from xlt_encoders.hub import WEIGHT_FILES
from xlt_encoders.labels import output_names
from xlt_encoders.language_model import (
    check_asked,
    described,
    is_tied,
    outside,
)
from xlt_encoders.lowest_layers import is_above, keep_lowest
from xlt_encoders.opened import Opened
from xlt_encoders.own_heads import LANGUAGE_MODEL, SUFFIX, has_own
from xlt_encoders.quiet import quiet
from xlt_encoders.refusals import (
    UNREADABLE,
    Report,
    check_code,
    other_pooling,
    other_problem,
    refuse,
    unreadable,
)

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

_DROPOUT = re.compile(r"dropout|pdrop")
_DEFAULT_DROPOUT = 0.1  # of our heads, where the encoder's config names none
_H = TypeVar("_H", bound=Halves)


@dataclass(frozen=True)
class Settings:
    """What the parameters say of the model; see `EncoderParams`.

    Attributes:
        tokenizer_gives_segments: asks the model's tokenizer whether `tokenizer(a, b)` returns
            segment ids; called for the few architectures where it matters.
    """

    pooling: str
    freeze_embeddings: bool
    freeze_layers: int
    layers: int | None
    dropout: float | None
    tokenizer_gives_segments: Callable[[], bool]

    @property
    def head_plugin(self) -> str | None:
        """The head plugin to build; None for the one that belongs to the problem's head."""
        return None if self.pooling == "native" else self.pooling


@dataclass(frozen=True)
class Weights:
    """Where weights come from: a folder, of a model that may be packed, or a state dict with
    `folder` None.

    Attributes:
        where: what errors call it.
        head_folder: where a head of xlt's own is, if it is not in the same folder.
        layers: how many of the layers are used, from the lowest on; None: all.
    """

    where: str
    config: PreTrainedConfig
    folder: Path | None = None
    state_dict: dict[str, torch.Tensor] | None = None
    trust_remote_code: bool = False
    head_folder: Path | None = None
    layers: int | None = None


def read_config(folder: Path, trust_remote_code: bool = False) -> PreTrainedConfig:
    """The config of a model in a folder; raises UserError if there is none, or no weights."""
    from transformers import AutoConfig

    check_model_folder(folder, (*WEIGHT_FILES, PACKED))
    if not trust_remote_code:
        check_code(folder)
    try:
        with quiet():
            config: PreTrainedConfig = AutoConfig.from_pretrained(
                str(folder), trust_remote_code=trust_remote_code
            )
    except UNREADABLE as problem:
        raise unreadable("the model's config", str(folder), problem) from problem
    return config


def load_pretrained(weights: Weights, head: Head, settings: Settings) -> EncoderModel:
    """A pretrained (or fine-tuned) encoder with a new head, drawn from torch's global generator.

    Raises:
        UserError: if the weights are not all there, or the settings do not suit the encoder.
    """
    # One draw, whatever loading itself consumes: the head is the same from any source.
    seed = int(torch.randint(2**63 - 1, ()).item())
    weights = _cut(weights, settings)
    _set_dropout(weights.config, settings.dropout)
    _set_labels(weights.config, head.labels)
    _set_problem(weights.config, head)
    generator = torch.default_generator
    with torch.random.fork_rng(devices=[]):
        if head.kind == LANGUAGE_MODEL:
            model, report = _open_language_model(weights, head)
            reset = report.missing & outside(model)
            refuse(weights.where, report, model, allowed=reset)
            generator.manual_seed(seed)
            _reinitialise(model, reset)
            return _language_model(model, settings, described(model, report.missing))
        if settings.pooling == "native" and has_own(head):
            model, report = _open(weights, head)
            reset = _new_names(model, report)
            refuse(weights.where, report, model, allowed=reset)
            generator.manual_seed(seed)
            _reinitialise(model, reset)
            return _finish(NativeModel(model), settings)
        backbone = _open_backbone(weights, settings)
        generator.manual_seed(seed)
        return with_head(backbone, head, settings.head_plugin)


def load_checkpoint(weights: Weights, head: Head, settings: Settings, strict: bool) -> EncoderModel:
    """A fine-tuned model as a checkpoint has it: ours, or anybody's in Hugging Face's format.

    Args:
        strict: whether the settings' pooling was asked for, so that another one is an error.

    Raises:
        UserError: if the checkpoint is damaged, for another problem or other labels, or without
            a classification head.
    """
    assert weights.folder is not None
    head_folder = weights.head_folder or weights.folder
    weights = _cut(weights, settings)
    _set_dropout(weights.config, settings.dropout)
    ours = (head_folder / INFO_FILE).is_file()
    if not ours:
        if head.kind == LANGUAGE_MODEL:
            return _load_language_model(weights, head, settings)
        if strict and settings.pooling != "native":
            raise other_pooling(weights.where, "native", settings.pooling)
        return _load_native(weights, head, settings)
    info = read_head_info(head_folder)
    if info.kind != head.kind:
        raise other_problem(weights.where, f"for {info.kind}", head)
    if strict and info.pooling != settings.head_plugin:
        raise other_pooling(weights.where, info.pooling or "native", settings.pooling)
    _set_labels(weights.config, head.labels)
    _set_problem(weights.config, head)
    with torch.random.fork_rng(devices=[]):
        model = with_head(_open_backbone(weights, settings), head, info.pooling)
    model.load_head(head_folder)
    return model


def _load_language_model(weights: Weights, head: Head, settings: Settings) -> MaskedModel:
    architecture = (weights.config.architectures or [""])[0]
    if architecture and not architecture.endswith((SUFFIX[head.kind], "WithLMHeadModel")):  # XLM's
        raise other_problem(weights.where, f"of a {architecture}", head)
    with torch.random.fork_rng(devices=[]):
        model, report = _open(weights, head)
    refuse(weights.where, report, model, allowed=set())
    return _language_model(model, settings, "its language-modelling head")


def _open_language_model(weights: Weights, head: Head) -> tuple[PreTrainedModel, Report]:
    """As `_open`; an output layer that is missing is that of the word embeddings."""
    model, report = _open(weights, head)
    outputs: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    weight = None if outputs is None else outputs.weight
    named = {name for name, parameter in model.named_parameters() if parameter is weight}
    if named & report.missing and not is_tied(model):
        weights.config.tie_word_embeddings = True
        model, report = _open(weights, head)
    return model, report


def _language_model(model: PreTrainedModel, settings: Settings, about: str) -> MaskedModel:
    halves = _finish(MaskedModel(model), settings)
    check_asked(halves)
    halves.about_head = about
    return halves


def _load_native(weights: Weights, head: Head, settings: Settings) -> NativeModel:
    config = weights.config
    architecture = (config.architectures or [""])[0]
    if not has_own(head):
        raise other_problem(weights.where, f"of a {architecture}", head)
    if architecture and not architecture.endswith(SUFFIX[head.kind]):
        raise other_problem(weights.where, f"of a {architecture}", head)
    if config.problem_type not in (None, "single_label_classification"):
        raise other_problem(weights.where, f"for {config.problem_type}", head)
    assert weights.folder is not None
    names = output_names(weights.folder, head.outputs)
    order = label_order(names, head.labels, weights.where, stated=head.outputs is not None)
    in_order = order == list(range(len(order)))
    _set_labels(config, head.labels if in_order else names)
    _set_problem(config, head)
    with torch.random.fork_rng(devices=[]):
        model, report = _open(weights, head)
    refuse(weights.where, report, model, allowed=set())
    return _finish(NativeModel(model, None if in_order else order), settings)


# --------------------------------------------------------------------------- opening models


def _auto_class(head: Head) -> Any:
    import transformers

    return getattr(transformers, f"AutoModel{SUFFIX[head.kind]}")


def _open(weights: Weights, head: Head | None) -> tuple[PreTrainedModel, Report]:
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


def _open_backbone(weights: Weights, settings: Settings) -> Halves:
    model, report = _open(weights, None)
    poolers = {name for name in report.missing if POOLER.search(name)}  # unused
    refuse(weights.where, report, model, allowed=poolers)
    return _finish(Halves(model), settings)


def _finish(halves: _H, settings: Settings) -> _H:
    if halves.has_no_segment_vocabulary:
        halves.passes_segments = settings.tokenizer_gives_segments()
    check_halves(halves)
    if settings.freeze_embeddings:
        halves.freeze(embedding_modules(halves.backbone))
    if settings.freeze_layers:
        halves.freeze(first_layers(halves.backbone, settings.freeze_layers))
    halves.opened = Opened.of(halves)
    return halves


def check_halves(halves: Halves) -> None:
    """Finds the side of a model's padding, and tries whether it can be run in two halves.

    Raises:
        UserError: it cannot.
    """
    choose_padding(halves)
    try:
        check_cut(halves)
    except UserError as refused:
        bare = halves.backbone
        again = None if bare is halves.model else lambda: check_cut(Halves(bare))
        raise explained(halves.model, refused, again) from refused


def with_head(backbone: Halves, head: Head, pooling: str | None) -> WithHead:
    """The encoder under a new head of xlt's own, drawn from torch's global generator."""
    config = backbone.model.config
    # Our head has dropout as the encoder has it, under the first of these names.
    names = ("classifier_dropout", "hidden_dropout_prob", "seq_classif_dropout", "dropout")
    rates = (getattr(config, name, None) for name in names)
    dropout = next((rate for rate in rates if isinstance(rate, int | float)), _DEFAULT_DROPOUT)
    return WithHead(backbone, head, pooling, dropout).eval()


# ------------------------------------------------------------------------------- new heads


def _new_names(model: PreTrainedModel, report: Report) -> set[str]:
    """The weights to draw anew: those that are missing, or a fine-tuned model's whole head."""
    prefix = f"{model.base_model_prefix}."
    outside = {name for name, _ in model.named_parameters() if not name.startswith(prefix)}
    lacking = {name for name in report.missing if name in outside or POOLER.search(name)}
    fine_tuned = bool(report.mismatched & outside) or not report.missing & outside
    return lacking | outside if fine_tuned else lacking


def _reinitialise(model: PreTrainedModel, names: set[str]) -> None:
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


def _set_labels(config: PreTrainedConfig, labels: Sequence[str]) -> None:
    if not labels:  # outputs without names
        return
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: i for i, label in enumerate(labels)}


def _set_problem(config: PreTrainedConfig, head: Head) -> None:
    if head.kind != "sequence-classification":
        return
    # transformers refuses to open a config of one label that is to be classified.
    one = len(head.labels) == 1
    config.problem_type = None if one else "single_label_classification"


def _cut(weights: Weights, settings: Settings) -> Weights:
    """Of the lowest layers alone, where so few are asked for."""
    count = settings.layers
    if count is None or not keep_lowest(weights.config, count):
        return weights
    return replace(weights, layers=count)


def _set_dropout(config: PreTrainedConfig, dropout: float | None) -> None:
    """Sets every dropout of the architecture; raises UserError if it has none."""
    if dropout is None:
        return
    names = [
        name
        for name, value in config.to_dict().items()
        if _DROPOUT.search(name) and isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not names:
        raise UserError(f"'{config.model_type}' models have no dropout to set", "dropout")
    for name in names:
        setattr(config, name, dropout)
