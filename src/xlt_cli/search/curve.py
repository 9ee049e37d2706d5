"""The dev curve of a run at work, by which it may be stopped."""

from __future__ import annotations

import contextlib
import statistics
from collections import defaultdict

from xlt_cli.errors import UserError
from xlt_cli.runs.directory import Run
from xlt_cli.spec import ExperimentSpec
from xlt_cli.spec.building import build_task
from xlt_cli.spec.metrics import reopen_metrics


def dev_curve(run: Run, spec: ExperimentSpec) -> list[float]:
    """The scores of the last stage on dev so far, means over its languages, in order.

    An evaluation of which not all languages are recorded yet is left out.
    """
    last = len(spec.stages) - 1
    dev = spec.stages[last].dev
    if dev is None:
        return []
    metric = reopen_metrics(dev, build_task(spec.stages[last].task)).main
    scores: dict[int, list[float]] = defaultdict(list)
    with contextlib.suppress(UserError, OSError, ValueError):  # not begun, or being written
        for record in run.curve:
            if (record["kind"], record["stage"]) == ("dev", last) and "averaged" not in record:
                scores[record["step"]].append(record[metric])
    whole = max(map(len, scores.values()), default=0)
    return [statistics.fmean(scores[step]) for step in sorted(scores) if len(scores[step]) == whole]
