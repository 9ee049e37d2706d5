"""Sentences longer than max_length: scored in windows, or cut and said so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from acceptance_tools import Desk

NOTE = "words were cut at max_length 16, and count as wrong"


@pytest.fixture
def long(desk: Desk, tmp_path: Path) -> Desk:
    """A desk for tags of words; one sentence in two is longer than its max_length."""
    folder = tmp_path / "tags"
    folder.mkdir()
    for split, count in (("train", 40), ("dev", 8), ("test", 8)):
        for language, (cat, sees) in {"en": ("cat", "sees"), "de": ("Katze", "sieht")}.items():
            sentence = [(cat, "NOUN"), (sees, "VERB")]
            text = "\n".join(
                "".join(f"{word}\t{tag}\n" for word, tag in sentence * (1 + 9 * (i % 2)))
                for i in range(count)
            )
            (folder / f"{split}-{language}.tsv").write_text(text, "utf-8")
    stage = {
        "task": {"name": "token-labelling", "path": str(folder), "tags": ["NOUN", "VERB"]},
        "epochs": 10,
        "batch_size": 8,
        "learning_rate": 3e-3,
    }
    desk.spec.update(stages=[stage], evaluations=[{"allow_overlap": True}], max_length=16)
    return desk


def invoke(xlt: Any, desk: Desk, *arguments: object) -> Any:
    result = xlt(*arguments, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    return result


def stored(desk: Desk) -> list[Any]:
    (path,) = desk.run().glob("evaluations/*/predictions/de.parquet")
    return [list(tags) for tags in pandas.read_parquet(path)["predicted"]]


def test_windows_see_every_word_and_without_them_what_was_cut_is_said(long: Desk, xlt: Any) -> None:
    result = invoke(xlt, long, "train", long.write())
    assert "words are cut off at max_length 16 and not trained on" in result.stderr
    assert "token-labelling test, words" in result.stdout
    assert NOTE not in result.stdout
    whole = long.results()
    assert whole["scoring"] == "words"
    assert whole["languages"]["en"]["accuracy"]["value"] == 1
    assert None not in {tag for tags in stored(long) for tag in tags}
    trained = json.loads((long.run() / "stages/0/result.json").read_text("utf-8"))["words"]
    assert trained["of_training_rows"] == 20 * 2 + 20 * 20
    assert 0 < trained["cut_off"] < 400
    assert trained["tokenized"] == "alone"

    spec = long.write(evaluations=[{"windows": False, "allow_overlap": True}])
    (cut,) = json.loads(invoke(xlt, long, "train", spec, "--json").stdout)[0]["evaluations"]
    english = next(note for note in cut["notes"] if note.startswith("en: ") and NOTE in note)
    unseen, words = (int(english.split()[i]) for i in (1, 3))
    assert words == 4 * 2 + 4 * 20
    accuracy = cut["languages"]["en"]["accuracy"]["value"]
    assert accuracy == pytest.approx(1 - unseen / words)
    assert NOTE in invoke(xlt, long, "train", spec).stdout, "from what is stored"


def test_cells_that_do_not_tell_unseen_words_from_others_are_made_again(
    long: Desk, xlt: Any
) -> None:
    invoke(xlt, long, "train", long.write())
    before = stored(long)
    (path,) = long.run().glob("evaluations/*/cells.jsonl")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line.pop("unseen") for line in lines] == [0, 0]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    invoke(xlt, long, "eval", long.run().name, "--languages", "de")
    after = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(line["first"], line.get("unseen")) for line in after[len(lines) :]] == [("de", 0)]
    assert stored(long) == before
