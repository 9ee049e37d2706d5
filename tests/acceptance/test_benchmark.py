"""A benchmark on the command line: one sweep over source tasks, one table of their means."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from question_tools import write_squad

BENCHMARK = {
    "title": "TINY",
    "reference": "nobody",
    "groups": [
        {
            "name": "classification",
            "tasks": [
                {
                    "name": "PAWS-X",
                    "task": "pawsx",
                    "metrics": ["accuracy"],
                    "languages": ["en", "de", "fr"],
                    "rows": 40,
                }
            ],
        },
        {
            "name": "words",
            "tasks": [
                {"name": "NER", "task": "panx", "metrics": ["f1"], "languages": ["de", "fr"]},
                {"name": "POS", "task": None, "metrics": ["accuracy"], "languages": ["de"]},
            ],
        },
        {
            "name": "questions",
            "tasks": [
                {
                    "name": "XQuAD",
                    "task": "xquad",
                    "metrics": ["f1", "exact_match"],
                    "languages": ["en", "de"],
                    "rows": 24,
                    "differs": "it is made up",
                }
            ],
        },
    ],
}


@pytest.fixture
def swept(
    xlt: Any, tmp_path: Path, tiny_encoder: Path, tiny_data: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of a sweep over three source tasks, with its spec and a benchmark."""
    data = tmp_path / "data"
    answers = {f"q{number}": "Anna" for number in range(24)}
    for split in ("train", "dev"):
        write_squad(data / f"squad_en/{split}-v1.1.json", answers)
    for language in ("en", "de"):
        write_squad(data / f"xquad/xquad.{language}.json", answers)
    for task in ("pawsx", "panx"):
        (data / task).symlink_to(tiny_data / task)
    monkeypatch.setenv("XLT_DATA_DIR", str(data))
    monkeypatch.chdir(tmp_path)

    def stage(task: str) -> dict[str, Any]:
        return {"task": task, "limit": 8, "max_steps": 1, "batch_size": 8, "dev": None}

    spec = {
        "encoder": {"name": "hf", "model": str(tiny_encoder)},
        "stages": [stage("pawsx")],
        "evaluations": [{"limit": 10}],
        "max_length": 32,
        "device": "cpu",
        "keep": "none",
        "sweep": {
            "points": [
                {"name": "PAWS-X"},
                {
                    "name": "NER",
                    "stages": [stage("panx")],
                    "evaluations": [{"limit": 4, "allow_overlap": True}],
                },
                {
                    "name": "SQuAD",
                    "stages": [stage("squad")],
                    "evaluations": [{"task": "xquad", "limit": 6, "allow_overlap": True}],
                },
            ]
        },
    }
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(spec), "utf-8")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(BENCHMARK), "utf-8")
    result = xlt("sweep", "all.yaml")
    assert result.exit_code == 0, result.output
    return tmp_path


def test_a_sweep_over_source_tasks_ends_in_the_table_of_a_benchmark(xlt: Any, swept: Path) -> None:
    result = xlt("table", "all.yaml", "--benchmark", "tiny.yaml", "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    tasks = {one["task"]: one for one in values["tasks"]}
    assert {name: one["trained_on"] for name, one in tasks.items()} == {
        "PAWS-X": "pawsx",
        "NER": "panx",
        "XQuAD": "squad",
    }
    assert tasks["PAWS-X"]["share_of_rows"] == pytest.approx(30 / 120)
    assert tasks["NER"]["share_of_rows"] is None
    (whole,) = (one for one in values["means"] if one["group"] == "all tasks")
    assert whole["absent"] == ["POS"]
    expected = sum(one["score"]["value"] for one in tasks.values()) / 3
    assert whole["value"] == pytest.approx(expected)

    shown = xlt("table", "all.yaml", "--benchmark", "tiny.yaml").stdout
    assert "the mean is over 3 of 4 tasks, so that it is no score of TINY; absent: POS" in shown
    assert "XQuAD: it is made up" in shown
    for text in ("25.0%", "size not stated", "2 of 2", "3 of 3"):
        assert text in shown
    for form in ("markdown", "latex"):
        result = xlt("table", "all.yaml", "--benchmark", "tiny.yaml", "--format", form)
        assert result.exit_code == 0
        assert "NER" in result.stdout
    result = xlt("table", "all.yaml", "--benchmark", "tiny.yaml", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(result.stdout)))
    (line,) = (one for one in lines if one["group"] == "all tasks")
    assert (line["tasks"], line["tasks_published"]) == ("3", "4")

    named = xlt("table", "A=all-*", "--benchmark", "tiny.yaml", "--json")
    assert json.loads(named.stdout)["systems"] == ["A"]
    assert xlt("archive", "all.yaml", "--out", "all.tar.xz").exit_code == 0
    again = xlt("table", "--from", "all.tar.xz", "--benchmark", "tiny.yaml", "--json")
    means = [
        [one.get("value") for one in own["means"]] for own in (json.loads(again.stdout), values)
    ]
    assert means[0] == means[1]

    for options, said in (
        (("--benchmark", "tiny.yaml", "--rows", "task"), "--benchmark and --rows contradict"),
        (("--benchmark", "none"), "there is no benchmark 'none'"),
        (("--benchmark", "tiny.yaml", "--where", "task=xnli"), "no result has the task 'xnli'"),
        (("--benchmark", "all.yaml"), "all.yaml:"),
    ):
        result = xlt("table", "all.yaml", *options)
        assert result.exit_code == 2, result.output
        assert said in result.output
