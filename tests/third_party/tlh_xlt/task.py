"""A task with its rows in the code."""

from __future__ import annotations

from pydantic import Field

from xlt_cli.api import DataError, PluginParams, Rows, SequenceExample, Split, Task, did_you_mean
from xlt_cli.problems import SequenceClassification

ROWS = {
    "en": (("victory or death", "honour"), ("the tea is cold", "other")),
    "tlh": (("yay joq Hegh", "honour"), ("bIr Dargh", "other")),
}


class KlingonProverbs(Task):
    """Proverb or not, in two languages."""

    api_version = 1
    name = "klingon-proverbs"
    summary = "is it a proverb of [honour]?"
    reference = "Okrand 1992"
    problem = SequenceClassification
    metric = "accuracy"
    aligned = True

    class Params(PluginParams):
        copies: int = Field(4, ge=1, description="how often each row is repeated")

    params: Params

    @property
    def labels(self) -> tuple[str, ...]:
        return ("honour", "other")

    def languages(self, split: Split) -> tuple[str, ...]:
        return tuple(ROWS)

    def load(self, split: Split, language: str) -> Rows:
        if language not in ROWS:
            raise DataError(f"no language '{language}'", self.name, did_you_mean(language, ROWS))
        rows = ROWS[language] * self.params.copies
        return Rows(
            tuple(
                SequenceExample(f"{split}-{number}", (text,), label, (language,))
                for number, (text, label) in enumerate(rows)
            ),
            "in the code",
        )
