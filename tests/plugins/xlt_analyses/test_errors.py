"""Counts and scores against scikit-learn, McNemar's test against its definition; whole reports."""

from __future__ import annotations

import csv
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from analysis_tools import predicted, sometimes_wrong
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from xlt_analyses.errors.counts import NONE, confusions, flips, is_right, mcnemar, scores
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.directory import Run
from xlt_cli.runs.predictions import Store

LABELS = ("a", "b", "c")
ROWS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1)


def record(i: object, gold: Any, answer: Any) -> dict[str, Any]:
    return {"id": str(i), "gold": gold, "predicted": answer, "texts": ["text"]}


@settings(deadline=None)
@given(ROWS)
def test_confusions_and_scores_are_scikit_learns(rows: list[tuple[str, str]]) -> None:
    counted = confusions([record(i, *row) for i, row in enumerate(rows)])
    golds, answers = zip(*rows, strict=True)
    matrix = confusion_matrix(golds, answers, labels=LABELS)
    assert [[counted.get((g, a), 0) for a in LABELS] for g in LABELS] == matrix.tolist()
    columns = precision_recall_fscore_support(golds, answers, labels=LABELS, zero_division=np.nan)
    for place, name in enumerate(LABELS):
        own = scores(counted).get(name)
        expected = [float(column[place]) for column in columns]
        if own is None:  # the class is neither a label nor an answer
            assert all(math.isnan(value) for value in expected[:3])
            continue
        for value, wanted in zip((own.precision, own.recall, own.f1), expected[:3], strict=True):
            assert (math.isnan(wanted) and value is None) or value == pytest.approx(wanted)
        assert own.gold == expected[3]


@settings(deadline=None)
@given(ROWS)
def test_tags_of_sentences_are_counted_word_by_word(words: list[tuple[str, str]]) -> None:
    golds, answers = [list(side) for side in zip(*words, strict=True)]
    sentence = confusions([record(0, golds, answers)])
    assert sentence == confusions([record(i, *word) for i, word in enumerate(words)])
    assert is_right(record(0, golds, answers)) == (golds == answers)


def test_what_is_not_answered_is_wrong_and_no_answer() -> None:
    abstained, unseen = record(0, "a", None), record(1, ["a", "b"], ["a", None])
    assert not is_right(abstained)
    assert not is_right(unseen)
    assert confusions([abstained, unseen]) == {("a", NONE): 1, ("a", "a"): 1, ("b", NONE): 1}
    assert set(scores(confusions([abstained]))) == {"a"}


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_the_exact_binomial_test(lost: int, gained: int) -> None:
    total = lost + gained
    tail = sum(math.comb(total, k) for k in range(min(lost, gained) + 1)) / 2**total
    assert mcnemar(lost, gained) == pytest.approx(min(1.0, 2 * tail))


def test_flips_are_of_rows_that_both_have() -> None:
    first = [record(i, "a", answer) for i, answer in enumerate("aabb")]
    second = [record(i, "a", answer) for i, answer in enumerate("abab")][:3]
    assert flips(first, second) == flips(first[:3], second)
    counted = flips(first, second)
    assert (counted.rows, counted.lost, counted.gained) == (3, ("1",), ("2",))


@pytest.fixture
def pawsx(tmp_path: Path, tiny_data: Path) -> Callable[..., Run]:
    """Makes a run with predictions on pairs."""

    def make(name: str, share: float, **more: Any) -> Run:
        task = {"name": "pawsx", "path": str(tiny_data)}
        return predicted(tmp_path / "runs", name, task, sometimes_wrong(share), **more)

    return make


def errors(xlt: Any, tmp_path: Path, *arguments: object) -> Any:
    return xlt("analyze", "errors", *arguments, "--runs-dir", tmp_path / "runs")


def answers_of(run: Run, language: str) -> list[tuple[str, Any, Any]]:
    (path,) = (p.parent for p in run.evaluations.glob("*/cells.jsonl"))
    stored = Store(path).answers(Cell((language, language)))
    return list(zip(stored.ids, stored.golds, stored.predicted, strict=True))


def test_one_run_by_language(xlt: Any, tmp_path: Path, pawsx: Callable[..., Run]) -> None:
    run = pawsx("erm", 0.5)
    result = errors(xlt, tmp_path, run.name, "--shown", "2")
    assert result.exit_code == 0, result.output
    for expected in ("scores of classes", "wrong answers (6 of", "die Katze", "labels (down)"):
        assert expected in result.stdout
    values = json.loads((run.path / "analysis" / "errors" / "results.json").read_text())
    for language in ("en", "de", "fr"):
        own = values["runs"][run.name]["languages"][language]
        rows = answers_of(run, language)
        matrix = confusion_matrix([g for _, g, _ in rows], [a for _, _, a in rows])
        names = ("0", "1")
        counted = [[own["confusions"][g].get(a, 0) for a in names] for g in names]
        assert counted == matrix.tolist()
        assert own["right"] == int(matrix.trace())
    lines = list(
        csv.DictReader((run.path / "analysis/errors/results.csv").read_text().splitlines())
    )
    total = sum(int(line["value"]) for line in lines if line["kind"] == "confusion")
    assert total == 90
    assert not list(run.path.glob("analysis/errors-*")), "records are not kept a second time"


def test_two_runs_and_the_rows_that_flip(
    xlt: Any, tmp_path: Path, pawsx: Callable[..., Run]
) -> None:
    runs = pawsx("erm", 0.5), pawsx("robust", 0.3)
    result = errors(xlt, tmp_path, f"A={runs[0].name}", f"B={runs[1].name}", "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    for language in ("en", "de", "fr"):
        first, second = ({i: g == a for i, g, a in answers_of(run, language)} for run in runs)
        lost = [i for i in first if first[i] and not second[i]]
        gained = [i for i in first if second[i] and not first[i]]
        own = values["flips"][language]
        assert [row["id"] for row in own["right_to_wrong"]] == lost
        assert [row["id"] for row in own["wrong_to_right"]] == gained
        assert own["p"] == pytest.approx(mcnemar(len(lost), len(gained)))
        assert own["rows"] == 30
    printed = errors(xlt, tmp_path, *[run.name for run in runs], "--languages", "de").stdout
    assert f"from {runs[0].name} to {runs[1].name}:" in printed
    assert "rows that flip" in printed
    assert f"right to wrong ({min(5, len(values['flips']['de']['right_to_wrong']))} of" in printed


def test_words_of_sentences(xlt: Any, tmp_path: Path, tiny_data: Path) -> None:
    task = {"name": "panx", "path": str(tiny_data)}
    runs = [
        predicted(tmp_path / "runs", name, task, sometimes_wrong(share))
        for name, share in (("one", 0.4), ("two", 0.2))
    ]
    result = errors(xlt, tmp_path, *[run.name for run in runs])
    assert result.exit_code == 0, result.output
    assert "a row is a sentence" in result.stdout
    values = json.loads((runs[1].path / "analysis" / "errors" / "results.json").read_text())
    rows = answers_of(runs[0], "de")
    golds, answers = ([tag for row in rows for tag in row[side]] for side in (1, 2))
    precision, recall, f1, support = precision_recall_fscore_support(
        golds, answers, labels=["B-PER"], zero_division=np.nan
    )
    own = values["runs"][runs[0].name]["languages"]["de"]["classes"]["B-PER"]
    assert own["gold"] == support[0]
    for name, value in (("precision", precision), ("recall", recall), ("f1", f1)):
        assert own[name] == pytest.approx(float(value[0]))
    assert values["flips"]["de"]["rows"] == 30


def test_an_archive_gives_the_report_again_with_other_rows_shown(
    xlt: Any, tmp_path: Path, pawsx: Callable[..., Run]
) -> None:
    run, kept = pawsx("erm", 0.5), tmp_path / "kept"
    result = errors(xlt, tmp_path, run.name, "--archive", kept)
    assert result.exit_code == 0, result.output
    again = xlt("analyze", "errors", "--from", kept)
    assert again.exit_code == 0, again.output
    assert result.stdout.startswith(again.stdout)
    fewer = xlt("analyze", "errors", "--from", kept, "--shown", "1")
    assert "wrong answers (3 of" in fewer.stdout


def test_mistakes(xlt: Any, tmp_path: Path, pawsx: Callable[..., Run]) -> None:
    runs = [pawsx(name, 0.5).name for name in ("a", "b", "c")]

    def refused(*arguments: object) -> str:
        result = errors(xlt, tmp_path, *arguments)
        assert result.exit_code == 2, result.output
        assert "Traceback" not in result.output
        text: str = result.output
        return text

    assert "3 runs are given" in refused(*runs)
    assert "greater than or equal to 0, not -1" in refused(runs[0], "--shown", "-1")
    assert "no stored predictions for a dev split" in refused(runs[0], "--split", "dev")
    assert "no stored predictions of 'xnli'" in refused(runs[0], "--task", "xnli")
    assert "no stored predictions in ja" in refused(runs[0], "--languages", "ja")
    few = pawsx("few", 0.5, limit=5).name
    assert "have different rows" in refused(runs[0], few)
    assert errors(xlt, tmp_path, runs[0], few, "--limit", "5").exit_code == 0
    assert "both runs have the name 'x'" in refused(f"x={runs[0]}", f"x={runs[1]}")
    french = pawsx("french", 0.5, languages=["fr"]).name
    german = pawsx("german", 0.5, languages=["de", "en"]).name
    assert "there is no language for which all these runs have stored predictions" in refused(
        french, german
    )
    result = errors(xlt, tmp_path, runs[0], german)
    assert result.exit_code == 0, result.output
    assert "fr left out: not all runs have predictions" in result.stdout


def test_damaged_or_other_data_are_refused(
    xlt: Any, tmp_path: Path, tiny_data: Path, pawsx: Callable[..., Run]
) -> None:
    run = pawsx("erm", 0.5)
    (path,) = run.evaluations.glob("*/predictions/de.*")
    path.write_bytes(path.read_bytes()[:-9])
    result = errors(xlt, tmp_path, run.name, "--languages", "de")
    assert result.exit_code == 2
    assert "no stored predictions in de" in result.stderr
    result = errors(xlt, tmp_path, run.name)  # the other languages would pass for all
    assert result.exit_code == 2
    assert "predictions of de are missing or damaged" in result.stderr
    assert errors(xlt, tmp_path, run.name, "--languages", "en,fr").exit_code == 0
    copied = shutil.copytree(tiny_data, tmp_path / "data")
    task = {"name": "pawsx", "path": str(copied)}
    other = predicted(tmp_path / "runs", "other", task, sometimes_wrong(0.5))
    assert errors(xlt, tmp_path, other.name).exit_code == 0
    file = copied / "pawsx" / "test-fr.tsv"
    file.write_text(file.read_text("utf-8").replace("chatte", "souris"), "utf-8")
    changed = errors(xlt, tmp_path, other.name)
    assert changed.exit_code == 2
    assert "has changed since this run began" in changed.stderr


def test_a_model_of_others_can_be_analyzed(
    xlt: Any, tmp_path: Path, pawsx: Callable[..., Run]
) -> None:
    other = pawsx("checkpoint", 0.5, trained=False)
    result = errors(xlt, tmp_path, other.path, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["source"] == "en"


def test_no_torch_is_imported(tmp_path: Path, pawsx: Callable[..., Run]) -> None:
    run = pawsx("erm", 0.5)
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from xlt_cli.cli import app\n"
        f"sys.argv = ['xlt', 'analyze', 'errors', {str(run.path)!r}]\n"
        "app()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "scores of classes" in done.stdout
