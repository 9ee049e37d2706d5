"""Attacks on a trained run: kept, resumed after kill -9, exported as data for other models."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from acceptance_tools import Desk, kill, wait_for
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from typer.testing import CliRunner

from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import LEXICON

Eval = Callable[..., Any]
LOG = "evaluations/*/conditions/*/searching/de.jsonl"


@pytest.fixture(scope="module")
def lexicons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dictionaries of the words of the tiny data, and neighbours of the English ones."""
    folder = tmp_path_factory.mktemp("lexicons")
    words = {lang: [the, *nouns, *verbs] for lang, (the, nouns, verbs) in LEXICON.items()}
    for language in ("de", "fr"):
        turned = [*words[language][1:], words[language][0]]  # words then share translations
        pairs = [
            *zip(words["en"], words[language], strict=True),
            *zip(words["en"], turned, strict=True),
        ]
        lines = [f"{english}\t{other}\n" for english, other in pairs]
        (folder / f"en-{language}.tsv").write_text("".join(lines), "utf-8")
    near = {word: [other for other in words["en"] if other != word] for word in words["en"]}
    (folder / "near.json").write_text(json.dumps(near), "utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, tiny_data: Path) -> Path:
    """A runs directory with one run, which is wrong now and then."""
    from xlt_cli.cli import app

    folder = tmp_path_factory.mktemp("trained")
    stage = {"task": {"name": "pawsx", "path": str(tiny_data)}, "learning_rate": 1e-2}
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{**stage, "batch_size": 8, "max_steps": 60, "epochs": 9}],
        "evaluations": [{}],
        "max_length": 48,
        "device": "cpu",
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    arguments = ["train", str(folder / "spec.yaml"), "--runs-dir", str(folder / "runs")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return folder / "runs"


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "runs")
    (path,) = (tmp_path / "runs").glob("*/run.json")
    return path.parent


@pytest.fixture
def evaluate(run: Path, xlt: Any) -> Eval:
    def call(*arguments: str) -> Any:
        result = xlt("eval", run, *arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)[0]

    return call


def folder_of(run: Path) -> Path:
    (path,) = run.glob("evaluations/pawsx-*/cells.jsonl")
    return path.parent


@pytest.mark.parametrize("attack", ["polyglots", "word-substitution"])
def test_the_rows_that_an_attack_finds_are_data_on_which_other_models_are_tested(
    run: Path, evaluate: Eval, lexicons: Path, attack: str
) -> None:
    given = f"dictionaries: {lexicons}"
    if attack == "word-substitution":
        given += ", source: dictionaries"
    found = evaluate("--condition", "clean", "--condition", f"{{name: {attack}, {given}}}")
    (entry,) = found["conditions"]
    folder = folder_of(run) / "conditions" / entry["key"]
    assert f"conditions/{entry['key']}/examples" in " ".join(entry["notes"])
    assert not (folder / "searching").exists()
    assert set(entry["languages"]) == {"en", "de", "fr"}
    assert any(figures["changed"] > 0 for figures in entry["attack"].values())

    model_path = run / "stages/0/model"
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    model = AutoModelForSequenceClassification.from_pretrained(model_path).eval()
    store, fell = Store(folder_of(run)), 0
    for language in ("en", "de", "fr"):
        lines = (folder / f"examples/test-{language}.jsonl").read_text("utf-8").splitlines()
        clean = store.read(Cell((language, language)))
        attacked = store.read(Cell((language, language), entry["key"]))
        for line, before, after in zip(map(json.loads, lines), clean, attacked, strict=True):
            assert (line["id"], line["label"]) == (before.id, before.gold) == (after.id, after.gold)
            inputs = tokenizer(
                line["text1"], line["text2"], truncation=True, max_length=48, return_tensors="pt"
            )
            with torch.no_grad():
                expected = model(**inputs).logits.softmax(-1)[0].tolist()
            assert after.probabilities == pytest.approx(expected, abs=2e-4)
            assert after.values["clean_right"] == (before.predicted == before.gold)
            if before.predicted != before.gold:
                assert after.probabilities == pytest.approx(before.probabilities, abs=2e-4)
                assert after.values["queries"] == 1
            gold = int(after.gold)
            assert after.probabilities[gold] <= before.probabilities[gold] + 2e-4
            fell += after.predicted != before.predicted
        right = sum(p.predicted == p.gold for p in attacked) / len(attacked)
        figures = entry["attack"][language]
        assert figures["accuracy_under_attack"] == pytest.approx(right)
        assert entry["languages"][language]["accuracy"]["value"] == pytest.approx(right)
    assert fell > 0

    task = (
        f"{{name: text-classification, path: {folder / 'examples'}, labels: ['0', '1'], texts: 2}}"
    )
    transfer = evaluate("--task", task)
    for language, figures in entry["languages"].items():
        value = transfer["languages"][language]["accuracy"]["value"]
        assert value == pytest.approx(figures["accuracy"]["value"])


def test_what_an_attack_cannot_do_is_said(
    run: Path, evaluate: Eval, lexicons: Path, xlt: Any
) -> None:
    near = f"{{name: word-substitution, neighbors: {lexicons / 'near.json'}, queries: 30}}"
    (entry,) = evaluate("--condition", "clean", "--condition", near, "--generalized")["conditions"]
    assert set(entry["languages"]) == {"en"}
    assert entry["pairs"] == {}
    said = " ".join(entry["notes"])
    assert "'word-substitution' does not support de, fr; left out" in said
    assert "searches in one language at a time" in said
    assert "at most 30 queries a row" in said
    assert "a label need not hold" in said
    shown = xlt("eval", run, "--condition", near, "--languages", "en").stdout
    assert "accuracy under attack" in shown
    assert "right answers broken" in shown
    refused = xlt("eval", run, "--condition", near, "--languages", "de")
    assert refused.exit_code == 2
    assert "supports none of these languages" in refused.output
    nowhere = "{name: polyglots, dictionaries: nowhere}"
    refused = xlt("eval", run, "--condition", nowhere)
    assert refused.exit_code == 2
    assert "there are no bilingual dictionaries" in refused.output


def test_rows_that_the_time_did_not_reach_are_counted_apart(
    run: Path, evaluate: Eval, lexicons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlt_cli.evaluation.searching.OPEN", {"cpu": 5})
    given = f"dictionaries: {lexicons}, seconds: 0.000001"
    found = evaluate(
        "--condition", "clean", "--condition", f"{{name: polyglots, {given}}}", "--languages", "de"
    )
    (entry,) = found["conditions"]
    assert entry["languages"]["de"]["n"] == 5
    assert any("de: 25 of 30 rows were not begun" in note for note in entry["notes"])
    lines = next(folder_of(run).glob("conditions/*/examples/test-de.jsonl")).read_text("utf-8")
    assert len(lines.splitlines()) == 5
    drop = entry["drop"]["languages"]["de"]["accuracy"]["value"]
    clean = Store(folder_of(run)).read(Cell(("de", "de")))[:5]
    right = sum(p.predicted == p.gold for p in clean) / 5
    assert drop == pytest.approx(right - entry["languages"]["de"]["accuracy"]["value"])


def test_pgd_beside_smoothing(run: Path, evaluate: Eval, xlt: Any) -> None:
    ball = "norm: l2-sentence, unit: certified"
    noise = "{name: random-perturbation, distribution: gaussian}"
    asked = ["--condition", "clean"]
    asked += ["--condition", f"{{name: pgd, radii: [0.1, 0.4], {ball}, steps: 3}}"]
    asked += ["--condition", f"{{name: smoothing, noise: {noise}, samples: 30}}"]
    found = evaluate(*asked, "--languages", "en,de")
    attack, vote = found["conditions"]
    assert "upper bound" in " ".join(attack["notes"])
    for language in ("en", "de"):
        curve = attack["robust"][language]["robust_accuracy"]
        clean = found["languages"][language]["accuracy"]["value"]
        assert curve[0] == [0.0, pytest.approx(clean)]
        assert curve[-1] == [
            0.4,
            pytest.approx(attack["languages"][language]["accuracy"]["value"]),
        ]
        assert curve[0][1] >= curve[1][1] >= curve[2][1]
        assert vote["certified"][language]["certified_accuracy"]
    text = xlt("eval", run, *asked, "--languages", "en,de").stdout
    assert "robust accuracy at radius (upper bound)" in text
    assert "certified accuracy at radius" in text
    beside = text[text.index("pawsx test, de: share of rows") :]
    assert "l2 radius, relative to the mean norm" in beside
    for at, share in attack["robust"]["de"]["robust_accuracy"]:
        assert re.search(rf"{at:.3f}\b.*\b{100 * share:.1f}\b", beside)


def test_killed_in_the_middle_of_a_cell_it_goes_on_and_ends_the_same(
    trained: Path, tmp_path: Path, lexicons: Path, desk: Desk
) -> None:
    attack = f"{{name: polyglots, dictionaries: {lexicons}, beam: 8}}"
    ends = []
    for name in ("whole", "killed"):
        shutil.copytree(trained, tmp_path / name)
        (run,) = (path.parent for path in (tmp_path / name).glob("*/run.json"))
        arguments = ["eval", run.name, "--condition", attack, "--languages", "de"]
        arguments += ["--limit", "16"]
        if name == "killed":
            process = desk.start(*arguments, runs=str(tmp_path / name))
            wait_for(lambda run=run: any(p.stat().st_size for p in run.glob(LOG)), process)  # type: ignore[misc]
            kill(process)
            (kept,) = run.glob(LOG)
            assert not any(run.glob("evaluations/*/conditions/*/predictions/*"))
            assert kept.read_text("utf-8")
        code, _, err = desk.xlt(*arguments, runs=str(tmp_path / name))
        assert code == 0, err
        (folder,) = run.glob("evaluations/*/conditions/*")
        assert not (folder / "searching").exists()
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        ends.append({path.relative_to(folder): path.read_bytes() for path in files})
    assert ends[0].keys() == ends[1].keys()
    for path, content in ends[0].items():
        if path.suffix != ".json":
            assert ends[1][path] == content, path
