"""accelerate's launcher trains one model in shards over several processes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from acceptance_tools import Desk
from transformers import AutoModelForSequenceClassification


def launched(
    desk: Desk, *options: str, spec: object, runs: str
) -> subprocess.CompletedProcess[str]:
    """`accelerate launch OPTIONS -m xlt_cli train SPEC` on two processes."""
    command = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch"]
    command += ["--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    command += ["--dynamo_backend", "no", "--main_process_port", "0", *options]
    command += ["-m", "xlt_cli", "train", str(spec), "--runs-dir", runs]
    return subprocess.run(
        command, cwd=desk.path, env=desk.environment, capture_output=True, text=True, timeout=240
    )


def test_a_launched_run_equals_one_process_with_two_cuts(desk: Desk) -> None:
    stage = {**desk.spec["stages"][0], "epochs": 1, "batch_size": 5, "evaluate_every": 6}
    one = desk.write("one.yaml", stages=[{**stage, "accumulate": 2}])
    assert desk.xlt("train", one, "--plain", runs="one")[0] == 0
    two = desk.write("two.yaml", stages=[stage])
    done = launched(desk, "--use_fsdp", "--fsdp_version", "2", spec=two, runs="two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("zero-shot average") == 1

    def lines(runs: str, name: str) -> list[dict[str, object]]:
        return [
            json.loads(line) for line in (desk.run(runs) / name).read_text("utf-8").splitlines()
        ]

    assert {line["path"] for line in lines("two", "timing.jsonl")} == {"sharded"}
    for expected, got in zip(
        *(lines(runs, "stages/0/metrics.jsonl") for runs in ("one", "two")), strict=True
    ):
        numbers = {name: value for name, value in expected.items() if isinstance(value, float)}
        assert {name: got[name] for name in numbers} == pytest.approx(numbers, rel=1e-3, abs=1e-5)
    assert desk.results("one")["languages"] == desk.results("two")["languages"]
    AutoModelForSequenceClassification.from_pretrained(desk.run("two") / "stages/0/model")
