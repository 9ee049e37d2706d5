"""Small files in SQuAD's layout."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def squad(answers: Mapping[str, str | None]) -> dict[str, Any]:
    """A document with a question for each answer, by its id; None: without an answer."""
    paragraphs = []
    for name, text in answers.items():
        context = f"In {len(name)} winters it was {text or 'nobody'}, they said."
        told = [] if text is None else [{"text": text, "answer_start": context.index(text)}]
        asked: dict[str, Any] = {"id": name, "question": "Who was it?", "answers": told}
        if text is None:
            asked["is_impossible"] = True
        paragraphs.append({"context": context, "qas": [asked]})
    return {"version": "1.1", "data": [{"title": "winters", "paragraphs": paragraphs}]}


def write_squad(path: Path, answers: Mapping[str, str | None]) -> Path:
    """Writes such a document, compressed if the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps(squad(answers)).encode("utf-8")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_questions(task: Any, root: Path) -> Path:
    """Writes all splits that a task of question answering has, in its first languages."""
    folder: Path = root / task.folder
    naming = task.releases[0].naming
    languages = [code for code in ("en", "ar", "fi") if code in task.published_languages]
    for split in naming.patterns:
        for language in languages:
            name = naming.example(split, language).removesuffix(".tsv")
            write_squad(folder / f"{name}.json", {f"q{i}": "Anna" for i in range(4)})
    return folder
