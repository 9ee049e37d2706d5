"""Statistics for analyses: intervals by resampling, associations, certified radii.

A resample states how often each of `n` items is drawn: `draws(n, name)` is [RESAMPLES, n] and is
the same for the same name. Figures that are computed with the same draws are therefore paired, and
so are differences, averages and correlations of them (`Resampled`).

A figure of several seeds has seeds and items as samples: `crossed` takes it with each seed, and how
far each item moves it. For a share that is 1 or 0 less the share; for an AUC it is `auc_influence`.
"""

from xlt_cli.stats.association import Kind, auc, auc_influence, correlation
from xlt_cli.stats.certification import Certified, certify
from xlt_cli.stats.crossed import crossed
from xlt_cli.stats.estimates import Estimate
from xlt_cli.stats.intervals import (
    RESAMPLES,
    Interval,
    Resampled,
    average,
    difference,
    draws,
    wilson,
)

__all__ = [
    "RESAMPLES",
    "Certified",
    "Estimate",
    "Interval",
    "Kind",
    "Resampled",
    "auc",
    "auc_influence",
    "average",
    "certify",
    "correlation",
    "crossed",
    "difference",
    "draws",
    "wilson",
]
