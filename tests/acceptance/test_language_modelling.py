"""Stages of masked and translation language modelling, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk

from xlt_cli.runs.provenance import weights_hash


@pytest.fixture
def corpus(tiny_data: Path, tmp_path: Path) -> Path:
    """Text in two languages, and the same sentences side by side."""
    folder = tmp_path / "corpus"
    (folder / "parallel").mkdir(parents=True)
    sentences: dict[str, list[str]] = {}
    for language in ("en", "de"):
        rows = (tiny_data / f"pawsx/train-{language}.tsv").read_text("utf-8").splitlines()
        sentences[language] = [text for row in rows for text in row.split("\t")[:2]]
        (folder / f"train-{language}.txt").write_text(
            "\n".join(sentences[language]) + "\n", "utf-8"
        )
    pairs = zip(sentences["en"], sentences["de"], strict=True)
    lines = "".join(f"{en}\t{de}\n" for en, de in pairs)
    (folder / "parallel/en-de.tsv").write_text(lines, "utf-8")
    return folder


def text_stage(folder: Path, **values: Any) -> dict[str, Any]:
    return {
        "task": {"name": "text", "path": str(folder), "dev_rows": 20},
        "languages": ["en", "de"],
        "epochs": 4,
        "batch_size": 8,
        "learning_rate": 3e-3,
        "warmup": 0,
        **values,
    }


def trained(desk: Desk, xlt: Any, *stages: dict[str, Any], **spec: Any) -> Any:
    path = desk.write(stages=list(stages), **{"evaluations": [], **spec})
    result = xlt("train", path, "--runs-dir", desk.path / "runs")
    assert result.exit_code == 0, result.output
    return result


def dev_of(run: Path, stage: int, name: str) -> list[float]:
    lines = (run / f"stages/{stage}/metrics.jsonl").read_text("utf-8").splitlines()
    return [r[name] for r in map(json.loads, lines) if r["kind"] == "dev"]


def test_perplexity_falls_and_a_classifier_goes_on_from_it(
    desk: Desk, xlt: Any, corpus: Path
) -> None:
    classify = {**desk.spec["stages"][0], "epochs": 1, "evaluate_every": None}
    result = trained(desk, xlt, text_stage(corpus), classify, evaluations=[{"limit": 10}])
    run = desk.run()
    assert "stage 1: begins with the encoder's own language-modelling head" in result.stderr
    assert "stage 2: starts from the model of stage 1 with a new head" in result.stderr
    dev = dev_of(run, 0, "perplexity")
    assert len(dev) == 8  # two languages, four epochs
    assert sum(dev[-2:]) < 0.7 * sum(dev[:2])
    best = json.loads((run / "stages/0/result.json").read_text("utf-8"))
    assert best["dev_score"] == pytest.approx(min(sum(dev[i : i + 2]) / 2 for i in range(0, 8, 2)))
    assert "best perplexity on dev" in best["rule"]
    from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification

    AutoModelForMaskedLM.from_pretrained(run / "stages/0/model")
    AutoModelForSequenceClassification.from_pretrained(run / "stages/1/model")


def test_a_language_model_after_a_classifier_has_the_encoders_own_head(
    desk: Desk, xlt: Any, corpus: Path
) -> None:
    classify = {**desk.spec["stages"][0], "max_steps": 2, "evaluate_every": None}
    again = text_stage(corpus, max_steps=2)
    result = trained(desk, xlt, classify, again, again)
    assert (
        "stage 2: starts from the model of stage 1 with the encoder's own language-modelling head"
        in result.stderr
    )
    assert "stage 3: starts from the model and the head of stage 2" in result.stderr


def test_pairs_of_translations_and_an_evaluation_of_the_last_stage(
    desk: Desk, xlt: Any, corpus: Path
) -> None:
    task = {"name": "parallel-text", "path": str(corpus / "parallel"), "dev_rows": 20}
    stage = text_stage(corpus, task=task, languages=["de"], epochs=2)
    trained(desk, xlt, stage, evaluations=[{"split": "dev", "languages": ["de"]}])
    shown = xlt(
        "eval", desk.run().name, "--split", "dev", "--runs-dir", desk.path / "runs", "--json"
    )
    assert shown.exit_code == 0, shown.output
    (result,) = json.loads(shown.stdout)
    figures = result["languages"]["de"]
    assert figures["n"] == 20
    assert figures["perplexity"]["value"] > 1
    assert 0 <= figures["accuracy"]["value"] <= 1
    # Its masks are the ones of dev: the best step's figure is the stage's.
    best = json.loads((desk.run() / "stages/0/result.json").read_text("utf-8"))
    assert figures["perplexity"]["value"] == pytest.approx(best["dev_score"], rel=1e-4)


def test_both_languages_of_pairs_count_as_trained_on(desk: Desk, xlt: Any, corpus: Path) -> None:
    task = {"name": "parallel-text", "path": str(corpus / "parallel"), "dev_rows": 20}
    pairs = text_stage(corpus, task=task, languages=["de"], max_steps=1)
    classify = {**desk.spec["stages"][0], "max_steps": 1, "languages": ["fr"]}
    trained(desk, xlt, pairs, classify, evaluations=[{"limit": 5}])
    assert {x: own["trained_on"] for x, own in desk.results()["languages"].items()} == {
        "en": True, "de": True, "fr": True,
    }  # fmt: skip
    assert "zero_shot" not in desk.results()["averages"]


@pytest.mark.parametrize(
    "perturbation",
    [
        ["word-dropout", "adversarial"],
        [{"name": "bpe-sampling"}, {"name": "r-drop", "proportion": 0.5}],
        ["token-cutoff", "smart"],
    ],
    ids=str,
)
def test_robust_training_of_a_language_model(
    desk: Desk, xlt: Any, corpus: Path, perturbation: Any
) -> None:
    stage = text_stage(
        corpus, epochs=2, perturbation=perturbation, label_smoothing=0.1, languages=["en"]
    )
    trained(desk, xlt, stage)
    first, last = dev_of(desk.run(), 0, "perplexity")
    assert last < first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"perturbation": "embedding-mixup"}, "'embedding-mixup' cannot be used with 'text'"),
        ({"perturbation": ["typos", "consistency"]}, "'consistency' cannot be used with 'text'"),
        ({"class_weights": "balanced"}, "has no labels to weigh"),
        ({"languages": ["fr"]}, "no 'fr'"),
        ({"split": "test"}, "has no test split"),
    ],
    ids=str,
)
def test_what_a_language_model_cannot_be_trained_with_is_refused(
    desk: Desk, xlt: Any, corpus: Path, changes: dict[str, Any], message: str
) -> None:
    path = desk.write(stages=[text_stage(corpus, **changes)], evaluations=[])
    result = xlt("validate", path)
    assert result.exit_code == 2, result.output
    assert message in result.output


def test_the_fast_path_is_the_plain_one_to_the_bit(
    desk: Desk, xlt: Any, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xlt_cli.models import word_table

    monkeypatch.setattr(word_table, "WORTH", 8)  # so that the tiny table would be treated apart
    stage = text_stage(corpus, max_steps=8, languages=["en"])
    weights = []
    for name, plain in (("fast", ()), ("plain", ("--plain",))):
        path = desk.write(stages=[stage], evaluations=[])
        runs = desk.path / name
        assert xlt("train", path, "--runs-dir", runs, *plain).exit_code == 0
        (run,) = (p for p in runs.iterdir() if p.is_dir() and (p / "stages").exists())
        weights.append(weights_hash(run / "stages/0/model"))
        paths = {json.loads(x)["path"] for x in (run / "timing.jsonl").read_text().splitlines()
                 if "path" in json.loads(x)}  # fmt: skip
        assert paths == {"plain"}  # every row of a tied table has a gradient
    assert weights[0] == weights[1]
