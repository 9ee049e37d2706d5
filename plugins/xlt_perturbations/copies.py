"""What the perturbations of text share: noisy copies of an example, beside the clean one or not."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from xlt_cli.api import (
    Example,
    PluginError,
    PluginParams,
    SequenceExample,
    TextPerturbation,
    TokenExample,
    serves,
)


class CopiesParams(PluginParams):
    """How many examples stand in for one."""

    copies: int = Field(1, ge=1, description="noisy copies of each example, drawn in each epoch")
    keep_clean: bool = Field(True, description="train on the clean example as well")


class NoisyCopies(TextPerturbation):
    """Noise text by text; texts in a language that it does not speak stay as they are."""

    class Params(CopiesParams):
        """How many examples stand in for one."""

    params: CopiesParams

    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        noisy = [self._noisy(example, rng) for _ in range(self.params.copies)]
        return [example, *noisy] if self.params.keep_clean else noisy

    @abstractmethod
    def text(self, text: str, side: int, rng: random.Random) -> str:
        """The text with noise; `side` is its place in the example."""

    def sentence(self, example: TokenExample, rng: random.Random) -> TokenExample:
        """The sentence with noise, and with tags that are true of it."""
        raise PluginError(
            f"the perturbation '{self.name}' cannot keep the tags of words true",
            f"example '{example.id}'",
        )

    def _noisy(self, example: Example, rng: random.Random) -> Example:
        if isinstance(example, SequenceExample):
            sides = enumerate(zip(example.texts, example.languages, strict=True))
            texts = (
                self.text(text, side, rng) if self._serves(language) else text
                for side, (text, language) in sides
            )
            return replace(example, texts=tuple(texts))
        return self.sentence(example, rng) if self._serves(example.languages[0]) else example

    def _serves(self, language: str) -> bool:
        return self.speaks is None or serves(self.speaks, language)
