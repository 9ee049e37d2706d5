"""XNLI: does the premise entail the hypothesis, contradict it, or neither?"""

from __future__ import annotations

from xlt_tasks.pairs import TranslatedPairs
from xlt_tasks.sources.hub import Repository
from xlt_tasks.sources.release import Release

LANGUAGES = (
    "ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh",
)  # fmt: skip


class Xnli(TranslatedPairs):
    """Also for other NLI files in the same layout: set `path` to their folder.

    Dev and test rows were translated by people, the training rows on the hub by a machine.
    The authors' files of all languages are read, too (XNLI-1.0: `xnli.dev.tsv`, `xnli.test.tsv`).
    """

    api_version = 1
    name = "xnli"
    summary = "natural language inference in 15 languages, translated from English"
    reference = "Conneau et al. 2018, XNLI (EMNLP); hub: facebook/xnli"
    family = "nli"
    items = "xnli"
    published_languages = LANGUAGES
    licence = "CC BY-NC 4.0"
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    repository = Repository("facebook/xnli", LANGUAGES)
    releases = (Release("xnli.{split}.tsv", language_column="language"),)
    label_set = ("entailment", "neutral", "contradiction")
