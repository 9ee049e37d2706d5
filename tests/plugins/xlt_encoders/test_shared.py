"""What the runs of a process share of an encoder is what each would read from its files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from test_e5_q4_file import Tiny, save

from xlt_cli.api import Encoder, Head
from xlt_cli.between_runs import keeping
from xlt_encoders import e5_q4_file
from xlt_encoders.e5_q4 import E5SmallQ4
from xlt_encoders.huggingface import HuggingFaceEncoder

HEAD = Head("sequence-classification", ("no", "yes"))


@pytest.fixture
def e5(tmp_path: Path) -> E5SmallQ4:
    return E5SmallQ4(E5SmallQ4.Params(path=save(tmp_path, Tiny().write())))


@pytest.fixture
def folder(tiny_encoder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_encoder, tmp_path / "encoder")


@pytest.fixture
def hub(folder: Path) -> HuggingFaceEncoder:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder)))


def state_of(encoder: Encoder) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    model: Any = encoder.load_model(HEAD)
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def test_each_run_has_pretrained_weights_of_its_own(
    e5: E5SmallQ4, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is written into those of a run, or into its config, is not in the next one's."""
    fresh = {name: weight.clone() for name, weight in state_of(e5).items()}
    read: list[str] = []
    tensor = e5_q4_file.E5File.tensor
    monkeypatch.setattr(
        e5_q4_file.E5File, "tensor", lambda self, name: read.append(name) or tensor(self, name)
    )
    with keeping():
        for _ in range(3):
            model: Any = e5.load_model(HEAD)
            model.model.config.layer_norm_eps = 0.5
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.zero_()
            for weight in e5.pretrained_weights().values():
                weight.fill_(7)
            again = state_of(e5)
            assert again.keys() == fresh.keys()
            assert all(again[name].equal(fresh[name]) for name in fresh)
    assert len(read) == len(set(read)) > 0, "read once"


def test_another_file_of_weights_is_read(e5: E5SmallQ4, tmp_path: Path) -> None:
    with keeping():
        before = e5.pretrained_weights()["embeddings.word_embeddings.weight"]
        path = tmp_path / "tiny.bin"
        content = bytearray(path.read_bytes())
        place = e5_q4_file.E5File.open(path).tensors["emb.word"].offset
        content[place + 5] ^= 0xFF  # numbers of the first block, not their scale
        path.write_bytes(content)
        after = e5.pretrained_weights()["embeddings.word_embeddings.weight"]
    assert not before.equal(after)


def texts_of(encoder: Encoder, checkpoint: Path | None = None) -> Any:
    return encoder.load_tokenizer(checkpoint)("the cat sees the dog").input_ids


def test_a_tokenizer_is_shared_until_its_files_are_others(
    hub: HuggingFaceEncoder, folder: Path, tmp_path: Path
) -> None:
    """Those of two checkpoints with the same files are one, and not that of the encoder."""
    one, two = (shutil.copytree(folder, tmp_path / name) for name in ("one", "two"))
    with keeping():
        first = hub.load_tokenizer()
        assert hub.load_tokenizer() is first
        saved = hub.load_tokenizer(one)
        assert hub.load_tokenizer(two) is saved
        ids = texts_of(hub, two)
        file = two / "tokenizer.json"
        content = json.loads(file.read_text("utf-8"))
        content["normalizer"] = None
        content["pre_tokenizer"] = {"type": "WhitespaceSplit"}
        content["model"]["vocab"]["cat"], content["model"]["vocab"]["dog"] = (
            content["model"]["vocab"]["dog"], content["model"]["vocab"]["cat"],
        )  # fmt: skip
        file.write_text(json.dumps(content), "utf-8")
        other = texts_of(hub, two)
        assert sorted(other) == sorted(ids)
        assert other != ids
        assert texts_of(hub, one) == ids
    assert hub.load_tokenizer() is not first


@pytest.mark.parametrize("change", ["token", "truncation", "side"])
def test_a_tokenizer_that_somebody_has_changed_is_read_again(
    hub: HuggingFaceEncoder, change: str
) -> None:
    with keeping():
        changed: Any = hub.load_tokenizer()
        if change == "token":
            changed.add_tokens(["the cat"])
        elif change == "truncation":
            changed.backend_tokenizer.enable_truncation(2)
        else:
            changed.truncation_side = "left"
        fresh = hub.load_tokenizer()
        assert fresh is not changed
        assert len(fresh("the cat sees").input_ids) > 3
        assert hub.load_tokenizer() is fresh
