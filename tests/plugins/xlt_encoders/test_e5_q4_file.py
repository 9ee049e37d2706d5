"""The weights file's format and its conversion, on a tiny file that the tests write themselves.

Notable: the special pieces have other ids there than in the published file (as after pruning the
vocabulary), and the expected weights come from a slow dequantisation in plain Python.
"""

from __future__ import annotations

import dataclasses
import math
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlt_encoders import e5_q4_convert as convert
from xlt_encoders.e5_q4_file import BadWeightsFile, E5File, dequantise

# pad 0, bos 1, unk 2, eos 3, mask 5
PIECES = ["<pad>", "<s>", "<unk>", "</s>", "▁", "<mask>", "▁hello", "▁world", "a", "é", "～", "▁a"]
SIZES = {"hidden": 32, "layers": 2, "heads": 4, "ffn": 64, "rows": 12, "positions": 16, "types": 2}


@dataclasses.dataclass
class Tiny:
    """What the writer writes; a test changes a part to damage the file."""

    magic: bytes = b"E5S1"
    version: int = 1
    sizes: dict[str, int] = dataclasses.field(default_factory=lambda: dict(SIZES))
    eps: float = 1e-12
    block: int = 32
    special: tuple[int, int, int, int] = (1, 3, 0, 2)
    pieces: list[bytes] = dataclasses.field(default_factory=lambda: [p.encode() for p in PIECES])
    scores: list[float] = dataclasses.field(default_factory=lambda: [-float(i) for i in range(12)])
    normalisation: bytes = struct.pack("<IBI", 0x3000, 1, 0x20) + struct.pack("<IB", 7, 0)
    n_normalisation: int = 2
    # name -> [dtype, values, offset, bytes]; filled by `write`, then changed by `edit`
    edit: Callable[[dict[str, list[int]]], object] = lambda directory: None

    def write(self) -> bytes:
        """The whole file."""
        front = struct.pack("<4sI", self.magic, self.version)
        front += struct.pack("<7i", *self.sizes.values())
        front += struct.pack("<fii4i", self.eps, self.block, len(self.pieces), *self.special)
        text = b"".join(self.pieces)
        offsets = np.cumsum([0, *map(len, self.pieces)]).astype("<u4")
        front += struct.pack("<Q", len(text)) + offsets.tobytes()
        front += np.array(self.scores, "<f4").tobytes() + text
        front += struct.pack("<iI", self.n_normalisation, len(self.normalisation))
        front += self.normalisation
        weights = tiny_weights()
        end = len(front) + 4 + sum(2 + len(name) + 21 for name in weights)
        directory: dict[str, list[int]] = {}
        for name, (dtype, shape, raw) in weights.items():
            start = -(-end // 64) * 64
            directory[name] = [dtype, int(np.prod(shape)), start, len(raw)]
            end = start + len(raw)
        data = bytearray(end)
        for name, (_, _, start, size) in directory.items():
            data[start : start + size] = weights[name][2]
        self.edit(directory)
        front += struct.pack("<i", len(directory))
        for name, entry in directory.items():
            front += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", *entry)
        data[: len(front)] = front
        return bytes(data)


def tiny_weights() -> dict[str, tuple[int, tuple[int, ...], bytes]]:
    """Name -> (dtype, shape, raw bytes), the same at every call."""
    h, f = 32, 64
    shapes: dict[str, tuple[int, ...]] = {"emb.word": (12, h), "emb.pos": (16, h)}
    shapes |= {"emb.type": (2, h), "emb.ln.w": (h,), "emb.ln.b": (h,)}
    for layer in ("l0", "l1"):
        for part in ("q", "k", "v", "ao"):
            shapes |= {f"{layer}.{part}.w": (h, h), f"{layer}.{part}.b": (h,)}
        for part in ("aln", "oln"):
            shapes |= {f"{layer}.{part}.w": (h,), f"{layer}.{part}.b": (h,)}
        shapes |= {f"{layer}.fi.w": (f, h), f"{layer}.fi.b": (f,)}
        shapes |= {f"{layer}.fo.w": (h, f), f"{layer}.fo.b": (h,)}
    rng = np.random.default_rng(0)
    weights: dict[str, tuple[int, tuple[int, ...], bytes]] = {}
    for name, shape in shapes.items():
        if len(shape) == 2 and name not in ("emb.pos", "emb.type"):
            blocks = rng.integers(0, 256, (np.prod(shape) // 32, 18)).astype(np.uint8)
            scales = rng.normal(0, 0.02, len(blocks)).astype("<f2")
            blocks[:, :2] = scales.view(np.uint8).reshape(-1, 2)
            weights[name] = (1, shape, blocks.tobytes())
        else:
            values = rng.normal(1 if name.endswith("ln.w") else 0, 0.1, shape)
            weights[name] = (0, shape, values.astype("<f4").tobytes())
    return weights


def slow_dequantise(raw: bytes) -> list[float]:
    out: list[float] = []
    for start in range(0, len(raw), 18):
        (scale,) = struct.unpack("<e", raw[start : start + 2])
        numbers = raw[start + 2 : start + 18]
        out += [((n & 15) - 8) * scale for n in numbers]
        out += [((n >> 4) - 8) * scale for n in numbers]
    return out


def save(folder: Path, data: bytes) -> Path:
    path = folder / "tiny.bin"
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> E5File:
    return E5File.open(save(tmp_path_factory.mktemp("tiny"), Tiny().write()))


finite_scale = st.floats(width=16, allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(finite_scale, st.binary(min_size=16, max_size=16)), max_size=5))
def test_dequantise_agrees_with_plain_python(blocks: list[tuple[float, bytes]]) -> None:
    raw = b"".join(struct.pack("<e", scale) + numbers for scale, numbers in blocks)
    widened = dequantise(np.frombuffer(raw, np.uint8))
    assert widened.dtype == np.float32
    assert widened.tolist() == slow_dequantise(raw)
    assert np.signbit(widened).tolist() == [math.copysign(1, x) < 0 for x in slow_dequantise(raw)]
    assert (
        not blocks or widened.ctypes.data % 64 == 0
    )  # or torch's products need a copy of it first


def test_dequantise_goes_on_after_a_chunk() -> None:
    block = np.frombuffer(struct.pack("<e", 0.5) + bytes(range(16)), np.uint8)
    widened = dequantise(np.tile(block, 40_000)).reshape(40_000, 32)
    assert (widened == slow_dequantise(block.tobytes())).all()


def test_dequantise_refuses_parts_of_blocks_and_infinite_scales() -> None:
    with pytest.raises(ValueError, match="whole number"):
        dequantise(np.zeros(19, np.uint8))
    with pytest.raises(ValueError, match="finite"):
        dequantise(np.frombuffer(struct.pack("<e", float("inf")) + bytes(16), np.uint8))


def test_reads_what_was_written(tiny: E5File) -> None:
    assert tiny.dimensions._asdict() == SIZES
    assert tiny.layer_norm_eps == 1e-12
    assert tiny.special._asdict() == {"bos": 1, "eos": 3, "pad": 0, "unk": 2, "mask": 5}
    assert tiny.pieces == PIECES
    assert tiny.scores.tolist() == [-float(i) for i in range(12)]
    assert tiny.normalisation == {"\u3000": " ", "\x07": ""}
    for name, (dtype, shape, raw) in tiny_weights().items():
        expected = slow_dequantise(raw) if dtype else np.frombuffer(raw, "<f4").tolist()
        assert tiny.tensor(name).shape == shape
        assert tiny.tensor(name).reshape(-1).tolist() == expected


def change(name: str, field: int, value: int) -> Callable[[dict[str, list[int]]], object]:
    return lambda directory: directory[name].__setitem__(field, value)


def rename(old: str, new: str) -> Callable[[dict[str, list[int]]], object]:
    return lambda directory: directory.update({new: directory.pop(old)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"magic": b"GGUF"}, "not an E5S1 file"),
        ({"version": 2}, "version 2"),
        ({"block": 64}, "blocks of 64"),
        ({"eps": float("nan")}, "epsilon"),
        ({"sizes": SIZES | {"heads": 0}}, "not positive"),
        ({"sizes": SIZES | {"heads": 5}}, "hidden % heads"),
        ({"sizes": SIZES | {"rows": 11}}, "12 pieces"),
        ({"sizes": SIZES | {"rows": 2**31 - 1}}, "emb.word has 384 values"),
        ({"sizes": SIZES | {"layers": 2**31 - 1}}, "37 tensors"),
        ({"sizes": SIZES | {"layers": 1}}, "37 tensors"),
        ({"pieces": [b"a"] * 12}, "occurs twice"),
        ({"pieces": [*map(str.encode, PIECES[:-1]), b"\xff"]}, "not valid UTF-8"),
        ({"pieces": [*map(str.encode, PIECES[:-1]), b""]}, "offsets"),
        ({"pieces": [b"%d" % i for i in range(12)]}, "no piece <mask>"),
        ({"scores": [float("nan")] * 12}, "score"),
        ({"special": (1, 3, 0, 12)}, "SpecialIds"),
        ({"special": (1, 0, 3, 2)}, "SpecialIds"),
        ({"special": (1, 3, 0, -1)}, "SpecialIds"),
        ({"n_normalisation": 3}, "normalisation map is damaged"),
        ({"n_normalisation": 1}, "normalisation map ends"),
        ({"normalisation": struct.pack("<IB", 2**31, 0) * 2}, "normalisation map is damaged"),
        ({"edit": lambda directory: directory.pop("l1.q.w")}, "36 tensors"),
        ({"edit": rename("l1.q.w", "l2.q.w")}, r"missing: l1\.q\.w"),
        ({"edit": change("emb.pos", 0, 7)}, "unknown type 7"),
        ({"edit": change("emb.pos", 1, 5)}, "emb.pos has 5 values"),
        ({"edit": change("emb.pos", 2, 64 << 40)}, "truncated: tensor emb.pos"),
        ({"edit": change("emb.pos", 2, 0)}, "truncated: tensor emb.pos"),
        ({"edit": change("emb.pos", 2, 9)}, "not aligned"),
        ({"edit": change("emb.pos", 3, 9)}, "emb.pos has 9 bytes"),
        ({"edit": lambda d: change("emb.pos", 2, d["l0.fi.w"][2])(d)}, "overlap"),
    ],
)
def test_refuses_damage(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = save(tmp_path, dataclasses.replace(Tiny(), **changes).write())
    with pytest.raises(BadWeightsFile, match=message) as caught:
        E5File.open(path)
    assert str(path) in str(caught.value)


def test_refuses_weights_that_are_not_finite(tmp_path: Path, tiny: E5File) -> None:
    data = bytearray(Tiny().write())
    for name in ("emb.ln.w", "l0.q.w"):
        start = tiny.tensors[name].offset
        data[start : start + 4] = b"\x00\x7e\xc0\x7f"  # NaN as f16, and NaN as f32
    damaged = E5File.open(save(tmp_path, bytes(data)))
    for name in ("emb.ln.w", "l0.q.w"):
        with pytest.raises(BadWeightsFile, match=rf"tiny\.bin: tensor {name}.*finite"):
            damaged.tensor(name)


def test_refuses_a_file_that_was_cut_after_it_was_opened(tmp_path: Path) -> None:
    path = save(tmp_path, Tiny().write())
    file = E5File.open(path)
    last = max(file.tensors, key=lambda name: file.tensors[name].offset)
    path.write_bytes(path.read_bytes()[: file.tensors[last].offset + 1])
    with pytest.raises(BadWeightsFile, match=rf"tiny\.bin: truncated: tensor {last}"):
        file.tensor(last)


INTACT = Tiny().write()
FRONT = INTACT.index(b"l1.oln.b")  # part of the last entry of the directory


@given(st.integers(0, len(INTACT) - 1))
def test_refuses_every_truncation(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    path = save(tmp_path_factory.getbasetemp(), INTACT[:length])
    with pytest.raises(BadWeightsFile, match=r"tiny\.bin"):
        E5File.open(path)


places = st.one_of(st.integers(0, 71), st.integers(0, FRONT + 28))
patches = st.tuples(places, st.binary(min_size=1, max_size=8))


@settings(max_examples=300, deadline=None)
@given(st.lists(patches, min_size=1, max_size=3))
def test_flipped_bytes_are_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bytes]]
) -> None:
    data = bytearray(INTACT)
    for start, patch in changes:
        data[start : start + len(patch)] = patch
    path = save(tmp_path_factory.getbasetemp(), bytes(data))
    tracemalloc.start()
    try:
        file = E5File.open(path)
        for name in file.tensors:
            file.tensor(name)
    except BadWeightsFile:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2_000_000


def test_becomes_a_bert_model(tiny: E5File) -> None:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    config = convert.bert_config(tiny, hidden_dropout_prob=0.3)
    assert (config.pad_token_id, config.bos_token_id, config.eos_token_id) == (0, 1, 3)
    assert config.hidden_dropout_prob == 0.3
    plain = transformers.BertModel(config, add_pooling_layer=False).eval()
    plain.load_state_dict(convert.state_dict(tiny), strict=True)
    built = convert.build_model(tiny, hidden_dropout_prob=0.3)
    ids, mask = torch.tensor([[1, 6, 7, 3], [1, 8, 3, 0]]), torch.tensor([[1] * 4, [1, 1, 1, 0]])
    with torch.no_grad():
        expected = plain(ids, attention_mask=mask).last_hidden_state
        hidden = built(ids, attention_mask=mask).last_hidden_state
    assert hidden.shape == (2, 4, 32)
    assert torch.equal(hidden, expected)
    assert built.config.hidden_dropout_prob == 0.3
    assert all(parameter.requires_grad for parameter in built.parameters())


def test_model_and_tokenizer_open_from_a_folder(tiny: E5File, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tokenizer = convert.build_tokenizer(tiny)
    convert.build_model(tiny).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = transformers.BertModel.from_pretrained(tmp_path, add_pooling_layer=False)
    saved = convert.state_dict(tiny)
    assert all(value.equal(saved[name]) for name, value in model.state_dict().items())
    for opened in (tokenizer, transformers.AutoTokenizer.from_pretrained(tmp_path)):
        assert opened("hello  world", "a～").input_ids == [1, 6, 7, 3, 3, 11, 10, 3]
        assert opened("hello <mask> Q").input_ids == [1, 6, 5, 4, 2, 3]
        assert opened.pad_token_id == 0
        assert opened.mask_token_id == 5
        assert opened.model_max_length == 16
