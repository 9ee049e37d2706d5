"""Jobs executed one after another in one process, as standard input names them.

Imports, the device, rows of data, tokenizers and pretrained weights stay from job to job. Only a
job that ends well is followed by another: after an error or an interruption the process ends, with
the exit code of `xlt run`.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlt_cli import between_runs
from xlt_cli.launch import answers, executing, manifest

if TYPE_CHECKING:
    from xlt_cli.data.rows import RowStore


def request(manifest_file: Path, job: str, answer: Path, log: Path) -> str:
    """The line that asks for a job.

    Args:
        job: its id in the manifest.
        answer: the file for its result.
        log: the file that its output is appended to.
    """
    named = {"manifest": manifest_file, "job": job, "answer": answer, "log": log}
    return json.dumps({name: str(value) for name, value in named.items()})


def serve() -> None:
    """Executes the jobs that lines of standard input ask for, until it is closed.

    After each job a line is written to standard output. If the input is closed while a job is at
    work, the job is interrupted.

    Raises:
        Whatever a job raises.
    """
    from xlt_cli.data.rows import RowStore

    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_read, args=(lines, busy), daemon=True).start()
    rows = RowStore()
    try:
        with (
            os.fdopen(os.dup(1), "w", buffering=1) as said,
            answers.interrupted_once(),
            between_runs.keeping(),
        ):
            while line := lines.get():
                busy.set()
                rows = rows.of_next_run()
                _serve_one(json.loads(line), rows)
                _tidy()
                busy.clear()
                said.write("done\n")
    finally:
        gc.unfreeze()  # some libraries list on stderr what no collection has freed at the end


def _serve_one(asked: dict[str, Any], rows: RowStore) -> None:
    _write_to(Path(asked["log"]))
    answers.begin_anew()
    with answers.answering(Path(asked["answer"]), others_follow=True) as given:
        file = Path(asked["manifest"])
        content = manifest.read(file)
        sys.argv = content.command  # what the user typed, for the record
        _, entry = content.entry(asked["job"])
        planned = executing.planned_here(file, content, entry, content.runs)
        executing.execute(planned, content.runs, content.plain, False, given, rows)


def _write_to(log: Path) -> None:
    """Sends all further output, that of libraries included, to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    log.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(number, 1)
    os.dup2(number, 2)
    os.close(number)


def _tidy() -> None:
    """Gives back what the job held: another process may need it before the next job comes."""
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()  # what is left stays: modules, and what the next job takes over
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _read(lines: queue.SimpleQueue[str], busy: threading.Event) -> None:
    """Passes lines on; an empty one when there are no more. In the middle of a job, ends it."""
    for line in sys.stdin:
        lines.put(line)
    lines.put("")
    if busy.is_set():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(answers.PATIENCE)
        os.kill(os.getpid(), signal.SIGKILL)
