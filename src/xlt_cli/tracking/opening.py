"""Opening a tracker for a run, through accelerate: a new run of the tracker, or the one it has."""

from __future__ import annotations

import uuid
from typing import Any

from xlt_cli.runs.directory import Run

FOLDER = "tensorboard"
"""In a run's directory: what TensorBoard reads."""


def new_id(name: str) -> str:
    """What a tracker is to call a run that it does not have; empty where it chooses itself."""
    return uuid.uuid4().hex[:16] if name == "wandb" else ""


def opened(name: str, run: Run, key: str, resumed: bool) -> tuple[Any, str]:
    """A tracker that has started.

    Args:
        key: what the tracker calls the run, or is to call it.
        resumed: whether the tracker has the run.

    Returns:
        accelerate's tracker, and what it calls the run.
    """
    from accelerate import tracking

    project = str(run.record.get("name") or "xlt")
    tracker: Any
    if name == "tensorboard":
        tracker = tracking.TensorBoardTracker(FOLDER, logging_dir=str(run.path))
    elif name == "mlflow":
        given = {"run_id": key} if resumed else {}
        tracker = tracking.MLflowTracker(experiment_name=project, run_name=run.name, **given)
    elif name == "wandb":
        tracker = tracking.WandBTracker(project, id=key, name=run.name, resume="allow")
    else:
        tracker = tracking.TrackioTracker(
            project,
            name=run.name,
            resume="allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
    tracker.start()
    if name == "mlflow":
        key = tracker.active_run.info.run_id
    return tracker, key


def settings_of(run: Run) -> dict[str, str | int | float]:
    """What a tracker shows as a run's settings."""
    spec = run.spec
    settings: dict[str, str | int | float] = {"encoder": spec.encoder.name, "seed": run.seed}
    for number, stage in enumerate(spec.stages, start=1):
        settings |= {
            f"stage{number}.task": stage.task.name,
            f"stage{number}.languages": ",".join(stage.languages or ()),
            f"stage{number}.perturbation": ",".join(use.name for use in stage.perturbation),
            f"stage{number}.epochs": stage.epochs,
            f"stage{number}.batch_size": stage.batch_size,
            f"stage{number}.learning_rate": stage.learning_rate,
        }
    return settings
