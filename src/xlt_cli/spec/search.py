"""The search of a sweep: which values are tried, by which rule, and what is optimised."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from xlt_cli.spec.model import Languages, Model

Sampler = Literal["tpe", "random", "grid", "cma-es"]
FIXED: tuple[Sampler, ...] = ("random", "grid")
"""The samplers that draw the same values whatever the results."""

StopEarly = Literal["none", "median", "hyperband"]
Group = Literal["trained_on", "zero_shot", "generalized"]


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is expected here")
    return value


Number = Annotated[int | float, BeforeValidator(_number)]
"""An integer stays one: it says that a range is one of integers."""


def _from_list(value: object) -> object:
    if isinstance(value, list):
        return {"choices": value}
    if not isinstance(value, dict | BaseModel):
        raise ValueError("give a range, {low: 1e-5, high: 1e-4}, or a list of choices")
    return value


class Values(Model):
    """The values of a field that a search may try: a range of numbers, or choices."""

    low: Number | None = Field(None, description="smallest value of a range")
    high: Number | None = Field(
        None,
        description="largest value of a range; if both bounds are written as integers, only "
        "integers are tried",
    )
    log: bool = Field(False, description="draw the logarithm evenly, as usual for learning rates")
    step: Number | None = Field(
        None, description="distance of the values; default: 1 for integers, else any value"
    )
    choices: list[Any] | None = Field(
        None, min_length=1, description="the values, in place of a range; usually written as a list"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.low, self.high
        if self.choices is not None:
            if (low, high, self.log, self.step) != (None, None, False, None):
                raise ValueError("give either choices or a range")
            written = [json.dumps(choice, sort_keys=True) for choice in self.choices]
            twice = next((one for one in written if written.count(one) > 1), None)
            if twice is not None:
                raise ValueError(f"the value {twice} is among the choices twice")
            return self
        if low is None or high is None:
            raise ValueError("give a range, {low: 1e-5, high: 1e-4}, or a list of choices")
        if low > high:
            raise ValueError(f"low ({low}) is above high ({high})")
        if self.log and low <= 0:
            raise ValueError(f"a logarithmic range begins above 0, and low is {low}")
        if self.log and self.step is not None:
            raise ValueError("a logarithmic range has no step")
        if self.step is not None and self.step <= 0:
            raise ValueError(f"a step is above 0, and this one is {self.step}")
        if self.is_integer and isinstance(self.step, float):
            raise ValueError(f"the bounds are integers, and step is {self.step}")
        return self

    @property
    def is_integer(self) -> bool:
        """Whether it is a range of integers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def ends(self) -> list[tuple[str | int, Any]]:
        """What is checked of it before anything runs: both ends of a range, or each choice.

        Each with its place below the field.
        """
        if self.choices is not None:
            return list(enumerate(self.choices))
        return [("low", self.number(self.low)), ("high", self.number(self.high))]

    @property
    def listed(self) -> list[Any] | None:
        """All values; None for a range of any numbers."""
        if self.choices is not None:
            return self.choices
        assert self.low is not None
        assert self.high is not None
        if self.is_integer and not self.log:
            return list(range(int(self.low), int(self.high) + 1, int(self.step or 1)))
        if self.step is None:
            return None
        count = int((self.high - self.low) / self.step + 1e-9) + 1
        return [rounded(self.low + index * self.step) for index in range(count)]

    def number(self, value: Any) -> Any:
        """A number of the range, of its kind."""
        return int(value) if self.is_integer else float(value)


def rounded(value: float) -> float:
    """A multiple of a step as it is written: 0.3, and not 0.30000000000000004."""
    return float(f"{value:.12g}")


class Optimize(Model):
    """The figure of an evaluation that a search optimises."""

    evaluation: int | str = Field(
        0, description="number of the evaluation in the spec, from 0, or the name of its task"
    )
    metric: str | None = Field(None, description="default: that of the evaluation")
    languages: Languages | None = Field(
        None, description="mean over these languages; default: over those of `group`"
    )
    group: Group | None = Field(
        None,
        description="trained_on, zero_shot (default): mean over the languages trained on, or over "
        "the others; generalized: over all pairs of different languages",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.languages is not None and self.group is not None:
            raise ValueError("give either languages or a group")
        return self


Space = dict[str, Annotated[Values, BeforeValidator(_from_list)]]


class Search(Model):
    """Runs whose values are drawn one after another, by the results of those before."""

    space: Space = Field(
        default_factory=dict,
        description="mapping from paths of fields to {low, high, log, step} or a list of choices; "
        "points may have more of their own",
    )
    trials: int | None = Field(
        None,
        ge=1,
        description="number of settings that are tried in each point of the sweep; required, but "
        "for the grid, which tries all by default",
    )
    sampler: Sampler = Field("tpe", description="how values are drawn")
    seed: int = Field(1, ge=0, description="seed of the sampler")
    optimize: Optimize | None = Field(
        None, description="default: the score on dev that the last stage is selected by"
    )
    stop_early: StopEarly = Field(
        "none",
        description="stop runs whose scores on dev are worse than those of others at the same "
        "evaluation",
    )

    @property
    def fault(self) -> str:
        """What is wrong with it in a point of the sweep, whose own space is part of it; empty if
        nothing is."""
        if not self.space:
            return "`space` is missing: the fields that are searched"
        if self.trials is None and self.sampler != "grid":
            return "`trials` is missing: the number of settings to try"
        if self.sampler == "grid":
            for path, values in self.space.items():
                if values.listed is None:
                    return f"a grid needs the values of '{path}': a list of choices, or a step"
        if self.sampler == "cma-es":
            listed = [path for path, values in self.space.items() if values.choices is not None]
            if listed:
                return f"cma-es searches numbers, and '{listed[0]}' has choices: use tpe"
            if len(self.space) < 2:
                return "cma-es searches two fields or more: use tpe"
        return ""

    @property
    def is_fixed(self) -> bool:
        """Whether its trials do not depend on results, so that they are known beforehand."""
        return self.sampler in FIXED and self.stop_early == "none"


class PointSearch(Model):
    """What a point of a sweep searches beside what all points do, or otherwise."""

    space: Space = Field(
        default_factory=dict,
        description="fields that are searched in this point only, or over other values",
    )
    trials: int | None = Field(
        None, ge=1, description="number of settings that are tried in this point"
    )

    def within(self, search: Search) -> Search:
        """The search of all points with what is this point's own."""
        space = {**search.space, **self.space}
        return search.model_copy(update={"space": space, "trials": self.trials or search.trials})
