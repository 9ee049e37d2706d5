"""XNLI's rows in further languages, and MultiNLI's training rows translated by machines."""

from __future__ import annotations

from collections.abc import Callable

from xlt_cli.api import NOT_STATED, Split
from xlt_tasks.file_tasks import NOT_TRANSLATED
from xlt_tasks.nli.base import NliTask
from xlt_tasks.sources.release import Release


class XnliExtra(NliTask):
    """XNLI's dev rows: line i, and so each id, is the same item as in `xnli`."""

    api_version = 1
    name = "xnli-extra"
    summary = "XNLI's dev rows in Croatian, Korean and Burmese"
    reference = (
        "Obadić et al. 2022, C-XNLI; Ham et al. 2020, KorNLI (Findings of EMNLP); Aung Kyaw Htet "
        "and Mark Dras 2024, myXNLI"
    )
    aligned = True
    items = "xnli"
    published_languages = ("hr", "ko", "my")
    licence = "CC BY-NC 4.0 (ko: CC BY-SA 4.0)"
    origin = "human-translated"
    untranslated = NOT_TRANSLATED
    folder = "xnli_extra"
    releases = (Release(),)


class XnliAfricanMt(NliTask):
    """XNLI's dev rows: line i, and so each id, is the same item as in `xnli`."""

    api_version = 1
    name = "xnli-african-mt"
    summary = "XNLI's dev rows in seven African languages, translated by a machine"
    reference = "github.com/joynaomi81/Extending-AfriXNLI, after Conneau et al. 2018, XNLI (EMNLP)"
    caveat = "its source says that the translations are not fully validated by experts"
    aligned = True
    items = "xnli"
    published_languages = ("ee", "ha", "ig", "luo", "pcm", "rw", "yo")
    licence = NOT_STATED
    origin = "machine-translated"
    tags = ("low-resource",)
    untranslated = NOT_TRANSLATED
    folder = "xnli_african_mt"
    releases = (Release(),)


class XnliTranslateTrain(NliTask):
    """MultiNLI's first training rows: English and machine translations, line by line.

    An id is the number of the row in MultiNLI (`mnli-7112`) where `train.mnli-lines.txt` stands
    beside the files, and the same in every language.
    """

    api_version = 1
    name = "xnli-translate-train"
    summary = "training rows of MultiNLI in English, translated into six languages by a machine"
    reference = "Conneau et al. 2018, XNLI (EMNLP); Singh et al. 2019, BERT is Not an Interlingua"
    caveat = (
        "some Urdu rows are unrelated to their English ones, and Swahili rows keep English words"
    )
    aligned = True
    published_languages = ("ar", "en", "sw", "tr", "ur", "uz", "zh")
    licence = "BSD-3-Clause (translations); OANC and others (MultiNLI)"
    origin = "machine-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    untranslated = NOT_TRANSLATED
    folder = "xnli_translate_train"
    releases = (Release(),)

    def row_id(self, split: Split, language: str) -> Callable[[int], str]:
        lines = self.companion(f"{split}.mnli-lines.txt")
        if not lines.is_file():
            return super().row_id(split, language)
        return self.listed_ids(lines, "mnli-")
