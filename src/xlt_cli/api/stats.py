"""Statistics for analyses: intervals by resampling, associations, certified radii.

A resample says how often each of `n` items is drawn: `draws(n, name)` is [RESAMPLES, n], the same
for the same name. So figures that are computed with one set of draws vary together, and
differences, averages and correlations of them keep that (`Resampled`).
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
