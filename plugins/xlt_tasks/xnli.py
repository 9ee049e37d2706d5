"""XNLI: does the premise entail the hypothesis, contradict it, or neither?"""

from __future__ import annotations

from xlt_tasks.pairs import TranslatedPairs
from xlt_tasks.sources.hub import Repository


class Xnli(TranslatedPairs):
    """Also for other NLI files in the same layout: set `path` to their folder."""

    api_version = 1
    name = "xnli"
    summary = "natural language inference in 15 languages, translated from English"
    reference = "Conneau et al. 2018, XNLI (EMNLP); hub: facebook/xnli"
    repository = Repository(
        "facebook/xnli",
        ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh"),
    )
    label_set = ("entailment", "neutral", "contradiction")
