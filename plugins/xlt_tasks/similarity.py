"""How similar two texts are in meaning, as a number."""

from __future__ import annotations

from xlt_cli.api import NOT_STATED
from xlt_tasks.file_tasks import SCORED_PAIR, Columns, Form, OnHub, Release, ScoreTask

GENRES = Columns((("6", "7"),), ("5",), named=True)
"""As STS-B's authors write it: genre, file, year, number, score, and the two texts."""


class StsB(ScoreTask):
    """English as published, and its machine translations: train, dev and test rows are the same
    items in every language, with the scores of the English rows."""

    api_version = 1
    name = "stsb"
    summary = "similarity of two sentences, from 0 to 5, in English and translated by a machine"
    reference = (
        "Cer et al. 2017, SemEval-2017 task 1 (STS benchmark); May 2021, machine translated "
        "multilingual STS benchmark; hub: PhilipMay/stsb_multi_mt"
    )
    family = "similarity"
    aligned = True
    texts = 2
    scale = (0.0, 5.0)
    published_languages = ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru", "zh")
    licence = "CC BY-SA 4.0; the translations: see the repository"
    origin = "machine-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    folder = "stsb"
    releases = (
        Release(columns=SCORED_PAIR),
        Release("stsb-{language}-{split}.csv", SCORED_PAIR, form=Form("csv")),
        Release("sts-{split}.csv", GENRES, language="en", form=Form("none")),
    )
    on_hub = OnHub(
        "PhilipMay/stsb_multi_mt",
        Release("{language}/{split}-*.parquet", SCORED_PAIR, languages=published_languages),
    )


class Sts17(ScoreTask):
    """The tracks with both texts in one language: test rows only. They are other items in each
    language, so that figures of languages are not of the same texts."""

    api_version = 1
    name = "sts17"
    summary = "similarity of two sentences, from 0 to 5, in Arabic, English, Korean and Spanish"
    reference = "Cer et al. 2017, SemEval-2017 task 1 (STS 2017); hub: mteb/sts17-crosslingual-sts"
    family = "similarity"
    texts = 2
    scale = (0.0, 5.0)
    published_languages = ("ar", "en", "es", "ko")
    licence = NOT_STATED
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    tags = ("out-of-distribution",)
    folder = "sts17"
    releases = (
        Release({"test": "test-{language}"}, SCORED_PAIR),
        Release({"test": "STS2017.{language}-{language}.txt.gz"}, SCORED_PAIR),
        Release({"test": "STS2017.{language}-{language}.txt"}, SCORED_PAIR),
    )
    on_hub = OnHub(
        "mteb/sts17-crosslingual-sts",
        Release({"test": "test/{language}-{language}.jsonl.gz"}, SCORED_PAIR),
    )


class SickRelatedness(ScoreTask):
    """The other annotation of SICK's pairs, beside the inference of the task `sick`."""

    api_version = 1
    name = "sick-relatedness"
    summary = "relatedness of two captions of pictures, from 1 to 5"
    reference = "Marelli et al. 2014, SICK (LREC)"
    family = "similarity"
    texts = 2
    scale = (1.0, 5.0)
    published_languages = ("en",)
    licence = "CC BY-NC-SA 3.0"
    origin = "native"
    folder = "sick"
    releases = (
        Release(
            {"train": "SICK_train.txt", "dev": "SICK_trial.txt", "test": "SICK_test_annotated.txt"},
            SCORED_PAIR,
            language="en",
        ),
        Release("relatedness-{split}-{language}", SCORED_PAIR),
    )
