"""The kinds of plugins: what each must be, and what its methods must return.

A new kind is a base class in `xlt_cli.api`, a module here, and a line in `KINDS`.
"""

from __future__ import annotations

from xlt_cli.registry.checks import (
    analyses,
    conditions,
    encoders,
    heads,
    launchers,
    metrics,
    perturbations,
    problems,
    tasks,
)
from xlt_cli.registry.kinds import PluginKind

KINDS: dict[str, PluginKind] = {
    kind.name: kind
    for kind in (
        encoders.KIND,
        perturbations.KIND,
        tasks.KIND,
        problems.KIND,
        heads.KIND,
        metrics.KIND,
        analyses.KIND,
        launchers.KIND,
        conditions.KIND,
    )
}
