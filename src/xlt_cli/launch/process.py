"""One run in a process of its own: `python -m xlt_cli.launch.process RUN ANSWER PLAIN COMMAND...`.

RUN is a directory that is made already; what becomes of the run is written to ANSWER as JSON. PLAIN
is 1 for the plain way of making updates, else 0; COMMAND is what the user typed, for the record.
Standard input is a pipe that nothing is written into: it ends when the process that waits for the
answer does, however that comes about, and then this one ends, too.

What the process holds of the machine's memory and of a GPU's is written beside the answer
(`ANSWER.memory`) again and again while it works.

Nothing of ours is imported before the signals are in place.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

INTERRUPTED = 130
PATIENCE = 60.0
"""Seconds that an interrupted run has to end by itself, where nobody waits for it any more."""

EVERY = 0.5
"""Seconds between two reports of the memory that the process holds."""


def main() -> None:
    """Runs to the end, or until it is interrupted."""
    run, answer, plain, *command = sys.argv[1:]
    sys.argv = command
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    memory = Path(f"{answer}.memory")
    threading.Thread(target=_report_memory, args=(memory,), daemon=True).start()
    try:
        outcome = _outcome(Path(run), plain == "1")
        from xlt_cli.runs import atomic

        atomic.write_json(Path(answer), outcome | {"peak": _memory()})
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _outcome(path: Path, plain: bool) -> dict[str, Any]:
    """The results of the run's evaluations, or what went wrong; the details go to stderr.

    `out_of_memory` says whether the run failed for want of memory.
    """
    from xlt_cli.console.progress import Reporter
    from xlt_cli.errors import PluginFailure, UserError
    from xlt_cli.launch.computing import start
    from xlt_cli.launch.jobs import what_failed
    from xlt_cli.launch.memory import out_of_memory
    from xlt_cli.launch.pipeline import run_experiment
    from xlt_cli.runs.directory import Run
    from xlt_cli.terminal import echo

    run = Run(path)
    try:
        spec = run.spec
        runtime = start(spec.device, run.precision, plain)
        results = run_experiment(run, spec, runtime, Reporter())
        return {"results": results, "error": "", "out_of_memory": False}
    except Exception as error:
        if isinstance(error, UserError) and not isinstance(error, PluginFailure):
            echo(f"error: {error}", err=True)
        else:
            import traceback

            echo(traceback.format_exc(), err=True)
        short = out_of_memory(error)
        return {"results": [], "error": what_failed(error), "out_of_memory": short}


def _report_memory(path: Path) -> None:
    while True:
        time.sleep(EVERY)
        partial = path.with_suffix(".partial")
        with contextlib.suppress(OSError):  # the folder goes when nobody waits any more
            partial.write_text(json.dumps(_memory()))
            partial.replace(path)


def _memory() -> dict[str, int]:
    """The peak of this process's memory, and what torch has reserved of the GPU at most; bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    gpu = 0
    # Imported by the work itself, and perhaps not wholly yet; importing it here would race with it.
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    with contextlib.suppress(AttributeError, RuntimeError):
        if cuda is not None and cuda.is_initialized():
            gpu = cuda.max_memory_reserved()
    return {"ram": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, "gpu": gpu}


def _interrupt(signum: int, frame: object) -> None:
    """Interrupts once: what the run does then to leave its record true is not interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
