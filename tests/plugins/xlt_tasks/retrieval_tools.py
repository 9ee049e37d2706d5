"""Small files of the sets of retrieval, as their authors publish them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xlt_tasks.retrieval.base import RetrievalTask

ROWS = 6


def write_retrieval(task: type[RetrievalTask], root: Path) -> Path:
    """Writes the set's folder, and returns it."""
    folder = root / task.folder
    folder.mkdir(parents=True, exist_ok=True)
    {"bucc": bucc, "lareqa": lareqa, "tatoeba": tatoeba, "sib200-retrieval": sib200}[task.name](
        folder
    )
    return folder


def tatoeba(folder: Path, codes: tuple[str, ...] = ("deu", "fra")) -> None:
    for code in codes:
        for side in (code, "eng"):
            lines = "".join(f"{side} sentence {number * 7 % 10}\n" for number in range(ROWS))
            (folder / f"tatoeba.{code}-eng.{side}").write_text(lines, "utf-8")


def sib200(folder: Path) -> None:
    for split in ("train", "dev", "test"):
        for code in ("eng_Latn", "deu_Latn", "swh_Latn"):
            lines = "".join(f"{code} {split} {number * 7 % 10}\tsports\n" for number in range(ROWS))
            (folder / f"{split}-{code}.tsv").write_text(lines, "utf-8")


def bucc(folder: Path) -> None:
    """Of six sentences and eight English ones, two are pairs; 3 stands in dev twice."""
    for split in ("dev", "test"):
        for code in ("de", "fr"):
            for side, count in ((code, 6), ("en", 8)):
                lines = "".join(
                    f"{side}-{number}\t{side} {split} sentence {number}\n"
                    for number in range(1, count + 1)
                )
                (folder / f"{code}-en.{split}.{side}").write_text(lines, "utf-8")
            gold = f"{code}-2\ten-7\n{code}-5\ten-1\n"
            (folder / f"{code}-en.{split}.gold").write_text(gold, "utf-8")


def lareqa(folder: Path) -> None:
    """Two paragraphs of three sentences, with three questions; the last about the last sentence."""
    for code in ("de", "en", "ru"):
        paragraphs: list[dict[str, Any]] = []
        for paragraph in range(2):
            sentences = [f"{code} says {paragraph}{place}. " for place in range(3)]
            starts = [sum(map(len, sentences[:place])) for place in range(4)]
            breaks = [[starts[place], starts[place + 1] - 1] for place in range(3)]
            questions = [
                {
                    "id": f"q{paragraph}{number}",
                    "question": f"{code} asks {paragraph}{number}?",
                    "answers": [{"text": code, "answer_start": starts[number + 1 - paragraph]}],
                }
                for number in range(2 - paragraph)
            ]
            context = "".join(sentences)
            paragraphs.append({"context": context, "sentence_breaks": breaks, "qas": questions})
        document = {"data": [{"paragraphs": paragraphs}]}
        (folder / f"{code}.json").write_text(json.dumps(document), "utf-8")
