"""Training the stages of a run in the store that all runs of its folder share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.evaluation import held_out
from xlt_cli.evaluation.held_out import Used
from xlt_cli.runs import stage as stages
from xlt_cli.runs.directory import Run
from xlt_cli.runs.holding import Holder
from xlt_cli.runs.stage_store import SharedStage, attach, offer, shared, take
from xlt_cli.spec import ResolvedExperiment
from xlt_cli.training.left import Left
from xlt_cli.training.stage import finished_stage, train_stage


def train_shared_stage(
    run: Run,
    experiment: ResolvedExperiment,
    index: int,
    keys: Sequence[str],
    uses: Sequence[Sequence[Used]],
    rows: RowStore,
    runtime: Runtime,
    reporter: Reporter,
) -> Left | None:
    """Trains a stage unless it is finished, here or in the store.

    Of several processes that need the same stage, one trains it, and the others wait; if that one
    is killed, the next goes on from its last checkpoint. Only the process that holds a stage writes
    into its directory.

    Args:
        keys: of all stages.
        uses: the rows that each stage uses; empty where this is not the main process.

    Returns:
        The stage's model, where it was trained here and is still in memory.
    """
    directory = run.stage(index)
    entry = shared(run.path.absolute().parent, keys[index])
    done = finished_stage(directory) and not directory.is_symlink()
    with _held(entry, index, runtime, reporter) if not done else contextlib.nullcontext():
        if not done and runtime.is_main:
            attach(directory, entry, _record(run, experiment, index, keys))
            if entry.is_trained:
                _take(directory, entry, index, reporter)
        if runtime.is_main:
            held_out.record(directory, uses[index])
        runtime.wait()
        left = train_stage(run, experiment, index, rows, runtime, reporter)
        if not done and runtime.is_main:
            if directory.is_symlink():
                take(directory, entry)
            else:
                offer(directory, entry)
        runtime.wait()
    return left


def _record(
    run: Run, experiment: ResolvedExperiment, index: int, keys: Sequence[str]
) -> dict[str, Any]:
    """What the store says of a stage."""
    stage = experiment.stages[index]
    return {
        "parent": keys[index - 1] if index else "",
        "encoder": experiment.encoder.name,
        "task": stage.task.name,
        "languages": list(stage.languages),
        "perturbations": [perturbation.name for perturbation, _ in stage.perturbations],
        "seed": run.seed,
    }


def _take(directory: Path, entry: SharedStage, index: int, reporter: Reporter) -> None:
    """Takes a trained stage out of the store, and says so."""
    if stages.result_of(directory) is not None and not directory.is_symlink():
        wrong = stages.fault(directory)
        reporter.warn(f"the model of stage {index + 1} is damaged or missing ({wrong})")
    take(directory, entry)
    reporter.say(f"stage {index + 1}: taken from the shared stages, where it is trained")


@contextlib.contextmanager
def _held(entry: SharedStage, index: int, runtime: Runtime, reporter: Reporter) -> Iterator[None]:
    """Holds a shared stage, in the main process of several."""
    if not runtime.is_main:
        yield
        return

    def waiting(holder: Holder | None) -> None:
        who = f" ({holder})" if holder is not None else ""
        reporter.say(
            f"stage {index + 1}: another process{who} trains the same stage; waiting for it"
        )

    with entry.locked(waiting):
        yield
