"""MasakhaNER: named entities in news of African languages."""

from __future__ import annotations

from typing import ClassVar

from xlt_tasks.file_tasks import WordTask
from xlt_tasks.sources.release import Release


class MasakhaNer(WordTask):
    """Also marks dates, unlike PAN-X: a model of `panx` is tested with dates counted as O."""

    api_version = 1
    name = "masakhaner"
    summary = "named entities in news of nine languages of Africa"
    reference = "Adelani et al. 2021, MasakhaNER (TACL)"
    family = "entities"
    source_language = "hau"
    labels = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-DATE", "I-DATE")
    collapse = {"O": ("O", "B-DATE", "I-DATE")}  # noqa: RUF012  (see Task)
    published_languages: ClassVar[tuple[str, ...]] = (
        "amh",
        "hau",
        "ibo",
        "kin",
        "lug",
        "luo",
        "swa",
        "wol",
        "yor",
    )
    licence = "CC BY-NC 4.0"
    origin = "native"
    tags = ("low-resource", "out-of-distribution")
    folder = "masakhaner"
    releases = (Release(), Release("{language}/{split}.txt"))


class MasakhaNer2(MasakhaNer):
    """The second version, with the same tags; it has all languages of the first but Amharic."""

    api_version = 1
    name = "masakhaner2"
    summary = "named entities in news of 20 languages of Africa"
    reference = "Adelani et al. 2022, MasakhaNER 2.0 (EMNLP)"
    published_languages: ClassVar[tuple[str, ...]] = (
        "bam", "bbj", "ewe", "fon", "hau", "ibo", "kin", "lug", "luo", "mos", "nya", "pcm", "sna",
        "swa", "tsn", "twi", "wol", "xho", "yor", "zul",
    )  # fmt: skip
    folder = "masakhaner2"
