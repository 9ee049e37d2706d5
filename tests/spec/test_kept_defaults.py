"""Defaults keep their values: a name leaves them out, so another value is another training.

`defaults.json` keeps them; `python tests/spec/test_kept_defaults.py` adds those of new fields.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from xlt_cli import registry
from xlt_cli.spec import Dev, Evaluation, ExperimentSpec, PerturbationUse, Stage
from xlt_cli.spec.adapters import Adapter
from xlt_cli.spec.stated import stated
from xlt_cli.spec.trained_fields import Freeze

KEPT = Path(__file__).parent / "defaults.json"
SHIPPED = "xlt-cli"
REQUIRED, GONE = "(required)", "(gone)"
ADVICE = """is no longer what is kept in tests/spec/defaults.json.

A run's name leaves out what is at its default. With another default, a run that was made with the
old one would be taken for one made with the new one. Leave the default as it is and add a field
with another name, or give names a new format: raise FORMAT in xlt_cli/spec/identity.py, find
runs of the format before in xlt_cli/runs/former.py (with the old defaults filled in), and
keep the new defaults here. A new optional field changes no name:
`python tests/spec/test_kept_defaults.py` adds it."""


def current() -> dict[str, dict[str, Any]]:
    """The defaults of the spec's models and of all plugins that ship."""
    models: dict[str, type[BaseModel]] = {
        model.__name__: model
        for model in (ExperimentSpec, Stage, Freeze, Adapter, Dev, PerturbationUse, Evaluation)
    }
    for kind in registry.KINDS:
        for entry in registry.entries(kind):
            if entry.plugin is not None and entry.distribution == SHIPPED:
                models[f"{kind} {entry.name}"] = entry.plugin.Params
    return {name: _defaults(model) for name, model in models.items()}


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return {
        name: REQUIRED
        if info.is_required()
        else _plain(info.get_default(call_default_factory=True, validated_data={}))
        for name, info in model.model_fields.items()
    }


def _plain(default: Any) -> Any:
    """As JSON; a model, whose fields are kept by themselves, as what it states beyond them."""
    if isinstance(default, list):
        return [_plain(part) for part in default]
    return stated(default) if isinstance(default, BaseModel) else to_jsonable_python(default)


def changed(kept: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]) -> list[str]:
    """The fields whose default is not what it was, or that are gone.

    One that was required has stood in every name with its value; it may become optional.
    """
    return [
        f"{model}.{field}"
        for model, fields in kept.items()
        for field, default in fields.items()
        if _differs(default, now.get(model, {}).get(field, GONE))
    ]


def _differs(kept: Any, now: Any) -> bool:
    return bool(now == GONE if kept == REQUIRED else now != kept)


def test_no_default_changes() -> None:
    for field in changed(json.loads(KEPT.read_text("utf-8")), current()):
        raise AssertionError(f"the default of {field} {ADVICE}")


def test_another_default_and_a_lost_field_are_seen_and_a_new_one_is_free() -> None:
    kept = {"Stage": {"epochs": 3.0, "limit": None}, "task xnli": {"path": None}}
    now = {"Stage": {"epochs": 2.0, "limit": None, "more": 1}, "task xnli": {}}
    assert changed(kept, now) == ["Stage.epochs", "task xnli.path"]


def test_every_plugin_that_ships_is_kept() -> None:
    kept = json.loads(KEPT.read_text("utf-8"))
    assert {"Stage", "encoder mbert", "task xnli", "perturbation adversarial"} <= set(kept)


if __name__ == "__main__":
    before = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    whole = {name: {**fields, **before.get(name, {})} for name, fields in current().items()}
    KEPT.write_text(json.dumps({**before, **whole}, indent=1, sort_keys=True) + "\n", "utf-8")
