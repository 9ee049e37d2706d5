"""Paraphrases: do two sentences, or two questions, say the same (1) or not (0)?"""

from __future__ import annotations

from typing import ClassVar

from xlt_tasks.file_tasks import NOT_TRANSLATED, TextTask
from xlt_tasks.pawsx import PawsX
from xlt_tasks.sources.columns import SENTENCE_PAIR, Columns
from xlt_tasks.sources.release import Release


class ParaphraseTask(TextTask):
    """Pairs of sentences, with the labels of PAWS-X."""

    family = "paraphrase"
    texts = 2
    labels: ClassVar[tuple[str, ...]] = PawsX.label_set


class PawsXExtra(ParaphraseTask):
    """PAWS-X's dev rows: line i, and so each id, is the same item as in `pawsx`."""

    api_version = 1
    name = "pawsx-extra"
    summary = "PAWS-X's dev rows in Indonesian, translated by a machine"
    reference = "github.com/Wikidepia/indonesian_datasets, after Yang et al. 2019, PAWS-X (EMNLP)"
    aligned = True
    items = "pawsx"
    published_languages = ("id",)
    licence = PawsX.licence
    origin = "machine-translated"
    tags = ("adversarial",)
    untranslated = NOT_TRANSLATED
    folder = "pawsx_extra"
    releases = (Release(columns=SENTENCE_PAIR),)


class Mrpc(ParaphraseTask):
    """Sentences of news; two thirds are paraphrases."""

    api_version = 1
    name = "mrpc"
    summary = "paraphrases in English news"
    reference = "Dolan and Brockett 2005, Automatically Constructing a Corpus (IWP)"
    published_languages = ("en",)
    licence = "Microsoft's own, shared source for research"
    origin = "native"
    tags = ("out-of-distribution",)
    folder = "paraphrase_en"
    releases = (
        Release("mrpc-{split}", SENTENCE_PAIR, "en"),
        Release(
            "msr_paraphrase_{split}.txt", Columns((("#1 String", "#2 String"),), ("Quality",)), "en"
        ),
    )


class Qqp(ParaphraseTask):
    """In the copy that is read here, a sample of the training rows."""

    api_version = 1
    name = "qqp"
    summary = "do two English questions of Quora ask the same?"
    reference = "Iyer et al. 2017, First Quora Dataset Release: Question Pairs"
    published_languages = ("en",)
    licence = "Quora's terms"
    origin = "native"
    tags = ("out-of-distribution",)
    folder = "paraphrase_en"
    releases = (Release("qqp-{split}", SENTENCE_PAIR, "en"),)


class ParsiNluQqp(ParaphraseTask):
    """Partly written in Persian, partly translated from QQP."""

    api_version = 1
    name = "parsinlu-qqp"
    summary = "do two Persian questions ask the same?"
    reference = "Khashabi et al. 2021, ParsiNLU (TACL)"
    source_language = "fa"
    published_languages = ("fa",)
    licence = "CC BY-NC-SA 4.0"
    origin = "mixed"
    tags = ("out-of-distribution",)
    folder = "parsinlu"
    releases = (Release("qqp-{split}-{language}", SENTENCE_PAIR),)


class MahaParaphrase(ParaphraseTask):
    """How its pairs were found is not told by their source."""

    api_version = 1
    name = "mahaparaphrase"
    summary = "paraphrases in Marathi"
    reference = "L3Cube-MahaParaphrase; github.com/l3cube-pune/MarathiNLP"
    source_language = "mr"
    published_languages = ("mr",)
    licence = "CC BY-NC-SA 4.0"
    tags = ("low-resource", "out-of-distribution")
    folder = "paraphrase_other"
    releases = (Release("mahaparaphrase-{split}-{language}", SENTENCE_PAIR),)
