"""Questions: which arms are compared over which families of test sets, as YAML.

`xlt question FILE` answers one from stored runs. A file states what is compared before there are
results: families of test sets, arms and their planned seeds, contrasts, the reference line.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from xlt_cli import registry
from xlt_cli.api import PluginUse
from xlt_cli.errors import SpecError, UserError, did_you_mean
from xlt_cli.languages import lookup
from xlt_cli.spec import CLEAN
from xlt_cli.spec.building import build_condition
from xlt_cli.spec.faults import Faults
from xlt_cli.spec.identity import plugin_stated
from xlt_cli.spec.model import Model
from xlt_cli.spec.question_sets import Family as Family
from xlt_cli.spec.question_sets import Name, not_empty
from xlt_cli.spec.question_sets import TestSet as TestSet
from xlt_cli.spec.source import Source, read, values
from xlt_cli.spec.values import validated
from xlt_cli.spec.yaml_lines import Loc

IN_DISTRIBUTION = "in distribution"
"""What the family of the set in distribution is called."""

PREDICTORS = "predictors"
"""What that of further sets in distribution is called."""

AT_HOME = "in-distribution"
"""The covariate that is the figure of a run in distribution."""

FACTS = ("family", "script", "resource")
"""The properties of languages that are known without being stated."""

RESERVED = (
    AT_HOME,
    *FACTS,
    "system",
    "condition",
    "language",
    "seed",
    "set",
    "intermediate",
    "run",
)
"""What no stated property may be called: facts, and the terms of a mixed-effects model."""


def _once(names: list[str]) -> list[str]:
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"'{twice}' is named twice")
    return names


def _whole(value: object) -> object:
    """`equivalence: 1` is a number of points."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _stated(value: object) -> object:
    """What is stated of a language: a number or a word, and no word that is meant as a number."""
    if isinstance(value, str):
        if re.fullmatch(r"[-+]?([\d.,_]+|\.?(nan|inf))", value.strip().lower()):
            raise ValueError(f"a number is written as such, e.g. 1.6, not '{value}'")
        return not_empty(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a property of a language is a number or a word, not {value}")
    return float(value)


Names = Annotated[list[Name], AfterValidator(_once)]
Stated = Annotated[float | str, BeforeValidator(_stated)]
Points = Annotated[float, BeforeValidator(_whole), Field(gt=0)]


class RunsOf(Model):
    """The runs of a sweep's point, which are its seeds."""

    sweep: Name = Field(description="name of the spec")
    point: Name | None = Field(None, description="name of the point; default: any")


class PlannedArm(RunsOf):
    """An arm: runs that differ in their seeds, and in their points if it has several."""

    points: Names | None = Field(
        None,
        min_length=2,
        description="several points in place of one, e.g. each language of an intermediate stage "
        "alone: a sample of such points, as seeds are one",
    )
    seeds: int | None = Field(
        None,
        ge=1,
        description="planned number, of each point; with fewer no claim rests on the arm",
    )

    @model_validator(mode="after")
    def _one_or_several(self) -> PlannedArm:
        if self.points and self.point is not None:
            raise ValueError("an arm has a `point` or several `points`, not both")
        return self

    def named_points(self) -> list[str]:
        """The names of its points; an empty one where any will do."""
        return self.points or [self.point or ""]


class Contrast(Model):
    """One arm minus another, paired by seed and item."""

    of: Name
    over: Name
    primary: bool = Field(False, description="shown first, and in the figure")
    by_property: Names = Field(
        default_factory=list,
        description="of an arm with several points over one with one: does a property of the "
        "points' intermediate languages go with their effects? family, script, resource, or one "
        "of `properties`",
    )


class MixedModel(Model):
    """A mixed-effects model over the cells of a comparison's arms."""

    baseline: str = Field(description="the arm that others are compared with")
    covariates: Names = Field(
        default_factory=list,
        description="effects beside arm and family: in-distribution (the logit of a run's figure "
        "there), and properties of the languages of the tests",
    )


class Compared(Model):
    """Arms that are compared over the same languages: those that none of them was trained on."""

    name: Name
    arms: dict[str, PlannedArm] = Field(min_length=2)
    contrasts: list[Contrast] = Field(min_length=1)
    mixed_model: MixedModel | None = Field(None, description="default: none")

    @model_validator(mode="after")
    def _known_arms(self) -> Compared:
        if (model := self.mixed_model) and model.baseline not in self.arms:
            hint = did_you_mean(model.baseline, self.arms) or f"arms: {', '.join(self.arms)}"
            raise ValueError(f"the baseline of `mixed_model` is no arm: '{model.baseline}'; {hint}")
        for contrast in self.contrasts:
            for arm in (contrast.of, contrast.over):
                if arm not in self.arms:
                    hint = did_you_mean(arm, self.arms) or f"arms: {', '.join(self.arms)}"
                    raise ValueError(
                        f"a contrast names the arm '{arm}', which is not there; {hint}"
                    )
            if contrast.of == contrast.over:
                raise ValueError(f"'{contrast.of}' is compared with itself")
            if contrast.by_property and not (
                self.arms[contrast.of].points and not self.arms[contrast.over].points
            ):
                raise ValueError(
                    "`by_property` is of an arm with several `points` over one with one point, "
                    f"not of '{contrast.of}' over '{contrast.over}'"
                )
            both = [self.arms[arm] for arm in (contrast.of, contrast.over)]
            shared = set(both[0].named_points()) & set(both[1].named_points())
            if shared and both[0].sweep == both[1].sweep:
                raise ValueError(
                    f"'{contrast.of}' and '{contrast.over}' share the point "
                    f"'{min(shared)}': a contrast is of different runs"
                )
        return self


class Reference(Model):
    """Runs whose figures a line is fitted through, for effective robustness."""

    runs: list[RunsOf] = Field(min_length=1)


class Question(Model):
    """What is compared, over what."""

    title: Name
    in_distribution: TestSet = Field(description="the set that lines are fitted over")
    predictors: list[TestSet] = Field(
        default_factory=list,
        description="further sets in distribution that lines are fitted over, e.g. in the "
        "languages of an intermediate stage; they are in no family",
    )
    families: list[Family] = Field(min_length=1, description="families of test sets")
    comparisons: list[Compared] = Field(min_length=1)
    reference: Reference | None = Field(None, description="default: no effective robustness")
    properties: dict[Name, dict[str, Stated]] = Field(
        default_factory=dict,
        description="what is known of languages, beside their family, script and class of "
        "resources: by the name of the property and the code, e.g. `fertility: {sw: 1.9}`",
    )
    metric: str | None = Field(
        None,
        description="a metric that is a share, of all tasks; default: each task's accuracy, or its "
        "main metric where it has none",
    )
    equivalence: Points = Field(
        1.0,
        description="arms are equivalent if the interval of their difference lies within ± so "
        "many points",
    )
    collapsed_below: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="a run with a lower figure in distribution counts as collapsed, beside those "
        "that give one answer to every row",
    )

    @model_validator(mode="after")
    def _named_once(self) -> Question:
        for kind, named in (
            ("families", [family.name for family in self.families]),
            ("comparisons", [one.name for one in self.comparisons]),
            ("sets", [one.title for _, one in self.sets()]),
        ):
            if twice := [name for name in dict.fromkeys(named) if named.count(name) > 1]:
                hint = "; give one a `name`" if kind == "sets" else ""
                raise ValueError(f"two {kind} are called '{twice[0]}'{hint}")
        for name, of_languages in self.properties.items():
            if name in RESERVED:
                raise ValueError(
                    f"a property cannot be called '{name}', which means something else"
                )
            if len({isinstance(value, str) for value in of_languages.values()}) > 1:
                raise ValueError(f"the property '{name}' is a number of some languages and a word "
                                 "of others")  # fmt: skip
            for code in of_languages:
                if lookup(code) is None:
                    raise ValueError(f"'{code}' in the property '{name}' is no known language")
        for one in self.comparisons:
            own = one.mixed_model.covariates if one.mixed_model else []
            asked = [name for contrast in one.contrasts for name in contrast.by_property]
            for name in (*asked, *own):
                known = [*self.properties, *FACTS, *([AT_HOME] if name in own else [])]
                if name not in known:
                    hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
                    raise ValueError(f"unknown property '{name}' in '{one.name}'; {hint}")
        for family in self.families:
            if family.name in (IN_DISTRIBUTION, PREDICTORS):
                raise ValueError(f"no family may be called '{family.name}'")
        return self

    def sets(self) -> list[tuple[str, TestSet]]:
        """All sets with the names of their families, those in distribution first."""
        own = [(IN_DISTRIBUTION, self.in_distribution), *((PREDICTORS, x) for x in self.predictors)]
        homes = [(name, one.model_copy(update={"trained_on": True})) for name, one in own]
        every = [(family.name, one) for family in self.families for one in family.sets]
        return [*homes, *every]


def load(path: str | Path) -> Question:
    """A question from its file.

    Raises:
        SpecError: it cannot be read or is wrong; says file, line and field.
    """
    fields = "'title', 'in_distribution', 'families' and 'comparisons'"
    source: Source = read(Path(path), kind="question", fields=fields)
    found = validated(Question, values(source), source)
    _check_plugins(found, source)
    return found


def _check_plugins(found: Question, source: Source) -> None:
    """Raises SpecError for tasks and conditions that are unknown, or whose parameters are wrong."""
    faults = Faults()
    places: list[tuple[Loc, TestSet]] = [(("in_distribution",), found.in_distribution)]
    places += [(("predictors", i), one) for i, one in enumerate(found.predictors)]
    for i, family in enumerate(found.families):
        places += [(("families", i, "sets", j), one) for j, one in enumerate(family.sets)]
    for place, one in places:
        for kind, use in (("task", one.task), ("condition", one.condition)):
            with faults.gather():
                _check(use, kind, source.where((*place, kind)))
                if kind == "condition" and one.draws == "worst" and _draws(use) < 2:
                    raise SpecError(
                        "the worst of several draws is asked for, and there is one",
                        source.where((*place, "draws")),
                        "write the condition with the `draws` that runs were tested under, or "
                        "leave out `draws: worst`",
                    )
    faults.complain()


def _draws(condition: PluginUse) -> int:
    return 1 if condition.name == CLEAN else build_condition(condition).draws


def _check(use: PluginUse, kind: str, where: str) -> None:
    if kind == "condition" and use.name == CLEAN:
        return
    known = registry.names(kind)
    if use.name not in known:
        raise SpecError(f"unknown {kind} '{use.name}'", where, did_you_mean(use.name, known))
    try:
        plugin_stated(use, kind)
    except (ValueError, UserError) as error:
        what = error.what if isinstance(error, UserError) else str(error)
        raise SpecError(f"the parameters of '{use.name}' are wrong: {what}", where) from None
