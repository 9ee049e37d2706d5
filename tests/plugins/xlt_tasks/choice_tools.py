"""Small files of the published sets of multiple choice, as their authors write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xlt_tasks.file_tasks import ChoiceTask

ROWS = 6


def row(task: str, number: int, language: str) -> dict[str, Any]:
    """A row of the first form in which a set is published; of two choices, the second is right
    where the number is odd."""
    two = [f"{language} answer {number} {which}" for which in "ab"]
    context = f"{language} context {number}"
    if task == "xcopa":
        return {
            "premise": context,
            "choice1": two[0],
            "choice2": two[1],
            "question": ("cause", "effect")[number % 3 == 0],
            "label": number % 2,
            "idx": number,
            "changed": False,
        }
    if task == "xstorycloze":
        sentences = {f"input_sentence_{n}": f"{language} {number} sentence {n}." for n in (1, 2, 3)}
        return {
            "story_id": f"story-{number}",
            **sentences,
            "input_sentence_4": context,
            "sentence_quiz1": two[0],
            "sentence_quiz2": two[1],
            "answer_right_ending": 1 + number % 2,
        }
    if task == "xwinograd":
        return {
            "lang": language,
            "subset": "original",
            "sentence": f"{context} because it is large.",
            "pronoun": "it",
            "candidates": two,
            "label": number % 2,
        }
    return {
        "link": f"https://example.org/{number // 2}",
        "question_number": 1 + number % 2,
        "flores_passage": context,
        "question": f"{language} question {number}?",
        **{f"mc_answer{n}": f"{language} answer {number} {n}" for n in range(1, 5)},
        "correct_answer_num": f"{1 + number % 2}",
        "dialect": language,
        "ds": "2023-05-03",
    }


def write_choices(task: type[ChoiceTask], root: Path, *, rows: Any = None) -> Path:
    """Writes the set's folder in its first form: each split in the first three languages."""
    folder = root / task.folder
    folder.mkdir(parents=True, exist_ok=True)
    files = task.releases[0].files
    for split in ("train", "dev", "test") if isinstance(files, str) else files:
        known = task.published_languages
        source = task.source_language
        languages = [source] if split == "train" else [source, *(c for c in known if c != source)]
        for language in languages[:3]:
            made = rows or [row(task.name, number, language) for number in range(ROWS)]
            text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made)
            (folder / f"{split}-{language}.jsonl").write_text(text, "utf-8")
    return folder
