"""Texts are tokenized once for all runs, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acceptance_tools import Desk
from transformers import PreTrainedTokenizerFast

from xlt_cli.data.cached_tokenizer import CALL


@pytest.fixture
def short(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose spec takes a second or two, with a cache of its own."""
    desk.spec["stages"][0].update(epochs=1, checkpoint_every=None, evaluate_every=None)
    monkeypatch.setenv("XLT_CACHE_DIR", desk.environment["XLT_CACHE_DIR"])
    return desk


TRIED = 4
"""Calls for the first rows that an encoder is tried on: of the training and the test languages."""


@pytest.fixture
def tokenized(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of texts of each call in which rows were tokenized."""
    counts: list[int] = []
    real = PreTrainedTokenizerFast.__call__

    def counted(self: Any, text: Any, *arguments: Any, **options: Any) -> Any:
        if options == CALL:
            counts.append(len(text))
        return real(self, text, *arguments, **options)

    monkeypatch.setattr(PreTrainedTokenizerFast, "__call__", counted)
    return counts


def train(xlt: Any, desk: Desk, runs: str, spec: Path) -> dict[str, bytes]:
    """What a run found, by file: bytes that do not depend on time or place."""
    result = xlt("train", spec, "--quiet", "--runs-dir", desk.path / runs)
    assert result.exit_code == 0, result.output
    (run,) = (path.parent for path in (desk.path / runs).glob("*/run.json"))
    found = [run / "stages/0/metrics.jsonl", *run.glob("evaluations/*/results.*")]
    found += [*run.glob("evaluations/*/predictions/*"), *run.glob("stages/*/model/*.safetensors")]
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in found}


def entries(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.path / "cache" / "features").glob("*"))


@pytest.mark.parametrize("task", ["pawsx", "panx"])
def test_a_second_run_tokenizes_nothing_and_ends_with_the_same_bytes(
    short: Desk,
    xlt: Any,
    tokenized: list[int],
    tiny_data: Path,
    task: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = {**short.spec["stages"][0], "task": {"name": task, "path": str(tiny_data)}}
    settings = ["standard", "generalized"] if task == "pawsx" else ["standard"]
    evaluation = {"settings": settings, "allow_overlap": True}  # panx's few names come again
    spec = short.write(stages=[stage], evaluations=[evaluation])
    cold = train(xlt, short, "cold", spec)
    assert any(name.endswith("de.parquet") for name in cold)
    assert len(tokenized) == 5 + TRIED, "training rows, dev, test rows of three languages"
    stored = entries(short)
    assert len(stored) == 5
    assert train(xlt, short, "warm", spec) == cold
    assert len(tokenized) == 5 + 2 * TRIED
    assert entries(short) == stored
    monkeypatch.setenv("XLT_CACHE_SIZE", "0")
    assert train(xlt, short, "off", spec) == cold
    # The words of training rows that are cut off are counted before the rows are made inputs.
    assert len(tokenized) == 10 + 3 * TRIED + (task == "panx")


def test_noisy_rows_are_not_stored(short: Desk, xlt: Any, tokenized: list[int]) -> None:
    stage = {**short.spec["stages"][0], "epochs": 2, "perturbation": "typos"}
    train(xlt, short, "runs", short.write(stages=[stage]))
    assert len(entries(short)) == 4, "dev, and the test rows of three languages"
    assert len(tokenized) == 6 + TRIED, "these, and the training rows in each of two epochs"


def test_a_run_does_without_a_cache_that_cannot_be_written(short: Desk) -> None:
    (short.path / "cache").write_text("a file where the folder should be")
    code, _, err = short.xlt("train", short.write())
    assert code == 0, err
    assert err.count("cannot write to") == 1
    assert "XLT_CACHE_DIR" in err


def test_a_size_that_is_none_is_the_users_mistake(short: Desk) -> None:
    code, _, err = short.xlt("train", short.write(), XLT_CACHE_SIZE="lots")
    assert code == 2
    assert "error: 'lots' is no size\n  XLT_CACHE_SIZE\n" in err
