"""Behavioural tests of a trained run, from the templates to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

TEMPLATES = {
    "labels": ["0", "1"],
    "slots": {"name": {"en": ["Anna", "Peter"], "de": ["Anna", "Peter"]}},
    "phrases": {
        "sees": {"en": "the cat sees {name1}", "de": "die Katze sieht {name1}"},
        "likes": {"en": "the dog likes {name1}", "de": "die Hündin mag {name1}"},
    },
    "tests": [
        {"name": "other-animal", "capability": "vocabulary", "type": "MFT", "label": "0",
         "texts": ["sees", "likes"]},
        {"name": "name-replaced", "capability": "names", "type": "INV", "label": "1",
         "texts": ["sees", "sees"], "changed": ["sees(name1=name2)", "sees(name1=name2)"]},
        {"name": "name-changed", "capability": "names", "type": "DIR", "label": "1",
         "texts": ["sees", "sees"], "changed": ["sees", "sees(name1=name2)"],
         "changed_label": "0", "expect": {"label": "1", "moves": "down"}},
    ],
}  # fmt: skip


def test_a_run_is_tested_and_its_failures_are_reported(
    tmp_path: Path, tiny_encoder: Path, xlt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stage = {"task": "mini-pawsx", "limit": 8, "max_steps": 1, "batch_size": 4, "dev": None}
    encoder = {"name": "hf", "model": str(tiny_encoder)}
    spec = {"encoder": encoder, "stages": [stage], "device": "cpu", "evaluations": []}
    Path("spec.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    Path("mine.yaml").write_text(yaml.safe_dump(TEMPLATES, allow_unicode=True), "utf-8")
    assert xlt("train", "spec.yaml").exit_code == 0
    (run,) = Path("runs").glob("spec-*")
    tested = xlt("eval", run.name, "--task", "{name: checklist, templates: mine.yaml}", "--json")
    assert tested.exit_code == 0, tested.output
    (result,) = json.loads(tested.stdout)
    assert {x: own["n"] for x, own in result["languages"].items()} == {"en": 10, "de": 10}
    report = xlt("analyze", "checklist", run.name, "--task", "checklist", "--json")
    assert report.exit_code == 0, report.output
    rates = json.loads(report.stdout)["runs"][run.name]["rates"]
    assert [(one["capability"], one["test"]) for one in rates] == [
        ("vocabulary", ""),
        ("vocabulary", "other-animal"),
        ("names", ""),
        ("names", "name-replaced"),
        ("names", "name-changed"),
    ]
    of_tests = {one["test"]: one["languages"]["de"] for one in rates}
    # Accuracy and failures of minimum functionality are the same thing.
    assert of_tests["other-animal"]["cases"] == 2

    # Of two files of templates, one is chosen by its parameters.
    Path("other.yaml").write_text(Path("mine.yaml").read_text("utf-8"), "utf-8")
    other = "{name: checklist, templates: other.yaml}"
    assert xlt("eval", run.name, "--task", other).exit_code == 0
    several = xlt("analyze", "checklist", run.name, "--task", "checklist")
    assert several.exit_code == 2
    assert "--task '{name: checklist, ...}'" in several.output
    assert xlt("analyze", "checklist", run.name, "--task", other).exit_code == 0
    wrong = xlt("analyze", "checklist", run.name, "--task", "{name: checklist, path: x}")
    assert wrong.exit_code == 2
    assert "path" in wrong.output

    Path("mine.yaml").write_text(Path("mine.yaml").read_text().replace("name-replaced", "a b"))
    wrong = xlt("eval", run.name, "--task", "{name: checklist, templates: mine.yaml}")
    assert wrong.exit_code == 2
    assert "mine.yaml:" in wrong.output
    assert "Traceback" not in wrong.output
    missing = xlt("eval", run.name, "--task", "{name: checklist, templates: none.yaml}")
    assert missing.exit_code == 2
    assert "none.yaml" in missing.output
