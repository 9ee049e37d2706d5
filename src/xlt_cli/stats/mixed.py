"""Linear mixed-effects models with crossed random intercepts, fitted by restricted likelihood.

    y = X b + Z_1 u_1 + ... + Z_m u_m + e,    u_i ~ N(0, s_i^2),    e ~ N(0, s^2)

Each Z_i says which level of a factor (a language, a seed, a run) a row belongs to, so that factors
may be crossed or nested. The variances are those that maximise the restricted likelihood (REML;
Patterson and Thompson 1971), and none is below 0. As in lme4 (Bates and others 2015), b and s^2 are
profiled out, and what is left is a function of the ratios s_i / s, which scipy minimises with its
exact gradient. All large matrices are as wide as there are levels, not rows.

statsmodels' MixedLM can state the same model, but does not reliably find the maximum where a
variance is 0, which with few seeds is common (docs/architecture.md). Tests compare the two where it
does, and with lme4's published figures.

**Degrees of freedom** follow the rule of `stats.crossed`: 1 / df is the mean of 1 / df of the
components, weighted by their shares in the variance of the estimate. A component has those of its
factor in an analysis of variance. The residual counts with the component that has the fewest, as
the noise in its mean square does. Satterthwaite's formula, as in lmerTest, weights by the squares
of the shares. Where a component is small by chance, it gives too many degrees of freedom: with
three seeds, its intervals covered the truth in as few as 88% of simulated cases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xlt_cli.stats.estimates import Estimate

RESTARTS = 6
"""How often the search begins again where it has stopped too early."""

AGAIN = 0.05
"""The ratio s_i / s from which a component that should not be 0 is searched again; then half of
it, and so on."""

ZERO = 1e-4
"""A component whose s_i / s is smaller counts as 0."""

NONE = 1e-6
"""A component whose effect on the variance of an estimate is smaller, relative to that of the
residual, has no part in it."""

TOLERANCE = 1e-3
"""How much steeper than 0 the criterion may be, by the ratios, where it counts as the minimum."""


@dataclass(frozen=True)
class Mixed:
    """A fitted model.

    Attributes:
        coefficients: of the columns of the design, b.
        covariance: of the coefficients.
        variances: of each factor, s_i^2; 0 if it is at the boundary.
        residual: s^2.
        criterion: minus twice the restricted log-likelihood, as lme4 prints it.
        converged: whether the criterion has no slope that leads further down.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    variances: Mapping[str, float]
    residual: float
    criterion: float
    converged: bool
    _slopes: np.ndarray
    _degrees: np.ndarray

    def estimate(self, contrast: Sequence[float] | np.ndarray) -> Estimate:
        """A sum of coefficients with these weights: its value, error and degrees of freedom."""
        weights = np.asarray(contrast, dtype=np.float64)
        variance = float(weights @ self.covariance @ weights)
        slopes = np.array([weights @ own @ weights for own in self._slopes])
        variances = np.array([*self.variances.values(), self.residual])
        degrees = self._degrees.copy()
        part = slopes[:-1] > NONE * slopes[-1]
        degrees[-1] = min([degrees[-1], *degrees[:-1][part]])
        shares = np.maximum(variances * slopes, 0.0)
        df = float(shares.sum() / (shares / degrees).sum())
        return Estimate(float(weights @ self.coefficients), math.sqrt(variance), df)


def fitted(response: np.ndarray, design: np.ndarray, factors: Mapping[str, Sequence[str]]) -> Mixed:
    """The model with a random intercept for the levels of each factor.

    Args:
        response: y, [N].
        design: X, [N, P].
        factors: by name, the level that each row belongs to.

    Raises:
        ValueError: the columns of the design depend on each other, or leave no rows to estimate
            variances from.
    """
    from scipy.optimize import minimize

    rows, columns = design.shape
    if rows <= columns or np.linalg.matrix_rank(design) < columns:
        raise ValueError("the design is not of full column rank, or has no rows left")
    problem = _Problem(response, design, list(factors.values()))
    ratios, left = np.ones(len(factors)), math.inf
    for attempt in range(RESTARTS):
        found = minimize(
            problem.criterion_and_slope,
            ratios,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None)] * len(factors),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-5},
        )
        ratios = np.where(found.x < ZERO, 0.0, found.x)
        slope = problem.slope(ratios)
        left = float(np.abs(slope * np.where(ratios > 0, ratios, slope < 0)).max(initial=0.0))
        if left <= TOLERANCE:
            break
        # By a ratio of 0, the criterion has no slope even where a larger one is better.
        again = AGAIN / 2**attempt
        ratios = np.where((ratios == 0) & (slope < 0), again, ratios)
    return problem.at(np.where(ratios < ZERO, 0.0, ratios), list(factors), left <= TOLERANCE)


class _Problem:
    """Cross-products of a model, and what follows from them at given ratios s_i / s."""

    def __init__(
        self, response: np.ndarray, design: np.ndarray, factors: Sequence[Sequence[str]]
    ) -> None:
        blocks = [_indicators(levels) for levels in factors]
        self.rows, self.columns = design.shape
        z = np.concatenate(blocks, axis=1) if blocks else np.zeros((self.rows, 0))
        self.of = np.repeat(np.arange(len(blocks)), [block.shape[1] for block in blocks])
        self.zz, self.zx, self.zy = z.T @ z, z.T @ design, z.T @ response
        self.xx, self.xy, self.yy = design.T @ design, design.T @ response, response @ response

    def criterion_and_slope(self, ratios: np.ndarray) -> tuple[float, np.ndarray]:
        """The criterion without its constants, and its derivatives by the ratios."""
        at = _Solved(self, ratios)
        return at.criterion, 2 * ratios * at.slope

    def slope(self, ratios: np.ndarray) -> np.ndarray:
        """The derivatives of the criterion by the squares of the ratios."""
        return _Solved(self, ratios).slope

    def at(self, ratios: np.ndarray, names: Sequence[str], converged: bool) -> Mixed:
        at = _Solved(self, ratios)
        free, scale = self.rows - self.columns, at.scale
        variances = ratios**2 * scale
        constant = free * (1 + math.log(2 * math.pi / free))
        inverse = at.covariance  # of X' V^-1 X, in units of the residual variance
        # How the covariance of the coefficients grows with each variance, the residual's last.
        reached = at.zvx @ inverse
        by_factor = [
            reached[self.of == index].T @ reached[self.of == index] for index in range(len(names))
        ]
        rest = inverse - sum(
            (ratio**2 * own for ratio, own in zip(ratios, by_factor, strict=True)),
            np.zeros_like(inverse),
        )
        return Mixed(
            coefficients=at.coefficients,
            covariance=scale * inverse,
            variances=dict(zip(names, map(float, variances), strict=True)),
            residual=scale,
            criterion=at.criterion + constant,
            converged=converged,
            _slopes=np.array([*by_factor, rest]),
            _degrees=self._degrees(len(names)),
        )

    def _degrees(self, count: int) -> np.ndarray:
        """Degrees of freedom of each factor and of the residual, at least 1.

        What a factor adds to the rank of the fixed effects and the other factors, without those
        that divide its own levels further.
        """
        parts = [np.flatnonzero(self.of == index) for index in range(count)]
        found = []
        for index, own in enumerate(parts):
            beside = [
                part
                for other, part in enumerate(parts)
                if other != index and not _divides(self.zz[np.ix_(part, own)])
            ]
            base = np.concatenate([np.zeros(0, dtype=int), *beside])
            found.append(self._rank(np.concatenate([base, own])) - self._rank(base))
        found.append(self.rows - self._rank(np.arange(len(self.of))))
        return np.maximum(np.array(found, dtype=np.float64), 1.0)

    def _rank(self, levels: np.ndarray) -> int:
        """The rank of the design beside the indicators of some levels."""
        beside = self.zx[levels]
        gram = np.block([[self.xx, beside.T], [beside, self.zz[np.ix_(levels, levels)]]])
        size = np.sqrt(gram.diagonal())
        return int(np.linalg.matrix_rank(gram / np.outer(size, size), tol=1e-9, hermitian=True))


class _Solved:
    """The model at given ratios; V and P are in units of the residual variance."""

    def __init__(self, problem: _Problem, ratios: np.ndarray) -> None:
        widths = ratios[problem.of]
        inner = np.eye(len(widths)) + widths[:, None] * problem.zz * widths
        root = np.linalg.cholesky(inner)
        # V^-1 = I - (L^-1 W Z')' (L^-1 W Z'), with W the ratios of all levels.
        both = np.column_stack([problem.zz, problem.zx, problem.zy])
        half = np.linalg.solve(root, widths[:, None] * both)
        levels, columns = len(widths), problem.columns
        half_z, half_x, half_y = half[:, :levels], half[:, levels:-1], half[:, -1]
        zvz = problem.zz - half_z.T @ half_z
        self.zvx = problem.zx - half_z.T @ half_x
        zvy = problem.zy - half_z.T @ half_y
        xvx = problem.xx - half_x.T @ half_x
        xvy = problem.xy - half_x.T @ half_y
        self.covariance = np.linalg.inv(xvx)
        self.coefficients = self.covariance @ xvy
        squares = float(problem.yy - half_y @ half_y - xvy @ self.coefficients)
        free = problem.rows - columns
        squares = max(squares, np.finfo(float).tiny)
        self.scale = squares / free
        self.zpz = zvz - self.zvx @ self.covariance @ self.zvx.T
        zpy = zvy - self.zvx @ self.coefficients
        self.criterion = float(
            free * math.log(squares) + 2 * np.log(np.diag(root)).sum() + np.linalg.slogdet(xvx)[1]
        )
        gained = np.diag(self.zpz) - zpy**2 / self.scale
        self.slope = np.bincount(problem.of, weights=gained, minlength=len(ratios))


def _indicators(levels: Sequence[str]) -> np.ndarray:
    """1 where a row belongs to a level, [N, levels]."""
    _, index = np.unique(np.asarray(levels, dtype=str), return_inverse=True)
    return np.eye(int(index.max()) + 1)[index]


def _divides(together: np.ndarray) -> bool:
    """Whether each level of a factor (rows) lies within one level of another (columns)."""
    return bool(((together > 0).sum(axis=1) == 1).all())
