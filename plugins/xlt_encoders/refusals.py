"""Checkpoints that are refused, and what their users are told."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.api import Head, UserError
from xlt_encoders.architectures import encoder_decoder
from xlt_encoders.halves import POOLER

if TYPE_CHECKING:
    from transformers import PreTrainedModel

UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, AttributeError)
"""What transformers raises for files that it cannot read."""

_NUMBER = re.compile(r"\.\d+\.")


@dataclass(frozen=True)
class Report:
    """Names of weights that the model lacks, that have other shapes, and that nobody asked for."""

    missing: set[str]
    mismatched: set[str]
    unexpected: set[str]


def refuse(where: str, report: Report, model: PreTrainedModel, allowed: set[str]) -> None:
    """Raises UserError for weights that are missing or misshapen, and for layers left out."""
    prefix = f"{model.base_model_prefix}."
    for names, problem in (
        (report.missing - allowed, "lacks"),
        (report.mismatched - allowed, "has in other shapes than its config says"),
    ):
        if not names:
            continue
        inside = {name for name in names if name.startswith(prefix)}
        if inside and all(".decoder." in name for name in inside):  # the encoder half alone
            raise encoder_decoder(type(model).__name__, model.config, where)
        if model.base_model is model or inside - {name for name in names if POOLER.search(name)}:
            raise UserError(f"the model {problem} weights of its encoder", where, _some(names))
        if names <= report.mismatched:
            raise UserError(
                "the size of the checkpoint's classification head is not that of the "
                f"{model.config.num_labels} labels of its config, or of --labels",
                where,
                f"{_some(names)}. Correct id2label in its config.json, or --labels",
            )
        raise UserError(
            f"the checkpoint {problem} weights of its classification head: it was not fine-tuned, "
            "or not completely saved",
            where,
            f"{_some(names)}. To fine-tune it, give it as the encoder's model",
        )
    # Single weights left over are no fault (DeBERTa's come with position embeddings that their
    # config switches off); one more of what the model has several of is a layer left out.
    known = {_NUMBER.sub(".#.", name) for name, _ in model.named_parameters()}
    left_out = {
        name
        for name in report.unexpected
        if {_NUMBER.sub(".#.", name), _NUMBER.sub(".#.", name.removeprefix(prefix))} & known
    }
    if left_out:
        raise UserError("the model has more layers than its config states", where, _some(left_out))


def check_code(folder: Path) -> None:
    """Raises UserError if a model needs Python code of its own, which nobody allowed to run."""
    from transformers import CONFIG_MAPPING

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        code, architecture = config.get("auto_map"), config.get("model_type")
    except (OSError, ValueError, AttributeError):
        return  # said where the config is opened
    if not code or architecture in CONFIG_MAPPING:
        return
    sources = sorted({_source(value) for value in code.values() if isinstance(value, str)})
    raise UserError(
        f"transformers does not have the architecture '{architecture}'; the model comes with "
        "Python code of its own, which is run only if you allow it",
        str(folder),
        f"read the code ({', '.join(sources)}); if you trust it, write trust_remote_code: true, "
        "as in {name: hf, model: ..., trust_remote_code: true} for `encoder:` or `--encoder`",
    )


def _source(reference: str) -> str:
    """`Alibaba-NLP/new-impl--modeling.NewModel` -> `modeling.py of Alibaba-NLP/new-impl`."""
    repository, separator, name = reference.rpartition("--")
    file = f"{name.rpartition('.')[0].rpartition('.')[2]}.py"
    return f"{file} of {repository}" if separator else file


def _some(names: set[str]) -> str:
    first = sorted(names)[:3]
    return ", ".join(first) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def unreadable(what: str, where: str, problem: Exception) -> UserError:
    """Files that cannot be read, with the first line of what the library says."""
    text = str(problem).strip().splitlines()
    return UserError(
        f"{what} cannot be opened", where, f"{type(problem).__name__}: {text[0] if text else ''}"
    )


def other_problem(where: str, what: str, head: Head) -> UserError:
    """A checkpoint for another problem than the task's."""
    return UserError(
        f"the checkpoint is {what}, and this task needs one for {head.kind}",
        where,
        "give a checkpoint of a model fine-tuned for this kind of task; to fine-tune this one, "
        "give it as the encoder's model",
    )


def other_pooling(where: str, has: str, asked: str) -> UserError:
    """A checkpoint with another pooling than the one asked for."""
    return UserError(
        f"the checkpoint was trained with the pooling '{has}', not '{asked}'",
        where,
        f"set pooling: {has}, or omit it",
    )
