"""A run while a process works on it: who holds it, its status, and what data it began with."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from typing import Any

from xlt_cli.compute.runtime import Runtime
from xlt_cli.console.progress import Reporter
from xlt_cli.data.rows import RowStore
from xlt_cli.data.training_rows import list_fingerprints
from xlt_cli.errors import PluginFailure, RunError, UserError
from xlt_cli.launch.limits import StoppedEarly
from xlt_cli.runs import atomic, provenance
from xlt_cli.runs.directory import Run, State, now
from xlt_cli.runs.holding import Holder, stale_after
from xlt_cli.spec import ResolvedExperiment


@contextlib.contextmanager
def session(
    run: Run, runtime: Runtime, reporter: Reporter, training: bool = True
) -> Iterator[None]:
    """Holds the run for this process and keeps its status true.

    Only the main process of several holds and writes; the others work for it. A process of this
    machine that was stopped while it held the run is waited for, and ended if it does not go on.
    """
    if not runtime.is_main:
        yield
        return

    def waiting(holder: Holder | None) -> None:
        reporter.say(
            f"{run.name}: {holder} is stopped; it is ended if it has not gone on within "
            f"{stale_after():g} s of its last report"
        )

    with run.locked(take_over=True, waiting=waiting):
        if not (run.path / "run.json").exists():
            raise RunError("another process continued the run", str(run.path), "run it again")
        before = run.status["state"]
        if training:
            run.set_state("started")
        how = {"time": now(), "precision": runtime.precision, "plain": runtime.plain}
        environment = provenance.environment(str(runtime.device))
        atomic.append_line(run.path / "environment.jsonl", {**environment, **how})
        try:
            yield
        except KeyboardInterrupt as error:
            if training:
                state: State = "stopped" if isinstance(error, StoppedEarly) else "cancelled"
                run.set_state(state, str(error) or "interrupted from the keyboard")
            raise
        except BaseException as error:
            # On a full disk even this may fail; the error itself matters more.
            with contextlib.suppress(OSError):
                if training:
                    run.set_state("error", str(error) or type(error).__name__)
                if isinstance(error, PluginFailure) or not isinstance(error, UserError):
                    atomic.write_text(run.path / "error.txt", traceback.format_exc())
            raise
        after: State = "success" if training or before == "created" else before
        run.set_state(after)
        if after == "success":
            (run.path / "error.txt").unlink(missing_ok=True)


def fingerprint(
    run: Run,
    rows: RowStore,
    runtime: Runtime,
    trained: ResolvedExperiment | None = None,
) -> None:
    """Records what data, encoder and lexicons are; refuses others than the run began with.

    Args:
        trained: what is trained; None for evaluation, which needs no pretrained encoder.
    """
    if not runtime.is_main:
        return
    hashes: dict[str, Any] = {}
    if trained is not None:
        hashes[f"encoder/{trained.encoder.name}"] = trained.encoder.fingerprint()
        for perturbation in trained.perturbations:
            for name, digest in perturbation.fingerprint().items():
                hashes[f"perturbation/{perturbation.name}/{name}"] = {"sha256": digest}
        for stage in trained.stages:
            hashes |= list_fingerprints(stage)
    run.add_fingerprints({**hashes, **rows.fingerprints})
