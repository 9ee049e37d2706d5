"""Parts of speech: XTREME's selection of Universal Dependencies, and MasakhaPOS.

Universal Dependencies as its authors publish it is in universal_dependencies.py.
"""

from __future__ import annotations

from typing import ClassVar

from xlt_tasks.file_tasks import Columns, OnHub, Release, WordTask

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN",
    "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
"""The universal parts of speech: https://universaldependencies.org/u/pos/."""
TAGGED = Columns((("tokens",),), ("pos_tags",), per_word=True)
ON_HUB = {
    "Afrikaans": "af", "Arabic": "ar", "Basque": "eu", "Bulgarian": "bg", "Chinese": "zh",
    "Dutch": "nl", "English": "en", "Estonian": "et", "Finnish": "fi", "French": "fr",
    "German": "de", "Greek": "el", "Hebrew": "he", "Hindi": "hi", "Hungarian": "hu",
    "Indonesian": "id", "Italian": "it", "Japanese": "ja", "Kazakh": "kk", "Korean": "ko",
    "Marathi": "mr", "Persian": "fa", "Portuguese": "pt", "Russian": "ru", "Spanish": "es",
    "Tagalog": "tl", "Tamil": "ta", "Telugu": "te", "Thai": "th", "Turkish": "tr", "Urdu": "ur",
    "Vietnamese": "vi", "Yoruba": "yo",
}  # fmt: skip
"""The languages of the hub's copy of XTREME by their names there."""


class PartsOfSpeech(WordTask):
    """Words with universal parts of speech, scored word by word."""

    metric = "accuracy"
    family = "parts-of-speech"
    labels = UPOS
    origin = "native"


class UdPos(PartsOfSpeech):
    """Treebanks of Universal Dependencies 2.5, all of a language joined. XTREME's own test files
    have no tags and are refused: evaluate on dev, read the treebanks with `ud`, or take the copy on
    the hub, which has the tags of test rows.

    That copy has the 33 languages of XTREME, of which Kazakh has no dev rows, and Tagalog, Thai and
    Yoruba have test rows only. Its words are those of the annotation, such as "zu" and "dem", where
    XTREME's files have the word of the text, "zum": figures are not comparable with those of the
    files.

    Scored by the accuracy of words, and by `seqeval_f1`, which XTREME reports: in it, neighbouring
    words with the same tag count as one."""

    api_version = 1
    name = "udpos"
    summary = "parts of speech in 38 languages, as selected for XTREME and XTREME-R"
    reference = (
        "Nivre et al. 2020, Universal Dependencies v2 (LREC); Hu et al. 2020, XTREME (ICML)"
        "; hub: google/xtreme (33 languages, other words)"
    )
    published_languages: ClassVar[tuple[str, ...]] = (
        "af", "ar", "bg", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "he", "hi", "hu",
        "id", "it", "ja", "kk", "ko", "lt", "mr", "nl", "pl", "pt", "ro", "ru", "ta", "te", "th",
        "tl", "tr", "uk", "ur", "vi", "wo", "yo", "zh",
    )  # fmt: skip
    licence = "of each treebank: mostly CC BY-SA, some NC or GPL"
    metrics = ("seqeval_f1",)
    folder = "udpos"
    releases = (Release(),)
    on_hub = OnHub(
        "google/xtreme",
        Release(
            "udpos.{language}/{split}-*.parquet",
            TAGGED,
            codes=ON_HUB,
            languages=tuple(sorted(ON_HUB.values())),
        ),
        differs="on the hub, words are those of the annotation ('zu', 'dem'), where XTREME's "
        "files have those of the text ('zum')",
    )


class MasakhaPos(PartsOfSpeech):
    """News, with tags by speakers of the languages."""

    api_version = 1
    name = "masakhapos"
    summary = "parts of speech in news of 20 languages of Africa"
    reference = "Dione et al. 2023, MasakhaPOS (ACL)"
    source_language = "hau"
    published_languages: ClassVar[tuple[str, ...]] = (
        "bam", "bbj", "ewe", "fon", "hau", "ibo", "kin", "lug", "luo", "mos", "nya", "pcm", "sna",
        "swa", "tsn", "twi", "wol", "xho", "yor", "zul",
    )  # fmt: skip
    licence = "CC BY-NC 4.0"
    tags = ("low-resource",)
    folder = "masakhapos"
    releases = (
        Release(),
        Release("{language}/{split}.txt"),
        Release("data/{language}/{split}.txt"),
    )
