"""`xlt schema`: a JSON Schema of specs for editors, with the installed plugins' parameters."""

from __future__ import annotations

from typing import Any

from xlt_cli.terminal import print_json


def schema() -> None:
    """Print a JSON Schema of experiment specs, including the installed plugins' parameters.

    For an editor: `xlt schema > xlt.schema.json`, and in the spec's first line
    `# yaml-language-server: $schema=xlt.schema.json`.
    """
    print_json(build())


def build() -> dict[str, Any]:
    """The schema of specs, in which each plugin is one of the installed ones."""
    from xlt_cli import registry
    from xlt_cli.spec import ExperimentSpec, former_fields

    whole = ExperimentSpec.model_json_schema()
    definitions = whole["$defs"]
    definitions.pop("PluginUse", None)
    for kind in registry.KINDS:
        definitions[kind] = _uses(kind, definitions)
    whole["properties"]["encoder"] = {"$ref": "#/$defs/encoder"}
    definitions["Stage"]["properties"]["task"] = {"$ref": "#/$defs/task"}
    definitions.pop("PerturbationUse", None)
    perturbation = {"$ref": "#/$defs/perturbation"}
    definitions["Stage"]["properties"]["perturbation"] = {
        "anyOf": [perturbation, {"type": "array", "items": perturbation}, {"type": "null"}]
    }
    condition = {"$ref": "#/$defs/condition"}
    evaluation = definitions["Evaluation"]["properties"]
    definitions["MoreRows"]["properties"]["task"] = {"$ref": "#/$defs/task"}
    definitions["Exclusion"]["properties"]["task"] = {
        "anyOf": [{"$ref": "#/$defs/task"}, {"type": "null"}]
    }
    evaluation["conditions"] = {
        "anyOf": [condition, {"type": "array", "items": condition, "minItems": 1}]
    }
    metric = {"anyOf": [{"$ref": "#/$defs/metric"}, {"type": "string"}]}
    for owner in ("Dev", "Evaluation"):
        definitions[owner]["properties"]["metric"] = {"anyOf": [metric, {"type": "null"}]}
        definitions[owner]["properties"]["metrics"] = {
            "anyOf": [metric, {"type": "array", "items": metric}, {"type": "null"}]
        }
    for name in former_fields.all_names():
        evaluation[name] = {"anyOf": [_without_name(name, definitions), {"type": "null"}]}
    definitions["Evaluation"]["properties"]["task"] = {
        "anyOf": [{"$ref": "#/$defs/task"}, {"type": "null"}]
    }
    # Short forms that are allowed in YAML.
    for owner, field in (("Stage", "languages"), ("Dev", "languages"), ("Evaluation", "languages")):
        definitions[owner]["properties"][field] = _or_one(definitions[owner]["properties"][field])
    adapter = definitions["Adapter"]["properties"]
    kinds = {"enum": adapter["kind"]["enum"]}
    definitions["Stage"]["properties"]["adapter"]["anyOf"].append(kinds)
    adapter["targets"] = _or_one(adapter["targets"])
    settings = definitions["Evaluation"]["properties"]["settings"]
    definitions["Evaluation"]["properties"]["settings"] = _or_one(settings)
    optimize = definitions["Optimize"]["properties"]
    optimize["languages"] = _or_one(optimize["languages"])
    space = definitions["Search"]["properties"]["space"]
    choices = {"type": "array", "minItems": 1}
    space["additionalProperties"] = {"anyOf": [space["additionalProperties"], choices]}
    collapse = definitions["Evaluation"]["properties"]["collapse"]["anyOf"][0]
    collapse["additionalProperties"] = _or_one(collapse["additionalProperties"])
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return whole


def _uses(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    from xlt_cli import registry
    from xlt_cli.spec.parts import named_in

    own: dict[str, Any] = {}
    if kind == "perturbation":
        from xlt_cli.spec import PerturbationUse

        own = {"proportion": PerturbationUse.model_json_schema()["properties"]["proportion"]}
    plugins = [entry.plugin for entry in registry.entries(kind) if entry.plugin]
    options: list[dict[str, Any]] = []
    bare = [
        p.name for p in plugins if not any(f.is_required() for f in p.Params.model_fields.values())
    ]
    if bare:
        options.append({"enum": bare})
    for plugin in plugins:
        option: dict[str, Any] = {
            "type": "object",
            "title": plugin.name,
            "description": plugin.summary,
            "properties": {"name": {"const": plugin.name}, **own},
            "required": ["name"],
        }
        params = _params(kind, plugin)
        if params is not None:
            for name, of_kind in named_in(plugin.Params).items():
                params["properties"][name] = {"$ref": f"#/$defs/{of_kind}"}
            for name, definition in params.pop("$defs", {}).items():
                definitions[f"{kind}.{plugin.name}.{name}"] = definition
            option["properties"] |= params.get("properties", {})
            option["required"] += params.get("required", [])
            option["additionalProperties"] = False
        options.append(option)
    options += _opened(plugins)
    return {"anyOf": options} if options else {"type": "string"}


def _without_name(condition: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A condition's parameters alone."""
    options = definitions["condition"].get("anyOf", [])
    named = (option for option in options if option.get("title") == condition)
    whole: dict[str, Any] = next(named, {"type": "object"})
    properties = {k: v for k, v in whole.get("properties", {}).items() if k != "name"}
    required = [name for name in whole.get("required", []) if name != "name"]
    return {**whole, "properties": properties, "required": required}


def _opened(plugins: list[Any]) -> list[dict[str, Any]]:
    """Names that no plugin bears: hub ids and folders, where an encoder opens such names."""
    from xlt_cli.api import Encoder

    openers = [p for p in plugins if issubclass(p, Encoder) and "opens" in vars(p)]
    if not openers:
        return []
    name = {"type": "string", "pattern": "[/.~]", "description": "a hub id or a folder"}
    return [name, {"type": "object", "properties": {"name": name}, "required": ["name"]}]


def _params(kind: Any, plugin: Any) -> dict[str, Any] | None:
    """The schema of a plugin's parameters; None if they have no JSON Schema."""
    try:
        params: Any = plugin.Params.model_json_schema(
            ref_template=f"#/$defs/{kind}.{plugin.name}.{{model}}"
        )
    except Exception:  # a third party's annotations; `xlt list-plugins --check` reports it
        return None
    with_text: dict[str, Any] = _as_text(params)
    return with_text


def _as_text(shape: Any) -> Any:
    """The same schema, in which numbers and Booleans are allowed as text."""
    if isinstance(shape, list):
        return [_as_text(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    changed = {key: _as_text(item) for key, item in shape.items()}
    if changed.get("type") == "string" and not {"enum", "const"} & set(changed):
        changed["type"] = ["string", "number", "boolean"]
    return changed


def _or_one(shape: dict[str, Any]) -> dict[str, Any]:
    """A schema for a list (or null), or for a single item of the list."""
    lists = [option for option in shape.get("anyOf", [shape]) if "items" in option]
    options = [shape, *(option["items"] for option in lists)]
    return {"anyOf": options, "description": shape.get("description", "")}
