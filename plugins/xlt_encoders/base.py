"""What the encoders that run on Hugging Face models share: parameters and checkpoints."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from xlt_cli.api import Encoder, EncoderModel, Head, PluginParams, UserError, did_you_mean
from xlt_cli.problems.head_choice import builder_for, head_names
from xlt_encoders.loaded_with import Settings, Weights
from xlt_encoders.own_heads import LANGUAGE_MODEL, has_own

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


E5_CAVEAT = (
    "E5 encoders were contrastively tuned on data that, as far as is known, includes English NLI "
    "and question pairs: on such tasks zero-shot holds for the languages, not for the task"
)


PRETRAINED = "the pretrained tokenizer"
"""Among what the runs of a process share; see `open_tokenizer`."""

NATIVE = "native"
"""The pooling that stands for the architecture's own head."""


def _known(pooling: str) -> str:
    known = (NATIVE, *head_names())
    if pooling not in known:
        raise ValueError(f"there is no pooling '{pooling}'; {did_you_mean(pooling, known)}")
    return pooling


def _list_known(schema: dict[str, Any]) -> None:
    schema["enum"] = [NATIVE, *head_names()]


class EncoderParams(PluginParams):
    """Parameters of every encoder that ships."""

    pooling: Annotated[str, AfterValidator(_known)] = Field(
        default=NATIVE,
        description="the head: 'native' is the architecture's own head; cls, mean, cls-mean "
        "and segments are a tanh layer on the first token, the mean over tokens, both, or the "
        "comparison [u, v, |u-v|, u*v] of the means of two texts; or another head plugin",
        json_schema_extra=_list_known,
    )
    freeze_embeddings: bool = Field(
        default=False, description="do not train the embeddings (words, positions, ...)"
    )
    freeze_layers: int = Field(
        default=0, ge=0, description="number of layers, from the input on, that are not trained"
    )
    layers: int | None = Field(
        default=None,
        ge=1,
        description="use so many layers only, from the input on; None: all",
    )
    dropout: float | None = Field(
        default=None,
        ge=0.0,
        lt=1.0,
        description="dropout probability in encoder and head; None: the encoder's own",
    )


class TransformersEncoder(Encoder):
    """Models through `transformers`; subclasses say where pretrained weights come from."""

    params: EncoderParams

    class Params(EncoderParams):
        """Those of every encoder."""

    @abstractmethod
    def _pretrained(self) -> Weights:
        """The pretrained weights and their config."""

    @abstractmethod
    def _pretrained_tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer that belongs to the pretrained weights."""

    @property
    def _trust_remote_code(self) -> bool:
        return bool(getattr(self.params, "trust_remote_code", False))

    def load_tokenizer(self, checkpoint: Path | None = None) -> PreTrainedTokenizerBase:
        """The pretrained tokenizer, or a checkpoint's own where it has one.

        Raises:
            UserError: if it cannot be opened, or has more entries than the checkpoint's model.
            OfflineError: if it would have to be fetched and cannot be.
        """
        from xlt_encoders.hub import has_vocabulary
        from xlt_encoders.kept_adapter import model_folder
        from xlt_encoders.loading import read_config

        if checkpoint is None:
            return self._pretrained_tokenizer()
        if checkpoint.is_dir() and has_vocabulary(checkpoint):
            return open_tokenizer(
                checkpoint, "a checkpoint's tokenizer", trust_remote_code=self._trust_remote_code
            )
        rows = read_config(model_folder(checkpoint), self._trust_remote_code).vocab_size
        tokenizer = self._pretrained_tokenizer()
        if len(tokenizer) > rows:
            raise UserError(
                f"the checkpoint has no tokenizer, and that of '{self.name}' has "
                f"{len(tokenizer)} entries for the checkpoint's {rows} word embeddings",
                str(checkpoint),
                "save the tokenizer that the checkpoint was trained with next to it",
            )
        return tokenizer

    def load_model(
        self, head: Head, checkpoint: Path | None = None, *, new_head: bool = False
    ) -> EncoderModel:
        """The model with a head: a new one on pretrained weights, or a checkpoint's own.

        A checkpoint is one that this method's model saved, or any in Hugging Face's format; its
        architecture and labels count, and its outputs come in the order of `head.labels`. With
        `new_head` only its encoder is used. One that was saved with an adapter is opened with it.

        Raises:
            UserError: if the weights are damaged, or do not suit the task or the parameters.
            OfflineError: if they would have to be fetched and cannot be.
        """
        from xlt_cli.problems.heads import WithHead
        from xlt_encoders.kept_adapter import has_adapter
        from xlt_encoders.loading import load_pretrained

        if checkpoint is None:
            self._check_pooling(head)
            return load_pretrained(self._pretrained(), head, self._settings())
        model = self._load_saved(head, checkpoint, new_head)
        if has_adapter(checkpoint):
            halves: Any = model.backbone if isinstance(model, WithHead) else model
            halves.open_adapter(checkpoint)
        return model

    def reopened(self, model: EncoderModel, head: Head, checkpoint: Path) -> EncoderModel | None:
        """The model itself, if nothing of it but its weights has changed since it was loaded.

        None for encoders that load models in a way of their own.
        """
        from xlt_encoders.kept_adapter import has_adapter
        from xlt_encoders.reopening import reopened

        ways = ("load_model", "_load_saved", "_settings")
        own = any(
            inspect.unwrap(getattr(type(self), way))
            is not inspect.unwrap(getattr(TransformersEncoder, way))
            for way in ways
        )
        return None if own or has_adapter(checkpoint) else reopened(model, head)

    def _load_saved(self, head: Head, checkpoint: Path, new_head: bool) -> EncoderModel:
        """The model that a checkpoint has, without its adapter."""
        from xlt_encoders.kept_adapter import model_folder
        from xlt_encoders.labels import check_labels
        from xlt_encoders.language_model import adopt_head
        from xlt_encoders.loading import load_checkpoint, load_pretrained, read_config

        folder = model_folder(checkpoint)
        language_model = head.kind == LANGUAGE_MODEL
        if not new_head and head.outputs is None and not language_model:
            check_labels(folder)  # transformers' own error would name no label
        trust = self._trust_remote_code
        weights = Weights(
            str(checkpoint),
            read_config(folder, trust),
            folder,
            trust_remote_code=trust,
            head_folder=checkpoint,
        )
        if new_head:
            self._check_pooling(head)
            model = load_pretrained(weights, head, self._settings(checkpoint))
            if language_model:  # the checkpoint is of another problem, and brings no head for it
                adopt_head(model, load_pretrained(self._pretrained(), head, self._settings()))
            return model
        asked = "pooling" in self.params.model_fields_set and head.pooling is None
        return load_checkpoint(weights, head, self._settings(checkpoint), strict=asked)

    def head_plugin(self, head: Head) -> str | None:
        """The head that is asked for; for heads that no architecture has, the shape's own."""
        if head.kind == LANGUAGE_MODEL:
            return None  # the architecture's own, whatever classifiers have
        if head.pooling is not None:
            return head.pooling
        if self.params.pooling != NATIVE:
            return self.params.pooling
        return None if has_own(head) else head.kind

    def checkpoint_labels(self, checkpoint: Path) -> tuple[str, ...] | None:
        """As the contract says: from the head's own file, or from config.json."""
        from xlt_cli.problems.heads import INFO_FILE, read_head_info
        from xlt_encoders.kept_adapter import model_folder
        from xlt_encoders.labels import read_outputs

        if (checkpoint / INFO_FILE).is_file():
            return read_head_info(checkpoint).labels
        return read_outputs(model_folder(checkpoint)).names

    def check_adapters(self) -> None:
        """The package peft is installed."""
        from xlt_encoders.kept_adapter import check_installed

        check_installed()

    def _check_pooling(self, head: Head) -> None:
        """Before anything is loaded: there is such a head, and it is one of the shape asked for."""
        plugin = self.head_plugin(head)
        if plugin is not None:
            asked = head.pooling is None and self.params.pooling == NATIVE
            builder_for(head, None if asked else plugin)

    def _settings(self, checkpoint: Path | None = None) -> Settings:
        def gives_segments() -> bool:
            try:
                return "token_type_ids" in self.load_tokenizer(checkpoint)("a")
            except UserError:  # nothing can be tokenized, and whoever needs it says so
                return False

        p = self.params
        return Settings(
            p.pooling, p.freeze_embeddings, p.freeze_layers, p.layers, p.dropout, gives_segments
        )


def open_tokenizer(
    folder: Path, kind: str, class_name: str = "AutoTokenizer", trust_remote_code: bool = False
) -> PreTrainedTokenizerBase:
    """The tokenizer in a folder; raises UserError if there is none or it cannot be opened.

    Args:
        kind: what it is to the run; the runs of a process share the last one of a kind.
    """
    from xlt_encoders.shared import content_of, shared_tokenizer

    def opened() -> PreTrainedTokenizerBase:
        return _opened_tokenizer(folder, class_name, trust_remote_code)

    if trust_remote_code:  # the code is no part of what the content states
        return opened()
    return shared_tokenizer(kind, lambda: (class_name, content_of(folder)), opened)


def _opened_tokenizer(
    folder: Path, class_name: str, trust_remote_code: bool
) -> PreTrainedTokenizerBase:
    import transformers

    from xlt_encoders.hub import VOCABULARY_FILES, has_vocabulary
    from xlt_encoders.quiet import quiet

    if not has_vocabulary(folder) and not trust_remote_code:
        raise UserError(
            "the folder contains no tokenizer",
            str(folder),
            f"it needs one of: {', '.join(VOCABULARY_FILES)}",
        )
    options: dict[str, Any] = {}
    if class_name == "AutoTokenizer":
        options["trust_remote_code"] = trust_remote_code
    try:
        with quiet():
            tokenizer: PreTrainedTokenizerBase = getattr(transformers, class_name).from_pretrained(
                str(folder), **options
            )
    except ImportError as problem:  # XLM's needs sacremoses
        raise UserError(
            "the tokenizer needs a package that is not installed", str(folder), str(problem)
        ) from problem
    except Exception as problem:  # tokenizers' own errors derive from Exception only
        reason = str(problem).strip().splitlines()
        raise UserError(
            "the tokenizer cannot be opened",
            str(folder),
            f"{type(problem).__name__}: {reason[0] if reason else ''}",
        ) from problem
    return tokenizer
