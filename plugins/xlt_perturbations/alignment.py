"""Alignment with parallel sentences: the baseline that robust training does without."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from xlt_cli.api import (
    DataError,
    EmbeddingPerturbation,
    PluginParams,
    Seam,
    SequenceExample,
    View,
)
from xlt_perturbations import ascent, translations
from xlt_perturbations.balls import precise
from xlt_perturbations.lexicon import given_path

if TYPE_CHECKING:
    import torch


class Alignment(EmbeddingPerturbation):
    """The task's loss, and the distance between a sentence's and its translation's mean states.

    Beside each example of a batch stands one pair of translations, drawn afresh in each epoch.
    The distance is squared and relative to the pair's mean squared norm: 0 for equal vectors, 2
    for orthogonal ones.
    """

    api_version = 1
    name = "alignment"
    summary = "baseline: distance between mean hidden states of parallel sentences"
    at_evaluation = "it brings translations together, and leaves the task's examples as they are"
    reference = "Cao et al. 2020, arXiv:2002.03518, on sentences; Huang et al. 2021, section 1"
    caveat = (
        "alignment trains on sentences of other languages with their translations: only "
        "the task's labels of those languages are unseen"
    )
    companion = "translations"

    class Params(PluginParams):
        sentences: Path = Field(
            description=f"a folder of {translations.LAYOUT}, or one such file; a relative path is "
            "also looked up in $XLT_DATA_DIR"
        )
        languages: tuple[str, ...] | None = Field(
            None, min_length=2, description="use only pairs of these languages; default: all"
        )
        weight: float = Field(1.0, ge=0, description="weight of the distance")

    params: Params

    def phase(self, progress: float) -> Hashable:
        return "noise"

    def check(self) -> None:
        """The files of sentences are there."""
        translations.files(given_path(self.params.sentences))

    def fetch(self) -> None:
        """Reads the sentences, so that missing or broken files are known before training."""
        _ = self._files

    def fingerprint(self) -> dict[str, str]:
        """The sha256 of each file that is used, by its languages."""
        return {"-".join(file.languages): file.sha256 for file in self._files}

    def parallel(self) -> Sequence[SequenceExample]:
        return [pair for file in self._files for pair in file.pairs]

    def loss(self, seam: Seam) -> torch.Tensor:
        """The clean loss + weight * distance, [B]."""
        clean = ascent.clean_loss(seam)
        if self.params.weight == 0:
            return clean
        one, other = (_mean_state(view) for view in seam.companions)
        size = (one.square().sum(dim=-1) + other.square().sum(dim=-1)) / 2
        # A constant: the distance is not to shrink by the states' growing.
        return clean + self.params.weight * (one - other).square().sum(dim=-1) / size.detach()

    @cached_property
    def _files(self) -> list[translations.Translations]:
        path = given_path(self.params.sentences)
        read = [translations.read(file) for file in translations.files(path)]
        used = translations.chosen(read, self.params.languages)
        if not used:
            known = ", ".join("-".join(each.languages) for each in read)
            raise DataError(
                f"no file has sentences in {' and '.join(self.params.languages or ())}",
                str(path),
                f"available: {known}",
            )
        return used


def _mean_state(view: View) -> torch.Tensor:
    """The mean of the last hidden states of a text's words, [B, H]."""
    words = view.perturbable.unsqueeze(-1)
    states = precise(view.states(view.embeddings)) * words
    return states.sum(dim=1) / words.sum(dim=1).clamp(min=1)
