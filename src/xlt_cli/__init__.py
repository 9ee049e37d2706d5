"""xlt: an experiment runner for zero-shot cross-lingual transfer under robust training.

    import xlt_cli

    experiment = xlt_cli.Experiment.from_file("spec.yaml")
    runs = experiment.train()
    runs.frame()

The names in `__all__` are the public interface; everything else may change without notice.
Importing this package is fast, because each name is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from xlt_cli.version import __version__ as __version__

if TYPE_CHECKING:
    from xlt_cli.console.progress import Reporter
    from xlt_cli.errors import UserError
    from xlt_cli.interface.archived import open_archive, write_archive
    from xlt_cli.interface.benchmark import Benchmarked, benchmark
    from xlt_cli.interface.checkpoints import evaluate_model
    from xlt_cli.interface.compare import Compared, compare
    from xlt_cli.interface.effective_robustness import EffectiveRobustness, effective_robustness
    from xlt_cli.interface.experiment import Experiment
    from xlt_cli.interface.mixed_model import Modelled, mixed_model
    from xlt_cli.interface.question import Answered, question
    from xlt_cli.interface.runs import Run, Runs, open_run
    from xlt_cli.interface.tables import Results, Table
    from xlt_cli.interface.tabulate import Tabulated, tabulate

__all__ = [
    "Answered",
    "Benchmarked",
    "Compared",
    "EffectiveRobustness",
    "Experiment",
    "Modelled",
    "Reporter",
    "Results",
    "Run",
    "Runs",
    "Table",
    "Tabulated",
    "UserError",
    "benchmark",
    "compare",
    "effective_robustness",
    "evaluate_model",
    "mixed_model",
    "open_archive",
    "open_run",
    "question",
    "tabulate",
    "write_archive",
]

_ROOMS = {
    "Answered": "xlt_cli.interface.question",
    "Benchmarked": "xlt_cli.interface.benchmark",
    "Compared": "xlt_cli.interface.compare",
    "EffectiveRobustness": "xlt_cli.interface.effective_robustness",
    "Experiment": "xlt_cli.interface.experiment",
    "Modelled": "xlt_cli.interface.mixed_model",
    "Reporter": "xlt_cli.console.progress",
    "Results": "xlt_cli.interface.tables",
    "Run": "xlt_cli.interface.runs",
    "Runs": "xlt_cli.interface.runs",
    "Table": "xlt_cli.interface.tables",
    "Tabulated": "xlt_cli.interface.tabulate",
    "UserError": "xlt_cli.errors",
    "benchmark": "xlt_cli.interface.benchmark",
    "compare": "xlt_cli.interface.compare",
    "effective_robustness": "xlt_cli.interface.effective_robustness",
    "evaluate_model": "xlt_cli.interface.checkpoints",
    "mixed_model": "xlt_cli.interface.mixed_model",
    "open_archive": "xlt_cli.interface.archived",
    "open_run": "xlt_cli.interface.runs",
    "question": "xlt_cli.interface.question",
    "tabulate": "xlt_cli.interface.tabulate",
    "write_archive": "xlt_cli.interface.archived",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
