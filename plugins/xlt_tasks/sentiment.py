"""Sentiment of tweets and reviews: is a text negative, neutral or positive?"""

from __future__ import annotations

from typing import ClassVar

from xlt_tasks.file_tasks import TextTask
from xlt_tasks.sources.columns import SINGLE, Columns
from xlt_tasks.sources.dataset import CONVERTED
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Form


class SentimentTask(TextTask):
    """A text with one of three labels; a set that lacks one of them has it all the same, so that a
    model of any of these tasks can be tested on it."""

    metric = "macro_f1"
    family = "sentiment"
    texts = 1
    labels: ClassVar[tuple[str, ...]] = ("negative", "neutral", "positive")
    releases: ClassVar[tuple[Release, ...]] = (Release(columns=SINGLE),)


class NusaX(SentimentTask):
    """Line i (in the authors' own files, the same `id`), and so each id, is the same item in every
    language. Some Indonesian rows are also in
    `smsa`, which they were taken from."""

    api_version = 1
    name = "nusax-senti"
    summary = "sentiment in Indonesian, English and ten local languages of Indonesia"
    reference = "Winata et al. 2023, NusaX (EACL)"
    aligned = True
    source_language = "indonesian"
    published_languages = (
        "acehnese", "balinese", "banjarese", "buginese", "english", "indonesian", "javanese",
        "madurese", "minangkabau", "ngaju", "sundanese", "toba_batak",
    )  # fmt: skip
    licence = "CC BY-SA 4.0"
    origin = "human-translated"
    origins = {"indonesian": "native"}  # noqa: RUF012  (see Task)
    tags = ("low-resource",)
    folder = "nusax"
    releases = (
        Release(columns=SINGLE),
        Release("{language}/{split}.csv", SINGLE, id_column="id", form=Form("csv")),
    )


class AfriSenti(SentimentTask):
    """Oromo and Tigrinya have only test rows. Its authors report the weighted F1, which is shown
    in addition to the macro-averaged one. On the hub, the files are on the branch
    `refs/convert/parquet`, and `revision` is that branch or a commit of it."""

    api_version = 1
    name = "afrisenti"
    summary = "sentiment of tweets in 12 languages of Africa"
    metrics = ("weighted_f1",)
    reference = (
        "Muhammad et al. 2023, AfriSenti (EMNLP); hub: shmuhammad/AfriSenti-twitter-sentiment"
    )
    source_language = "hau"
    published_languages = (
        "amh", "arq", "ary", "hau", "ibo", "kin", "orm", "pcm", "swa", "tir", "twi", "yor",
    )  # fmt: skip
    licence = "CC BY 4.0"
    origin = "native"
    tags = ("low-resource",)
    folder = "afrisenti"
    on_hub = OnHub(
        "shmuhammad/AfriSenti-twitter-sentiment",
        Release(
            "{language}/{split}/*.parquet",
            Columns((("tweet",),), SINGLE.targets),
            languages=published_languages,
        ),
        branch=CONVERTED,
    )


class Yosm(SentimentTask):
    """No review is neutral."""

    api_version = 1
    name = "yosm"
    summary = "sentiment of Yorùbá reviews of films"
    reference = "Shode et al. 2022, YOSM (AfricaNLP)"
    metric = "accuracy"
    source_language = "yo"
    published_languages = ("yo",)
    licence = "CC BY 4.0"
    origin = "native"
    tags = ("low-resource",)
    folder = "yosm"


class SmSa(SentimentTask):
    """Some rows are also in `nusax-senti`, which was made from this set."""

    api_version = 1
    name = "smsa"
    summary = "sentiment of Indonesian comments and reviews"
    reference = "Wilie et al. 2020, IndoNLU (AACL)"
    source_language = "id"
    published_languages = ("id",)
    licence = "CC BY-SA 4.0"
    origin = "native"
    folder = "indonlu_smsa"
    releases = (
        Release(columns=SINGLE),
        Release("{split}_preprocess.tsv", SINGLE, language="id"),
    )
