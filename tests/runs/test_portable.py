"""What leaves a machine with a run."""

from __future__ import annotations

import pytest

from xlt_cli.runs import atomic
from xlt_cli.runs.directory import Run
from xlt_cli.runs.portable import portable, without_paths
from xlt_cli.spec import ExperimentSpec


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/home/me/data/xnli/train-en.tsv", ".../xnli/train-en.tsv"),
        ("/tmp/runs", ".../tmp/runs"),
        ("encoder.model=/home/me/models/mbert", "encoder.model=.../models/mbert"),
        ("facebook/xnli@1a2b3c", "facebook/xnli@1a2b3c"),
        ("data/xnli", "data/xnli"),
        ("3 rows and/or none", "3 rows and/or none"),
    ],
)
def test_paths_keep_their_last_two_parts(text: str, kept: str) -> None:
    assert without_paths({"a": [text]}) == {"a": [kept]}


def test_a_run_leaves_without_its_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    spec = ExperimentSpec.model_validate(
        {"encoder": {"name": "hf", "model": "/home/me/m"}, "stages": [{"task": "xnli"}]}
    )
    record = {"identity": "1", "seed": 1, "spec": spec.model_dump(mode="json")}
    atomic.write_json(run.path / "run.json", record)
    atomic.write_text(run.path / "spec.yaml", "# mine\n")
    atomic.append_line(run.path / "environment.jsonl", {"xlt": "1", "host": "my-machine", "pid": 9})
    atomic.write_json(run.path / "fingerprints.json", {"a": {"source": "/home/me/x/y"}})
    train = {"kind": "train", "step": 10, "loss": 0.123456789, "learning_rate": 1.23456789e-05}
    dev = {"kind": "dev", "step": 10, "accuracy": 0.123456789}
    for line in (train, dev):
        atomic.append_line(run.stage(0) / "metrics.jsonl", line)
    found = portable(run)
    assert found["spec_file"] == "# mine\n"
    assert found["environment"] == [{"xlt": "1"}]
    assert found["record"]["spec"]["encoder"]["model"] == ".../me/m"
    assert found["fingerprints"] == {"a": {"source": ".../x/y"}}
    assert found["stages"] == [None]
    rounded = {**train, "loss": 0.123457, "learning_rate": 1.23457e-05}
    assert found["metrics"] == [rounded, dev]
