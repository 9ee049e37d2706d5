"""`xlt eval --stress`: noise at several strengths and draws, its figures, its refusals."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store

Eval = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path, tiny_data: Path) -> Path:
    """A runs directory with one run, evaluated clean."""
    from xlt_cli.cli import app

    folder = tmp_path_factory.mktemp("trained")
    stage = {"task": {"name": "pawsx", "path": str(tiny_data)}, "learning_rate": 1e-2}
    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [{**stage, "batch_size": 8, "max_steps": 100, "epochs": 20}],
        "evaluations": [{}],
        "max_length": 48,
        "device": "cpu",
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    arguments = ["train", str(folder / "spec.yaml"), "--runs-dir", str(folder / "runs")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "collapsed" not in result.output
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


def store_of(run: Path) -> Store:
    (path,) = run.glob("evaluations/*/cells.jsonl")
    return Store(path.parent)


def test_stress_is_what_conditions_of_a_spec_say(run: Path, evaluate: Eval) -> None:
    stressed = evaluate("--stress", "typos:0.3,0.7", "--stress", "{name: casing, rate: 1}")
    conditions = [
        "clean",
        "{name: perturbed, perturbation: typos, strength: 0.3}",
        "{name: perturbed, perturbation: typos, strength: 0.7}",
        "{name: perturbed, perturbation: {name: casing, rate: 1}}",
    ]
    written = evaluate(*(part for one in conditions for part in ("--condition", one)))
    assert stressed == written
    assert [entry["condition"] for entry in stressed["conditions"]] == [
        "perturbed(perturbation=typos, strength=0.3)",
        "perturbed(perturbation=typos, strength=0.7)",
        "perturbed(perturbation=casing(rate=1.0))",
    ]


def test_figures_of_several_draws_are_means_over_them(run: Path, evaluate: Eval) -> None:
    found = evaluate("--stress", "typos:0.6", "--draws", "3")
    (entry,) = found["conditions"]
    assert (entry["draws"], entry["seeds"]) == (3, [0, 1, 2])
    assert entry["condition"] == "perturbed(perturbation=typos, strength=0.6, draws=3)"
    store = store_of(run)
    for language in ("en", "de", "fr"):
        cell = (language, language)
        clean = np.array([p.predicted == p.gold for p in store.read(Cell(cell))])
        draws = np.array(
            [[p.predicted == p.gold for p in store.read(Cell(cell, k))] for k in entry["keys"]]
        )
        figure = entry["languages"][language]["accuracy"]
        drop = entry["drop"]["languages"][language]["accuracy"]
        relative = entry["relative_drop"]["languages"][language]["accuracy"]
        assert figure["value"] == pytest.approx(draws.mean())
        assert drop["value"] == pytest.approx(clean.mean() - draws.mean())
        assert relative["value"] == pytest.approx((clean.mean() - draws.mean()) / clean.mean())
        assert figure["low"] <= figure["value"] <= figure["high"]
        counted = [store.changed()[Cell(cell, key)] for key in entry["keys"]]
        shares = entry["changed"]["languages"][language]
        assert shares["rows"] == pytest.approx(np.mean([one["rows"] / 30 for one in counted]))
    # One draw asked for alone is the same cell.
    (alone,) = evaluate("--condition", "{name: perturbed, perturbation: typos, strength: 0.6}")[
        "conditions"
    ]
    assert alone["key"] == entry["keys"][0]
    assert "draws" not in alone
    # Two draws more are two cells more, and all are summed up.
    lines = (store.path / "cells.jsonl").read_text().count("\n")
    evaluate("--stress", "typos:0.6", "--draws", "4")
    assert (store.path / "cells.jsonl").read_text().count("\n") == lines + 3
    (kept,) = json.loads((store.path / "results.json").read_text())["conditions"]
    assert kept["seeds"] == [0, 1, 2, 3]


def test_changes_are_those_of_the_noisy_texts_and_survive(
    run: Path, evaluate: Eval, tiny_data: Path
) -> None:
    from xlt_perturbations.typos import Typos
    from xlt_tasks.pawsx import PawsX

    first = evaluate("--stress", "typos:0.4")
    (entry,) = first["conditions"]
    noise = Typos(Typos.Params(rate=0.4, keep_clean=False))
    for example_language in ("de", "fr"):
        rows = words = of_words = 0
        examples = PawsX(PawsX.Params(path=tiny_data)).load("test", example_language).examples
        for example in examples:
            seed = f"perturbed/0/text/{example_language}-{example_language}/{example.id}"
            (noisy,) = noise.perturb(example, random.Random(seed))
            rows += noisy.content() != example.content()
            for before, after in zip(example.texts, noisy.texts, strict=True):
                pairs = list(zip(before.split(), after.split(), strict=True))
                words += sum(one != other for one, other in pairs)
                of_words += len(pairs)
        shares = entry["changed"]["languages"][example_language]
        assert shares["rows"] == pytest.approx(rows / len(examples))
        assert shares["words"] == pytest.approx(words / of_words)
        assert shares["counted"] == "words"
    store = store_of(run)
    (store.path / "results.json").unlink()
    assert evaluate("--stress", "typos:0.4") == first  # read, not measured again
    kept = json.loads((store.path / "results.json").read_text())["conditions"][0]
    assert kept["changed"] == entry["changed"]


def test_strengths_make_a_curve_from_clean(run: Path, evaluate: Eval, xlt: Any) -> None:
    asked = ("--stress", "typos:0.7,0.2", "--draws", "2")
    found = evaluate(*asked)
    assert [(e["curve"], e["strength"]) for e in found["conditions"]] == [
        ("perturbed(perturbation=typos)", 0.7),
        ("perturbed(perturbation=typos)", 0.2),
    ]
    text = xlt("eval", run, *asked).stdout
    assert "pawsx test, accuracy under each condition" in text
    assert "pawsx test, perturbed(perturbation=typos): accuracy" in text
    for shown in ("rows changed", "words changed", "relative drop", "lowest: ", "largest drop: "):
        assert shown in text, shown
    curve = text[text.index("pawsx test, perturbed(perturbation=typos): accuracy") :]
    assert re.findall(r"^│ +(0\.\d+) │", curve, re.MULTILINE) == ["0.000", "0.200", "0.700"]
    seeded = "{name: perturbed, perturbation: typos, strength: 0.7, seed: 5}"
    (other,) = evaluate("--condition", seeded)["conditions"]
    assert other["curve"] == "perturbed(perturbation=typos, seed=5)"
    own = evaluate("--stress", "{name: typos, rate: 0.7}", "--stress", "{name: typos, rate: 0.2}")
    assert {(e["curve"], e["strength"]) for e in own["conditions"]} == {
        (e["curve"], e["strength"]) for e in found["conditions"]
    }


def test_csv_has_what_is_lost_and_what_was_changed(run: Path, xlt: Any, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    result = xlt("eval", run, "--stress", "casing:0.5", "--draws", "2", "--csv", file)
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    noisy = [row for row in rows if row["condition"] != "clean"]
    for metric in ("drop:accuracy", "relative_drop:accuracy", "changed:rows", "changed:words"):
        cells = {row["cell"] for row in noisy if row["metric"] == metric}
        assert cells >= {"en", "de", "fr", "average:zero_shot"}, metric
    (share,) = (
        float(row["value"])
        for row in noisy
        if (row["cell"], row["metric"]) == ("de", "changed:rows")
    )
    assert 0.5 < share <= 1


def test_pairs_of_languages_have_their_changes(evaluate: Eval) -> None:
    found = evaluate("--stress", "diacritics", "--languages", "en,de", "--generalized")
    (entry,) = found["conditions"]
    changed = entry["changed"]
    assert changed["languages"]["en"]["rows"] == 0
    assert changed["languages"]["de"]["rows"] > 0.3
    both = changed["pairs"]["en+de"]["words"] + changed["pairs"]["de+en"]["words"]
    assert both == pytest.approx(changed["languages"]["de"]["words"], abs=0.05)
    assert any("nothing was changed in en:" in note for note in entry["notes"])
    assert entry["drop"]["languages"]["en"]["accuracy"]["value"] == 0


@pytest.mark.parametrize("way", ["processes", "no cache", "second model"])
def test_noise_is_the_same_however_it_is_made(
    run: Path, evaluate: Eval, way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from xlt_cli.noise import ahead

    monkeypatch.setenv("XLT_CACHE_DIR", str(tmp_path / "cache"))
    asked = ("--stress", "ocr:0.2", "--draws", "2")
    first = evaluate(*asked)
    folder = store_of(run).path
    before = {path: path.read_bytes() for path in folder.glob("conditions/*/predictions/*")}
    assert len(before) == 6
    shutil.rmtree(folder)
    if way == "processes":
        shutil.rmtree(tmp_path / "cache")
        monkeypatch.setattr(ahead, "WORTH", 1)
        monkeypatch.setattr(ahead, "cores", lambda: 2)
    elif way == "no cache":
        monkeypatch.setenv("XLT_CACHE_SIZE", "0")
    else:

        def drawn(*_: Any) -> Any:
            raise AssertionError("noise that is in the cache was drawn again")

        monkeypatch.setattr(ahead, "draw", drawn)
    assert evaluate(*asked) == first
    assert {path: path.read_bytes() for path in before} == before


def test_noise_on_segmentation_counts_pieces(evaluate: Eval) -> None:
    (entry,) = evaluate("--stress", "bpe-sampling:0.5", "--languages", "de")["conditions"]
    shares = entry["changed"]["languages"]["de"]
    assert shares["counted"] == "pieces"
    assert 0 < shares["words"] < 1
    (nothing,) = evaluate("--stress", "bpe-sampling:0", "--languages", "de")["conditions"]
    assert nothing["changed"]["languages"]["de"]["rows"] == 0


def test_noise_on_embeddings_changes_no_text(evaluate: Eval) -> None:
    (entry,) = evaluate("--stress", "random-perturbation:1", "--languages", "de")["conditions"]
    assert "changed" not in entry
    assert "drop" in entry


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stress", "typo:0.1"], "did you mean 'typos'?"),
        (["--stress", "typos:a"], "'a' is no strength"),
        (["--stress", "typos:0.1,"], "'' is no strength"),
        (["--stress", ""], "no perturbation is named"),
        (["--stress", ":0.1"], "no perturbation is named"),
        (["--stress", "typos:1.5"], "less than or equal to 1"),
        (["--stress", "typos:-0.5"], "--stress"),
        (["--stress", "word-order:1.5"], "--stress"),
        (["--stress", "{name: typos, rte: 1}:0.1"], "unknown parameter 'rte'"),
        (["--stress", "{name: typos"], "--stress"),
        (["--stress", "transliterate:0.5"], "'script' is missing"),
        (["--stress", "vat:0.5"], "for training only"),
        (["--stress", "r-drop"], "for training only"),
        (["--stress", "typos:0.1,0.1"], "listed twice"),
        (["--draws", "2"], "none is asked for"),
        (["--stress", "typos", "--draws", "0"], "--draws"),
        (["--stress", "typos", "--smoothing", "{noise: random-perturbation}"], "of its own"),
    ],
)
def test_stress_that_cannot_be_is_refused(
    run: Path, xlt: Any, arguments: list[str], said: str
) -> None:
    result = xlt("eval", run, *arguments)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "Traceback" not in result.output
