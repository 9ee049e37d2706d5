"""SICK: compositional inference between captions, its translations, and JSICK."""

from __future__ import annotations

from xlt_tasks.nli.base import NliTask, SlicedNliTask
from xlt_tasks.sources.release import Release


class Sick(NliTask):
    """Test rows with the same labels in every language. `jsick` has the same rows by the same ids
    with labels of its own, which differ in 655 of 4,906. SICK's train and trial rows are part of
    the English training rows of `xnli` in some copies."""

    api_version = 1
    name = "sick"
    summary = "inference between captions of pictures, in English, Dutch and Polish"
    reference = (
        "Marelli et al. 2014, SICK (LREC); Wijnholds and Moortgat 2021, SICK-NL (EACL); Dadas et "
        "al. 2020, SICK-PL (LREC)"
    )
    aligned = True
    items = "sick"
    published_languages = ("en", "nl", "pl")
    licence = "CC BY-NC-SA 3.0"
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    tags = ("out-of-distribution",)
    folder = "sick"
    releases = (Release({"test": "test-{language}"}, languages=("en", "nl", "pl")),)


class Jsick(NliTask):
    """SICK in Japanese, labelled anew: test rows with an id of `sick` are the same items, and 655
    of their 4,906 labels differ."""

    api_version = 1
    name = "jsick"
    summary = "inference between captions of pictures, translated into Japanese and labelled anew"
    reference = "Yanaka and Mineshima 2022, Compositional Evaluation on Japanese (TACL)"
    source_language = "ja"
    items = "sick"
    published_languages = ("ja",)
    licence = "CC BY-SA 4.0"
    origin = "human-translated"
    tags = ("out-of-distribution",)
    folder = "sick"
    releases = (Release("{split}-{language}", languages=("ja",)),)


class JsickStress(SlicedNliTask):
    """`slice` is a transformation: `scrum_*` scrambles words (the label should hold), `ex_*` swaps
    particles, `del_*` deletes them, each `ga_o`, `ga_ni` or `ga_de`. The labels are those of the
    rows before it."""

    api_version = 1
    name = "jsick-stress"
    summary = "rows of JSICK with scrambled words, and with swapped or deleted particles"
    reference = "Yanaka and Mineshima 2022, Compositional Evaluation on Japanese (TACL)"
    source_language = "ja"
    published_languages = ("ja",)
    licence = "CC BY-SA 4.0"
    origin = "mixed"
    tags = ("challenge", "perturbed")
    folder = "sick"
    releases = (Release({"test": "stress-{language}"}, slice_columns=("4",)),)
