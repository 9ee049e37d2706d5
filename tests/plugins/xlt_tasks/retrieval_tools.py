"""Small files of the sets of retrieval, as their authors publish them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xlt_cli.problems import RetrievalExample
from xlt_tasks.retrieval.base import RetrievalTask

ROWS = 6


def write_retrieval(task: type[RetrievalTask], root: Path) -> Path:
    """Writes the set's folder, and returns it."""
    folder = root / task.folder
    folder.mkdir(parents=True, exist_ok=True)
    writers = {
        "bucc": bucc,
        "lareqa": lareqa,
        "tatoeba": tatoeba,
        "sib200-retrieval": sib200,
        "squad-retrieval": squad,
        "mewsli-x": mewsli_x,
        "mewsli-x-pairs": mewsli_x,
    }
    writers[task.name](folder)
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


PASSAGES = (
    "Anna lives in Paris. Dr. Smith, who met J. F. Doe in 1990, does! He asks: why? 7 cats know.",
    "Rain fell. Rain fell. The sun came (at last.) It stayed.[1] \u201cGood.\u201d Said Anna",
)


def squad(folder: Path) -> None:
    """Two passages with two questions each in SQuAD's layout, and one without an answer."""
    asked = [
        [("Who asks?", "He asks"), ("Where does Anna live?", "Paris")],
        [("What fell?", "Rain"), ("What came?", "sun"), ("What else?", "")],
    ]
    paragraphs = []
    for number, (context, questions) in enumerate(zip(PASSAGES, asked, strict=True)):
        rows = [
            {
                "id": f"q{number}{place}",
                "question": question,
                "answers": [{"text": answer, "answer_start": context.index(answer)}] * bool(answer),
            }
            for place, (question, answer) in enumerate(questions)
        ]
        paragraphs.append({"context": context, "qas": rows})
    document = json.dumps({"data": [{"title": "all", "paragraphs": paragraphs}]})
    for split in ("train", "dev"):
        (folder / f"{split}-v1.1.json").write_text(document, "utf-8")


def mewsli_x(folder: Path) -> None:
    """What get-mewsli-x.sh leaves: nine entities, two articles, and a pair."""

    def span(text: str, part: str) -> dict[str, Any]:
        start = text.index(part)
        return {"start": start, "end": start + len(part)}

    def context(language: str, *sentences: str) -> dict[str, Any]:
        text = "\n\n".join(sentences)
        return {
            "document_title": sentences[0],
            "document_url": f"https://{language}.wikinews.org/wiki?curid=1",
            "document_id": f"{language}-1",
            "language": language,
            "text": text,
            "sentence_spans": [span(text, sentence) for sentence in sentences],
        }

    def mention(where: dict[str, Any], text: str, entity: str, name: str) -> dict[str, Any]:
        there = {**span(where["text"], text), "text": text}
        return {"example_id": name, "mention_span": there, "entity_id": entity}

    def entity(number: int, language: str) -> dict[str, Any]:
        sentences = (f"Entity  {number} in {language}.", "It is known.")
        text = "\n".join(sentences)
        return {
            "entity_id": f"Q{number}",
            "title": f"Entity {number}",
            "description": text,
            "description_url": f"https://{language}.wikipedia.org/wiki/Entity_{number}",
            "description_language": language,
            "sentence_spans": [span(text, sentence) for sentence in sentences],
        }

    def write(name: str, rows: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")

    write("candidate_set_entities", [entity(n, ("de", "ar", "sw")[n % 3]) for n in range(9)])
    german = context("de", "Ein Titel", "Anna {sagt} in Bonn etwas {dazu}.", "Ende in Bonn.")
    arabic = context("ar", "عنوان", "زارت آنا باريس.")
    pair = context("en", "Anna came to Bonn.", "She left.")
    for split in ("dev", "test"):
        asked = [mention(german, "Bonn", "Q3", f"{split}1"), mention(german, "Anna", "Q4", "x")]
        articles = [
            {"context": german, "mentions": asked},
            {"context": arabic, "mentions": [mention(arabic, "باريس", "Q3", f"{split}2")]},
        ]
        write(f"wikinews_mentions-{split}", articles)
    for split in ("train", "dev"):
        one = {"context": pair, "mention": mention(pair, "Bonn", "Q3", f"{split}3")}
        write(f"wikipedia_pairs-{split}", [{"contextual_mention": one, "entity": entity(3, "en")}])


def rows(task: Any, split: str, language: str) -> tuple[RetrievalExample, ...]:
    examples: tuple[RetrievalExample, ...] = task.load(split, language).examples
    assert not any(example.fault() for example in examples)
    return examples


def made(kind: type[Any], folder: Path, **params: Any) -> Any:
    return kind(kind.Params(path=folder, **params))
