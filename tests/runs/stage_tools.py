"""Stages as training leaves them, without any training."""

from __future__ import annotations

from pathlib import Path

from xlt_cli.runs import atomic, metrics, provenance


def make_run(root: Path, name: str) -> Path:
    """A run's directory with as much of a record as finding its stages needs."""
    (root / name).mkdir()
    atomic.write_json(root / name / "run.json", {"identity": "0", "seed": 1})
    return root / name


def stage_dir(run: Path) -> Path:
    return run / "stages" / "0"


def finish(stage: Path, size: int = 1000) -> None:
    """Puts a model and a result there."""
    stage.mkdir(parents=True, exist_ok=True)
    with atomic.new_directory(stage / "model") as directory:
        (directory / "model.safetensors").write_bytes(stage.name.encode().ljust(size))
        (directory / "config.json").write_text("{}")
    atomic.append_line(stage / metrics.FILE, {"stage": 0, "loss": 1.0})
    weights = provenance.weights_hash(stage / "model")
    result = {"weights": weights, "metrics": metrics.digest(stage)}
    atomic.write_json(stage / "result.json", result)
