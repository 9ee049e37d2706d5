"""Models on the Hugging Face hub and in its local cache.

What is in the cache is used as it is, with no question to the hub: a run needs no network, and
`revision: main` means the same commit until the next `xlt fetch`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from xlt_cli.api import OfflineError, UserError
from xlt_cli.weights import PACKED, WHOLE, packed_in
from xlt_encoders.file_hashes import sha256_of
from xlt_encoders.folder_contents import other_format
from xlt_encoders.kept_adapter import model_folder

if TYPE_CHECKING:
    from huggingface_hub import HfApi

WEIGHT_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
VOCABULARY_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "sentencepiece.bpe.model",
    "spm.model",
    "spiece.model",
    "tokenizer.model",
)
WITHOUT_VOCABULARY = ("ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer")
"""Tokenizers of bytes and characters, which have no file of a vocabulary."""
TOKENIZER_FILES = (
    *VOCABULARY_FILES,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
)
_SAFE = ("model*.safetensors", "model.safetensors.index.json")
_PICKLED = ("pytorch_model*.bin", "pytorch_model.bin.index.json")
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+", re.ASCII)
_TIMEOUT = 10.0  # seconds for the one question that finds out whether the hub can be reached


@dataclass(frozen=True)
class Snapshot:
    """A repository's files at one commit."""

    folder: Path
    commit: str


def is_path(name: str) -> bool:
    """Whether a name is written like a path: `./x`, `../x`, `~/x`, `/x`, `x/y/z`."""
    model = split_revision(name)[0]  # a revision may have slashes: refs/pr/4
    return Path(name).is_absolute() or name.startswith((".", "~")) or model.count("/") > 1


def is_id(name: str) -> bool:
    """Whether a name is a hub id: `owner/name`, with or without `@revision`."""
    return bool(_ID.fullmatch(split_revision(name)[0]))


def split_revision(name: str) -> tuple[str, str | None]:
    """`owner/name@revision` in two; paths and names of folders are left whole."""
    model, at, revision = name.partition("@")
    if not at or not revision or model.startswith((".", "~", "/")) or Path(name).is_dir():
        return name, None
    return (model, revision) if _ID.fullmatch(model) else (name, None)


def local_folder(model: str) -> Path | None:
    """The folder that `model` names, or None if it can only be a hub id.

    Raises:
        UserError: if it is written like a path and there is no such folder.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if is_path(model):
        raise UserError("there is no such folder", model, "give a folder or a hub id (owner/name)")
    return None


def cached(model: str, revision: str, code: bool = False) -> Snapshot | None:
    """The snapshot in the local cache if it is complete; asks nobody."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    for weights in (_SAFE, _PICKLED):
        try:
            folder = Path(
                snapshot_download(
                    model,
                    revision=revision,
                    allow_patterns=_patterns(weights, code),
                    local_files_only=True,
                )
            )
        except LocalEntryNotFoundError:
            continue
        except ValueError as problem:
            raise _bad_name(model, problem) from problem
        if _complete(folder, weights):
            return Snapshot(folder, folder.name)
    return None


def download(model: str, revision: str, code: bool = False) -> Snapshot:
    """Brings a model's config, tokenizer and weights (safetensors where there are any).

    Raises:
        OfflineError: if the hub cannot be reached.
        UserError: if it has no such model, or the model has no weights.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        names = _list(HfApi(), model, revision)
        weights = _SAFE if any(_matches(name, _SAFE) for name in names) else _PICKLED
        if not any(_matches(name, weights) for name in names):
            other, hint = other_format(names)
            raise UserError(
                "the model on the hub has no weights for torch"
                + (f": it contains {other}" * bool(other)),
                f"{model}@{revision}",
                hint,
            )
        folder = snapshot_download(
            model, revision=revision, allow_patterns=_patterns(weights, code)
        )
    except UserError:
        raise
    except HFValidationError as problem:
        raise _bad_name(model, problem) from problem
    except Exception as problem:  # of the hub's client, its HTTP library, TLS, sockets, the disk
        if isinstance(problem, OSError) and problem.errno is not None and problem.filename:
            raise  # the disk: full, or not ours to write to
        raise offline(model, revision, problem) from problem
    return Snapshot(Path(folder), Path(folder).name)


def snapshot(model: str, revision: str, code: bool = False) -> Snapshot:
    """From the cache, or else from the hub; raises as `download` does."""
    return cached(model, revision, code) or download(model, revision, code)


def has_vocabulary(folder: Path) -> bool:
    """Whether a folder holds a tokenizer; transformers would make up an empty one."""
    if any((folder / name).is_file() for name in VOCABULARY_FILES):
        return True
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("tokenizer_class") in WITHOUT_VOCABULARY


def check_folder(folder: Path, code: bool = False) -> None:
    """Refuses a folder that lacks a config, a tokenizer or weights; nothing is read.

    Raises:
        UserError: says what is missing, and what the folder holds.
    """
    try:
        # A model that was kept with its adapter is tested as it is.
        names = sorted(
            {p.name for place in (folder, model_folder(folder)) for p in place.iterdir()}
        )
    except OSError as error:
        raise UserError(f"cannot read the folder: {error.strerror}", str(folder)) from None
    lacking = []
    if "config.json" not in names:
        lacking.append("config.json")
    if not code and not has_vocabulary(folder):
        lacking.append(f"a tokenizer (one of {', '.join(VOCABULARY_FILES)})")
    if not any(_matches(name, (*_SAFE, *_PICKLED)) for name in names):
        lacking.append("weights (model.safetensors or pytorch_model.bin)")
    if lacking:
        other, hint = other_format(names) if "weights" in lacking[-1] else ("", "")
        held = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise UserError(
            f"the folder is not an encoder: it lacks {' and '.join(lacking)}"
            + (f"; it contains {other}" if other else ""),
            str(folder),
            hint or (f"it contains {held}" if held else "it is empty"),
        )


def offline(model: str, revision: str, problem: Exception) -> OfflineError:
    """Says what is missing, and how to bring it."""
    text = str(problem).strip().splitlines()
    reason = f"{type(problem).__name__}: {text[0]}" if text else type(problem).__name__
    return OfflineError(
        "the encoder is not on this machine, and the Hugging Face hub cannot be reached",
        f"{model}@{revision} ({reason})",
        f"on a machine with a network, run `xlt fetch SPEC` or `hf download {model} --revision "
        f"{revision}`; or use `encoder: e5-small-q4`, which needs no network",
    )


def folder_hash(folder: Path, code: bool = False) -> str:
    """SHA-256 over the names and contents of a model's config, tokenizer and weights."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    weights = _SAFE if any(_matches(path.name, _SAFE) for path in files) else _PICKLED
    patterns = _patterns(weights, code)
    packed = packed_in(folder)  # stands for another file, and the model is the same
    digests = {} if packed is None else {WHOLE: packed.sha256}
    for path in files:
        if path.name != PACKED and _matches(path.name, patterns):
            digests[path.name] = sha256_of(path)
    listed = "".join(f"{name}\0{digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(listed.encode()).hexdigest()


def _list(api: HfApi, model: str, revision: str) -> list[str]:
    """The names of a repository's files; the one request that is made without retries."""
    from huggingface_hub.errors import (
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        info = api.model_info(model, revision=revision, timeout=_TIMEOUT)
    except GatedRepoError as problem:
        raise UserError(
            "the model on the hub is gated: its owner has to grant access",
            model,
            f"request access on https://huggingface.co/{model}, then run `hf auth login`",
        ) from problem
    except RepositoryNotFoundError as problem:
        raise UserError(
            "there is no such model on the hub, or it is private",
            model,
            "check the spelling (owner/name); for a private model, run `hf auth login`",
        ) from problem
    except RevisionNotFoundError as problem:
        raise UserError(
            f"the model on the hub has no revision '{revision}'",
            model,
            "give a branch, tag or commit",
        ) from problem
    return [file.rfilename for file in info.siblings or ()]


def _patterns(weights: tuple[str, ...], code: bool) -> list[str]:
    return ["config.json", *TOKENIZER_FILES, *weights, *(["*.py"] if code else [])]


def _matches(name: str, patterns: tuple[str, ...] | list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _complete(folder: Path, weights: tuple[str, ...]) -> bool:
    """Whether config, a tokenizer and all weights are there.

    The hub's client checks a snapshot against the list of files that it keeps, but only if the
    snapshot was made by one that keeps it.
    """
    if not (folder / "config.json").is_file():
        return False
    if not has_vocabulary(folder):
        return False
    index = next((folder / name for name in weights if (folder / name).suffix == ".json"), None)
    if index is not None and index.is_file():
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return all((folder / shard).is_file() for shard in shards)
    return any(_matches(path.name, weights) for path in folder.iterdir())


def _bad_name(model: str, problem: Exception) -> UserError:
    return UserError(
        "this is neither a folder nor the name of a model on the hub", model, str(problem)
    )
