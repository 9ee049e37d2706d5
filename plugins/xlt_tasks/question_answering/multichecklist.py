"""MultiCheckList: tests of single capabilities of models of question answering."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from xlt_cli.api import DataError, Split, did_you_mean
from xlt_tasks.file_tasks.slices import Slices
from xlt_tasks.question_answering.base import QuestionAnswering, QuestionParams
from xlt_tasks.question_answering.reading import Question
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import counted


class CapabilityParams(QuestionParams):
    """Where the data come from, and which tests are read."""

    slice: Slices = Field(
        None, min_length=1, description="only this test of a capability, or these; default: all"
    )


class MultiCheckList(QuestionAnswering):
    """Test rows only, from templates: train on `squad`. `slice` is a test: comparisons,
    intensifiers, properties, profession_nationality, animal_vehicle or animal_vehicle_v2; some
    languages lack properties or profession_nationality. `xlt eval RUN --suite multichecklist` has a
    row for each.

    Exact match compares answers as the official script does, with each language's articles. It
    reports the error rate of cases, groups of questions that fail if one of them does; the files do
    not say which questions are a case, so that each counts here."""

    api_version = 1
    name = "multichecklist"
    summary = "capabilities of models of question answering, tested one by one in 50 languages"
    reference = "Ruder et al. 2021, XTREME-R (EMNLP), after Ribeiro et al. 2020, CheckList (ACL)"
    metric = "exact_match"
    normalisation = "multichecklist"
    published_languages = (
        "af", "ar", "az", "bg", "bn", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gu",
        "ha", "he", "hi", "ht", "hu", "id", "it", "ja", "jv", "ka", "kk", "ko", "lt", "ml", "mr",
        "ms", "my", "nl", "pa", "pl", "pt", "qu", "ru", "sw", "ta", "te", "th", "tl", "tr", "uk",
        "ur", "vi", "wo", "yo", "zh",
    )  # fmt: skip
    licence = "Apache-2.0"
    origin = "generated"
    tags = ("challenge",)
    folder = "multichecklist"
    releases = (Release({"test": "test.{language}"}),)

    class Params(CapabilityParams):
        """Where the data come from, and which tests are read."""

    params: CapabilityParams

    def languages(self, split: Split) -> tuple[str, ...]:
        """Those that have questions of the tests that are asked for."""
        codes = super().languages(split)
        if self.params.slice is None:
            return codes
        having = tuple(code for code in codes if self._titles(split, code) & {*self.params.slice})
        return having or codes  # a name that no language has is an error when rows are read

    def _titles(self, split: Split, language: str) -> set[str]:
        return {question.title for question in self._read(split, language)[1]}

    def wanted(
        self, questions: list[Question], where: str
    ) -> tuple[list[Question], tuple[str, ...]]:
        asked = self.params.slice
        if asked is None:
            return questions, ()
        known = Counter(question.title for question in questions)
        for name in asked:
            if name not in known:
                raise DataError(
                    f"there are no questions of the test '{name}'",
                    where,
                    did_you_mean(name, sorted(known)),
                )
        kept = [question for question in questions if question.title in asked]
        return kept, (f"only the {counted(len(kept), 'question')} of {', '.join(asked)}",)
