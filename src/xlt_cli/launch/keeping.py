"""What of a finished run stays on the disk: `keep` in its spec."""

from __future__ import annotations

import contextlib

from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import RunError, UserError
from xlt_cli.runs import packing, pruned
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs
from xlt_cli.runs.removal import needed_by, starts
from xlt_cli.spec import ExperimentSpec


def packed_meanwhile(
    run: Run, spec: ExperimentSpec, trained: bool
) -> contextlib.AbstractContextManager[packing.Ahead | None]:
    """Packs the run's model, where it is to be kept packed, while the block tests it.

    Only the file is made; `keep` puts it in its place.

    Args:
        trained: whether this process has it in memory, alone, and tests that one.
    """
    if not trained or spec.keep not in ("all", "model"):
        return contextlib.nullcontext()
    return packing.made_ahead(run.stage(len(spec.stages) - 1), spec.encoder)


def keep(
    run: Run,
    spec: ExperimentSpec,
    runtime: Runtime,
    reporter: Reporter,
    remove: bool = True,
    ahead: packing.Ahead | None = None,
) -> None:
    """Leaves of a run's models what its spec keeps; call it once the run has succeeded.

    Args:
        remove: whether models that are not to be kept are removed.
        ahead: of `packed_meanwhile`.
    """
    runtime.wait()  # no process of this run reads them any more
    if not runtime.is_main:
        return
    if remove:
        _remove(run, spec, reporter)
    packs = spec.keep != "unpacked"
    if not (packing.unpacked(run) if packs else packing.packed(run)):
        return
    try:
        with run.locked():
            if packs:
                freed = packing.pack(run, spec.encoder, ahead)
                said = f"weights packed, {freed / 10**6:,.1f} MB freed" if freed else ""
            else:
                said = f"weights unpacked, {packing.unpack(run) / 10**6:,.1f} MB"
    except (UserError, OSError, MemoryError) as error:  # the run has succeeded all the same
        what = error.what if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        reporter.warn(f"{run.name}: the weights were left as they are: {what}")
        return
    if said:
        reporter.say(f"{run.name}: keep: {spec.keep}, {said}")


def _remove(run: Run, spec: ExperimentSpec, reporter: Reporter) -> None:
    """Removes the models that a run's spec does not keep."""
    stages = pruned.stages(run)[: len(spec.stages) - (spec.keep == "model")]
    if spec.keep in packing.KEEP_ALL or not pruned.freeable(run, stages):
        return
    users = needed_by(run, starts(all_runs(run.path.absolute().parent)))
    if users:
        reporter.warn(
            f"keep: {spec.keep} was not applied, because {', '.join(users)} started from this run"
        )
        return
    try:
        with run.locked():
            freed = pruned.prune(run, stages)
    except RunError as error:
        reporter.warn(f"keep: {spec.keep} was not applied: {error.what}")
        return
    reporter.say(f"{run.name}: keep: {spec.keep}, {freed / 10**6:,.1f} MB of weights removed")
