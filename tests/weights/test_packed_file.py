"""A packed file stands for another one to its last byte, and whatever is wrong with it is seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from xlt_cli.errors import DamagedFile, RunError
from xlt_cli.weights import PACKED, WHOLE, packed_in
from xlt_cli.weights.packed_file import Packed, pack

ORIGIN = {"encoder": "made-up", "params": {}, "fingerprint": {"sha256": "0"}}


def pretrained() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "embeddings.word.weight": torch.randn(1500, 8, generator=generator),
        "layer.0.weight": torch.randn(8, 8, generator=generator),
        "layer.0.bias": torch.zeros(8),
    }


def arrays(weights: dict[str, torch.Tensor]) -> dict[str, Any]:
    return {name: tensor.clone().numpy() for name, tensor in weights.items()}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The file of a model that was trained, with tensors of many kinds."""
    weights = {f"bert.{name}": tensor * 0.999 for name, tensor in pretrained().items()}
    weights["bert.layer.0.bias"] = torch.arange(8.0)
    weights["classifier.weight"] = torch.randn(2, 8)
    weights["cls.word.weight"] = weights["bert.embeddings.word.weight"] + 1e-3
    weights["layer.0.weight"] = torch.randn(8, 8)  # of the same pretrained tensor as another
    weights["half"] = torch.randn(3, 4).half()
    weights["bf16"] = torch.randn(5).bfloat16()
    weights["ids"] = torch.arange(7)
    weights["mask"] = torch.tensor([True, False])
    weights["scalar"] = torch.tensor(2.5)
    weights["empty"] = torch.empty(0, 4)
    weights["mäßig"] = torch.ones(2)
    folder = tmp_path / "model"
    folder.mkdir()
    save_file(weights, str(folder / WHOLE), {"format": "pt"})
    return folder / WHOLE


@pytest.fixture
def packed(whole: Path) -> Packed:
    pack(whole, whole.with_name(PACKED), arrays(pretrained()), ORIGIN)
    assert packed_in(whole.parent) is None  # the ordinary file is there
    whole.rename(whole.with_name("former"))
    found = packed_in(whole.parent)
    assert found is not None
    return found


def test_it_gives_the_same_bytes(packed: Packed) -> None:
    former = packed.path.with_name("former").read_bytes()
    assert packed.size == len(former)
    header = packed.record["header"].encode()
    content = len(header).to_bytes(8, "little") + header
    kinds = {}
    for about, numbers in packed.tensors(arrays(pretrained())):
        content += np.ascontiguousarray(numbers).tobytes()
        kinds[about["name"]] = about["kind"]
    assert content == former
    assert kinds["bert.embeddings.word.weight"] == "rows"
    assert kinds["bert.layer.0.bias"] == "differences"
    assert kinds["classifier.weight"] == kinds["ids"] == "bytes"


def test_other_pretrained_weights_are_seen(packed: Packed) -> None:
    others = arrays(pretrained())
    others["layer.0.weight"][3, 3] += 1
    with pytest.raises(DamagedFile, match="not those that were written"):
        list(packed.tensors(others))
    with pytest.raises(DamagedFile, match=r"layer\.0\.bias"):
        list(packed.tensors({n: a for n, a in arrays(pretrained()).items() if "bias" not in n}))
    wider = arrays(pretrained()) | {"layer.0.bias": np.zeros(9, np.float32)}
    with pytest.raises(DamagedFile, match="another shape"):
        list(packed.tensors(wider))


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_damaged_byte_is_seen(packed: Packed, place: float) -> None:
    content = bytearray(packed.path.read_bytes())
    content[int(place * len(content))] ^= 0x55
    packed.path.write_bytes(content)
    with pytest.raises(DamagedFile, match="damaged"):
        list(Packed(packed.path).tensors(arrays(pretrained())))


@pytest.mark.parametrize("kept", [0, 7, 300, -1])
def test_a_truncated_file_is_seen(packed: Packed, kept: int) -> None:
    packed.path.write_bytes(packed.path.read_bytes()[:kept])
    with pytest.raises(DamagedFile, match="damaged"):
        list(Packed(packed.path).tensors(arrays(pretrained())))


@pytest.mark.parametrize(
    "field", ["format", "size", "sha256", "header", "base", "tensors", "kind", "dtype", "shape"]
)
def test_a_record_whose_names_were_damaged_is_seen(packed: Packed, field: str) -> None:
    content = packed.path.read_bytes()
    name = f'\\"{field}\\"'.encode()
    assert name in content
    packed.path.write_bytes(content.replace(name, name.replace(field[:1].encode(), b"#", 1)))
    with pytest.raises(DamagedFile, match="damaged"):
        _ = Packed(packed.path).size, list(Packed(packed.path).tensors(arrays(pretrained())))


def test_a_file_of_a_later_version_is_refused(packed: Packed) -> None:
    record = json.dumps({**packed.record, "format": 2})
    save_file({"x": torch.zeros(1)}, str(packed.path), {"xlt": record})
    with pytest.raises(RunError, match="the format of these weights is 2"):
        list(Packed(packed.path).tensors(arrays(pretrained())))
