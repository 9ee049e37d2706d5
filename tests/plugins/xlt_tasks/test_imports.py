"""Listing plugins is to be fast: importing a task imports nothing heavy."""

from __future__ import annotations

import sys

from light_processes import run

MODULES = ["mini_pawsx_task", "panx", "pawsx", "text_classification", "token_labelling", "xnli"]
HEAVY = {"datasets", "huggingface_hub", "numpy", "pandas", "pyarrow", "torch", "transformers"}


def test_importing_the_tasks_imports_nothing_heavy():
    lines = [f"import xlt_tasks.{module}" for module in MODULES]
    code = "\n".join(["import sys", f"sys.path[:0] = {sys.path!r}", *lines])
    code += f"\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    done = run([sys.executable, "-c", code], check=True)
    assert done.stdout.split() == []
