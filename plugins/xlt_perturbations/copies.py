"""What the perturbations of text share: noisy copies of an example, beside the clean one or not."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Sequence

from pydantic import Field

from xlt_cli.api import (
    Edit,
    Example,
    ExampleText,
    PluginParams,
    TextPerturbation,
    serves,
)


class CopiesParams(PluginParams):
    """How many examples stand in for one."""

    copies: int = Field(
        1, ge=1, description="number of noisy copies of each example, drawn anew in each epoch"
    )
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
    def text(self, text: str, language: str, side: int, rng: random.Random) -> str:
        """The text with noise; `side` is its place in the example."""

    def words(self, words: Sequence[str], language: str, rng: random.Random) -> Edit:
        """The words on which labels hang with noise: for each, the words in its place.

        By default they stay as they are, for noise that moves words or leaves them out.
        """
        return tuple((word,) for word in words)

    def _noisy(self, example: Example, rng: random.Random) -> Example:
        texts = enumerate(example.editable())
        return self.edited(example, [self._edit(text, side, rng) for side, text in texts])

    def _edit(self, text: ExampleText, side: int, rng: random.Random) -> Edit:
        if not self._serves(text.language):
            return text.unedited
        if text.words is None:
            return self.text(text.content, text.language, side, rng)
        return self.words(text.words, text.language, rng)

    def _serves(self, language: str) -> bool:
        return self.speaks is None or serves(self.speaks, language)
