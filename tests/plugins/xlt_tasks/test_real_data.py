"""The real files, against what their manifest says of them; skipped without XLT_DATA_DIR."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from xlt_cli.api import Rows, Task
from xlt_tasks.panx import PanX
from xlt_tasks.pawsx import PawsX
from xlt_tasks.text_classification import TextClassification
from xlt_tasks.token_labelling import TokenLabelling
from xlt_tasks.xnli import Xnli

XNLI = ["ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh"]
AMERICAS = {
    "aym": 743, "bzd": 743, "cni": 658, "gn": 743, "hch": 743, "nah": 376, "oto": 222, "quy": 743,
    "shp": 743, "tar": 743,
}  # fmt: skip
PANX = {
    "af": 1000, "bn": 1000, "en": 10000, "gu": 100, "hi": 1000, "jv": 100, "kk": 1000, "ml": 1000,
    "mr": 1000, "ms": 1000, "my": 100, "pa": 100, "qu": 100, "sw": 1000, "ta": 1000, "te": 1000,
    "tl": 1000, "ur": 1000, "yo": 100,
}  # fmt: skip
NOT_TRANSLATED = {
    "dev": {"de": 68, "es": 38, "fr": 8, "ja": 20, "ko": 35, "zh": 16, "en": 0},
    "test": {"de": 32, "es": 1, "fr": 14, "ja": 54, "ko": 28, "zh": 25, "en": 0},
}
TOPICS = [
    "science/technology", "travel", "politics", "sports", "health", "entertainment", "geography",
]  # fmt: skip
MASAKHANER = {
    "amh": (500, 7449), "hau": (552, 16841), "ibo": (638, 12645), "kin": (605, 14196),
    "lug": (407, 9841), "luo": (186, 5159), "swa": (604, 15409), "wol": (539, 11682),
    "yor": (645, 19896),
}  # fmt: skip
UDPOS = {
    "af": (194, 5317), "en": (3974, 62632), "he": (484, 8358), "mr": (46, 400), "te": (131, 662),
    "wo": (449, 9966),
}  # fmt: skip
UPOS = [
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN",
    "PUNCT", "SCONJ", "SYM", "VERB", "X", "_",
]  # fmt: skip


def labels(rows: Rows) -> list[tuple[str, str]]:
    return [(e.id, e.label) for e in rows.examples]


def counts(rows: Rows) -> dict[str, int]:
    return dict(Counter(e.label for e in rows.examples))


def size(rows: Rows) -> tuple[int, int]:
    """Sentences and words."""
    return len(rows.examples), sum(len(e.tokens) for e in rows.examples)


@pytest.mark.parametrize(("split", "number"), [("dev", 2490), ("test", 5010)])
def test_xnli(real_data: Path, task, split, number: int):
    xnli: Task = task(Xnli)
    assert xnli.languages(split) == tuple(XNLI)
    english = xnli.load(split, "en")
    assert counts(english) == dict.fromkeys(xnli.labels, number // 3)
    assert english.source == str(real_data / "xnli" / f"{split}-en.tsv")
    for language in XNLI[:: 3 if split == "test" else 1]:
        rows = xnli.load(split, language)
        assert labels(rows) == labels(english)
        assert rows.notes == ()


def test_xnli_train(real_data: Path, task):
    xnli = task(Xnli)
    assert xnli.languages("train") == ("en",)
    assert counts(xnli.load("train", "en")) == {
        "contradiction": 21831,
        "entailment": 22894,
        "neutral": 23733,
    }


@pytest.mark.parametrize(
    ("folder", "languages"),
    [("xnli_extra", "hr ko my"), ("xnli_african_mt", "ee ha ig luo pcm rw yo")],
)
def test_xnli_in_more_languages(real_data: Path, task, folder: str, languages: str):
    extra = task(Xnli, path=folder)
    english = dict(labels(task(Xnli).load("dev", "en")))
    assert extra.languages("dev") == tuple(languages.split())
    assert extra.languages("train") == extra.languages("test") == ()
    for language in languages.split():
        rows = extra.load("dev", language)
        missing = 3 if language == "pcm" else 0
        assert len(rows.examples) == 2490 - missing
        assert set(labels(rows)) <= set(english.items())
        assert len(rows.notes) == (missing > 0)
    if "pcm" in languages:
        ids = {e.id for e in extra.load("dev", "pcm").examples}
        assert set(english) - ids == {"dev-55", "dev-56", "dev-57"}
        assert len(task(Xnli, path=folder, untranslated="keep").load("dev", "pcm").examples) == 2490


def test_nli_that_is_not_xnli(real_data: Path, task):
    indonli = task(Xnli, path=real_data / "indonli")
    assert counts(indonli.load("dev", "id")) == {
        "contradiction": 749,
        "entailment": 807,
        "neutral": 641,
    }
    assert len(indonli.load("train", "id").examples) == 10330
    americas = task(Xnli, path=real_data / "americasnli")
    sizes = {x: len(americas.load("dev", x).examples) for x in americas.languages("dev")}
    assert sizes == AMERICAS


@pytest.mark.parametrize("split", ["dev", "test"])
def test_pawsx(real_data: Path, task, split):
    pawsx = task(PawsX)
    assert set(pawsx.languages(split)) == set(NOT_TRANSLATED[split])
    english = pawsx.load(split, "en")
    zeros, ones = {"dev": (1137, 863), "test": (1093, 907)}[split]
    assert counts(english) == {"0": zeros, "1": ones}
    everywhere = set(labels(english))
    for language, missing in NOT_TRANSLATED[split].items():
        rows = pawsx.load(split, language)
        assert len(rows.examples) == 2000 - missing
        assert set(labels(rows)) <= set(labels(english))
        everywhere &= set(labels(rows))
        left_out = f"{missing} row{'s' * (missing > 1)} left out: a sentence was not translated"
        assert any(left_out in note for note in rows.notes) == (missing > 0)
        kept = task(PawsX, untranslated="keep").load(split, language)
        assert labels(kept) == labels(english)
    assert len(everywhere) == {"dev": 1849, "test": 1879}[split]


def test_pawsx_more(real_data: Path, task):
    pawsx = task(PawsX)
    assert counts(pawsx.load("train", "en")) == {"0": 10336, "1": 8231}
    indonesian = task(PawsX, path="pawsx_extra").load("dev", "id")
    assert labels(indonesian) == labels(pawsx.load("dev", "en"))


def test_panx(real_data: Path, task):
    panx = task(PanX)
    assert panx.languages("train") == ("en",)
    assert panx.languages("dev") == tuple(PANX)
    assert size(panx.load("train", "en")) == (20000, 160394)
    assert size(panx.load("dev", "en")) == (10000, 80536)
    for language in list(PANX)[::3]:
        assert len(panx.load("dev", language).examples) == PANX[language]


def test_sib200(real_data: Path, task):
    sib = task(TextClassification, path="sib200", labels=TOPICS, aligned=True)
    languages = sib.languages("test")
    assert len(languages) == len(sib.languages("dev")) == 205
    assert len(sib.languages("train")) == 42
    english = sib.load("test", "eng_Latn")
    assert counts(english) == dict(zip(TOPICS, (51, 40, 30, 25, 22, 19, 17), strict=True))
    for language in languages[::8]:
        assert labels(sib.load("test", language)) == labels(english)


def test_nusax(real_data: Path, task):
    nusax = task(TextClassification, path="nusax", labels=["negative", "neutral", "positive"])
    assert len(nusax.languages("test")) == 12
    for split, wanted in [("train", (192, 119, 189)), ("test", (153, 96, 151))]:
        english = nusax.load(split, "english")
        assert counts(english) == dict(zip(nusax.labels, wanted, strict=True))
        for language in nusax.languages(split):
            assert labels(nusax.load(split, language)) == labels(english)


def test_masakhaner(real_data: Path, task):
    kinds = ["PER", "ORG", "LOC", "DATE"]
    tags = ["O", *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI")]
    ner = task(TokenLabelling, path="masakhaner", tags=tags)
    assert {x: size(ner.load("test", x)) for x in ner.languages("test")} == MASAKHANER


def test_masakhaner_has_a_tag_that_panx_lacks(real_data: Path, task, failure):
    error = failure(task(PanX, path="masakhaner").load, "test", "hau")
    assert error.what == "2 labels are not labels of the task: 'I-DATE' (298), 'B-DATE' (163)"
    mapped = task(PanX, path="masakhaner", tag_map={"B-DATE": "O", "I-DATE": "O"})
    rows = mapped.load("test", "hau")
    assert size(rows) == MASAKHANER["hau"]
    assert "read by `tag_map`: 'B-DATE' as 'O' (163), 'I-DATE' as 'O' (298)" in rows.notes


def test_udpos(real_data: Path, task):
    pos = task(TokenLabelling, path="udpos", tags=UPOS)
    assert pos.metric == "accuracy"
    assert {x: size(pos.load("dev", x)) for x in UDPOS} == UDPOS
    assert len(pos.languages("dev")) == 15
