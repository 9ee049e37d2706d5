"""mini-pawsx: generated pairs in the manner of PAWS-X, to try things out without any data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from xlt_cli.api import DataError, PluginParams, Rows, SequenceExample, Split, Task, did_you_mean
from xlt_cli.problems import SequenceClassification


def _known_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    from xlt_tasks.mini_pawsx import KINDS, too_few

    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"there is no kind of scene '{kind}': {did_you_mean(kind, KINDS)}")
    if not kinds or len(set(kinds)) < len(kinds) or len(kinds) % 2:
        raise ValueError("an even number of different kinds is needed, to balance the labels")
    if fault := too_few(kinds):
        raise ValueError(f"{fault}: add kinds, or leave those out")
    return kinds


class MiniPawsX(Task):
    """A demonstration: its sentences come from templates, and its scores are no evidence."""

    api_version = 1
    name = "mini-pawsx"
    summary = "generated paraphrase pairs for demonstrations; results are no evidence"
    reference = "generated here, after Zhang et al. 2019 (PAWS) and Yang et al. 2019 (PAWS-X)"
    problem = SequenceClassification
    metric = "accuracy"
    aligned = True
    texts = 2
    demonstration = True

    class Params(PluginParams):
        kinds: Annotated[tuple[str, ...], AfterValidator(_known_kinds)] | None = Field(
            None, description="kinds of scenes in the pairs (fewer are easier); default: all"
        )
        near_misses: Literal["swapped", "replaced"] = Field(
            "swapped",
            description="pairs of another meaning: two arguments change places, or one is replaced "
            "(easier)",
        )

    params: Params

    @property
    def labels(self) -> tuple[str, ...]:
        return ("0", "1")

    def languages(self, split: Split) -> tuple[str, ...]:
        from xlt_tasks.mini_pawsx import LANGUAGES

        return tuple(LANGUAGES)

    def files(self) -> Sequence[Path]:
        """No files: its code makes the rows."""
        return ()

    def load(self, split: Split, language: str) -> Rows:
        from xlt_tasks.mini_pawsx import KINDS, generate

        if language not in self.languages(split):
            raise DataError(
                f"mini-pawsx has no language '{language}'",
                f"mini-pawsx ({language}, {split})",
                did_you_mean(language, self.languages(split)),
            )
        kinds = self.params.kinds or tuple(KINDS)
        near_misses = self.params.near_misses
        examples = tuple(
            SequenceExample(
                f"{split}-{number}",
                (pair.sentence1, pair.sentence2),
                str(pair.label),
                (language, language),
            )
            for number, pair in enumerate(generate(split, language, kinds, near_misses), start=1)
        )
        return Rows(examples, "generated (xlt_tasks.mini_pawsx)")
