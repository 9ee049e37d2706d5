"""Several processes train as one does: the same update, cut over them."""

from __future__ import annotations

import json
import socket

import pytest
from acceptance_tools import Desk, third_party


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_two_processes_with_one_cut_equal_one_process_with_two(desk: Desk) -> None:
    stage = {**desk.spec["stages"][0], "epochs": 1, "batch_size": 5, "evaluate_every": 6}
    # An example's noise knows no process; often a process has no example of the second kind.
    learned = {"name": "learned-attack", "proportion": 0.2}
    stage["perturbation"] = [{"name": "random-perturbation", "proportion": 0.8}, learned]
    desk.environment["PYTHONPATH"] = third_party(desk.path / "site")
    one = desk.write("one.yaml", stages=[{**stage, "accumulate": 2}])
    assert desk.xlt("train", one, runs="one")[0] == 0
    two = desk.write("two.yaml", stages=[stage])
    # What torchrun sets for each of them.
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    both = [
        desk.start("train", two, runs="two", RANK=rank, LOCAL_RANK=rank, **shared)
        for rank in ("0", "1")
    ]
    printed = ""
    for process in both:
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        printed += out
    assert printed.count("zero-shot average") == 1

    def metrics(runs: str) -> list[dict[str, float]]:
        text = (desk.run(runs) / "stages/0/metrics.jsonl").read_text("utf-8")
        records = [json.loads(line) for line in text.splitlines()]
        return [
            {name: value for name, value in record.items() if not isinstance(value, str)}
            for record in records
        ]

    first, second = metrics("one"), metrics("two")
    assert len(first) == len(second)
    for expected, got in zip(first, second, strict=True):
        assert got == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert desk.results("one")["languages"] == desk.results("two")["languages"]
