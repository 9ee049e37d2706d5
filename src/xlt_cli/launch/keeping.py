"""What of a finished run stays on the disk: `keep` in its spec."""

from __future__ import annotations

from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.errors import RunError
from xlt_cli.runs import pruned
from xlt_cli.runs.directory import Run
from xlt_cli.runs.finding import all_runs
from xlt_cli.runs.removal import needed_by, starts
from xlt_cli.spec import ExperimentSpec


def keep(run: Run, spec: ExperimentSpec, runtime: Runtime, reporter: Reporter) -> None:
    """Removes the models that a run's spec does not keep; call it once the run has succeeded."""
    runtime.wait()  # no process of this run reads them any more
    stages = pruned.stages(run)[: len(spec.stages) - (spec.keep == "model")]
    if spec.keep == "all" or not runtime.is_main or not pruned.freeable(run, stages):
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
