"""An estimate of a difference: interval, p-value, equivalence, and the smallest effect to be seen.

All are read from one standard error and its degrees of freedom, so that they never contradict each
other: p <= 0.05 exactly where the 95% interval leaves out 0, and a difference is equivalent to 0
exactly where its 90% interval lies within the band.
"""

from __future__ import annotations

from dataclasses import dataclass

from xlt_cli.stats.intervals import LEVEL, Interval

POWER = 0.8
"""How likely the smallest effect is found (Cohen 1988), unless stated otherwise."""


@dataclass(frozen=True)
class Estimate:
    """A figure or a difference that is estimated from samples.

    Attributes:
        value: the estimate, in the unit of the metric.
        error: its standard error, in the same unit.
        df: degrees of freedom of the error; Student's t with so many has the quantiles.
    """

    value: float
    error: float
    df: float

    def interval(self, level: float = LEVEL) -> Interval:
        """The interval that misses the truth with probability `level`."""
        half = _quantile(1 - level / 2, self.df) * self.error
        return Interval(self.value, self.value - half, self.value + half)

    def p_value(self) -> float:
        """Two-sided, of no difference; 1 where every seed and item says exactly that."""
        return min(1.0, 2 * _tail(abs(self.value), self.error, self.df))

    def equivalence(self, band: float) -> float:
        """p-value of two one-sided tests that the difference lies within ±band.

        Schuirmann (1987). It is at most `level` exactly where the interval that misses with
        2 * level lies within the band.

        Raises:
            ValueError: the band is not above 0.
        """
        if not band > 0:
            raise ValueError(f"a band of equivalence is above 0, not {band}")
        return _tail(band - abs(self.value), self.error, self.df)

    def smallest_effect(self, power: float = POWER, level: float = LEVEL) -> float:
        """The true difference that such a design finds with probability `power`.

        By the noncentral t distribution, for a two-sided test at `level` with this error; the
        chance of significance in the wrong direction is not counted.
        """
        from scipy.special import nctdtrinc

        critical = _quantile(1 - level / 2, self.df)
        return self.error * float(nctdtrinc(self.df, 1 - power, critical)) if self.error else 0.0


def _quantile(share: float, df: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, share))


def _tail(distance: float, error: float, df: float) -> float:
    """How often so great a distance, or a greater one, is by chance."""
    from scipy.special import stdtr

    if error == 0:
        return 0.0 if distance > 0 else (0.5 if distance == 0 else 1.0)
    return float(stdtr(df, -distance / error))
