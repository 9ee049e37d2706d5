"""Intent and slots, and regression, with whole commands, from noisy training to reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from acceptance_tools import Desk

from xlt_cli.training import checkpoints

ALIKE = {"cat": ["dog", "bird"], "sees": ["finds"], "Anna": ["Paris"]}
INTENTS = ("alarm/set_alarm", "weather/find")


def requests(part: str, count: int) -> Iterator[str]:
    for n in range(count):
        named = ("Anna", "Paris")[n % 2]
        words, tags = f"{named} sees cat {n} {part}", "B-artist O B-album I-album O"
        yield f"{words}\t{tags}\t{INTENTS[n % 2]}\n"


def similarities(part: str, count: int) -> Iterator[str]:
    for n in range(count):
        mark = "?!."[n % 3]
        yield f"Anna sees cat {n}\tcat sees {part} {n} {mark}\t{1.5 + n % 3}\n"


KINDS = {"xsid": requests, "stsb": similarities}
METRICS = {"xsid": ("slot_f1", "exact_match"), "stsb": ("spearman", "rmse")}


@pytest.fixture
def specs(desk: Desk, tiny_encoder: Path) -> dict[str, dict[str, Any]]:
    """For each of the two tasks a spec that trains with noise on a few rows."""
    (desk.path / "alike.json").write_text(json.dumps(ALIKE), "utf-8")
    alike = {"name": "synonyms", "neighbors": str(desk.path / "alike.json")}
    made = {}
    for task, rows in KINDS.items():
        folder = desk.path / task
        folder.mkdir()
        for name in ("train-en", "dev-en", "test-en", "test-de"):
            text = "".join(rows(name, 16))
            (folder / f"{name}.tsv").write_text(text, "utf-8")
        made[task] = {
            "encoder": {"name": "hf", "model": str(tiny_encoder)},
            "max_length": 32,
            "device": "cpu",
            "stages": [
                {
                    "task": {"name": task, "path": str(folder)},
                    "perturbation": [alike, "typos", {"name": "adversarial", "steps": 1}],
                    "epochs": 2,
                    "batch_size": 8,
                    "learning_rate": 0.005,
                    "checkpoint_every": 2,
                }
            ],
            "evaluations": [{"languages": ["en", "de"]}],
        }
    return made


def write(desk: Desk, spec: dict[str, Any], name: str = "spec.yaml") -> Path:
    path = desk.path / name
    path.write_text(yaml.safe_dump(spec), "utf-8")
    return path


def outcome(run: Path) -> dict[str, bytes]:
    names = ["stages/0/result.json", "stages/0/model/model.safetensors"]
    files = [run / name for name in names if (run / name).is_file()]
    files += sorted(run.glob("evaluations/*/predictions/*"))
    return {str(file.relative_to(run)): file.read_bytes() for file in files}


@pytest.mark.parametrize("task", KINDS)
def test_from_interrupted_training_to_reports(
    xlt: Any, desk: Desk, specs: Any, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, whole = write(desk, specs[task]), desk.path / "whole"
    done = xlt("train", spec, "--runs-dir", whole)
    assert done.exit_code == 0, done.output
    with monkeypatch.context() as patched:
        saved, save = [], checkpoints.save

        def stop(*given: Any, **named: Any) -> Any:
            save(*given, **named)
            saved.append(1)
            if len(saved) == 2:
                raise RuntimeError("killed")

        patched.setattr(checkpoints, "save", stop)
        stopped = xlt("train", spec, "--runs-dir", desk.path / "runs")
        assert stopped.exit_code == 1, stopped.output
    done = xlt("train", spec, "--runs-dir", desk.path / "runs")
    assert done.exit_code == 0, done.output
    assert "continues from step" in done.output
    expected = outcome(desk.run("whole"))
    assert outcome(desk.run()) == expected
    assert len(expected) >= 3

    results = desk.results()
    first, second = METRICS[task]
    assert results["metric"] == first
    assert {first, second} <= set(results["languages"]["de"])
    run = desk.run()
    under = xlt(
        "eval", run, "--languages", "en", "--limit", "8",
        "--condition", "{name: perturbed, perturbation: typos}",
        "--condition", "{name: perturbed, perturbation: random-perturbation}",
    )  # fmt: skip
    assert under.exit_code == 0, under.output

    specs[task]["stages"][0]["epochs"] = 1
    other = xlt("train", write(desk, specs[task], "other.yaml"), "--runs-dir", desk.path / "runs")
    assert other.exit_code == 0, other.output
    archive = desk.path / "runs.tar.xz"
    both = sorted(path.parent for path in (desk.path / "runs").glob("*/run.json"))
    assert xlt("archive", *both, "-o", archive).exit_code == 0
    systems = [f"{name}={path}" for name, path in zip("ab", both, strict=True)]
    shown = {}
    for metric in METRICS[task]:
        compared = xlt("compare", *systems, "--metric", metric, "--format", "json")
        assert compared.exit_code == 0, compared.output
        shown[metric] = json.loads(compared.stdout)
    table = xlt("table", *systems)
    assert table.exit_code == 0, table.output
    packed = [f"{name}={path.name}" for name, path in zip("ab", both, strict=True)]
    again = xlt("compare", *packed, "--from", archive, "--metric", second, "--format", "json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout) == shown[second]

    attacked = xlt(
        "eval", run, "--languages", "de", "--condition", "clean",
        "--condition", "{name: pgd, radii: 0.3, steps: 3}", "--json",
    )  # fmt: skip
    assert attacked.exit_code == 0, attacked.output
    (before,) = json.loads(attacked.stdout)
    (entry,) = before["conditions"]
    assert "measured" not in entry  # no share of robust rows where an answer is no label
    found, before = entry["languages"]["de"], before["languages"]["de"]
    worse, clean = (one[second]["value"] for one in (found, before))
    assert worse > clean if second == "rmse" else worse <= clean
    refused = xlt("eval", run, "--condition", "{name: pgd, radii: [0.1, 0.2]}")
    assert refused.exit_code == 2, refused.output
    assert "give one radius" in refused.output


@pytest.mark.parametrize(
    ("task", "changes", "said"),
    [
        ("stsb", {"label_smoothing": 0.1}, "takes no label_smoothing"),
        ("stsb", {"labels": "shuffled"}, "has no labels to shuffle"),
        ("stsb", {"perturbation": "r-drop"}, "compares probabilities of labels"),
        ("xsid", {"perturbation": "r-drop"}, "compares probabilities of labels"),
        ("xsid", {"perturbation": "word-order"}, "word-order"),
        ("xsid", {"perturbation": "embedding-mixup"}, "embedding-mixup"),
        ("xsid", {"dev": {"metric": "f1"}}, "'f1' is no metric of 'xsid'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    xlt: Any, desk: Desk, specs: Any, task: str, changes: dict[str, Any], said: str
) -> None:
    specs[task]["stages"][0].update(changes)
    done = xlt("validate", write(desk, specs[task]))
    assert done.exit_code == 2, done.output
    assert said in done.output
