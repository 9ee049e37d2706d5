"""What a folder (or a repository) without a usable model holds instead, and the way out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from xlt_cli.api import UserError
from xlt_encoders.kept_adapter import has_adapter

INDEX_FILES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class _Format:
    """Weights of another library: the names of its files, and how to convert them."""

    patterns: tuple[str, ...]
    what: str
    hint: str


_WITH_TF = (
    "convert it with an older transformers (pip install 'transformers<5' {package}): "
    "AutoModelForSequenceClassification.from_pretrained(FOLDER, {flag}=True)"
    ".save_pretrained(NEW_FOLDER), or AutoModel for one without a head"
)
_FORMATS = (
    _Format(
        ("adapter_config.json", "adapter_model.*"),
        "an adapter (LoRA or another PEFT method) and not a complete model",
        "merge it into its base model: "
        "AutoPeftModelForSequenceClassification.from_pretrained(FOLDER).merge_and_unload()"
        ".save_pretrained(NEW_FOLDER), and save the tokenizer there as well",
    ),
    _Format(
        ("tf_model*.h5", "*.ckpt.index", "*.ckpt", "saved_model.pb"),
        "TensorFlow weights only",
        _WITH_TF.format(package="tensorflow", flag="from_tf"),
    ),
    _Format(
        ("flax_model*.msgpack", "flax_model*.msgpack.index.json"),
        "Flax weights only",
        _WITH_TF.format(package="flax", flag="from_flax"),
    ),
    _Format(
        ("*.onnx", "onnx/*.onnx"),
        "a model exported to ONNX only, which cannot be trained or run from embeddings",
        "give the model that it was exported from",
    ),
    _Format(
        ("*.gguf",),
        "quantized weights in GGUF only",
        "give the model that was quantized, with its safetensors weights",
    ),
    _Format(("rust_model.ot",), "rust-bert weights only", "give the model's torch weights"),
    _Format(
        ("openvino_model.bin", "openvino_model.xml", "*.mlpackage", "*.tflite"),
        "a model exported for another runtime only",
        "give the model that it was exported from",
    ),
)
_TOKENIZER = ("tokenizer.json", "vocab.txt", "*.model", "tokenizer_config.json", "vocab.json")


def other_format(names: Iterable[str]) -> tuple[str, str]:
    """What files without torch weights are, and what to do; ("", "") if that is not known."""
    names = list(names)
    for known in _FORMATS:
        if any(fnmatch(name, pattern) for name in names for pattern in known.patterns):
            return known.what, known.hint
    if names and all(any(fnmatch(name, p) for p in _TOKENIZER) for name in _models(names)):
        return "a tokenizer only", "give the folder that contains both the model and the tokenizer"
    return "", ""


def check_model_folder(folder: Path, weight_files: Iterable[str]) -> None:
    """Checks that a folder holds config.json and whole weights.

    Raises:
        UserError: it does not; the error says what it holds instead.
    """
    if not folder.is_dir():
        raise UserError("there is no such folder", str(folder))
    lacks = [] if (folder / "config.json").is_file() else ["config.json"]
    present = [folder / name for name in weight_files if (folder / name).is_file()]
    if not present:
        lacks.append("weights (model.safetensors)")
    if lacks and has_adapter(folder):
        raise UserError(
            "the model was kept with its adapter, and cannot be trained further from its folder",
            str(folder),
            "train it with `after: merge` in its last stage, or add stages to its spec; "
            "`xlt eval --model` opens it as it is",
        )
    if lacks:
        raise _no_model(folder, lacks, bool(present))
    shards = _shards(present[0])
    missing = [name for name in shards if not (folder / name).is_file()]
    if missing:
        raise UserError(
            f"{len(missing)} of the {len(shards)} weight files are missing",
            str(folder),
            f"{', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}: copy or download them "
            "again",
        )
    for path in [*present[:1], *(folder / name for name in shards)]:
        if path.suffix != ".json" and path.stat().st_size < 1024:
            with path.open("rb") as stream:
                if stream.read(len(_POINTER)) == _POINTER:
                    raise UserError(
                        "the weight file is a Git LFS pointer and not the weights",
                        str(path),
                        "`git lfs pull` in that folder, or `hf download`",
                    )


def other_contents(folder: Path) -> UserError | None:
    """What a folder without torch weights holds, as an error; None if that is not known."""
    names = [path.name for path in folder.iterdir()]
    names += [f"onnx/{path.name}" for path in folder.glob("onnx/*")]
    other, hint = other_format(names)
    return UserError(f"the folder contains {other}", str(folder), hint) if other else None


def _no_model(folder: Path, lacks: list[str], weights: bool) -> UserError:
    what = f"the folder contains no model: it has no {' and no '.join(lacks)}"
    other = None if weights else other_contents(folder)
    if other is not None:
        return other
    below = sorted(path.parent for path in folder.glob("*/config.json"))
    below = [path for path in below if any(path.glob("*.safetensors")) or any(path.glob("*.bin"))]
    if below:
        inside = ", ".join(str(path) for path in below[:3])
        return UserError(what, str(folder), f"there is a model in: {inside}")
    return UserError(what, str(folder))


def _models(names: list[str]) -> list[str]:
    """Names of files but for those that say nothing of what a folder is for."""
    ignored = ("*.md", "*.txt", ".git*", "*map.json", "added_tokens.json", "merges.txt", "LICENSE*")
    kept = [name for name in names if not any(fnmatch(name, p) for p in ignored)]
    return [*kept, *(["vocab.txt"] if "vocab.txt" in names else [])] or ["?"]


def _shards(weights: Path) -> list[str]:
    """The names of the files that an index of weights lists."""
    if weights.name not in INDEX_FILES:
        return []
    try:
        listed = json.loads(weights.read_text(encoding="utf-8"))["weight_map"].values()
        return sorted(set(map(str, listed)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UserError(
            "the list of weight files cannot be read", str(weights), str(problem)
        ) from None
