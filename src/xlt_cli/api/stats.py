"""Statistics for analyses: intervals by resampling, associations, certified radii.

A resample states how often each of `n` items is drawn: `draws(n, name)` is [RESAMPLES, n] and is
the same for the same name. Figures that are computed with the same draws are therefore paired, and
so are differences, averages and correlations of them (`Resampled`).
"""

from xlt_cli.stats.association import auc, correlation
from xlt_cli.stats.certification import Certified, certify
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
    "Interval",
    "Resampled",
    "auc",
    "average",
    "certify",
    "correlation",
    "difference",
    "draws",
    "wilson",
]
