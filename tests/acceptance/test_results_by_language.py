"""`xlt eval --by`, `--columns` and `--sort`: results by family, script and resource class."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoTokenizer
from typer.testing import CliRunner

import xlt_cli

Eval = Callable[..., Any]
LANGUAGES = {"en": "en", "de": "de", "fr": "fr", "sw": "de", "yo": "fr", "tr": "de", "zh": "fr"}
"""The languages of the data, and whose sentences they have."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, tiny_data: Path) -> Path:
    """A runs directory with one run, evaluated clean."""
    from xlt_cli.cli import app

    folder = tmp_path_factory.mktemp("trained")
    for language, like in LANGUAGES.items():
        for split in ("train", "dev", "test"):
            (folder / "pawsx").mkdir(exist_ok=True)
            own = (tiny_data / "pawsx" / f"{split}-{like}.tsv").read_text("utf-8")
            text = own.replace("a", "o") if language == "yo" else own
            text = text.replace(" ", "") if language == "zh" else text
            (folder / "pawsx" / f"{split}-{language}.tsv").write_text(text, "utf-8")
    stage = {"task": {"name": "pawsx", "path": str(folder)}, "learning_rate": 1e-2}
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{**stage, "batch_size": 8, "max_steps": 100, "epochs": 20}],
        "evaluations": [{}],
        "max_length": 48,
        "device": "cpu",
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    arguments = ["train", str(folder / "spec.yaml"), "--runs-dir", str(folder / "runs")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
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
        done = xlt("eval", run, *arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)[0]

    return call


def test_groups_are_means_of_their_languages(run: Path, evaluate: Eval) -> None:
    plain, made = evaluate(), evaluate("--by", "family,script,resource,language")
    assert {x for group in made["groups"]["family"].values() for x in group["languages"]} == set(
        LANGUAGES
    )
    assert list(made["groups"]["family"]) == [
        "Atlantic-Congo", "Indo-European", "Sino-Tibetan", "Turkic",
    ]  # fmt: skip
    assert list(made["groups"]["resource"]) == ["2", "4", "5"]
    assert list(made["groups"]["script"]) == ["Hans", "Latn"]
    figures = {x: own["accuracy"]["value"] for x, own in plain["languages"].items()}
    african, european = (
        made["groups"]["family"][name] for name in ("Atlantic-Congo", "Indo-European")
    )
    expected = (figures["sw"] + figures["yo"]) / 2
    assert african["zero_shot"]["accuracy"]["value"] == pytest.approx(expected)
    assert european["zero_shot"]["cells"] == 2  # English was trained on
    assert european["all"]["cells"] == 3
    without = {name: value for name, value in made.items() if name not in ("groups", "facts")}
    assert without == plain
    stored = json.loads(next(run.glob("evaluations/*/results.json")).read_text("utf-8"))
    assert not {"groups", "facts"} & set(stored)


def test_tables_of_groups(run: Path, xlt: Any) -> None:
    shown = xlt("eval", run, "--by", "family", "--format", "markdown").stdout
    lines = [line.split("|")[1:-1] for line in shown.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line] for line in lines]
    assert "by family (languages not trained on)" in shown
    assert ["Atlantic-Congo", "2"] in [line[:2] for line in cells]
    assert ["Indo-European", "2"] in [line[:2] for line in cells]
    assert any(line[0] == "sw" and line[-1] == "Atlantic-Congo" for line in cells)
    both = xlt("eval", run, "--by", "family", "--all-languages", "--format", "markdown").stdout
    assert "by family (all languages)" in both
    assert "by family" not in xlt("eval", run, "--format", "markdown").stdout


def test_languages_are_sorted(run: Path, evaluate: Eval) -> None:
    by_family = list(evaluate("--sort", "family")["languages"])
    assert by_family == ["sw", "yo", "de", "en", "fr", "zh", "tr"]
    best = evaluate("--sort", "figure")
    values = [own["accuracy"]["value"] for own in best["languages"].values()]
    assert values == sorted(values, reverse=True)


def test_records_carry_the_facts_and_the_groups(run: Path, xlt: Any) -> None:
    plain = list(csv.DictReader(io.StringIO(xlt("eval", run, "--format", "csv").stdout)))
    text = xlt("eval", run, "--by", "resource", "--columns", "family,unknown", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(text.stdout)))
    assert list(lines[0])[: len(plain[0])] == list(plain[0])
    swahili = next(line for line in lines if line["cell"] == "sw")
    assert (swahili["resource"], swahili["family"]) == ("2", "Atlantic-Congo")
    assert 0 <= float(swahili["unknown"]) <= 1
    group = next(line for line in lines if line["cell"] == "average:zero_shot:resource=2")
    assert (group["resource"], group["languages"], group["metric"]) == ("2", "2", "accuracy")
    assert not any("resource" in line["cell"] for line in plain)


def test_the_drop_of_each_group_under_noise(evaluate: Eval) -> None:
    made = evaluate("--by", "family", "--stress", "typos:0.6", "--draws", "2")
    (under,) = made["conditions"]
    for name, group in under["groups"]["family"].items():
        clean = made["groups"]["family"][name]
        for kind in ("all", "zero_shot"):
            lost = clean[kind]["accuracy"]["value"] - group[kind]["accuracy"]["value"]
            assert group["drop"][kind]["accuracy"]["value"] == pytest.approx(lost)
            own = [x for x in group["languages"] if kind == "all" or x != "en"]
            each = [under["drop"]["languages"][x]["accuracy"]["value"] for x in own]
            assert lost == pytest.approx(sum(each) / len(each))


def test_fertility_and_unknown_pieces_are_the_tokenizers(
    run: Path, evaluate: Eval, trained: Path, tiny_encoder: Path
) -> None:
    made = evaluate("--columns", "fertility,pieces_per_character,unknown,script")["facts"]
    tokenizer = AutoTokenizer.from_pretrained(str(tiny_encoder))
    for language in LANGUAGES:
        path = trained.parent / "pawsx" / f"test-{language}.tsv"
        rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
        texts = [text for row in rows for text in row[:2]]
        pieces = [piece for text in texts for piece in tokenizer.tokenize(text)]
        words = [word for text in texts for word in text.split()]
        own = made[language]
        assert own["pieces_per_character"] == pytest.approx(len(pieces) / sum(map(len, words)))
        assert own["unknown"] == pytest.approx(pieces.count("[UNK]") / len(pieces))
        if language == "zh":
            assert own["fertility"] is None
        else:
            assert own["fertility"] == pytest.approx(len(pieces) / len(words))
    assert made["yo"]["unknown"] != made["fr"]["unknown"] or made["yo"] != made["fr"]
    (kept,) = run.glob("evaluations/*/pieces.json")
    before = kept.stat().st_mtime_ns
    assert evaluate("--sort", "fertility")["facts"]["sw"]["fertility"] == made["sw"]["fertility"]
    assert kept.stat().st_mtime_ns == before


def test_a_data_frame_has_the_facts(run: Path) -> None:
    opened = xlt_cli.open_run(run)
    frame = opened.evaluate(by=["family"], columns=["fertility"]).frame()
    swahili = frame[(frame.cell == "sw") & (frame.metric == "accuracy")].iloc[0]
    assert (swahili.family, swahili.script, swahili.resource) == ("Atlantic-Congo", "Latn", 2)
    assert swahili.fertility > 0
    stored = opened.results().frame()
    assert set(stored[stored.cell == "tr"].family) == {"Turkic"}
    assert stored[stored.cell == "average:zero_shot"].family.isna().all()


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [("--by", "famly", "family"), ("--columns", "fertilty", "fertility"),
     ("--sort", "scrpt", "script"), ("--by", "fertility", "family")],
)  # fmt: skip
def test_what_is_not_known_of_languages_is_refused(
    run: Path, xlt: Any, option: str, value: str, hint: str
) -> None:
    done = xlt("eval", run, option, value)
    assert done.exit_code == 2
    assert hint in done.output
    assert option in done.output


def test_the_distance_has_its_coverage_and_needs_the_extra(
    run: Path, evaluate: Eval, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("urielplus") is not None:
        facts = evaluate("--sort", "distance")["facts"]
        assert facts["en"] == {"distance": 0.0, "distance_coverage": pytest.approx(0.5, abs=0.5)}
        assert facts["de"]["distance"] < facts["zh"]["distance"]
        assert all(0 < own["distance_coverage"] <= 1 for own in facts.values())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = xlt("eval", run, "--columns", "distance")
    assert done.exit_code == 2
    assert "xlt-cli[typology]" in done.output


def test_groups_under_every_condition_of_a_suite(run: Path, xlt: Any, tmp_path: Path) -> None:
    suite = tmp_path / "suite.yaml"
    noise = {"name": "perturbed", "perturbation": "typos"}
    conditions = [{**noise, "strength": 0.3}, {**noise, "strength": 0.7}]
    text = {"summary": "typos", "own": [{"conditions": conditions}], "sets": []}
    suite.write_text(yaml.safe_dump(text), "utf-8")
    done = xlt("eval", run, "--suite", suite, "--by", "family", "--json")
    assert done.exit_code == 0, done.output
    (made,) = json.loads(done.stdout)["results"]
    shown = xlt("eval", run, "--suite", suite, "--by", "family", "--format", "markdown").stdout
    tables = shown.split("## ")
    drops = next(table for table in tables if "by family" in table and ": drop" in table)
    header, _, *lines = [line for line in drops.splitlines() if line.startswith("|")]
    names = [cell.strip() for cell in header.split("|")[2:-1]]
    assert names == ["Atlantic-Congo", "Indo-European", "Sino-Tibetan", "Turkic"]
    assert len(lines) == 2
    for line, under in zip(lines, made["conditions"], strict=True):
        for name, cell in zip(names, line.split("|")[2:-1], strict=True):
            lost = under["groups"]["family"][name]["drop"]["zero_shot"]["accuracy"]["value"]
            assert cell.strip() == f"{100 * lost:.1f}"
    refused = xlt("eval", run, "--suite", suite, "--sort", "speakers")
    assert refused.exit_code == 2


def test_pairs_of_languages_are_in_no_group(evaluate: Eval) -> None:
    made = evaluate("--generalized", "--languages", "en,de,sw", "--by", "family")
    groups = made["groups"]["family"]
    assert {name: group["languages"] for name, group in groups.items()} == {
        "Atlantic-Congo": ["sw"],
        "Indo-European": ["en", "de"],
    }
    assert len(made["pairs"]) == 6
    assert (
        groups["Atlantic-Congo"]["all"]["accuracy"]["value"]
        == (made["languages"]["sw"]["accuracy"]["value"])
    )
    alone = evaluate("--condition", "{name: perturbed, perturbation: typos}", "--by", "family")
    assert "groups" not in alone
    assert set(alone["conditions"][0]["groups"]["family"]) > {"Turkic", "Sino-Tibetan"}


def test_tokenizers_are_measured_without_a_run(
    run: Path, evaluate: Eval, xlt: Any, tiny_encoder: Path
) -> None:
    columns = "family,script,resource,fertility,pieces_per_character,unknown"
    facts = evaluate("--columns", columns)["facts"]
    spec = json.loads((run / "run.json").read_text("utf-8"))["spec"]
    task = json.dumps(spec["stages"][0]["task"])
    given = ("languages", "--task", task, "--encoder", tiny_encoder)
    made = json.loads(xlt(*given, "--json").stdout)
    (encoder,) = made["encoders"]
    for language, own in facts.items():
        assert made["languages"][language]["rows"] == 30
        shown = {**made["languages"][language], **encoder["languages"][language]}
        assert {name: shown[name] for name in own} == own
    lines = list(csv.DictReader(io.StringIO(xlt(*given, "--format", "csv").stdout)))
    assert {line["language"]: line["family"] for line in lines}["yo"] == "Atlantic-Congo"
    assert all(float(line["unknown"]) == facts[line["language"]]["unknown"] for line in lines)


def test_several_tokenizers_and_none(run: Path, xlt: Any, tiny_encoder: Path) -> None:
    spec = json.loads((run / "run.json").read_text("utf-8"))["spec"]
    task = json.dumps(spec["stages"][0]["task"])
    given = ("languages", "--task", task, "--languages", "en,yo", "--limit", "10")
    alone = xlt(*given)
    assert alone.exit_code == 0, alone.output
    assert "pieces per" not in alone.stdout
    assert "only the first 10 rows" in alone.stdout
    named = json.dumps({"name": "hf", "model": str(tiny_encoder)})
    both = json.loads(xlt(*given, "--encoder", tiny_encoder, "--encoder", named, "--json").stdout)
    one, other = (encoder["languages"] for encoder in both["encoders"])
    assert one == other
    assert list(one) == ["en", "yo"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "xnlj"], "did you mean 'xnli'"),
        (["--task", "mini-pawsx", "--encoder", "xlm-r-bas"], "did you mean 'xlm-r-base'"),
        (["--task", "mini-pawsx", "--encoder", "{name: mbert, poling: mean}"], "'poling'"),
        (["--task", "mini-pawsx", "--encoder", "[mbert]"], "an encoder is a name"),
        (["--task", "mini-pawsx", "--languages", "en,xx"], "has no 'xx' in its test split"),
        (["--task", "mini-pawsx", "--split", "tset"], "--split"),
    ],
)
def test_what_cannot_be_measured_is_refused(xlt: Any, arguments: list[str], said: str) -> None:
    result = xlt("languages", *arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
