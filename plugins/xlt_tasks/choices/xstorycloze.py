"""XStoryCloze: which of two sentences ends a story?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlt_tasks.file_tasks import Choices, ChoiceTask, filled
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release

_SENTENCES = tuple(f"input_sentence_{number}" for number in range(1, 5))
_ENDINGS = ("sentence_quiz1", "sentence_quiz2")
COLUMNS = Columns((("story_id", *_SENTENCES, *_ENDINGS),), ("answer_right_ending",))
AUTHORS = Columns(
    (
        (
            "InputStoryid",
            *(f"InputSentence{number}" for number in range(1, 5)),
            "RandomFifthSentenceQuiz1",
            "RandomFifthSentenceQuiz2",
        ),
    ),
    ("AnswerRightEnding",),
)
"""The columns of the authors' own files, in the same order."""


class XStoryCloze(ChoiceTask):
    """The split `eval` of the publication is test here; there is no dev split."""

    api_version = 1
    name = "xstorycloze"
    summary = "the right ending of a story, in 11 languages"
    reference = (
        "Lin et al. 2022, Few-shot Learning with Multilingual Generative Language Models "
        "(EMNLP); hub: juletxara/xstory_cloze"
    )
    aligned = True
    published_languages = ("ar", "en", "es", "eu", "hi", "id", "my", "ru", "sw", "te", "zh")
    licence = "CC BY-SA 4.0"
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    folder = "xstorycloze"
    releases = (
        Release(columns=COLUMNS),
        Release(
            {
                "train": "spring2016.val.{language}.tsv.split_20_80_train.tsv",
                "test": "spring2016.val.{language}.tsv.split_20_80_eval.tsv",
            },
            AUTHORS,
        ),
    )
    on_hub = OnHub(
        "juletxara/xstory_cloze", Release(columns=COLUMNS, splits={"test": "eval"}), configs=True
    )
    first_answer = 1

    def row(self, cells: Mapping[str, Any]) -> Choices:
        story, *sentences, one, other, answer = cells.values()
        told = " ".join(
            str(filled(text, f"sentence {number}")) for number, text in enumerate(sentences, 1)
        )
        return Choices(told, (one, other), answer, id=str(filled(story, "the id")))
