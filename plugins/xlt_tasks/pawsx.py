"""PAWS-X: do two sentences that share their words say the same?"""

from __future__ import annotations

from xlt_tasks.pairs import TranslatedPairs
from xlt_tasks.sources.columns import SENTENCE_PAIR
from xlt_tasks.sources.hub import Repository


class PawsX(TranslatedPairs):
    """Also for other paraphrase files in the same layout: set `path` to their folder."""

    api_version = 1
    name = "pawsx"
    summary = "paraphrase identification against word order, in 7 languages"
    reference = "Yang et al. 2019, PAWS-X (EMNLP); hub: google-research-datasets/paws-x"
    repository = Repository(
        "google-research-datasets/paws-x", ("de", "en", "es", "fr", "ja", "ko", "zh")
    )
    label_set = ("0", "1")
    columns = SENTENCE_PAIR
    differing = "0"
