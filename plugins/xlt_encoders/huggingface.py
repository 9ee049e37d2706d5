"""Any encoder on the Hugging Face hub or in a local folder, and short names for the usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from xlt_cli.api import UserError
from xlt_encoders import hub
from xlt_encoders.base import (
    E5_CAVEAT,
    PRETRAINED,
    EncoderParams,
    TransformersEncoder,
    open_tokenizer,
)
from xlt_encoders.loaded_with import Weights

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

    from xlt_encoders.tokenizer_source import TokenizerFiles


class HubParams(EncoderParams):
    """Parameters of an encoder whose model is known by a short name."""

    revision: str = Field(default="main", description="branch, tag or commit on the hub")
    tokenizer: str | None = Field(
        default=None,
        description="hub id or folder of the tokenizer, if the model comes without the right "
        "one; None: the model's own",
    )


class HubEncoder(TransformersEncoder):
    """Base of the encoders below; a subclass states `model`.

    Attributes:
        model: a hub id.
        corrections: values that the model's published config has wrong.
        tokenizer_class: in transformers, where AutoTokenizer is not sure to find the right one.
    """

    api_version = 1
    model: ClassVar[str]
    corrections: ClassVar[Mapping[str, Any]] = {}
    tokenizer_class: ClassVar[str] = "AutoTokenizer"

    params: HubParams

    class Params(HubParams):
        """Those of every encoder, and the revision."""

    @property
    def _model(self) -> str:
        return self.model

    def fingerprint(self) -> dict[str, str]:
        """The hub's commit; for a folder, a hash over its files (not its path: folders move)."""
        other = self._other_tokenizer()
        extra = {"tokenizer": other.digest()} if other else {}
        folder = hub.local_folder(self._model)
        if folder is not None:
            self._check(folder)
            return {"sha256": hub.folder_hash(folder, self._trust_remote_code), **extra}
        snapshot = self._snapshot()
        return {"model": self._model, "commit": snapshot.commit, **extra}

    def pinned(self) -> dict[str, Any] | None:
        """The commit of a model on the hub; a folder may be changed, moved or removed."""
        if hub.local_folder(self._model) is not None:
            return None
        return {"revision": self._snapshot().commit}

    def pretrained_weights(self) -> dict[str, torch.Tensor]:
        """As the files have them."""
        from xlt_encoders.weight_files import read_weights

        return read_weights(self._folder())

    def fetch(self) -> None:
        """Downloads config, tokenizer and weights, at the revision's newest commit."""
        self._other_tokenizer()
        folder = hub.local_folder(self._model)
        if folder is not None:
            self._check(folder)
            return
        hub.download(self._model, self.params.revision, self._trust_remote_code)
        self._pretrained_tokenizer()

    def check(self) -> None:
        """A folder has a config, a tokenizer and weights; a model on the hub is not asked for.

        Raises:
            UserError: it lacks one of these, or has a revision.
        """
        folder = hub.local_folder(self._model)
        if folder is None:
            return
        if self.params.revision != "main":
            raise UserError(
                "`revision` has no effect: the model is a local folder",
                str(folder),
                "remove `revision`, or give the model's id on the hub (owner/name)",
            )
        hub.check_folder(folder, self._trust_remote_code)

    def _snapshot(self) -> hub.Snapshot:
        return hub.snapshot(self._model, self.params.revision, self._trust_remote_code)

    def folder(self) -> Path:
        """A local folder, or the snapshot in the hub's cache."""
        return self._folder()

    def _folder(self) -> Path:
        return hub.local_folder(self._model) or self._snapshot().folder

    def _check(self, folder: Path) -> None:
        from xlt_encoders.loading import read_config

        read_config(folder, self._trust_remote_code)

    def _pretrained(self) -> Weights:
        from xlt_encoders.loading import read_config

        folder, trust = self._folder(), self._trust_remote_code
        config = read_config(folder, trust)
        for name, value in self.corrections.items():
            setattr(config, name, value)
        return Weights(self._model, config, folder, trust_remote_code=trust)

    def _other_tokenizer(self) -> TokenizerFiles | None:
        """The files of the tokenizer that is asked for in the place of the model's own."""
        from xlt_encoders.tokenizer_source import tokenizer_files

        source = self.params.tokenizer
        return None if source is None else tokenizer_files(source)

    def _pretrained_tokenizer(self) -> PreTrainedTokenizerBase:
        other = self._other_tokenizer()
        if other is not None:
            return open_tokenizer(other.folder, PRETRAINED)
        folder, code = self._folder(), self._trust_remote_code
        return open_tokenizer(folder, PRETRAINED, self.tokenizer_class, code)


class HuggingFaceEncoder(HubEncoder):
    """Any encoder that `transformers` can run from embeddings.

    A model that was fine-tuned already loses its head for a new one; to evaluate it as it is,
    give it as a checkpoint instead.
    """

    name = "hf"
    summary = "any encoder of the Hugging Face hub or a local folder"
    reference = "https://huggingface.co/docs/transformers"

    class Params(HubParams):
        model: str = Field(description="hub id (owner/name) or local folder")
        trust_remote_code: bool = Field(
            default=False, description="run Python code that comes with the model"
        )

        @model_validator(mode="before")
        @classmethod
        def _revision_of_the_model(cls, values: Any) -> Any:
            """`model: owner/name@revision` is short for the two fields."""
            if not isinstance(values, dict) or not isinstance(values.get("model"), str):
                return values
            model, revision = hub.split_revision(values["model"])
            if revision is None:
                return values
            if values.get("revision", revision) != revision:
                raise ValueError(
                    f"the model has the revision '{revision}', and `revision` is "
                    f"'{values['revision']}'"
                )
            return {**values, "model": model, "revision": revision}

    @classmethod
    def opens(cls, name: str) -> dict[str, Any] | None:
        """Hub ids (owner/name, owner/name@revision) and folders."""
        if hub.is_path(name):
            hub.local_folder(name)  # or it says that there is none
            return {"model": name}
        if not hub.is_id(name) and not (Path(name) / "config.json").is_file():
            return None
        model, revision = hub.split_revision(name)
        return {"model": model} if revision is None else {"model": model, "revision": revision}

    def pinned(self) -> dict[str, Any] | None:
        """As for all; the model is a parameter here."""
        pinned = super().pinned()
        return pinned and {"model": self._model, **pinned}

    @property
    def _model(self) -> str:
        assert isinstance(self.params, HuggingFaceEncoder.Params)
        return self.params.model


class MultilingualBert(HubEncoder):
    """12 layers, 768 wide, 178 million parameters; Wikipedia in 104 languages."""

    name = "mbert"
    model = "google-bert/bert-base-multilingual-cased"
    summary = "multilingual BERT, cased (104 languages)"
    reference = "Devlin et al. 2019, arXiv:1810.04805"


class Xlm100(HubEncoder):
    """16 layers, 1280 wide, 570 million parameters, without language embeddings.

    Its tokenizer splits words with the package `sacremoses` (`pip install sacremoses`).
    """

    name = "xlm-100"
    model = "FacebookAI/xlm-mlm-100-1280"
    summary = "XLM, masked language model (100 languages); needs the package sacremoses"
    reference = "Conneau and Lample 2019, arXiv:1901.07291"


class XlmRobertaBase(HubEncoder):
    """12 layers, 768 wide, 278 million parameters."""

    name = "xlm-r-base"
    model = "FacebookAI/xlm-roberta-base"
    summary = "XLM-R base (100 languages)"
    reference = "Conneau et al. 2020, arXiv:1911.02116"


class XlmRobertaLarge(HubEncoder):
    """24 layers, 1024 wide, 560 million parameters."""

    name = "xlm-r-large"
    model = "FacebookAI/xlm-roberta-large"
    summary = "XLM-R large (100 languages)"
    reference = "Conneau et al. 2020, arXiv:1911.02116"


class MultilingualMiniLM(HubEncoder):
    """12 layers, 384 wide, 118 million parameters: a BERT with the vocabulary of XLM-R."""

    name = "mminilm"
    model = "microsoft/Multilingual-MiniLM-L12-H384"
    summary = "multilingual MiniLM, distilled from XLM-R base"
    reference = "Wang et al. 2020, arXiv:2002.10957"
    # The architecture alone would say BERT's tokenizer, and padding with 0, which is `<s>` here.
    tokenizer_class = "XLMRobertaTokenizer"
    corrections: ClassVar[Mapping[str, Any]] = {"pad_token_id": 1}


class MultilingualDebertaV3(HubEncoder):
    """12 layers, 768 wide, 278 million parameters."""

    name = "mdeberta-v3"
    model = "microsoft/mdeberta-v3-base"
    summary = "multilingual DeBERTa v3 base (CC100)"
    reference = "He et al. 2021, arXiv:2111.09543"


class MultilingualE5Small(HubEncoder):
    """12 layers, 384 wide, 118 million parameters.

    It was contrastively tuned on data that, as far as is known, includes English NLI and question
    pairs: on such tasks its results are not zero-shot in the strict sense.
    """

    name = "e5-small"
    model = "intfloat/multilingual-e5-small"
    summary = "multilingual E5 small; tuned on data that includes English NLI and question pairs"
    reference = "Wang et al. 2024, arXiv:2402.05672"
    caveat = E5_CAVEAT
    corrections: ClassVar[Mapping[str, Any]] = {"pad_token_id": 1}  # published: 0, which is `<s>`
