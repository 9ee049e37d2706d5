"""What keeps a class from being a plugin, found without making an instance of it."""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from xlt_cli.api import (
    API_VERSION,
    Companion,
    EmbeddingPerturbation,
    Encoder,
    Head,
    Perturbation,
    Plugin,
    PluginParams,
    SegmentationPerturbation,
    Task,
    TextPerturbation,
)
from xlt_cli.errors import did_you_mean, near

Kind = Literal["encoder", "perturbation", "task"]
KINDS: dict[Kind, type[Plugin]] = {
    "encoder": Encoder,
    "perturbation": Perturbation,
    "task": Task,
}
PERTURBATIONS = (TextPerturbation, SegmentationPerturbation, EmbeddingPerturbation)
PROBLEMS: tuple[str, ...] = typing.get_args(typing.get_type_hints(Head)["kind"])
"""The words of `problems`."""
COMPANIONS: tuple[str, ...] = typing.get_args(Companion)
SAMPLES = (("a", "b"), ("O", "B-X", "I-X"))
"""Labels with which a problem shows all its metrics."""


def fault(kind: Kind, name: str, plugin: object) -> str:
    """What keeps an object from being a plugin of this kind and name; empty if nothing does."""
    wanted = KINDS[kind]
    if not inspect.isclass(plugin) or not issubclass(plugin, wanted):
        return f"{plugin!r} is not a subclass of xlt_cli.api.{wanted.__name__}"
    version = getattr(plugin, "api_version", None)
    if version is None:
        return "states no api_version"
    if type(version) is not int:
        return f"api_version = {version!r} is not a whole number; write api_version = {API_VERSION}"
    if version != API_VERSION:
        return f"built for plugin API {version}, this xlt has {API_VERSION}"
    if getattr(plugin, "name", None) != name:
        return f"the class calls itself '{getattr(plugin, 'name', None)}', not '{name}'"
    if not isinstance(getattr(plugin, "summary", None), str) or not plugin.summary.strip():
        return "has no summary"
    problem = _params_fault(plugin)
    if problem:
        return problem
    if kind == "perturbation" and not issubclass(plugin, PERTURBATIONS):
        return f"is none of {', '.join(p.__name__ for p in PERTURBATIONS)}"
    missing = sorted(getattr(plugin, "__abstractmethods__", ()))
    if missing:
        return f"does not define {', '.join(missing)}"
    for check in (_words_fault, _perturbation_fault, _task_fault):
        problem = check(plugin)
        if problem:
            return problem
    return ""


def metrics_of(problem: type[Any]) -> tuple[str, ...]:
    """The metrics that a problem has, with whatever labels."""
    found: dict[str, None] = {}
    for labels in SAMPLES:
        with contextlib.suppress(Exception):  # a stranger's problem may take other labels only
            found.update(dict.fromkeys(problem(labels).metrics))
    return tuple(found)


def _params_fault(plugin: type[Plugin]) -> str:
    params = plugin.Params
    if not inspect.isclass(params) or not issubclass(params, BaseModel):
        return "Params is not a pydantic model"
    if params.model_config.get("extra") != "forbid":
        return "Params must refuse unknown names (derive it from xlt_cli.api.PluginParams)"
    if "name" in params.model_fields:
        return "Params has a field 'name', which in a spec is the plugin's own name"
    if issubclass(plugin, Perturbation) and "proportion" in params.model_fields:
        return "Params has a field 'proportion', which in a spec is the share of the examples"
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
        return f"Params cannot be made of its defaults: {type(error).__name__}: {error}"
    return ""


def _words_fault(plugin: type[Plugin]) -> str:
    speaks = inspect.getattr_static(plugin, "speaks", None)
    if speaks is not None and not _is_property(speaks) and not _are_texts(speaks):
        return f"speaks = {speaks!r} is not a tuple of codes of languages"
    for name in ("reference", "caveat"):
        value = inspect.getattr_static(plugin, name, "")
        if not isinstance(value, str) and not _is_property(value):
            return f"{name} = {value!r} is not a text"
    return ""


def _perturbation_fault(plugin: type[Plugin]) -> str:
    if not issubclass(plugin, Perturbation):
        return ""
    problems = inspect.getattr_static(plugin, "problems", None)
    if problems is not None and not _is_property(problems):
        if not _are_texts(problems):
            return f"problems = {problems!r} is not a tuple of kinds of problems"
        for word in problems:
            if word not in PROBLEMS:
                return f"problems names '{word}': {did_you_mean(word, PROBLEMS)}"
    companion = inspect.getattr_static(plugin, "companion", "")
    if not _is_property(companion) and companion not in COMPANIONS:
        hint = did_you_mean(str(companion), [word for word in COMPANIONS if word])
        return f"companion = {companion!r}: {hint}"
    return ""


def _task_fault(plugin: type[Plugin]) -> str:
    if not issubclass(plugin, Task):
        return ""
    from xlt_cli.problems import Problem
    from xlt_cli.problems.schemes import NAMES

    problem = getattr(plugin, "problem", None)
    if not inspect.isclass(problem) or not issubclass(problem, Problem):
        return f"problem = {problem!r} is not a class of xlt_cli.problems"
    metric = inspect.getattr_static(plugin, "metric", None)
    if not _is_property(metric):
        if not isinstance(metric, str):
            return "states no metric"
        known = metrics_of(problem)
        if known and metric not in known:
            return f"metric = '{metric}' is none of the problem's: {did_you_mean(metric, known)}"
    labels = inspect.getattr_static(plugin, "labels")
    if callable(labels) and not _is_property(labels):
        return "labels is a method; make it a property"
    if not _is_property(labels) and (not _are_texts(labels) or not labels):
        return f"labels = {labels!r} is not a tuple of texts"
    source = inspect.getattr_static(plugin, "source_language", "en")
    if not _is_property(source) and (not isinstance(source, str) or not source):
        return f"source_language = {source!r} is not the code of a language"
    texts = inspect.getattr_static(plugin, "texts", None)
    if not _is_property(texts) and texts not in (None, 1, 2):
        return f"texts = {texts!r} is none of 1, 2 and None"
    scheme = inspect.getattr_static(plugin, "scheme", None)
    if not _is_property(scheme) and scheme is not None and not _is_one_of(scheme, NAMES):
        return f"scheme = {scheme!r}: {did_you_mean(str(scheme), NAMES)}"
    return ""


def _is_property(value: object) -> bool:
    """Whether a class computes an attribute for each of its instances."""
    return hasattr(value, "__get__") and not inspect.isroutine(value)


def _is_one_of(value: object, names: Iterable[str]) -> bool:
    return isinstance(value, str) and value.lower() in {name.lower() for name in names}


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple | list) and _all_texts(value)


def _all_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)
