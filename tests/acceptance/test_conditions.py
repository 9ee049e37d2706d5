"""A trained run under conditions: stored beside its clean cells, resumed, compared with them."""

from __future__ import annotations

import csv
import importlib
import io
import json
import math
import random
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from typer.testing import CliRunner

from xlt_cli import registry
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

Eval = Callable[..., Any]
TYPOS = "{name: perturbed, perturbation: typos, strength: 0.7}"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, tiny_data: Path) -> Path:
    """A runs directory with one run, evaluated clean."""
    from xlt_cli.cli import app

    folder = tmp_path_factory.mktemp("trained")
    stage = {"task": {"name": "pawsx", "path": str(tiny_data)}, "learning_rate": 1e-2}
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{**stage, "batch_size": 8, "max_steps": 30, "epochs": 9}],
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
    """Evaluates the run; the JSON that is printed."""

    def call(*arguments: str) -> Any:
        result = xlt("eval", run, *arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)[0]

    return call


def folder_of(run: Path) -> Path:
    (path,) = run.glob("evaluations/*/cells.jsonl")
    return path.parent


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("results.json", "results.csv")
    }


def test_a_condition_is_added_without_touching_clean_cells(run: Path, evaluate: Eval) -> None:
    before, clean = contents(folder_of(run)), evaluate()
    assert "conditions" not in clean
    found = evaluate("--condition", "clean", "--condition", TYPOS)
    after = contents(folder_of(run))
    for name, content in before.items():
        assert after[name].startswith(content), name
        assert after[name] == content or name == "cells.jsonl"
    lines = [json.loads(line) for line in after["cells.jsonl"].splitlines()]
    (entry,) = found["conditions"]
    assert [line.get("condition") for line in lines] == [None] * 3 + [entry["key"]] * 3
    assert entry["condition"] == "perturbed(perturbation=typos, strength=0.7)"
    assert entry["given"]["perturbation"]["name"] == "typos"
    record = json.loads(after[f"conditions/{entry['key']}/condition.json"])
    assert {p["name"] for p in record["plugins"]} == {"perturbed", "typos"}
    for name in ("languages", "averages", "pairs", "transfer_gap"):
        assert found[name] == clean[name], name
    again = evaluate("--condition", "clean", "--condition", TYPOS)
    assert (again, contents(folder_of(run))) == (found, after)


def test_answers_are_those_of_plain_transformers_to_the_noisy_texts(
    run: Path, evaluate: Eval, tiny_data: Path
) -> None:
    from xlt_cli.api import SequenceExample
    from xlt_perturbations.typos import Typos
    from xlt_tasks.pawsx import PawsX

    (entry,) = evaluate("--condition", TYPOS, "--languages", "de,fr")["conditions"]
    store = Store(folder_of(run))
    noise = Typos(Typos.Params(rate=0.7, keep_clean=False))
    task = PawsX(PawsX.Params(path=tiny_data))
    model_path = run / "stages/0/model"
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    model = AutoModelForSequenceClassification.from_pretrained(model_path).eval()
    changed = 0
    for language in ("de", "fr"):
        stored = {p.id: p for p in store.read(Cell((language, language), entry["key"]))}
        for example in task.load("test", language).examples:
            assert isinstance(example, SequenceExample)
            name = f"perturbed/0/text/{language}-{language}/{example.id}"
            (noisy,) = noise.perturb(example, random.Random(name))
            assert isinstance(noisy, SequenceExample)
            changed += noisy.texts != example.texts
            with torch.no_grad():
                inputs = tokenizer(
                    *noisy.texts, truncation=True, max_length=48, return_tensors="pt"
                )
                expected = model(**inputs).logits.softmax(-1)[0].tolist()
            assert stored[example.id].probabilities == pytest.approx(expected, abs=2e-4)
    assert changed > 20


def test_without_strength_nothing_changes_and_the_drop_is_none(run: Path, evaluate: Eval) -> None:
    zero = "{name: perturbed, perturbation: typos, strength: 0}"
    found = evaluate("--condition", "clean", "--condition", zero, "--generalized")
    (entry,) = found["conditions"]
    assert entry["languages"] == found["languages"]
    assert entry["pairs"] == found["pairs"]
    nothing = {"value": 0.0, "low": 0.0, "high": 0.0}
    drop = entry["drop"]
    assert set(drop["languages"]) == {"en", "de", "fr"}
    assert len(drop["pairs"]) == 6
    for cells in drop.values():
        assert all(figures["accuracy"] == nothing for figures in cells.values())
    folder = folder_of(run)
    for path in (folder / "predictions").glob("*"):
        under = folder / "conditions" / entry["key"] / "predictions" / path.name
        assert under.read_bytes() == path.read_bytes()


def test_the_drop_is_from_the_clean_cells_that_are_stored(run: Path, evaluate: Eval) -> None:
    clean = evaluate()["languages"]
    found = evaluate("--condition", TYPOS)
    assert found["languages"] == {}
    (entry,) = found["conditions"]
    for language, figures in entry["drop"]["languages"].items():
        lost = (
            clean[language]["accuracy"]["value"] - entry["languages"][language]["accuracy"]["value"]
        )
        assert figures["accuracy"]["value"] == pytest.approx(lost)
    mean = sum(entry["drop"]["languages"][x]["accuracy"]["value"] for x in ("de", "fr")) / 2
    assert entry["drop"]["averages"]["zero_shot"]["accuracy"]["value"] == pytest.approx(mean)
    assert entry["drop"]["averages"]["zero_shot"]["cells"] == 2


def test_tables_and_csv_say_under_which_condition(run: Path, xlt: Any, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    both = ("--condition", "clean", "--condition", TYPOS)
    text = xlt("eval", run, *both, "--csv", file).stdout
    assert "perturbed(perturbation=typos, strength=0.7)" in text
    assert "drop of accuracy" in text
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    assert {row["condition"] for row in rows} == {
        "clean",
        "perturbed(perturbation=typos, strength=0.7)",
    }
    dropped = [row for row in rows if row["metric"] == "drop:accuracy"]
    assert {row["cell"] for row in dropped} >= {"en", "de", "fr", "average:zero_shot"}
    plain = tmp_path / "plain.csv"
    xlt("eval", run, "--csv", plain)
    assert "condition" not in plain.read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize(
    "condition",
    [
        "{name: perturbed, perturbation: bpe-sampling}",
        "{name: perturbed, perturbation: random-perturbation, strength: 2.0}",
        "{name: perturbed, perturbation: word-order}",
    ],
)
def test_perturbations_of_every_kind_change_answers_and_a_seed_names_others(
    run: Path, evaluate: Eval, condition: str
) -> None:
    seeded = condition.replace("}", ", seed: 7}")
    found = evaluate("--condition", condition, "--condition", seeded, "--languages", "en,de")
    store = Store(folder_of(run))
    keys = ["", *(entry["key"] for entry in found["conditions"])]
    answers = [[p.probabilities for p in store.read(Cell(("de", "de"), key))] for key in keys]
    assert answers[0] != answers[1]
    assert answers[1] != answers[2]


def test_an_attack_sees_gradients_and_gold_labels(run: Path, evaluate: Eval) -> None:
    """`adversarial` climbs the loss: the gold label's probability falls for (nearly) every row."""
    attack = "{name: perturbed, perturbation: {name: adversarial, steps: 2}, strength: 1.0}"
    (entry,) = evaluate("--condition", attack, "--languages", "en")["conditions"]
    store = Store(folder_of(run))
    before, after = (store.read(Cell(("en", "en"), key)) for key in ("", entry["key"]))
    fell = [
        a.probabilities[int(a.gold)] < b.probabilities[int(b.gold)]
        for a, b in zip(after, before, strict=True)
    ]
    assert sum(fell) >= 0.9 * len(fell)


def test_smoothing_beside_clean_is_the_same_as_alone(run: Path, evaluate: Eval) -> None:
    given = "noise: {name: random-perturbation, distribution: gaussian}, samples: 9"
    alone = evaluate("--smoothing", f"{{{given}}}", "--languages", "de")
    (entry,) = evaluate("--condition", f"{{name: smoothing, {given}}}", "--languages", "de")[
        "conditions"
    ]
    assert entry["languages"] == alone["languages"]
    assert entry["certified"] == alone["certified"]
    assert set(entry["certified"]) == {"de"}
    assert any("majority of 9 votes" in note for note in entry["notes"])
    assert len(list(run.glob("evaluations/*"))) == 2  # `--smoothing` has a place of its own


def test_a_language_that_a_perturbation_does_not_speak_is_left_out_with_a_word(
    run: Path, evaluate: Eval, xlt: Any, tmp_path: Path
) -> None:
    near = tmp_path / "near.json"
    near.write_text(json.dumps({"cat": ["dog"], "the": ["a"]}))
    use = f"{{name: perturbed, perturbation: {{name: synonyms, neighbors: {near}}}}}"
    (entry,) = evaluate("--condition", "clean", "--condition", use)["conditions"]
    assert set(entry["languages"]) == {"en"}
    assert any("does not support" in note and "de" in note for note in entry["notes"])
    refused = xlt("eval", run, "--condition", use, "--languages", "de")
    assert refused.exit_code == 2
    assert "supports none of these languages" in refused.output


@pytest.fixture
def klingon(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's conditions, installed as its pyproject.toml says."""
    folder = Path(__file__).parents[1] / "third_party"
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    group = "xlt.conditions"
    monkeypatch.syspath_prepend(str(folder))
    install("xlt-klingon", {group: project["entry-points"][group]}, {}, "0.3")


@pytest.mark.usefixtures("klingon")
def test_a_third_partys_conditions_stand_beside_ours(run: Path, evaluate: Eval, xlt: Any) -> None:
    asked = ["--condition", "clean", "--condition", "reversed-words", "--condition", "cautious"]
    found = evaluate(*asked)
    reversed_words, cautious = found["conditions"]
    store = Store(folder_of(run))
    for language in ("en", "de", "fr"):
        clean = store.read(Cell((language, language)))
        turned = store.read(Cell((language, language), reversed_words["key"]))
        wary = store.read(Cell((language, language), cautious["key"]))
        assert [p.probabilities for p in turned] != [p.probabilities for p in clean]
        for before, after in zip(clean, wary, strict=True):
            margin = abs(math.log(before.probabilities[0] / before.probabilities[1]))
            assert after.values["margin"] == pytest.approx(margin, abs=1e-3)
            silent = after.values["margin"] < 0.1
            assert after.predicted == (None if silent else before.predicted)
        share = sum(p.predicted is None for p in wary) / len(wary)
        assert cautious["caution"][language] == {"silent": share}
    file = folder_of(run) / "conditions" / cautious["key"] / "condition.json"
    record = json.loads(file.read_text())
    (plugin,) = record["plugins"]
    assert (plugin["distribution"], plugin["version"]) == ("xlt-klingon", "0.3")
    text = xlt("eval", run, *asked).stdout
    assert "cautious answers" in " ".join(text.split())
    assert "silent below a margin of 0.1" in text


def test_stored_cells_of_a_plugin_that_is_gone_keep_their_figures(
    run: Path, evaluate: Eval, install: Any, xlt: Any
) -> None:
    source = """
from dataclasses import replace
from xlt_cli.api import Condition

class Gone(Condition):
    api_version = 1
    name = "gone"
    summary = "soon gone"
    acts = ("text",)

    def edit(self, example, rng):
        return replace(example, texts=tuple(text.upper() for text in example.texts))
"""
    points = {"xlt.conditions": {"gone": "gone_condition:Gone"}}
    site = install("xlt-gone", points, {"gone_condition": source})
    (entry,) = evaluate("--condition", "gone")["conditions"]
    shutil.rmtree(site)
    registry.clear()
    importlib.invalidate_caches()
    evaluate("--split", "test", "--generalized")  # sums up all cells of the directory
    (kept,) = json.loads((folder_of(run) / "results.json").read_text())["conditions"]
    assert (kept["condition"], kept["languages"]) == (entry["condition"], entry["languages"])
    result = xlt("eval", run, "--condition", "gone")
    assert result.exit_code == 2
    assert "unknown condition 'gone'" in result.output


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("perturbd", "did you mean 'perturbed'?"),
        ("perturbed", "'perturbation' is missing"),
        ("{name: perturbed, perturbation: typo}", "did you mean 'typos'?"),
        ("{name: perturbed, perturbation: {name: typos, rte: 1}}", "unknown parameter 'rte'"),
        ("{name: perturbed, perturbation: typos, strength: 3}", "less than or equal to 1"),
        ("{name: perturbed, perturbation: vat}", "is for training only"),
        ("{name: smoothing, noise: typos}", "needs Gaussian noise"),
        ("[clean]", "--condition"),
    ],
)
def test_conditions_that_cannot_be_are_refused(
    run: Path, xlt: Any, condition: str, said: str
) -> None:
    before = contents(run)
    result = xlt("eval", run, "--condition", condition)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "Traceback" not in result.output
    assert contents(run) == before


def test_tags_go_with_their_words_and_windows_are_put_together(
    tmp_path: Path, tiny_encoder: Path, tiny_data: Path, xlt: Any
) -> None:
    """Token labelling, sentences longer than the inputs, one text and one answer condition."""
    stage = {"task": {"name": "panx", "path": str(tiny_data)}, "learning_rate": 1e-2}
    noisy = [
        "clean",
        {"name": "perturbed", "perturbation": "typos", "strength": 0.5},
        {"name": "perturbed", "perturbation": "random-perturbation", "strength": 0.0},
    ]
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{**stage, "batch_size": 8, "max_steps": 20, "epochs": 9}],
        "evaluations": [{"conditions": noisy, "languages": ["en", "de"], "allow_overlap": True}],
        "max_length": 8,
        "device": "cpu",
    }
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    result = xlt("train", tmp_path / "spec.yaml", "--runs-dir", tmp_path / "runs", "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)[0]["evaluations"]
    typos, nothing = found["conditions"]
    assert nothing["languages"] == found["languages"]  # noise of radius 0, through the seam
    (run,) = (path.parent for path in (tmp_path / "runs").glob("*/run.json"))
    store = Store(folder_of(run))
    clean, noisy_rows, same = (
        store.read(Cell(("de", "de"), key)) for key in ("", typos["key"], nothing["key"])
    )
    assert [p.predicted for p in same] == [p.predicted for p in clean]
    assert [(p.id, p.gold) for p in noisy_rows] == [(p.id, p.gold) for p in clean]
    assert all(p.predicted is not None and None not in p.predicted for p in noisy_rows)
    assert set(typos["drop"]["languages"]) == {"en", "de"}
