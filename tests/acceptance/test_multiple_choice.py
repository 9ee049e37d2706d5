"""Multiple choice with whole commands: robust training, noise, attacks, pairs of languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from acceptance_tools import Desk

ALIKE = {"cat": ["dog", "bird"], "sees": ["finds"], "Anna": ["Paris"], "likes": ["follows"]}


@pytest.fixture
def spec(desk: Desk, tiny_encoder: Path) -> dict[str, Any]:
    """A spec on a few rows in which the right choice has an exclamation mark."""
    folder = desk.path / "xcopa"
    folder.mkdir()
    for name in ("train-en", "val-en", "val-sw", "test-en", "test-it", "test-sw"):
        rows = [
            {
                "premise": f"Anna sees the cat {n} {name}",
                "choice1": "dog !" if n % 2 == 0 else "dog ?",
                "choice2": "dog !" if n % 2 else "dog ?",
                "question": ("cause", "effect")[n % 3 == 0],
                "label": n % 2,
                "idx": n,
            }
            for n in range(12)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")
    (desk.path / "alike.json").write_text(json.dumps(ALIKE), "utf-8")
    synonyms = {"name": "synonyms", "neighbors": str(desk.path / "alike.json"), "keep_clean": False}
    return {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "max_length": 48,
        "device": "cpu",
        "stages": [
            {
                "task": {"name": "xcopa", "path": str(folder)},
                "perturbation": [synonyms, {"name": "adversarial", "steps": 1}],
                "epochs": 4,
                "batch_size": 4,
                "learning_rate": 0.003,
            }
        ],
        "evaluations": [{"settings": ["standard", "generalized"], "languages": ["en", "it"]}],
    }


def write(desk: Desk, spec: dict[str, Any]) -> Path:
    path = desk.path / "choice.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    return path


def test_trained_with_noise_it_is_tested_under_noise_and_attack_in_mixed_languages(
    xlt: Any, desk: Desk, spec: dict[str, Any]
) -> None:
    done = xlt("train", write(desk, spec), "--runs-dir", desk.path / "runs")
    assert done.exit_code == 0, done.output
    results = desk.results()
    assert set(results["languages"]) == {"en", "it"}
    again = xlt(
        "eval", desk.run(), "--languages", "en,sw", "--limit", "4",
        "--condition", "clean", "--condition", "{name: perturbed, perturbation: typos}",
        "--condition", "{name: perturbed, perturbation: random-perturbation}",
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    assert "accuracy" in again.stdout
    attacked = xlt("eval", desk.run(), "--condition", "pgd", "--limit", "4", "--json")
    assert attacked.exit_code == 0, attacked.output
    (entry,) = json.loads(attacked.stdout)[0]["conditions"]
    assert "the true robust ones are no better" in " ".join(entry["notes"])
    refused = xlt("eval", desk.run(), "--condition", "{name: pgd, radii: [0.1, 0.2]}")
    assert refused.exit_code == 2, refused.output
    assert "'pgd' cannot be used with 'xcopa' (multiple-choice)" in refused.output
    words = {"name": "word-substitution", "queries": 20}
    attack = json.dumps({**words, "neighbors": str(desk.path / "alike.json")})
    attacked = xlt("eval", desk.run(), "--languages", "en,sw", "--limit", "4",
                   "--condition", attack, "--format", "json")  # fmt: skip
    assert attacked.exit_code == 0, attacked.output
    assert "accuracy_under_attack" in attacked.stdout


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label_smoothing": 0.1}, "takes no label_smoothing"),
        ({"perturbation": "embedding-mixup"}, "embedding-mixup"),
        ({"labels": "shuffled"}, "has no labels to shuffle"),
        ({"task": {"name": "belebele", "path": "nowhere"}}, "there is no such folder"),
        ({"task": {"name": "xcopa", "pth": "x"}}, "unknown parameter 'pth'"),
    ],
)
def test_what_makes_no_sense_for_choices_is_refused(
    xlt: Any, desk: Desk, spec: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    spec["stages"][0].update(changes)
    done = xlt("validate", write(desk, spec))
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_a_classifier_of_sentences_is_not_tested_on_choices(
    xlt: Any, desk: Desk, spec: dict[str, Any], tiny_data: Path
) -> None:
    spec["stages"][0]["task"] = {"name": "pawsx", "path": str(tiny_data / "pawsx")}
    spec["evaluations"] = [{"task": {"name": "xcopa", "path": str(desk.path / "xcopa")}}]
    done = xlt("validate", write(desk, spec))
    assert done.exit_code == 2, done.output
    assert "cannot be tested on 'xcopa' (multiple-choice" in done.output
