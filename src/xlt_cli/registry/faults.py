"""What keeps a class from being a plugin, found without making an instance of it."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from pydantic import BaseModel, ValidationError

from xlt_cli.api import API_VERSION, Plugin, PluginParams
from xlt_cli.errors import near
from xlt_cli.registry.checks import KINDS
from xlt_cli.registry.checks.values import are_texts, is_property


def fault(kind: str, name: str, plugin: object) -> str:
    """What keeps an object from being a plugin of this kind and name; empty if nothing does."""
    wanted = KINDS[kind].base
    if not inspect.isclass(plugin) or not issubclass(plugin, wanted):
        return f"{plugin!r} is not a subclass of xlt_cli.api.{wanted.__name__}"
    version = getattr(plugin, "api_version", None)
    if version is None:
        return "states no api_version"
    if type(version) is not int:
        return f"api_version = {version!r} is not a whole number; write api_version = {API_VERSION}"
    if version != API_VERSION:
        return f"built for plugin API {version}, but this xlt has {API_VERSION}"
    if getattr(plugin, "name", None) != name:
        return f"the name of the class is '{getattr(plugin, 'name', None)}', not '{name}'"
    if not isinstance(getattr(plugin, "summary", None), str) or not plugin.summary.strip():
        return "has no summary"
    problem = _params_fault(plugin)
    if problem:
        return problem
    missing = sorted(getattr(plugin, "__abstractmethods__", ()))
    if missing:
        return f"does not define {', '.join(missing)}"
    return _words_fault(plugin) or KINDS[kind].fault(plugin)


def _params_fault(plugin: type[Plugin]) -> str:
    params = plugin.Params
    if not inspect.isclass(params) or not issubclass(params, BaseModel):
        return "Params is not a pydantic model"
    if params.model_config.get("extra") != "forbid":
        return "Params must refuse unknown names (derive it from xlt_cli.api.PluginParams)"
    if "name" in params.model_fields:
        return "Params has a field 'name', which in a spec is the plugin's own name"
    return _misnamed_params(plugin) or _defaults_fault(params)


def _misnamed_params(plugin: type[Plugin]) -> str:
    """Parameters under another name than `Params`, which nobody would read."""
    if plugin.Params is not Plugin.Params:
        return ""
    for base in plugin.__mro__:
        for name, value in vars(base).items():
            model = inspect.isclass(value) and issubclass(value, BaseModel) and name != "Params"
            if model and (issubclass(value, PluginParams) or near(name, ["Params"])):
                return f"has a class '{name}' of parameters; it must be named Params"
    return ""


@functools.cache  # many plugins share their parameters with others
def _defaults_fault(params: type[BaseModel]) -> str:
    """A default that is not valid itself, or that a spec cannot write down."""
    fields = params.model_fields
    given: dict[str, Any] = {}
    try:
        for name, info in fields.items():
            if not info.is_required():
                default = info.get_default(call_default_factory=True, validated_data={})
                given[info.alias or name] = default
        made = params.model_validate(given)
        params.model_validate(made.model_dump(mode="json", by_alias=True))
    except ValidationError as error:
        for single in error.errors(include_url=False):
            field = str(single["loc"][0]) if single["loc"] else ""
            required = [name for name, info in fields.items() if info.is_required()]
            if field in given or (not field and not required):
                which = f"the default of '{field}' ({given[field]!r})" if field else "its default"
                return f"Params: {which} is not valid: {single['msg']}"
    except Exception as error:
        return f"Params cannot be built from its defaults: {type(error).__name__}: {error}"
    return ""


def _words_fault(plugin: type[Plugin]) -> str:
    speaks = inspect.getattr_static(plugin, "speaks", None)
    if speaks is not None and not is_property(speaks) and not are_texts(speaks):
        return f"speaks = {speaks!r} is not a tuple of codes of languages"
    version = inspect.getattr_static(plugin, "version", 1)
    if type(version) is not int or version < 1:
        return f"version = {version!r} is not a whole number, 1 or more"
    for name in ("reference", "caveat"):
        value = inspect.getattr_static(plugin, name, "")
        if not isinstance(value, str) and not is_property(value):
            return f"{name} = {value!r} is not a text"
    return ""
