"""What calls into plugins return, checked against the contract of `xlt_cli.api`.

Each check takes the call, what it returned, and for some the arguments; it gives the value back.
None looks at numbers on a device: an update can be recorded, and a GPU is not waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

from xlt_cli.api import EmbeddingPerturbation, Example, Rows, Seam, SequenceExample, TokenExample
from xlt_cli.registry import models
from xlt_cli.registry.calls import Call, calling, described, example_name

EXAMPLES = (SequenceExample, TokenExample)
MODEL = ("embed", "encode", "logits", "head_parameters", "save")


def labels(call: Call, value: Any) -> tuple[str, ...]:
    """Distinct labels, in an order of their own."""
    names = _names(call, value, "the labels, as a tuple of texts")
    if not names:
        raise call.refused("has no labels")
    return names


def languages(call: Call, value: Any, split: str) -> tuple[str, ...]:
    """Distinct codes."""
    return _names(call, value, "codes of languages, as a tuple of texts")


def rows(call: Call, value: Any, split: str, language: str) -> Rows:
    """Rows of whole examples."""
    if not isinstance(value, Rows):
        raise call.wrong(value, "Rows(examples, source)")
    if not isinstance(value.examples, tuple | list):
        raise call.refused(f"returned Rows with {described(value.examples)}; expected a tuple")
    for number, example in enumerate(value.examples):
        why = _fault(example)
        if why:
            raise call.refused(f"returned as row {number + 1} {_named(example)}: {why}")
    if not isinstance(value.source, str):
        raise call.refused(f"returned Rows whose source is {described(value.source)}, not a text")
    if not isinstance(value.notes, tuple | list) or not _all_texts(value.notes):
        raise call.refused(f"returned Rows whose notes are {_list(value.notes)}, not texts")
    return Rows(tuple(value.examples), value.source, tuple(value.notes))


def fingerprint(call: Call, value: Any) -> dict[str, str]:
    """Names and hashes, all of them texts."""
    fits = isinstance(value, dict) and _all_texts([*value, *value.values()])
    if not fits:
        raise call.wrong(value, "a dict of texts")
    return dict(value)


def text(call: Call, value: Any, *_: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise call.wrong(value, "a text")
    return value


def folder(call: Call, value: Any) -> Path | None:
    """A folder, or none."""
    if value is not None and not isinstance(value, Path):
        raise call.wrong(value, "a Path or None")
    return value


def checkpoint_labels(call: Call, value: Any, checkpoint: Any) -> tuple[str, ...] | None:
    """The labels of outputs, or none."""
    if value is None:
        return None
    return _names(call, value, "the labels of a checkpoint's outputs, or None")


def opened(call: Call, value: Any) -> dict[str, Any] | None:
    """Parameters that stand for a name, or none."""
    if value is not None and not (isinstance(value, dict) and _all_texts(value)):
        raise call.wrong(value, "a dict of parameters or None")
    return value


def anything(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """Whatever: it is not used."""
    return value


def tokenizer(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """A tokenizer of transformers."""
    from transformers import PreTrainedTokenizerBase

    if not isinstance(value, PreTrainedTokenizerBase):
        raise call.wrong(value, "a tokenizer of transformers (PreTrainedTokenizerBase)")
    return value


def model(call: Call, value: Any, *_: Any, **__: Any) -> Any:
    """A module with the two halves; what they compute is tried on rows."""
    import torch

    lacks = [name for name in MODEL if not callable(getattr(value, name, None))]
    if not isinstance(value, torch.nn.Module) or lacks:
        raise call.wrong(value, f"a torch.nn.Module with {', '.join(MODEL)}")
    models.remember(value, call.plugin)
    return value


def replacements(call: Call, value: Any, example: Example, rng: Any) -> list[Example]:
    """Examples that stand in for one, its label still true; none at all leaves it out."""
    if not isinstance(value, list | tuple | Iterator):
        raise call.wrong(value, "a list of examples")
    found = list(value)
    for other in found:
        if other is not example:
            _check_replacement(call, example, other)
    return found


def _check_replacement(call: Call, example: Example, other: Any) -> None:
    if not isinstance(other, type(example)):
        raise call.refused(f"returned a list with {described(other)}; expected {_kind(example)}s")
    why = _fault(other)
    if not why and other.id != example.id:
        why = f"its id is not '{example.id}'"
    if not why and len(other.languages) != len(example.languages):
        why = f"it has {len(other.languages)} languages, not {len(example.languages)}"
    if not why and isinstance(example, SequenceExample) and isinstance(other, SequenceExample):
        why = _other_label(example, other)
    if not why and isinstance(example, TokenExample) and isinstance(other, TokenExample):
        why = _other_tags(call, example, other)
    if why:
        raise call.refused(f"returned {_named(other)}: {why}")


def _other_label(example: SequenceExample, other: SequenceExample) -> str:
    if len(other.texts) != len(example.texts):
        return f"it has {len(other.texts)} texts, not {len(example.texts)}"
    if other.label != example.label:
        return f"its label is '{other.label}', not '{example.label}'"
    return ""


def _other_tags(call: Call, example: TokenExample, other: TokenExample) -> str:
    """Words may be moved, left out or split; their tags go with them."""
    problem = getattr(call.owner, "for_problem", None)
    known = {*example.tags, *(problem.labels if problem is not None else ())}
    strange = [tag for tag in other.tags if tag not in known]
    if strange:
        return f"its tag '{strange[0]}' is not one of the task's"
    if other.tokens == example.tokens and other.tags != example.tags:
        return "its words are the same and its tags are others"
    return ""


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
                raise of_text.refused(f"returned the special token {token}, which xlt puts itself")
        return [int(token) for token in ids]

    return segment


def pairs(call: Call, value: Any) -> list[SequenceExample]:
    """Sentences with their translations."""
    if not isinstance(value, list | tuple | Iterator):
        raise call.wrong(value, "a list of SequenceExamples")
    found = list(value)
    for number, pair in enumerate(found):
        why = "not a SequenceExample" if not isinstance(pair, SequenceExample) else _fault(pair)
        if not why and len(pair.texts) != 2:
            why = f"it has {len(pair.texts)} texts, not a sentence and its translation"
        if why:
            raise call.refused(f"returned as pair {number + 1} {_named(pair)}: {why}")
    wanted = isinstance(call.owner, EmbeddingPerturbation) and call.owner.companion
    if wanted == "translations" and not found:
        raise call.refused("returned no translations, and `companion` asks for them")
    return found


def phase(call: Call, value: Any, progress: float) -> Hashable:
    """What tells recordings apart."""
    if not isinstance(value, Hashable):
        raise call.wrong(value, "None or something hashable")
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


def _names(call: Call, value: Any, expected: str) -> tuple[str, ...]:
    if not isinstance(value, tuple | list) or not _all_texts(value):
        raise call.refused(f"returned {_list(value)}; expected {expected}")
    if "" in value:
        raise call.refused(f"returned an empty text; expected {expected}")
    twice = [name for name in value if value.count(name) > 1]
    if twice:
        raise call.refused(f"returned '{twice[0]}' twice")
    return tuple(value)


def _list(value: Any) -> str:
    """Something in place of a tuple of texts: its type, and the first that is no text."""
    members = value if isinstance(value, tuple | list) else []
    strange = next((member for member in members if not isinstance(member, str)), "")
    return described(value) + (f" with {described(strange)}" if strange != "" else "")


def _all_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _fault(given: object) -> str:
    """What keeps an object from being an example; empty if nothing does."""
    example: Any = given  # its fields may be of any type, whatever it states
    if isinstance(given, SequenceExample):
        if not (isinstance(example.texts, tuple) and _all_texts(example.texts)):
            return f"its texts are {_list(example.texts)}, not a tuple of texts"
        if not isinstance(example.label, str):
            return f"its label is {described(example.label)}, not a text"
    elif isinstance(given, TokenExample):
        for field in ("tokens", "tags"):
            value = getattr(example, field)
            if not (isinstance(value, tuple) and _all_texts(value)):
                return f"its {field} are {_list(value)}, not a tuple of texts"
        if len(example.tokens) != len(example.tags):
            return f"it has {len(example.tokens)} words and {len(example.tags)} tags"
    else:
        return "expected a SequenceExample or a TokenExample"
    if not isinstance(example.id, str):
        return f"its id is {described(example.id)}, not a text"
    if not (isinstance(example.languages, tuple) and _all_texts(example.languages)):
        return f"its languages are {_list(example.languages)}, not a tuple of codes"
    return ""


def _named(example: Any) -> str:
    if not isinstance(example, EXAMPLES):
        return described(example)
    whole = isinstance(example.languages, tuple)
    return example_name(example) if whole else f"example '{example.id}'"


def _kind(example: Example) -> str:
    return type(example).__name__
