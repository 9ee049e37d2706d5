"""A stage's directory: its record, its model, and whether that is the model that was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlt_cli.errors import DamagedFile, RunError
from xlt_cli.runs import atomic, checksums, provenance

ABOUT = provenance.MODEL_ABOUT
"""In a published model's directory: encoder, run, and what must be said beside its results."""

PRUNED = "pruned"
"""In place of the model: what stays of one whose weights were removed."""


def is_pruned(stage: Path) -> bool:
    """Whether the weights of a stage's model were removed on purpose."""
    return not atomic.is_complete(stage / "model") and atomic.is_complete(stage / PRUNED)


def model_of(stage: Path) -> Path:
    """The folder of a stage's model, or of what stays of it."""
    return stage / (PRUNED if is_pruned(stage) else "model")


def result_of(stage: Path) -> dict[str, Any] | None:
    """What a finished stage recorded; None if it has not finished."""
    result: dict[str, Any] | None = atomic.read_json(stage / "result.json")
    return result


def fault(stage: Path) -> str:
    """What is wrong with a stage's model; empty if it is whole and the stage's own.

    A stage of an earlier version did not record its weights. The answers that are stored then say
    which model gave them. Weights that another process removes meanwhile are no fault.
    """
    model = model_of(stage)
    try:
        wrong = _fault(stage, model)
    except FileNotFoundError:
        if model_of(stage) == model:
            raise
        return fault(stage)
    return fault(stage) if wrong and model_of(stage) != model else wrong


def _fault(stage: Path, model: Path) -> str:
    damage = checksums.damage(model)
    if damage:
        return damage
    weights, result = provenance.weights_hash(model), result_of(stage)
    recorded = (result or {}).get("weights")
    if recorded:
        return "" if recorded == weights else "its weights are not those that the stage recorded"
    answered = _answered(stage)
    if answered and weights not in answered:
        return "its weights are not those of the stored predictions"
    return ""


def check(stage: Path, run: str, state: str) -> Path:
    """The model of a stage, or what stays of it where it was pruned.

    Raises:
        DamagedFile: it is not what the stage ended with.
        RunError: training has not finished.
    """
    model = model_of(stage)
    if not (stage / "result.json").exists() and not atomic.is_complete(model):
        raise RunError(
            f"the run '{run}' has no finished model (its state is: {state})",
            str(stage.parent.parent),
            "`xlt train` with the same spec continues it",
        )
    wrong = fault(stage)
    if wrong:
        raise DamagedFile(
            f"the model of the run '{run}' is damaged: {wrong}",
            str(model),
            "`xlt train` with the same spec trains this stage again; or restore the folder "
            "from a copy. Stored results are unchanged",
        )
    return model


def weights(stage: Path, run: str, state: str) -> str:
    """The hash of the weights of a stage's model, by which stored predictions are found.

    A copy of a run may lack files of the model. Reading results needs none of them, and the stage
    recorded the hash.

    Raises:
        DamagedFile: the model is there, and is not what the stage ended with.
        RunError: training has not finished.
    """
    recorded = (result_of(stage) or {}).get("weights")
    if recorded and checksums.lacks_files(model_of(stage)):
        return str(recorded)
    return provenance.weights_hash(check(stage, run, state))


def _answered(stage: Path) -> set[str]:
    """The weights that gave the newest answers of each evaluation, if this is the last stage."""
    run = stage.parent.parent
    if (stage.parent / str(int(stage.name) + 1)).exists():
        return set()
    last = [atomic.read_lines(file)[-1:] for file in run.glob("evaluations/*/cells.jsonl")]
    lines = [line for lines in last for line in lines if isinstance(line, dict)]
    return {line["weights"] for line in lines if line.get("weights")}
