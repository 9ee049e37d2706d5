"""New Python processes that have imported the plugin contract, and nothing heavy.

Each is forked from one that imported `MODULES`, so that it need not import them again. What it has
of heavy packages is what its own code imports: `run` of an empty program has none.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

MODULES = ("xlt_cli.problems", "xlt_tasks.file_tasks", "xlt_tasks.own_files")
"""What most plugins import."""

_SERVER = """
import gc, importlib, io, json, os, sys, traceback

for module in json.loads(sys.argv[1]):
    importlib.import_module(module)
gc.freeze()

def answer(asked):
    sys.argv, sys.path[:] = ["-c", *asked["arguments"]], asked["path"]
    os.environ.clear()
    os.environ.update(asked["environment"])
    out, err = io.StringIO(), io.StringIO()
    sys.stdout, sys.stderr, code = out, err, 0
    try:
        exec(asked["code"], {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    return [code, out.getvalue(), err.getvalue()]

answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        print(json.dumps([1, "", "the process was killed"]), file=answers, flush=True)
"""


def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """In the place of `subprocess.run`: runs `[sys.executable, "-c", CODE, ...]` to its end.

    Its modules are found where this process finds them.
    """
    python, option, code, *arguments = command
    assert (python, option) == (sys.executable, "-c")
    asked = {
        "code": code,
        "arguments": arguments,
        "path": [path for path in sys.path if path],
        "environment": dict(options.get("env") or os.environ),
    }
    server = _server()
    server.stdin.write(json.dumps(asked) + "\n")
    server.stdin.flush()
    returncode, out, err = json.loads(server.stdout.readline())
    done = subprocess.CompletedProcess(command, returncode, out, err)
    if options.get("check"):
        done.check_returncode()
    return done


@functools.cache
def _server() -> Any:
    path = os.pathsep.join(path for path in sys.path if path)
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, json.dumps(MODULES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path},
    )
    atexit.register(_end, server)
    return server


def _end(server: Any) -> None:
    server.stdin.close()
    server.stdout.close()
    server.wait()
