"""Real rows, written again by pandas and others, read back: the same examples."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from xlt_cli.api import Rows
from xlt_tasks.pawsx import PawsX
from xlt_tasks.token_labelling import TokenLabelling
from xlt_tasks.xnli import Xnli

WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    ".tsv": lambda t, p: t.to_csv(p, sep="\t", index=False),
    ".tsv.gz": lambda t, p: t.to_csv(p, sep="\t", index=False),
    ".csv": lambda t, p: t.to_csv(p),  # with the index
    ".csv.bz2": lambda t, p: t.to_csv(p, sep=";", index=False, quoting=csv.QUOTE_NONNUMERIC),
    ".json": lambda t, p: t.to_json(p, orient="records", force_ascii=False),
    ".jsonl.xz": lambda t, p: t.to_json(p, orient="records", lines=True),
    ".parquet": lambda t, p: t.to_parquet(p),
    ".feather": lambda t, p: t.to_feather(p),
}


def table(rows: Rows) -> pd.DataFrame:
    """Every example as a row, under names that all files of pairs may have."""
    return pd.DataFrame(
        [(*e.texts, e.label) for e in rows.examples], columns=["sentence1", "sentence2", "label"]
    )


@functools.cache
def own(cls: Any, folder: Path, language: str) -> Rows:
    """The rows as the set's own files have them."""
    rows: Rows = cls(cls.Params(path=folder, untranslated="keep")).load("dev", language)
    return rows


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize(
    ("cls", "language"), [(Xnli, "zh"), (Xnli, "en"), (PawsX, "fr"), (PawsX, "en")]
)
def test_pairs(real_data: Path, task, tmp_path: Path, cls: Any, language: str, suffix: str):
    wanted = own(cls, real_data / cls.name, language)
    WRITERS[suffix](table(wanted), tmp_path / f"validation-{language}{suffix}")
    rows = task(cls, path=tmp_path, untranslated="keep").load("dev", language)
    assert rows.examples == wanted.examples
    quoted = any("quoted as in CSV" in note for note in rows.notes)
    has_marks = any('"' in text for e in wanted.examples for text in e.texts)
    assert quoted == (suffix.startswith(".tsv") and has_marks)


@pytest.mark.parametrize("suffix", WRITERS)
def test_labels_as_whole_numbers_with_gaps(real_data: Path, task, tmp_path: Path, suffix: str):
    """A column of floats, as pandas makes of whole numbers beside a missing one."""
    wanted = own(PawsX, real_data / "pawsx", "de")
    floats = table(wanted)
    floats["label"] = floats["label"].astype(float)
    WRITERS[suffix](floats, tmp_path / f"dev-de{suffix}")
    rows = task(PawsX, path=tmp_path, untranslated="keep").load("dev", "de")
    assert [(e.texts, e.label) for e in rows.examples] == [
        (e.texts, e.label) for e in wanted.examples
    ]


@pytest.mark.parametrize("form", ["spaces", "conll-u", "csv", "jsonl", "crlf"])
def test_words(real_data: Path, task, tmp_path: Path, form: str):
    path = real_data / "ud_lowres"
    everything = [
        [line.split("\t")[:2] for line in sentence.split("\n") if line]
        for sentence in (path / "test-wo.tsv").read_text("utf-8").split("\n\n")
        if sentence.strip()
    ]
    sentences, tags = everything[:200], sorted({tag for s in everything for _, tag in s})
    wanted = task(TokenLabelling, path=path, tags=tags).load("test", "wo").examples[:200]
    if form == "jsonl":
        objects = [{"tokens": [w for w, _ in s], "tags": [t for _, t in s]} for s in sentences]
        pd.DataFrame(objects).to_json(tmp_path / "test-wo.jsonl", orient="records", lines=True)
    elif form == "csv":
        with open(tmp_path / "test-wo.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["token", "tag"])
            for sentence in sentences:
                writer.writerows([*sentence, []])
    elif form == "conll-u":
        lines = []
        for number, sentence in enumerate(sentences, 1):
            lines += [f"# sent_id = {number}", "# text = " + " ".join(w for w, _ in sentence)]
            lines.append("1-2\tx" + "\t_" * 8)
            lines += [
                "\t".join([str(i), w, "_", t, *"______"]) for i, (w, t) in enumerate(sentence, 1)
            ]
            lines.append("")
        (tmp_path / "test-wo.conllu").write_text("\n".join(lines), "utf-8")
    else:
        separator, end = (" ", "\n") if form == "spaces" else ("\t", "\r\n")
        text = (end * 2).join(end.join(separator.join(word) for word in s) for s in sentences)
        name = "test-wo.conll" if form == "spaces" else "test-wo.tsv"
        (tmp_path / name).write_bytes(text.encode("utf-8"))
    rows = task(TokenLabelling, path=tmp_path, tags=tags).load("test", "wo")
    assert rows.examples == wanted
