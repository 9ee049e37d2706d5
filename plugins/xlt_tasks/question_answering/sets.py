"""SQuAD, XQuAD, MLQA and TyDi QA GoldP."""

from __future__ import annotations

from xlt_tasks.question_answering.base import ALL, QuestionAnswering
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release


class Squad(QuestionAnswering):
    """Reads the files of SQuAD v1.1 and 2.0 (with `unanswerable: true`, questions without an
    answer). A folder with `train-squad.json` has a part of SQuAD's training set, the New Wikipedia
    questions of Miller et al. 2020 as dev, and their questions about Amazon reviews and Reddit
    posts as test."""

    api_version = 1
    name = "squad"
    summary = "questions about English Wikipedia"
    reference = "Rajpurkar et al. 2016, SQuAD (EMNLP); Miller et al. 2020; hub: rajpurkar/squad"
    published_languages = ("en",)
    licence = "CC BY-SA 4.0"
    origin = "native"
    folder = "squad_en"
    releases = (
        *(
            Release({"train": f"train-{v}", "dev": f"dev-{v}", "test": f"dev-{v}"}, language="en")
            for v in ("v1.1", "v2.0")
        ),
        Release({"train": "train-squad", "dev": "train-newwiki", "test": "test-*"}, language="en"),
    )
    on_hub = OnHub(
        "rajpurkar/squad",
        Release(
            {
                "train": "plain_text/train-*",
                "dev": "plain_text/validation-*",
                "test": "plain_text/validation-*",
            },
            language="en",
        ),
    )


class XQuad(QuestionAnswering):
    """Test rows only: train on `squad`. Row i is the same question in every language. Scored as by
    SQuAD v1.1's script."""

    api_version = 1
    name = "xquad"
    summary = "questions of SQuAD in 12 languages"
    reference = "Artetxe et al. 2020, XQuAD (ACL); hub: google/xquad"
    aligned = True
    published_languages = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
    licence = "CC BY-SA 4.0"
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    folder = "xquad"
    releases = (Release({"test": "xquad.{language}"}),)
    on_hub = OnHub("google/xquad", Release({"test": "xquad.{language}/validation-*"}))


class Mlqa(QuestionAnswering):
    """Dev and test rows only: train on `squad`. Passages are of the languages' own Wikipedias, and
    questions were translated from English; a question has the same id in every language that has
    it. Scored as by MLQA's script, with each language's articles and punctuation."""

    api_version = 1
    name = "mlqa"
    summary = "questions about Wikipedia in seven languages"
    reference = "Lewis et al. 2020, MLQA (ACL); hub: facebook/mlqa"
    aligned = True
    normalisation = "mlqa"
    published_languages = ("ar", "de", "en", "es", "hi", "vi", "zh")
    licence = "CC BY-SA 3.0"
    origin = "mixed"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    folder = "mlqa"
    releases = (
        Release("{split}-context-{language}-question-{language}"),
        Release("{split}/{split}-context-{language}-question-{language}"),
        Release("MLQA_V1/{split}/{split}-context-{language}-question-{language}"),
    )
    on_hub = OnHub(
        "facebook/mlqa",
        Release(
            {
                "dev": "mlqa.{language}.{language}/validation**",
                "test": "mlqa.{language}.{language}/test**",
            }
        ),
    )


class TyDiQa(QuestionAnswering):
    """The gold passage task. Reads one file for each language, as in XTREME, or the authors' files
    of all languages; dev may be one file or their folder of files. XTREME's dev files have no
    answers and are refused. Scored as by SQuAD v1.1's script."""

    api_version = 1
    name = "tydiqa"
    summary = "questions asked in nine languages, with the passage that answers them"
    reference = "Clark et al. 2020, TyDi QA (TACL), GoldP; hub: google-research-datasets/tydiqa"
    published_languages = ("ar", "bn", "en", "fi", "id", "ko", "ru", "sw", "te")
    licence = "Apache-2.0"
    origin = "native"
    folder = "tydiqa"
    id_languages = {  # noqa: RUF012  (see Task)
        "arabic": "ar",
        "bengali": "bn",
        "english": "en",
        "finnish": "fi",
        "indonesian": "id",
        "korean": "ko",
        "russian": "ru",
        "swahili": "sw",
        "telugu": "te",
    }
    releases = (
        *(
            Release(
                {
                    "train": f"{folders[0]}tydiqa.goldp.{{language}}.train",
                    "dev": f"{folders[1]}tydiqa.goldp.{{language}}.dev",
                    "test": f"{folders[1]}tydiqa.goldp.{{language}}.dev",
                }
            )
            for folders in (("", ""), ("tydiqa-goldp-v1.1-train/", "tydiqa-goldp-v1.1-dev/"))
        ),
        Release(
            {
                "train": "tydiqa-goldp-v1.1-train",
                "dev": "tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-*",
                "test": "tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-*",
            },
            language=ALL,
            needs="dev",
        ),
        Release(
            {
                "train": "tydiqa-goldp-v1.1-train",
                "dev": "tydiqa-goldp-v1.1-dev",
                "test": "tydiqa-goldp-v1.1-dev",
            },
            language=ALL,
        ),
    )
    on_hub = OnHub(
        "google-research-datasets/tydiqa",
        Release(
            {
                "train": "secondary_task/train-*",
                "dev": "secondary_task/validation-*",
                "test": "secondary_task/validation-*",
            },
            language=ALL,
        ),
    )
