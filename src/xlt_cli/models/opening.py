"""All that is checked of an encoder before it is trained or tested, on a few of the rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from weakref import WeakKeyDictionary

import torch

from xlt_cli.api import Encoder, EncoderModel, Example
from xlt_cli.between_runs import kept
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.models import unknown
from xlt_cli.models.inputs import check_length, check_positions, check_room, check_vocabulary
from xlt_cli.models.trial import check_seam
from xlt_cli.problems import Encoded, Feature
from xlt_cli.registry.origins import origin_of

ROWS = 100
"""Rows of each language that are looked at."""

SHORT, LONG = 4, 24
"""Tokens of text in the rows that the model is tried on, if the rows have as many."""

_tried: set[tuple[str, ...]] = set()
"""Models that were tried before in this process."""

_trained: WeakKeyDictionary[torch.nn.Module, tuple[str, ...]] = WeakKeyDictionary()
"""Models that were tried before their training: when they are tested, only weights are new."""


def check_training(
    encoder: Encoder,
    model: EncoderModel,
    featuriser: Featuriser,
    rows: Mapping[str, Sequence[Example]],
    trained: bool = False,
) -> None:
    """Checks what a stage begins with, on its rows in each language.

    Args:
        trained: whether the model is another stage's, or this one's from a checkpoint.

    Raises:
        UserError: model, tokenizer, `max_length` and rows do not suit each other.
        PluginError: the encoder does not keep to the seam.
    """
    where = f"encoder '{encoder.name}'"
    first = _first(featuriser, rows)
    _check_inputs(model, featuriser, first, where)
    unknown.refuse_training(unknown.shares(first, featuriser.tokenizer), where)

    def check() -> bool:
        _check_model(encoder, model, featuriser, first, where, trained)
        return True

    if trained:
        check()
    else:
        kept("a check of a new model", lambda: _tried_as(encoder, model, featuriser, first), check)
    if isinstance(model, torch.nn.Module):
        _trained[model] = _asked_as(encoder, featuriser)


def check_evaluation(
    encoder: Encoder,
    model: EncoderModel,
    featuriser: Featuriser,
    rows: Mapping[str, Sequence[Example]],
    weights: str,
) -> list[str]:
    """Checks what an evaluation begins with; returns what must be said beside its results.

    Args:
        weights: hash of the model's weights; one model is tried once in a process.

    Raises: as above.
    """
    where = f"encoder '{encoder.name}'"
    first = _first(featuriser, rows)
    _check_inputs(model, featuriser, first, where)
    shares = unknown.shares(first, featuriser.tokenizer)
    unknown.refuse_evaluation(shares, where)
    asked = _asked_as(encoder, featuriser)
    if (weights, *asked) not in _tried:
        known = isinstance(model, torch.nn.Module) and _trained.get(model) == asked
        _check_model(encoder, model, featuriser, first, where, trained=True, known=known)
        _tried.add((weights, *asked))
    return unknown.notes(shares)


def _asked_as(encoder: Encoder, featuriser: Featuriser) -> tuple[str, ...]:
    """What a model is asked for."""
    problem = featuriser.problem
    return (problem.name, repr(problem.head), str(featuriser.max_length), encoder.name)


def _first(
    featuriser: Featuriser, rows: Mapping[str, Sequence[Example]]
) -> dict[str, list[Encoded]]:
    return {
        language: featuriser.problem.encode(examples[:ROWS], featuriser.tokenizer)
        for language, examples in rows.items()
    }


def _check_inputs(
    model: EncoderModel,
    featuriser: Featuriser,
    rows: Mapping[str, Sequence[Encoded]],
    where: str,
) -> None:
    """Lengths and ids, before anything is computed of them."""
    check_length(featuriser.max_length, featuriser.tokenizer, where)
    examples = [example for of_language in rows.values() for example in of_language]
    for texts in {len(example.pieces) for example in examples}:
        check_room(featuriser, texts, where)
    if examples and _on_cpu(model):
        probe = collate(
            [_feature(featuriser, examples[0], SHORT)],
            featuriser.problem,
            featuriser.template.pad_id,
        )
        check_vocabulary(model, featuriser.tokenizer, probe, where)


def _check_model(
    encoder: Encoder,
    model: EncoderModel,
    featuriser: Featuriser,
    rows: Mapping[str, Sequence[Encoded]],
    where: str,
    trained: bool,
    known: bool = False,
) -> None:
    """The model's two halves, and its positions.

    Args:
        known: whether this has been checked of it with other weights: then only the values are.
    """
    if not any(rows.values()):
        return
    short, long = _probes(featuriser, rows)
    # The positions first: the seam is tried on rows that may be longer than they are. A GPU that is
    # asked for what a table lacks is lost to the process.
    if isinstance(model, torch.nn.Module) and _on_cpu(model) and not known:
        training = model.training
        model.eval()
        try:
            check_positions(model, featuriser, short, where)
        finally:
            model.train(training)
    origin = origin_of(type(encoder))
    pad_id = featuriser.template.pad_id
    problem, both = featuriser.problem, (short, long)
    check_seam(model, problem, both, pad_id, encoder.name, origin, trained, known)


def _tried_as(
    encoder: Encoder,
    model: EncoderModel,
    featuriser: Featuriser,
    rows: Mapping[str, Sequence[Encoded]],
) -> Hashable:
    """All that the outcome of a check depends on, but for the numbers in a new head.

    The runs of a sweep try the same model, and only the seed of its head differs.
    """
    assert isinstance(model, torch.nn.Module)
    problem = featuriser.problem
    fingerprint = tuple(sorted(encoder.fingerprint().items()))
    probes = repr(_probes(featuriser, rows)) if any(rows.values()) else ""
    of_problem = (type(problem), problem.name, problem.head, featuriser.max_length)
    placed = tuple(
        (name, p.device, p.dtype, p.requires_grad) for name, p in model.named_parameters()
    )
    params = encoder.params.model_dump_json()
    return (type(encoder), params, fingerprint, of_problem, probes, repr(model), placed)


def _probes(
    featuriser: Featuriser, rows: Mapping[str, Sequence[Encoded]]
) -> tuple[Feature, Feature]:
    """The shortest row and the longest, cut to the lengths that a model is tried on."""
    examples = [example for of_language in rows.values() for example in of_language]
    examples.sort(key=lambda example: sum(map(len, example.pieces)))
    return _feature(featuriser, examples[0], SHORT), _feature(featuriser, examples[-1], LONG)


def _feature(featuriser: Featuriser, example: Encoded, tokens: int) -> Feature:
    """The example cut to so many tokens of text."""
    texts = len(example.pieces)
    longest = featuriser.template.shortest(texts) - texts + tokens
    length = min(longest, featuriser.max_length)
    return featuriser.problem.feature(example, featuriser.template, length)


def _on_cpu(model: EncoderModel) -> bool:
    assert isinstance(model, torch.nn.Module)
    return all(parameter.device.type == "cpu" for parameter in model.parameters())
