"""From a folder, or from weights in memory, to an `EncoderModel`. Imports torch: import it late.

Three things are ours rather than transformers': weights that do not fit are an error instead of a
report to read; a new head depends on the seed and on nothing else; weights are float32 whatever
the checkpoint was saved in (mDeBERTa's is float16).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from xlt_cli.api import EncoderModel, Head, UserError
from xlt_cli.problems.heads import INFO_FILE, WithHead, read_head_info
from xlt_cli.problems.label_names import label_order
from xlt_cli.weights import PACKED
from xlt_encoders.architectures import explained
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
from xlt_encoders.loaded_with import (
    Settings,
    Weights,
    cut,
    set_dropout,
    set_labels,
    set_problem,
)
from xlt_encoders.opened import Opened
from xlt_encoders.opening import new_names, open_model, reinitialise
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

_DEFAULT_DROPOUT = 0.1  # of our heads, where the encoder's config names none
_H = TypeVar("_H", bound=Halves)


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
    weights = cut(weights, settings)
    set_dropout(weights.config, settings.dropout)
    set_labels(weights.config, head.labels)
    set_problem(weights.config, head)
    generator = torch.default_generator
    with torch.random.fork_rng(devices=[]):
        if head.kind == LANGUAGE_MODEL:
            model, report = _open_language_model(weights, head)
            reset = report.missing & outside(model)
            refuse(weights.where, report, model, allowed=reset)
            generator.manual_seed(seed)
            reinitialise(model, reset)
            return _language_model(model, settings, described(model, report.missing))
        if settings.pooling == "native" and has_own(head):
            model, report = open_model(weights, head)
            reset = new_names(model, report)
            refuse(weights.where, report, model, allowed=reset)
            generator.manual_seed(seed)
            reinitialise(model, reset)
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
    weights = cut(weights, settings)
    set_dropout(weights.config, settings.dropout)
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
    set_labels(weights.config, head.labels)
    set_problem(weights.config, head)
    with torch.random.fork_rng(devices=[]):
        model = with_head(_open_backbone(weights, settings), head, info.pooling)
    model.load_head(head_folder)
    return model


def _load_language_model(weights: Weights, head: Head, settings: Settings) -> MaskedModel:
    architecture = (weights.config.architectures or [""])[0]
    if architecture and not architecture.endswith((SUFFIX[head.kind], "WithLMHeadModel")):  # XLM's
        raise other_problem(weights.where, f"of a {architecture}", head)
    with torch.random.fork_rng(devices=[]):
        model, report = open_model(weights, head)
    refuse(weights.where, report, model, allowed=set())
    return _language_model(model, settings, "its language-modelling head")


def _open_language_model(weights: Weights, head: Head) -> tuple[PreTrainedModel, Report]:
    """As `_open`; an output layer that is missing is that of the word embeddings."""
    model, report = open_model(weights, head)
    outputs: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    weight = None if outputs is None else outputs.weight
    named = {name for name, parameter in model.named_parameters() if parameter is weight}
    if named & report.missing and not is_tied(model):
        weights.config.tie_word_embeddings = True
        model, report = open_model(weights, head)
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
    set_labels(config, head.labels if in_order else names)
    set_problem(config, head)
    with torch.random.fork_rng(devices=[]):
        model, report = open_model(weights, head)
    refuse(weights.where, report, model, allowed=set())
    return _finish(NativeModel(model, None if in_order else order), settings)


def _open_backbone(weights: Weights, settings: Settings) -> Halves:
    model, report = open_model(weights, None)
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
