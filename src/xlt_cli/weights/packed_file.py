"""The file that holds a model's weights as changes; it stands for `model.safetensors`.

It is a safetensors file itself. Its tensors are compressed bytes: `NAME/PART` for each part of a
tensor's changes (`changes`), or `NAME/bytes` for a tensor that has no pretrained one. Its metadata
has a record under `xlt`: header, size and SHA-256 of the file that it stands for, the encoder of
the pretrained weights, and how each tensor is made. What is restored has the same bytes as that
file, and is checked against its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xlt_cli.errors import DamagedFile, RunError

WHOLE = "model.safetensors"
PACKED = "model.packed.safetensors"
FORMAT = 1

_RECORD = "xlt"
_FIELDS = ("size", "sha256", "header", "base", "tensors")
"""What a record has besides its format."""
_OF_TENSOR = ("name", "dtype", "shape", "kind")
_LEVEL = 3
THREADS = 4
"""Tensors that are packed at a time."""
_LARGEST_HEADER = 100_000_000
"""Bytes; safetensors refuses larger ones as well."""


@dataclass(frozen=True)
class Packed:
    """A packed file; nothing but its header is read until its tensors are asked for."""

    path: Path

    @cached_property
    def record(self) -> dict[str, Any]:
        """What it says of itself.

        Raises:
            DamagedFile: its header cannot be read.
            RunError: another version of xlt wrote it.
        """
        try:
            header, _ = read_header(self.path)
            record: dict[str, Any] = json.loads(json.loads(header)["__metadata__"][_RECORD])
            written = record["format"]
            if written == FORMAT:
                _ = [record[name] for name in _FIELDS]
                _ = [about[name] for about in record["tensors"] for name in _OF_TENSOR]
        except (OSError, ValueError, LookupError, TypeError, struct.error) as error:
            raise damaged(self.path, f"its header cannot be read: {error}") from None
        if written != FORMAT:
            raise RunError(
                f"the format of these weights is {written}; this version of xlt supports {FORMAT}",
                str(self.path),
                "use the version of xlt that wrote them",
            )
        return record

    @property
    def sha256(self) -> str:
        """Of the file that it stands for, in hexadecimal digits."""
        return str(self.record["sha256"])

    @property
    def size(self) -> int:
        """The bytes of the file that it stands for."""
        return int(self.record["size"])

    def tensors(self, base: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
        """The tensors of the file that it stands for, in its order: what each is, and its numbers.

        Numbers are a float32 array of the tensor's shape, or the bytes of another tensor. They are
        only known to be right once the iterator has ended.

        Args:
            base: the pretrained tensors, float32 arrays, which are changed in place.

        Raises:
            DamagedFile: they are not what was packed.
        """
        import numpy as np

        header = self.record["header"].encode()
        digest = hashlib.sha256(struct.pack("<Q", len(header)) + header)
        for about, made in self._each(base):
            digest.update(made.reshape(-1).view(np.uint8))
            yield about, made
        if digest.hexdigest() != self.sha256:
            raise damaged(self.path, "the weights that it gives are not those that were written")

    def check(self, whole: Path, base: Mapping[str, Any]) -> None:
        """Restores the tensors of a file and compares them with it.

        Args:
            base: as for `tensors`.

        Raises:
            DamagedFile: they are not the same.
        """
        import numpy as np

        header, start = read_header(whole)
        numbers = np.memmap(whole, np.uint8, "r").view(np.ndarray)
        same = header == self.record["header"].encode()
        for _, made in self._each(base):
            own = made.reshape(-1).view(np.uint8)
            written = numbers[start : start + len(own)]
            same = same and len(written) == len(own) and _are_same(own, written)
            start += len(own)
        if not same or start != len(numbers):
            raise damaged(self.path, "the weights that it gives are not those that were written")

    def _each(self, base: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
        """As `tensors`, unchecked."""
        from pyarrow import ArrowException
        from safetensors import SafetensorError, safe_open

        left = [about.get("base") for about in self.record["tensors"]]
        try:
            with safe_open(str(self.path), framework="np") as file:
                for about in self.record["tensors"]:
                    name = left.pop(0)
                    own = None if name is None else base[name]
                    if own is not None and name in left:  # it is needed again
                        own = own.copy()
                    yield about, _restored(about, own, file)
        except (OSError, ValueError, LookupError, ArrowException, SafetensorError) as error:
            raise damaged(self.path, f"{type(error).__name__}: {error}") from error


def packed_in(folder: Path) -> Packed | None:
    """The packed weights of a model's folder; None where its weights are an ordinary file."""
    path = folder / PACKED
    return Packed(path) if path.is_file() and not (folder / WHOLE).exists() else None


def pack(
    whole: Path,
    target: Path,
    base: Mapping[str, Any],
    origin: Mapping[str, Any],
    sha256: str = "",
) -> None:
    """Writes the changes that made a safetensors file of pretrained tensors.

    Args:
        base: the pretrained tensors, float32 arrays by name; they stay as they are.
        origin: what they are of, for the record.
        sha256: of the file, in hexadecimal digits, where it is known.

    Raises:
        OSError: it cannot be written.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    header, start = read_header(whole)
    entries: dict[str, Any] = json.loads(header)
    entries.pop("__metadata__", None)
    data = np.memmap(whole, np.uint8, "r").view(np.ndarray)  # slices of np.memmap are slow

    def packed(item: tuple[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
        name, entry = item
        first, end = (start + offset for offset in entry["data_offsets"])
        about = {"name": name, "dtype": entry["dtype"], "shape": entry["shape"]}
        own, blobs = _base_of(name, entry, base), dict[str, Any]()
        made = _packed(name, data[first:end], entry["shape"], own, base, blobs)
        return about | made, blobs

    in_order = sorted(entries.items(), key=lambda item: item[1]["data_offsets"])
    with ThreadPoolExecutor(THREADS, "packing") as threads:
        made = list(threads.map(packed, in_order))
    blobs = {name: blob for _, own in made for name, blob in own.items()}
    if not sha256:
        with whole.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    record = {
        "format": FORMAT,
        "size": whole.stat().st_size,
        "sha256": sha256,
        "header": header.decode(),
        "base": dict(origin),
        "tensors": [about for about, _ in made],
    }
    try:
        save_file(blobs, str(target), {_RECORD: json.dumps(record, ensure_ascii=False)})
    except SafetensorError as error:  # its own error for whatever the system says
        raise OSError(str(error)) from error


def read_header(path: Path) -> tuple[bytes, int]:
    """The header of a safetensors file, and where its data begin."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LARGEST_HEADER:
            raise ValueError(f"a header of {length:,} bytes")
        return file.read(length), 8 + length


def damaged(path: Path, how: str) -> DamagedFile:
    """The error for a file that is not what was written."""
    return DamagedFile(
        f"the packed weights are damaged: {how}",
        str(path),
        "restore the file from a copy; or `xlt train` with the run's spec trains the stage again",
    )


def _base_of(name: str, entry: Mapping[str, Any], base: Mapping[str, Any]) -> str | None:
    """The pretrained tensor of a name, which may have more or fewer words before it."""
    if entry["dtype"] != "F32":
        return None
    for other in base if name not in base else (name,):
        alike = name == other or name.endswith(f".{other}") or other.endswith(f".{name}")
        if alike and list(base[other].shape) == entry["shape"]:
            return other
    return None


def _packed(
    name: str,
    numbers: Any,
    shape: list[int],
    own: str | None,
    base: Mapping[str, Any],
    blobs: dict[str, Any],
) -> dict[str, Any]:
    """How a tensor is packed; its bytes are added to `blobs`."""
    import numpy as np

    from xlt_cli.weights.changes import changes

    if own is None:
        blobs[f"{name}/bytes"] = _compressed(numbers)
        return {"kind": "bytes", "count": len(numbers)}
    made = changes(numbers.view(np.float32).reshape(shape), base[own])
    parts = {}
    for part, values in made.parts.items():
        planes = [_compressed(plane) for plane in _planes(values)]
        blobs[f"{name}/{part}"] = np.concatenate(planes)
        parts[part] = {"count": values.size, "planes": [len(plane) for plane in planes]}
    return {"kind": made.kind, "base": own, "factor": made.factor, "parts": parts}


def _restored(about: Mapping[str, Any], base: Any, file: Any) -> Any:
    import numpy as np

    from xlt_cli.weights.changes import Changes, apply

    name = about["name"]
    if about["kind"] == "bytes":
        return _decompressed(file.get_tensor(f"{name}/bytes"), about["count"]).copy()
    parts = {}
    for part, of_part in about["parts"].items():
        stored, count = file.get_tensor(f"{name}/{part}"), of_part["count"]
        ends = np.cumsum(of_part["planes"])
        pieces = np.split(stored, ends[:-1])
        parts[part] = _joined([_decompressed(piece, count) for piece in pieces])
    if base is None:
        raise ValueError(f"of {name}, the record does not say which pretrained tensor it is of")
    if list(base.shape) != about["shape"]:
        raise ValueError(f"{name} has another shape than the pretrained one")
    apply(Changes(about["kind"], about["factor"], parts), base)
    return base


def _are_same(one: Any, other: Any) -> bool:
    """Whether two arrays of bytes are, compared a block at a time."""
    import numpy as np

    block = 1 << 20
    starts = range(0, len(one), block)
    return all(np.array_equal(one[i : i + block], other[i : i + block]) for i in starts)


def _planes(values: Any) -> list[Any]:
    """The bytes of int32 numbers by their place, small numbers of either sign made small."""
    import numpy as np

    flat = np.ascontiguousarray(values).reshape(-1)
    folded = ((flat << 1) ^ (flat >> 31)).view(np.uint8).reshape(-1, 4)
    return [np.ascontiguousarray(folded[:, place]) for place in range(4)]


def _joined(planes: list[Any]) -> Any:
    import numpy as np

    folded = np.empty((len(planes[0]), 4), np.uint8)
    for place, plane in enumerate(planes):
        folded[:, place] = plane
    numbers = folded.view(np.uint32).reshape(-1)
    return ((numbers >> 1) ^ (0 - (numbers & 1))).view(np.int32)


def _compressed(values: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    codec = pa.Codec("zstd", compression_level=_LEVEL)
    return np.frombuffer(codec.compress(values, asbytes=True), np.uint8)


def _decompressed(values: Any, count: int) -> Any:
    import numpy as np
    import pyarrow as pa

    return np.frombuffer(pa.Codec("zstd").decompress(values, count), np.uint8)
