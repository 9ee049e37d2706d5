"""Topics of news in African languages."""

from __future__ import annotations

from xlt_cli.api import NOT_STATED
from xlt_tasks.file_tasks import TextTask
from xlt_tasks.sources.columns import SINGLE
from xlt_tasks.sources.release import Release


class MasakhaNews(TextTask):
    """Most languages have only some of the labels. Its authors report the weighted F1, which
    is shown in addition to the macro-averaged one."""

    api_version = 1
    name = "masakhanews"
    summary = "topics of news in 14 languages of Africa"
    reference = "Adelani et al. 2023, MasakhaNEWS (IJCNLP-AACL)"
    metric = "macro_f1"
    metrics = ("weighted_f1",)
    family = "topic"
    texts = 1
    source_language = "pcm"
    labels = (
        "business",
        "entertainment",
        "health",
        "politics",
        "religion",
        "sports",
        "technology",
    )
    published_languages = (
        "eng", "hau", "ibo", "lin", "lug", "orm", "pcm", "run", "sna", "som", "swa", "tir", "xho",
        "yor",
    )  # fmt: skip
    licence = NOT_STATED
    origin = "native"
    tags = ("low-resource",)
    folder = "masakhanews"
    releases = (Release(columns=SINGLE),)


class NewsClass(TextTask):
    """Hausa headlines have the labels africa, health, nigeria, politics and world only."""

    api_version = 1
    name = "newsclass"
    summary = "topics of Hausa and Yorùbá headlines"
    reference = "Hedderich et al. 2020, Transfer Learning and Distant Supervision (EMNLP)"
    metric = "macro_f1"
    family = "topic"
    texts = 1
    source_language = "hau"
    labels = ("africa", "entertainment", "health", "nigeria", "politics", "sport", "world")
    published_languages = ("hau", "yor")
    licence = NOT_STATED
    origin = "native"
    tags = ("low-resource",)
    folder = "newsclass"
    releases = (Release(columns=SINGLE, languages=published_languages),)


class ZaNews(TextTask):
    """Each of the two languages has only some of the labels."""

    api_version = 1
    name = "za-news"
    summary = "topics of isiZulu and Siswati news titles"
    reference = "Madodonga et al. 2023, Izindaba-Tindzaba (RAIL); reduced categories"
    metric = "macro_f1"
    family = "topic"
    texts = 1
    source_language = "zul"
    labels = (
        "arts, culture, entertainment and media",
        "crime, law and justice",
        "economy, business and finance",
        "education",
        "human interest",
        "politics",
        "society",
    )
    published_languages = ("ssw", "zul")
    licence = "CC BY-SA 4.0"
    origin = "native"
    tags = ("low-resource",)
    folder = "newsclass"
    releases = (Release(columns=SINGLE, languages=published_languages),)
