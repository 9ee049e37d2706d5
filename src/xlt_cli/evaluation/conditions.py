"""The conditions of an evaluation, made and named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlt_cli import registry
from xlt_cli.api import Condition, PluginUse
from xlt_cli.errors import RunError
from xlt_cli.languages import serves
from xlt_cli.noise.drawing import prepared
from xlt_cli.problems import Problem
from xlt_cli.runs.cells import Pair
from xlt_cli.spec import ResolvedEvaluation
from xlt_cli.spec.building import build_condition
from xlt_cli.spec.identity import condition_key, plugin_stated
from xlt_cli.spec.parts import every_use


@dataclass(frozen=True)
class Tested:
    """A condition of an evaluation.

    Attributes:
        key: what its cells are named by; empty for the evaluation's own condition.
        use: what it was given; of several draws, with the seed of this one.
        asked: as the spec has it.
    """

    key: str
    use: PluginUse
    condition: Condition
    asked: PluginUse

    @property
    def label(self) -> str:
        """What tables call it: its name and what is not at its default."""
        return label(plugin_stated(self.use, "condition"))

    @property
    def searches(self) -> bool:
        """Whether it looks for the examples to answer, each in one language."""
        return "search" in self.condition.acts

    def serves(self, pair: Pair) -> bool:
        """Whether it can be used with texts in these languages."""
        if self.searches and pair[0] != pair[1]:
            return False
        speaks = self.condition.speaks
        return speaks is None or all(serves(speaks, language) for language in pair)

    def said(self) -> list[str]:
        """What must be said beside its figures."""
        plugins = (self.condition, *self.condition.parts.values())
        caveats = dict.fromkeys(plugin.caveat for plugin in plugins if plugin.caveat)
        return [*self.condition.notes(), *caveats]

    def given(self) -> dict[str, Any]:
        """What it was given, for the record."""
        plugins = []
        for kind, use in every_use("condition", self.use):
            distribution, version = registry.source(kind, use.name)
            about = {"kind": kind, "name": use.name}
            plugins.append({**about, "distribution": distribution, "version": version})
        return {
            "condition": self.use.model_dump(mode="json"),
            "label": self.label,
            "plugins": plugins,
            "fingerprint": self.condition.fingerprint(),
        }


def of_evaluation(resolved: ResolvedEvaluation, problem: Problem) -> list[Tested]:
    """The conditions of an evaluation, each of their draws; what they work with is brought.

    Raises:
        UserError: a condition cannot be made, or what it works with is missing.
    """
    evaluation = resolved.spec
    own = evaluation.former is not None
    pairs = zip(evaluation.under, resolved.conditions, strict=True)
    return [
        _named(use, prepared(made, problem), own=own, asked=asked)
        for asked, condition in pairs
        for use, made in _draws(asked, condition)
    ]


def of_stored(
    resolved: ResolvedEvaluation, problem: Problem, records: Mapping[str, Mapping[str, Any]]
) -> list[Tested]:
    """The same of cells that are stored; what the conditions work with need not be there.

    Args:
        records: what is stored of each condition, by its key; of several with the same parameters
            (other data) the last is meant.

    Raises:
        UserError: a condition cannot be made, or nothing is stored of it.
    """
    keys = {_written(record["condition"]): key for key, record in records.items()}
    every = []
    for asked, condition in zip(resolved.spec.under, resolved.conditions, strict=True):
        for use, made in _draws(asked, condition):
            key = ""
            if resolved.spec.former is None and made.acts:
                key = keys.get(_written(use.model_dump(mode="json")), "")
                if not key:
                    known = ", ".join(str(record.get("label")) for record in records.values())
                    raise RunError(
                        f"nothing is stored under {label(plugin_stated(use, 'condition'))}",
                        "conditions",
                        f"stored: {known or 'no conditions'}",
                    )
            every.append(Tested(key, use, prepared(made, problem), asked))
    return every


def _written(given: Mapping[str, Any]) -> str:
    """What a condition was given, its defaults left out, to be compared."""
    use = PluginUse.model_validate(given)
    return json.dumps(plugin_stated(use, "condition"), sort_keys=True)


def of_record(record: Mapping[str, Any], key: str, problem: Problem) -> Tested:
    """A condition of stored cells.

    Raises:
        UserError, ValidationError: its plugin is gone or has changed.
    """
    use = PluginUse.model_validate(record["condition"])
    return Tested(key, use, prepared(build_condition(use), problem), use)


def _draws(use: PluginUse, condition: Condition) -> list[tuple[PluginUse, Condition]]:
    """The condition under each of its seeds; each draw is one that could be asked for alone."""
    if condition.draws == 1:
        return [(use, condition)]
    draws = []
    for number in range(condition.draws):
        params = {**use.model_dump(), "draws": 1, "seed": condition.seed + number}
        one = PluginUse.model_validate(params)
        draws.append((one, build_condition(one)))
    return draws


def _named(use: PluginUse, condition: Condition, own: bool, asked: PluginUse) -> Tested:
    condition.fetch()
    named = not own and bool(condition.acts)
    key = condition_key(use, condition.fingerprint()) if named else ""
    return Tested(key, use, condition, asked)


def label(stated: Mapping[str, Any]) -> str:
    """`NAME(rate=0.3)`."""
    given = [f"{name}={_value(value)}" for name, value in stated.items() if name != "name"]
    return str(stated["name"]) + (f"({', '.join(given)})" if given else "")


def _value(value: Any) -> str:
    if isinstance(value, Mapping) and "name" in value:
        return label(value)
    return str(value)
