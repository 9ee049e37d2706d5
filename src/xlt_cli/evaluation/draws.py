"""Conditions that are tested under several seeds, and those that differ in strength alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlt_cli.api import Condition, Perturbation, PluginUse
from xlt_cli.evaluation.conditions import Tested, label
from xlt_cli.evaluation.plan import Plan
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store
from xlt_cli.spec.identity import plugin_stated


@dataclass(frozen=True)
class Drawn:
    """A condition with all seeds that it was tested under, over the same cells.

    Attributes:
        keys: of each draw.
        tested: each draw; none where the plugin is not here.
    """

    keys: tuple[str, ...]
    tested: tuple[Tested, ...]

    @property
    def first(self) -> Tested | None:
        """What stands for all of them."""
        return self.tested[0] if self.tested else None

    def about(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """What results say of it.

        Args:
            record: what is stored of the first draw.
        """
        if self.first is None:
            said = {"condition": record.get("label", self.keys[0]), "key": self.keys[0]}
            return {**said, "given": record.get("condition")}
        use, condition = self.first.use, self.first.condition
        several: dict[str, Any] = {}
        if len(self.keys) > 1:
            use = PluginUse.model_validate({**use.model_dump(), "draws": len(self.keys)})
            seeds = [one.condition.seed for one in self.tested]
            several = {"draws": len(self.keys), "keys": list(self.keys), "seeds": seeds}
        return {
            "condition": label(plugin_stated(use, "condition")),
            "key": self.keys[0],
            "given": use.model_dump(mode="json") if several else record.get("condition"),
            **several,
            **_place_on_curve(self.first.use, condition),
        }


def asked(plan: Plan, keys: Sequence[str]) -> list[Drawn]:
    """The conditions of an evaluation as its spec has them, each with its draws."""
    groups: dict[str, list[Tested]] = {}
    for tested in plan.conditions:
        if tested.key in keys:
            groups.setdefault(tested.asked.model_dump_json(), []).append(tested)
    return [Drawn(tuple(t.key for t in group), tuple(group)) for group in groups.values()]


def stored(plan: Plan, store: Store, cells: Sequence[Cell]) -> list[Drawn]:
    """All conditions of some cells; those that differ in their seed alone, over the same languages,
    are draws of one, where a condition has draws."""
    groups: dict[str, list[tuple[str, Tested | None]]] = {}
    for key in dict.fromkeys(cell.condition for cell in cells if cell.condition):
        tested = plan.tested(key, store)
        name = key
        if tested is not None and "draws" in type(tested.condition).Params.model_fields:
            stated = plugin_stated(tested.use, "condition")
            pairs = sorted(cell.languages for cell in cells if cell.condition == key)
            name = json.dumps([_without(stated, "seed", "draws"), pairs], sort_keys=True)
        groups.setdefault(name, []).append((key, tested))
    return [
        Drawn(tuple(key for key, _ in group), tuple(t for _, t in group if t is not None))
        for group in (sorted(own, key=_seed) for own in groups.values())
    ]


def _seed(member: tuple[str, Tested | None]) -> int:
    return member[1].condition.seed if member[1] is not None else 0


def _place_on_curve(use: PluginUse, condition: Condition) -> dict[str, Any]:
    """The curve that a condition is a point of, and where on it; empty without a strength."""
    if condition.strength is None:
        return {}
    stated = _without(plugin_stated(use, "condition"), "draws", "strength")
    for name, part in condition.parts.items():
        if isinstance(part, Perturbation) and isinstance(stated.get(name), Mapping):
            stated[name] = _without(stated[name], part.strength)
    return {"curve": label(stated), "strength": condition.strength}


def _without(stated: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in stated.items() if name not in names}
