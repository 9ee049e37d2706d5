"""Perturbations: their classes, and what their methods return."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from xlt_cli.api import (
    Companion,
    EmbeddingPerturbation,
    Example,
    Perturbation,
    Seam,
    SegmentationPerturbation,
    SequenceExample,
    TextPerturbation,
)
from xlt_cli.errors import did_you_mean, near
from xlt_cli.registry.calls import Call, calling, described
from xlt_cli.registry.checks.examples import example_fault, named, type_name
from xlt_cli.registry.checks.values import anything, are_texts, fingerprint, is_property, text
from xlt_cli.registry.kinds import PluginKind
from xlt_cli.registry.points import names_in

PERTURBATIONS = (TextPerturbation, SegmentationPerturbation, EmbeddingPerturbation)
COMPANIONS: tuple[str, ...] = typing.get_args(Companion)


def replacements(call: Call, value: Any, example: Example, rng: Any) -> list[Example]:
    """Examples that stand in for one, its label still true; none at all leaves it out."""
    if not isinstance(value, list | tuple | Iterator):
        raise call.wrong(value, "a list of examples")
    examples = list(value)
    for other in examples:
        if other is not example:
            check_replacement(call, example, other)
    return examples


def check_replacement(call: Call, example: Example, other: Any) -> None:
    """Refuses what cannot stand in for an example."""
    if not isinstance(other, type(example)):
        raise call.refused(
            f"returned a list with {described(other)}; expected {type_name(example)}s"
        )
    why = example_fault(other)
    if not why and other.id != example.id:
        why = f"its id is not '{example.id}'"
    if not why and len(other.languages) != len(example.languages):
        why = f"it has {len(other.languages)} languages, not {len(example.languages)}"
    if not why:
        problem = getattr(call.owner, "for_problem", None)
        why = example.replacement_fault(other, problem.labels if problem is not None else ())
    if why:
        raise call.refused(f"returned {named(other)}: {why}")


def segmenter(call: Call, value: Any, tokenizer: Any) -> Callable[[str, Any], list[int]]:
    """A function, each of whose answers is checked."""
    if not callable(value):
        raise call.wrong(value, "a function of (text, rng)")
    size = max(len(tokenizer), max(tokenizer.get_vocab().values(), default=-1) + 1)
    framing = {
        getattr(tokenizer, f"{role}_token_id", None) for role in ("cls", "sep", "bos", "eos", "pad")
    } - {None}

    def segment(text: str, rng: Any) -> list[int]:
        of_text = Call(call.plugin, "segmenter(tokenizer)", (text,), call.owner)
        with calling(of_text):
            ids = value(text, rng)
        if not isinstance(ids, list | tuple):
            raise of_text.wrong(ids, "a list of token ids")
        for token in ids:
            if isinstance(token, bool) or not hasattr(token, "__index__"):
                raise of_text.refused(f"returned {described(token)} among token ids")
            if not 0 <= token < size:
                raise of_text.refused(f"returned the token id {token}; the vocabulary has {size}")
        if not framing.isdisjoint(ids):
            special = next(token for token in ids if token in framing)
            token = tokenizer.convert_ids_to_tokens(int(special))
            if token not in text:
                raise of_text.refused(
                    f"returned the special token {token}; xlt adds special tokens itself"
                )
        return [int(token) for token in ids]

    return segment


def pairs(call: Call, value: Any) -> list[SequenceExample]:
    """Sentences with their translations."""
    if not isinstance(value, list | tuple | Iterator):
        raise call.wrong(value, "a list of SequenceExamples")
    listed = list(value)
    for number, pair in enumerate(listed):
        why = (
            "not a SequenceExample"
            if not isinstance(pair, SequenceExample)
            else example_fault(pair)
        )
        if not why and len(pair.texts) != 2:
            why = f"it has {len(pair.texts)} texts, not a sentence and its translation"
        if why:
            raise call.refused(f"returned as pair {number + 1} {named(pair)}: {why}")
    wanted = isinstance(call.owner, EmbeddingPerturbation) and call.owner.companion
    if wanted == "translations" and not listed:
        raise call.refused("returned no translations, but `companion` requires them")
    return listed


def phase(call: Call, value: Any, progress: float) -> Hashable:
    """What tells recordings apart."""
    if not isinstance(value, Hashable):
        raise call.wrong(value, "None or something hashable")
    return value


def own_module(call: Call, value: Any, width: int) -> Any:
    """A module whose parameters have their shapes, or None."""
    if value is None:
        return None
    import torch

    if not isinstance(value, torch.nn.Module):
        raise call.wrong(value, "a torch.nn.Module or None")
    for name, tensor in (*value.named_parameters(), *value.named_buffers()):
        if torch.nn.parameter.is_lazy(tensor):
            raise call.refused(f"returned a module whose '{name}' has no shape yet")
    return value


def losses(call: Call, value: Any, seam: Seam) -> Any:
    """One loss of each example, with a gradient."""
    import torch

    count = len(seam.batch)
    expected = f"a tensor of shape [{count}], floating point: one loss of each example"
    if not isinstance(value, torch.Tensor):
        raise call.wrong(value, expected)
    if tuple(value.shape) != (count,) or not value.is_floating_point():
        raise call.wrong(value, expected)
    if torch.is_grad_enabled() and not value.requires_grad:
        raise call.wrong(value, f"{expected}, with a gradient")
    return value


def embeddings(call: Call, value: Any, seam: Seam) -> Any:
    """Embeddings like those of the seam."""
    shape = tuple(seam.embeddings.shape)
    return _floats(call, value, shape)


def deviations(call: Call, value: Any, seam: Seam) -> Any:
    """One standard deviation for each example."""
    return _floats(call, value, (len(seam.batch),))


def _floats(call: Call, value: Any, shape: tuple[int, ...]) -> Any:
    import torch

    fits = isinstance(value, torch.Tensor) and tuple(value.shape) == shape
    if not fits or not value.is_floating_point():
        raise call.wrong(value, f"a tensor of shape {list(shape)}, floating point")
    return value


def fault(plugin: type[Perturbation]) -> str:
    """What keeps a class from being a perturbation."""
    if not issubclass(plugin, PERTURBATIONS):
        return f"is none of {', '.join(p.__name__ for p in PERTURBATIONS)}"
    if "proportion" in plugin.Params.model_fields:
        return "Params has a field 'proportion', which in a spec is the share of the examples"
    problem = problems_fault(plugin)
    if problem:
        return problem
    strength = inspect.getattr_static(plugin, "strength", "")
    if strength and strength not in plugin.Params.model_fields:
        hint = did_you_mean(str(strength), list(plugin.Params.model_fields))
        return f"strength = {strength!r} is not one of its parameters: {hint}"
    companion = inspect.getattr_static(plugin, "companion", "")
    if not is_property(companion) and companion not in COMPANIONS:
        hint = did_you_mean(str(companion), [word for word in COMPANIONS if word])
        return f"companion = {companion!r}: {hint}"
    return ""


def problems_fault(plugin: type[Any]) -> str:
    """What is wrong with the kinds of problems that a class states."""
    problems = inspect.getattr_static(plugin, "problems", None)
    if problems is not None and not is_property(problems):
        if not are_texts(problems):
            return f"problems = {problems!r} is not a tuple of kinds of problems"
        # A problem that is not installed here may be another distribution's; one that is nearly
        # the name of one that is installed is a slip.
        known = names_in("xlt.problems")
        for word in problems:
            if word not in known and near(word, known):
                return f"problems names '{word}': {did_you_mean(word, known)}"
    return ""


KIND = PluginKind(
    "perturbation",
    Perturbation,
    "noise on text, on its segmentation, on embeddings",
    {
        Perturbation: {"problem_fault": text, "fetch": anything, "fingerprint": fingerprint},
        TextPerturbation: {"perturb": replacements},
        SegmentationPerturbation: {"segmenter": segmenter},
        EmbeddingPerturbation: {
            "phase": phase,
            "own_module": own_module,
            "loss": losses,
            "parallel": pairs,
            "perturbed": embeddings,
            "deviation": deviations,
        },
    },
    attributes=("problems", "companion", "gaussian"),
    fault=fault,
)
