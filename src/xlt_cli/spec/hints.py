"""What to write instead: hints for names and values that a spec does not take."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from pydantic import BaseModel

from xlt_cli import registry
from xlt_cli.errors import SpecError, did_you_mean, near
from xlt_cli.spec import Dev, Evaluation, ExperimentSpec, Stage, Sweep, former_fields
from xlt_cli.spec.fields import fields_at, model_at
from xlt_cli.spec.foreign_names import PARAMETERS, TRANSFORMERS, field_path, remark
from xlt_cli.spec.suggestions import (
    demonstration_task,
    offline_encoder,
    own_data_tasks,
    tasks_of,
)
from xlt_cli.spec.yaml_lines import Loc, parse_value

LEVELS: dict[type[BaseModel], tuple[str, str]] = {
    ExperimentSpec: ("", "of the spec itself"),
    Stage: ("stages.N.", "of a stage"),
    Evaluation: ("evaluations.N.", "of an evaluation"),
    Dev: ("stages.N.dev.", "of a stage's `dev`"),
    Sweep: ("sweep.", "of `sweep`"),
}
"""The path and the name of each level of a spec, the likeliest home of a name first."""
HUB = frozenset({"dataset", "datasets", "hub", "huggingface"})
"""What someone calls a task who means a data set of the hub."""
MAPPINGS = {
    "sweep": "{grid: {stages.0.learning_rate: [1e-5, 2e-5]}}",
    "dev": "{split: dev, limit: 500}",
    "freeze": "{embeddings: true, layers: 6} (or `encoder`, `embeddings`)",
    "adapter": "{kind: lora, rank: 8} (or `lora`, `dora`, `ia3`, `previous`)",
    "evaluations": "[{split: test, languages: [de, sw]}]",
    "task": "{name: TASK, path: DIR}",
    "encoder": "{name: ENCODER, freeze_layers: 6}",
}
"""What fields that are mappings look like."""
PRECISIONS = {
    "float32": "write `fp32`",
    "full": "write `fp32`",
    "32": "write `fp32`",
    "bfloat16": "write `bf16`",
    "fp16": "write `bf16`: half precision is that one here",
    "float16": "write `bf16`: half precision is that one here",
    "half": "write `bf16`",
    "16": "write `bf16`",
    "mixed": "write `bf16`",
}
"""Other names of precisions."""
YES = {"precision": "bf16", "device": "cpu"}
"""What `true` is in a field of ours that stands for another tool's switch (`fp16`, `no_cuda`)."""
NOTHING = ("none", "nil", "off", "no", "never", "nothing", "all", "false")


def explained(model: type[BaseModel], loc: Loc) -> set[str]:
    """The fields beside an unknown one that are missing, if they are, because of it."""
    name, known = str(loc[-1]), fields_at(model, loc[:-1])
    path = path_of(name)
    parameter = PARAMETERS.get(name.lower(), "")
    return {near(name, known), parameter, path.partition(".")[0], path.rpartition(".")[2]} & set(
        known
    )


def for_field(model: type[BaseModel], loc: Loc, value: Any, by_path: bool = False) -> str:
    """Where an unknown field belongs, or what it is called here; empty if that is not known.

    With `by_path`, the field was named by its path, as `--set` and a sweep do.
    """
    name = str(loc[-1])
    level = model_at(model, loc[:-1])
    if level is None or level not in LEVELS:
        return ""
    if level is Sweep and (isinstance(value, list) or "." in name):
        path = name if "." in name else path_of(name) or name
        return f"write it below `grid`:\nsweep:\n  grid:\n    {path}: {_written(value)}"
    if name not in TRANSFORMERS and near(name, fields_at(model, loc[:-1]), cutoff=0.8):
        return ""
    home = next((owner for owner in LEVELS if name in owner.model_fields), None)
    if home is None and former_fields.known(name):
        home = Evaluation
    if home is not None:
        path = LEVELS[home][0] + name
        return f"'{name}' is a field {LEVELS[home][1]}{_place(path, value, by_path)}"
    foreign = field_path(name)
    if foreign is None:
        if level is Stage and name in registry.names("perturbation"):
            return f"'{name}' is a perturbation: write `perturbation: {name}`"
        return ""
    whose, path = foreign
    more = remark(name)
    if not path:
        return f"{whose}`{name}` has no counterpart here" + (f": {more}" if more else "")
    own = path.rpartition(".")[2]
    parent = path[: len(path) - len(own)]
    home = next(owner for owner, (prefix, _) in LEVELS.items() if prefix == parent)
    text = f"{whose}`{name}` is `{own}` here" + (f" ({more})" if more else "")
    if home is level:
        return text
    return f"{text}, a field {LEVELS[home][1]}{_place(path, _as_ours(name, own, value), by_path)}"


def for_parameter(name: str, known: list[str]) -> str:
    """What an unknown parameter of a plugin is called, or which parameters it has."""
    ours = PARAMETERS.get(name.lower().replace("-", "_"), "")
    if ours in known and not near(name, known, cutoff=0.8):
        return f"did you mean '{ours}'? known: {', '.join(sorted(known))}"
    return did_you_mean(name, known)


def for_plugin(name: str, kind: str) -> str:
    """What to write for the name of a plugin that is none; empty if that is not known."""
    if kind == "perturbation" and (name.lower() in NOTHING or name.lower() == "erm"):
        return "for plain fine-tuning, write `perturbation: null`"
    parts = [part.strip() for part in name.split(",")]
    if len(parts) > 1 and kind == "perturbation":
        return f"write a list: perturbation: [{', '.join(parts)}]"
    if kind == "task" and name in registry.names("problem"):
        return _for_problem(name)
    if kind == "task" and name.lower() in HUB:
        own = ", ".join(own_data_tasks(parameter="dataset"))
        return f"a data set of the hub is the `dataset: ORG/NAME` of one of these tasks: {own}"
    others = [other for other in registry.KINDS if other != kind and name in registry.names(other)]
    if others:
        fitting = did_you_mean("", registry.names(kind))
        return f"'{name}' is another kind of plugin ({', '.join(others)}); {fitting}"
    return ""


def _for_problem(name: str) -> str:
    """What to write for a task that is called what its problem is."""
    own, every = own_data_tasks(name), tasks_of(name)
    said = [f"'{name}' is a problem, which tasks have"]
    if own:
        said.append(f"your own data are read by {' and '.join(f'`{one}`' for one in own)}")
    else:
        said.append("no task reads your own data for it: write one (docs/adding-a-task.md)")
    if others := [one for one in every if one not in own]:
        said.append(f"{'other ' if own else ''}tasks of it: {', '.join(others)}")
    return "; ".join(said)


def for_value(kind: str, value: Any, field: str, loc: Loc) -> str:
    """What to write in place of a value of the wrong type."""
    if kind in ("list_type", "tuple_type"):
        return _list_hint(value, field)
    in_list = len(loc) == 2 and loc[0] in ("stages", "evaluations")
    if kind == "model_type" and in_list and isinstance(value, str):
        return f"write `- task: {value}`"
    if kind == "dict_type" and field == "grid":
        return "write a mapping of paths: grid: {stages.0.epochs: [1, 2]}"
    if kind == "literal_error" and field == "precision":
        return PRECISIONS.get(str(value).lower(), "")
    if kind == "less_than_equal" and field == "warmup":
        return (
            f"it is a fraction of the updates; for a number of them, write `warmup_steps: {value}`"
        )
    if kind.startswith(("int", "float", "decimal")):
        before = "" if isinstance(loc[-1], int) else f"{field}: "  # an item of a list has no name
        return _number_hint(value, before, whole=kind.startswith("int"))
    if kind == "dict_type" and former_fields.known(field):
        return f"write a mapping: {former_fields.example(field)}"
    if kind in ("model_type", "dict_type") and field in MAPPINGS:
        return f"write a mapping: {MAPPINGS[field]}"
    if kind in ("model_type", "dict_type") and value is True:
        return f"omit `{field}` for the default"
    return ""


def for_missing_name(value: Any, kind: str) -> str:
    """How to write a plugin that is the key of its own parameters; empty if it is not."""
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    ((name, params),) = value.items()
    if params is not None and not isinstance(params, dict):  # a parameter; the plugin is missing
        return f"write {kind}: {{name: {kind.upper()}, {name}: {_written(params)}}}"
    inside = params if isinstance(params, dict) else {}
    shown = "".join(f", {key}: {_written(item)}" for key, item in inside.items())
    return f"write {kind}: {{name: {name}{shown}}}"


def means_nothing(value: Any) -> bool:
    """Whether somebody wrote this to turn something off."""
    return value is False or (isinstance(value, str) and value.lower() in NOTHING)


def nesting(loc: Loc) -> str:
    """What a field that cannot be left out looks like."""
    with contextlib.suppress(SpecError):  # nothing installed is meant for a first try
        if loc == ("stages",):
            return f"stages:\n  - task: {demonstration_task()}"
        if loc == ("encoder",):
            return f"encoder: {offline_encoder()}"
    return ""


def path_of(name: str) -> str:
    """The path of a field by its bare name, ours or foreign, with 0 for the number of its stage."""
    home = next((prefix for m, (prefix, _) in LEVELS.items() if name in m.model_fields), None)
    foreign = field_path(name)
    path = f"{home}{name}" if home is not None else foreign[1] if foreign else ""
    return path.replace(".N.", ".0.")


def _as_ours(name: str, own: str, value: Any) -> Any:
    """The value of another tool's field as our field takes it."""
    if own == "seeds" and type(value) is int:
        count = name.startswith(("num", "n_"))
        return list(range(1, value + 1)) if count else [value]
    if isinstance(value, bool) and own in YES:
        return YES[own] if value else "auto"
    return value


def _place(path: str, value: Any, by_path: bool) -> str:
    """How to write a field at its place, as lines of YAML or as a path."""
    if by_path:
        return f": {path.replace('.N.', '.0.')}"
    shown = _written(value)
    parts = path.split(".")
    if len(parts) == 1:
        return f": write it at the left margin, `{path}: {shown}`"
    lines, indent = [], ""
    for part, below in zip(parts, [*parts[1:], ""], strict=True):
        if part == "N":
            indent = indent[:-2] + "  - "
            continue
        lines.append(f"{indent}{part}:" + (f" {shown}" if not below else ""))
        indent = " " * len(indent) + "  "
    return ":\n" + "\n".join(lines)


def _written(value: Any) -> str:
    """A value as YAML has it on one line; what is long is left out."""
    if isinstance(value, list):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, dict):
        return "..."
    text = "null" if value is None else str(value).lower() if value in (True, False) else str(value)
    return text if len(text) <= 40 else "..."


def _list_hint(value: Any, field: str) -> str:
    if field in ("stages", "evaluations") and isinstance(value, str):
        return f"begin each item with a dash:\n{field}:\n  - task: {value}"
    if value is None:
        return f"for none, write `{field}: []`"
    if isinstance(value, dict):
        first = next(iter(value), "task")
        return f"begin each item with a dash:\n{field}:\n  - {first}: {_written(value.get(first))}"
    if isinstance(value, str) and "," in value:
        return f"write a list: {field}: [{', '.join(p.strip() for p in value.split(','))}]"
    if field == "seeds":
        return f"write `seeds: [{value}]` for one run with this seed, `seeds: [1, 2, 3]` for three"
    if isinstance(value, str | int | float):
        return f"write a list: {field}: [{_written(value)}]"
    return ""


def _number_hint(value: Any, before: str, whole: bool) -> str:
    if isinstance(value, str):
        bare = value.strip().rstrip(",;").replace("_", "")
        if re.fullmatch("[0-9]+,[0-9]+", bare) and not re.fullmatch("[0-9]+,[0-9]{3}", bare):
            bare = bare.replace(",", ".")  # a decimal comma
        bare = bare.replace(",", "")
        number = parse_value(bare)
        if not isinstance(number, int | float) or isinstance(number, bool):
            return ""
        if bare == value and (not whole or isinstance(number, int)):
            return f"remove the quotes: {before}{value}"
        return f"write {before}{int(number) if whole and number == int(number) else bare}"
    if whole and isinstance(value, float) and value.is_integer():
        return f"write {before}{int(value)}"
    return ""
