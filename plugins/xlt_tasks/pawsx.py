"""PAWS-X: do two sentences that share their words say the same?"""

from __future__ import annotations

from xlt_tasks.pairs import TranslatedPairs
from xlt_tasks.sources.columns import SENTENCE_PAIR
from xlt_tasks.sources.hub import Repository


class PawsX(TranslatedPairs):
    """Also for other paraphrase files in the same layout: set `path` to their folder.

    English sentences are Wikipedia's, with their words swapped by a machine. Dev and test rows
    were translated by people, the training rows on the hub by a machine.
    """

    api_version = 1
    name = "pawsx"
    summary = "paraphrase identification in pairs with high word overlap, in 7 languages"
    reference = "Yang et al. 2019, PAWS-X (EMNLP); hub: google-research-datasets/paws-x"
    family = "paraphrase"
    items = "pawsx"
    published_languages = ("de", "en", "es", "fr", "ja", "ko", "zh")
    licence = "free use with acknowledgement of Google LLC"
    origin = "human-translated"
    origins = {"en": "mixed"}  # noqa: RUF012  (see Task)
    tags = ("adversarial",)
    repository = Repository("google-research-datasets/paws-x", published_languages)
    label_set = ("0", "1")
    columns = SENTENCE_PAIR
    differing = "0"
