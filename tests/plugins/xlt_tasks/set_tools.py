"""Small files in the form of a published data set, as its task states it."""

from __future__ import annotations

import csv
import json
from itertools import cycle
from pathlib import Path
from typing import Any

from xlt_cli.api import SPLITS, Split, own_code
from xlt_tasks.file_tasks import FileTask, IntentTask, ScoreTask, WordTask
from xlt_tasks.sources.release import Release

ANY = ("de", "en", "sw")
"""Languages of a set that has no fixed list of them."""
MOST = 3
"""How many languages are written."""
ROWS = 12
GENRES = ("fiction", "travel")


def write_set(task: type[FileTask], root: Path, release: Release | None = None) -> Path:
    """Writes a folder of the task's name, with the first languages of each split."""
    release = release or task.releases[0]
    folder = root / task.folder
    stated = release.languages or task.published_languages or ANY
    source = own_code(task.source_language, stated)
    known = [*filter(None, [source]), *(code for code in stated if code != source)]
    languages = [release.language] if release.language else known[:MOST]
    for split in splits(task, release):
        for language in languages:
            path = folder / release.naming.example(split, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = rows(task, release, language)
            path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        if task.folder == "xnli":
            write_slices(folder, split)
    return folder


def splits(task: type[FileTask], release: Release) -> list[Split]:
    """Those that the release has; train only where the source language is in it."""
    languages = (release.language,) if release.language else task.published_languages or ANY
    trained = own_code(task.source_language, languages) is not None
    stated = SPLITS if isinstance(release.files, str) else tuple(release.files)
    return [split for split in stated if split != "train" or trained]


def rows(task: type[FileTask], release: Release, language: str) -> list[str]:
    """Rows of the first columns of a file without a header; slices `a`, `b` and `c`."""
    if issubclass(task, WordTask):
        return words(task)
    if issubclass(task, IntentTask):
        return utterances(task, release, language)
    labels: Any = (
        [f"{s / 4:g}" for s in range(4, 20)] if issubclass(task, ScoreTask) else task.labels
    )
    named = {label: name for name, label in release.label_map.items()}
    texts = release.columns.width - 1
    of_slices = len(release.slice_columns)
    return [
        "\t".join(
            [
                *(f"text {t} of row {i} in {language}" for t in range(texts)),
                named.get(label, label),
                *["a:b" if i % 2 else "c"] * of_slices,
            ]
        )
        for i, label in zip(range(ROWS), cycle(labels), strict=False)
    ]


def write_published(task: type[FileTask], root: Path, release: Release) -> Path:
    """Writes one split in the authors' own form: named columns, in another order."""
    split = splits(task, release)[0]
    language = release.language or task.published_languages[0]
    name = release.naming.example(split, language).replace("*", "1.3")
    path = root / task.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = [*release.columns.inputs[0], release.columns.targets[0]]
    records = []
    for i, row in enumerate(rows(task, release, language)):
        cells = row.split("\t")[: len(fields)]
        own = {release.id_column: f"{100 - i}"} if release.id_column else {}
        records.append({**own, "unread": "x", **dict(zip(fields, cells, strict=True))})
    if ".json" in path.suffix:
        text = "".join(f"{json.dumps(record)}\n" for record in records)
        path.write_text(text, "utf-8")
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        separator = "," if path.suffix == ".csv" else "\t"
        writer = csv.writer(file, delimiter=separator, lineterminator="\n")
        named = "unread" in records[0] and not path.name.endswith("_preprocess.tsv")
        kept = list(records[0]) if named else fields
        writer.writerows([kept] * named)
        writer.writerows([record[field] for field in kept] for record in records)
    return path


def utterances(task: type[IntentTask], release: Release, language: str) -> list[str]:
    """Sentences with a slot of two words, in the form of the task's own files."""
    lines = []
    for i, intent in zip(range(ROWS), cycle(task.intents), strict=False):
        slot = task.slots[i % len(task.slots)]
        if release.columns.targets == ("intent",) and "annot_utt" in release.columns.inputs[0]:
            about = {"id": str(i), "locale": language, "intent": intent, "utt": f"ask a{i} b"}
            lines += [
                json.dumps({**about, "partition": split, "annot_utt": f"ask [{slot} : a{i} b]"})
                for split in ("train", "dev", "test", "MMNLU-22")
            ]
        elif release.columns.per_word:
            tagged = zip(("ask", f"a{i}", "b"), ("O", f"B-{slot}", f"I-{slot}"), strict=True)
            words = [f"{n}\t{w}\t{intent}\t{t}" for n, (w, t) in enumerate(tagged, start=1)]
            lines += [f"# id = {i}", "# text = ask", *words, ""]
        else:
            lines.append(f"ask a{i} b\tO B-{slot} I-{slot}\t{intent}")
    return lines


def words(task: type[FileTask]) -> list[str]:
    """Sentences of two words, one of them tagged."""
    tags: Any = task.labels
    begun = [tag for tag in tags if not tag.startswith("I-")]
    end = "O" if "O" in tags else tags[0]
    lines = []
    for i, tag in zip(range(ROWS), cycle(begun), strict=False):
        lines += [f"word{i}\t{tag}", f"end\t{end}", ""]
    return lines


def write_slices(folder: Path, split: Split) -> None:
    """The files beside XNLI's that name the genre and the reasoning of each line."""
    genres = [GENRES[i % 2] for i in range(ROWS)]
    (folder / f"{split}.genre.txt").write_text("\n".join(genres) + "\n", "utf-8")
    lines = ["line\tnegation\tcausal", "2\t1\t0", "3\t0\t-1", "5\t1\t1"]
    (folder / f"{split}.reasoning.tsv").write_text("\n".join(lines) + "\n", "utf-8")
