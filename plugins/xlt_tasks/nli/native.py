"""Sets of natural language inference that were written in their own language."""

from __future__ import annotations

from xlt_tasks.nli.base import LETTERS, NON_ENTAILMENT, TWO_WAY, NliTask
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.release import Release
from xlt_tasks.sources.table import Form


class IndoNli(NliTask):
    """Premises from Wikipedia, news and treebanks; hypotheses by annotators."""

    api_version = 1
    name = "indonli"
    summary = "natural language inference written in Indonesian"
    reference = "Mahendra et al. 2021, IndoNLI (EMNLP)"
    source_language = "id"
    published_languages = ("id",)
    licence = "CC BY-SA, Apache-2.0 (premises); not stated (hypotheses)"
    origin = "native"
    tags = ("out-of-distribution",)
    folder = "indonli"
    releases = (
        Release(),
        Release(
            {"train": "train.jsonl", "dev": "val.jsonl", "test": "test_lay.jsonl"},
            language="id",
            label_map=LETTERS,
        ),
    )


class Ocnli(NliTask):
    """Rows with a gold label; those whose annotators disagreed are left out."""

    api_version = 1
    name = "ocnli"
    summary = "natural language inference written in Chinese"
    reference = "Hu et al. 2020, OCNLI (Findings of EMNLP)"
    source_language = "zh"
    published_languages = ("zh",)
    licence = "CC BY-NC 2.0"
    origin = "native"
    tags = ("out-of-distribution",)
    folder = "nli_zh"
    releases = (
        Release("ocnli-{split}-{language}"),
        Release(
            {"train": "train.50k.json", "dev": "dev.json"}, language="zh", label_map={"-": "drop"}
        ),
    )


class Jnli(NliTask):
    """Captions of pictures by crowd workers; the set for validation."""

    api_version = 1
    name = "jnli"
    summary = "natural language inference between Japanese captions of pictures"
    reference = "Kurihara et al. 2022, JGLUE (LREC)"
    source_language = "ja"
    published_languages = ("ja",)
    licence = "CC BY-SA 4.0"
    origin = "native"
    tags = ("out-of-distribution",)
    folder = "nli_other"
    releases = (
        Release("jnli-{split}-{language}"),
        Release({"train": "train-v*.json", "dev": "valid-v*.json"}, language="ja"),
    )


class CdscE(NliTask):
    """Captions of pictures; three of four rows are neutral."""

    api_version = 1
    name = "cdsc-e"
    summary = "natural language inference between Polish captions of pictures"
    reference = "Wróblewska and Krasnowska-Kieraś 2017, Polish evaluation dataset for CDSMs (ACL)"
    source_language = "pl"
    published_languages = ("pl",)
    licence = "CC BY-NC-SA 4.0"
    origin = "native"
    tags = ("out-of-distribution",)
    folder = "nli_other"
    releases = (Release("cdsc-{split}-{language}"),)


class Wrete(NliTask):
    """Edits of Wikipedia: two-way, 450 rows in all."""

    api_version = 1
    name = "wrete"
    summary = "two-way inference between versions of sentences of the Indonesian Wikipedia"
    reference = "Setya and Mahendra 2018; Wilie et al. 2020, IndoNLU (AACL)"
    source_language = "id"
    labels = TWO_WAY
    collapse = NON_ENTAILMENT
    published_languages = ("id",)
    licence = "MIT, Apache-2.0 (repository)"
    origin = "native"
    tags = ("out-of-distribution",)
    folder = "nli_other"
    releases = (
        Release("wrete-{split}-{language}"),
        Release(
            "{split}_preprocess.csv",
            Columns((("sent_A", "sent_B"),), ("label",)),
            language="id",
            label_map={"Entail_or_Paraphrase": "entailment", "NotEntail": "non-entailment"},
            form=Form("csv"),
        ),
    )


class ParsiNluNli(NliTask):
    """Partly written in Persian, partly translated from MultiNLI."""

    api_version = 1
    name = "parsinlu-nli"
    summary = "natural language inference in Persian"
    reference = "Khashabi et al. 2021, ParsiNLU (TACL)"
    source_language = "fa"
    published_languages = ("fa",)
    licence = "CC BY-NC-SA 4.0"
    origin = "mixed"
    folder = "parsinlu"
    releases = (Release("nli-{split}-{language}"),)
