"""Who draws the values of a trial, and who decides which runs are stopped: classes of Optuna."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlt_cli.errors import UserError
from xlt_cli.search.space import Field, written
from xlt_cli.spec.search import Search

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler


def sampler(search: Search, fields: Sequence[Field], number: int) -> BaseSampler:
    """The sampler that draws the trial of a number."""
    import numpy as np

    samplers = optuna().samplers
    made: BaseSampler
    seed = int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
    match search.sampler:
        case "tpe":
            made = samplers.TPESampler(seed=seed, constant_liar=True)
        case "random":
            made = samplers.RandomSampler(seed=seed)
        case "cma-es":
            _installed("cmaes")
            made = samplers.CmaEsSampler(seed=seed)
        case "grid":
            made = _grid_sampler(search, fields)
    return made


def _grid_sampler(search: Search, fields: Sequence[Field]) -> BaseSampler:
    """Numbers its combinations in an order that the seed decides, the same for all trials."""
    from optuna.samplers import GridSampler

    class Grid(GridSampler):
        def after_trial(self, *ended: Any) -> None:
            """Does not end the study, which is not in a loop of Optuna's."""

    listed = {
        field.path: [
            written(value) if field.values.choices is not None else value
            for value in field.values.listed or ()
        ]
        for field in fields
    }
    return Grid(listed, seed=search.seed)


def distribution(field: Field) -> BaseDistribution:
    """The values of a field, as Optuna states them; choices are texts."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    values = field.values
    if values.choices is not None:
        return CategoricalDistribution(list(map(written, values.choices)))
    last = values.listed[-1] if values.listed else values.high
    low, high = values.number(values.low), values.number(last)
    if values.is_integer:
        return IntDistribution(low, high, log=values.log, step=int(values.step or 1))
    return FloatDistribution(low, high, log=values.log, step=values.step)


def pruner(search: Search) -> Any:
    """What decides which trials are stopped."""
    pruners = optuna().pruners
    made = {
        "none": pruners.NopPruner,
        "median": pruners.MedianPruner,
        "hyperband": pruners.HyperbandPruner,
    }
    return made[search.stop_early]()


def optuna() -> Any:
    """Optuna, which is imported only where something is searched.

    Raises:
        UserError: it is not installed.
    """
    _installed("optuna")
    import optuna as package

    package.logging.set_verbosity(package.logging.ERROR)
    return package


def check_installed(search: Search) -> None:
    """Refuses a search whose packages are missing.

    Raises:
        UserError: with the command that installs them.
    """
    for package in ("optuna", *(["cmaes"] if search.sampler == "cma-es" else [])):
        _installed(package)


def _installed(package: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise UserError(
            f"a search needs the package '{package}', which is not installed",
            "sweep.search",
            'pip install "xlt-cli[search]"',
        )
