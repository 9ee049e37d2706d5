"""Models whose weights are packed open as those whose weights are an ordinary file, to the bit."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from plugin_sources import PINNED

from xlt_cli.api import Encoder, Head, NewAdapter, PluginUse, UserError
from xlt_cli.models.foreign import locate
from xlt_cli.registry.checks import encoders
from xlt_cli.spec.building import build_encoder
from xlt_cli.weights import PACKED, WHOLE, changes, packed_in
from xlt_cli.weights.opening import base_of, origin_of, write_whole
from xlt_cli.weights.packed_file import pack
from xlt_encoders.huggingface import HuggingFaceEncoder, MultilingualE5Small

ARCHITECTURES = ["bert", "xlm-roberta", "distilbert", "deberta-v2", "rembert"]
MASKED = Head("masked-language-modelling", (), per_token=True, over="vocabulary")


@pytest.fixture(autouse=True)
def _pinned(install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install("dist-pinned", {"xlt.encoders": {"pinned": "pinned_encoder:Pinned"}},
            {"pinned_encoder": PINNED})  # fmt: skip
    monkeypatch.setattr(changes, "FEWEST_ROWS", 20)
    monkeypatch.setattr(changes, "_WORTH", 0)


def encoder(folder: Path, **params: Any) -> tuple[Any, PluginUse]:
    use = PluginUse(name="pinned", model=str(folder), **params)
    return build_encoder(use), use


def train(model: Any) -> None:
    """Changes a model as training does: some rows of the word table, and all of the rest."""
    with torch.no_grad():
        for parameter in model.parameters():
            if len(parameter) == 60:
                parameter.mul_(0.999).mul_(0.9993)
                parameter[[4, 9]] += 1e-3 * torch.randn_like(parameter[:2])
            else:
                parameter.add_(1e-3 * torch.randn_like(parameter))


def packed_copy(folder: Path, use: PluginUse, to: Path) -> Path:
    shutil.copytree(folder, to)
    origin = origin_of(use)
    assert origin is not None
    for whole in to.rglob(WHOLE):
        pack(whole, whole.with_name(PACKED), base_of(origin), origin)
        whole.unlink()
    return to


def same(one: Any, other: Any) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return list(first) == list(second) and all(
        first[name].view(torch.uint8).equal(second[name].view(torch.uint8))
        if first[name].dim()
        else first[name].equal(second[name])
        for name in first
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("pooling", ["native", "mean"])
def test_classifiers(
    pretrained: Callable[[str], Path], architecture: str, pooling: str, sequences: Head,
    tmp_path: Path,
) -> None:  # fmt: skip
    made, use = encoder(pretrained(architecture), pooling=pooling)
    model = made.load_model(sequences)
    train(model)
    model.save(tmp_path / "whole")
    packed = packed_copy(tmp_path / "whole", use, tmp_path / "packed")
    record = packed_in(packed).record  # type: ignore[union-attr]
    assert "rows" in [about["kind"] for about in record["tensors"]]
    assert same(made.load_model(sequences, packed), model)
    torch.manual_seed(3)
    whole = made.load_model(Head("sequence-classification", ("a", "b")), tmp_path / "whole",
                            new_head=True)  # fmt: skip
    torch.manual_seed(3)
    again = made.load_model(Head("sequence-classification", ("a", "b")), packed, new_head=True)
    assert same(whole, again)
    write_whole(packed_in(packed), tmp_path / "file")  # type: ignore[arg-type]
    assert (tmp_path / "file").read_bytes() == (tmp_path / "whole" / WHOLE).read_bytes()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("architecture", ["bert", "distilbert"])
def test_language_models_tied_or_not(
    pretrained: Callable[[str], Path], architecture: str, tied: bool, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(pretrained(architecture), source)
    if not tied:
        config = json.loads((source / "config.json").read_text())
        (source / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    made, use = encoder(source)
    model = made.load_model(MASKED)
    train(model)
    model.save(tmp_path / "whole")
    packed = packed_copy(tmp_path / "whole", use, tmp_path / "packed")
    assert same(made.load_model(MASKED, packed), made.load_model(MASKED, tmp_path / "whole"))
    assert same(made.load_model(MASKED, packed), model)


@pytest.mark.parametrize("kept", [True, False])
def test_adapters(
    pretrained: Callable[[str], Path], sequences: Head, kept: bool, tmp_path: Path
) -> None:
    pytest.importorskip("peft")
    made, use = encoder(pretrained("bert"))
    model = made.load_model(sequences)
    model.adapt(NewAdapter("lora", rank=2))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora" in name or "classifier" in name:
                parameter.add_(1e-2 * torch.randn_like(parameter))
    if not kept:
        model.merge_adapter()
    model.save(tmp_path / "whole")
    packed = packed_copy(tmp_path / "whole", use, tmp_path / "packed")
    assert not list(packed.rglob(WHOLE))
    again = made.load_model(sequences, packed)
    assert same(again, made.load_model(sequences, tmp_path / "whole"))
    found = packed_in(packed / "base" if kept else packed)
    assert found is not None
    kinds = [about["kind"] for about in found.record["tensors"]]
    assert "same" in kinds
    assert ("differences" in kinds) != kept


def test_a_packed_folder_is_an_encoder_of_the_same_name(
    pretrained: Callable[[str], Path], sequences: Head, tmp_path: Path
) -> None:
    made, use = encoder(pretrained("bert"))
    model = made.load_model(sequences)
    train(model)
    model.save(tmp_path / "whole")
    (tmp_path / "whole" / "vocab.txt").write_text("[PAD]\n")
    packed = packed_copy(tmp_path / "whole", use, tmp_path / "packed")
    models = []
    for folder in (tmp_path / "whole", packed):
        opened = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder)))
        opened.check()
        torch.manual_seed(1)
        models.append((opened.fingerprint(), opened.load_model(sequences)))
        assert opened.pinned() is None
    assert models[0][0] == models[1][0]
    assert same(models[0][1], models[1][1])


def test_other_or_no_pretrained_weights_are_said(
    pretrained: Callable[[str], Path], sequences: Head, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(pretrained("bert"), source)
    made, use = encoder(source)
    model = made.load_model(sequences)
    model.save(tmp_path / "whole")
    packed = packed_copy(tmp_path / "whole", use, tmp_path / "packed")
    (source / "config.json").write_text((source / "config.json").read_text() + " ")
    with pytest.raises(UserError) as error:
        made.load_model(sequences, packed)
    assert "the pretrained weights of 'pinned' are others" in error.value.what
    assert str(packed / PACKED) in error.value.where
    assert "install the version" in error.value.hint
    shutil.rmtree(source)
    with pytest.raises(UserError) as error:
        made.load_model(sequences, packed)
    assert "stored as changes of pretrained weights: there is no such folder" in error.value.what
    assert str(packed / PACKED) in error.value.where


def test_what_names_weights_for_good(tmp_path: Path, pretrained: Callable[[str], Path]) -> None:
    """A commit of the hub does, and stays the one that it is when a branch moves on; a folder, and
    a user's own file, do not."""
    cache = tmp_path / "hub" / "models--intfloat--multilingual-e5-small"
    commits = ["a" * 40, "b" * 40]
    for commit in commits:
        shutil.copytree(pretrained("bert"), cache / "snapshots" / commit)
        (cache / "snapshots" / commit / "tokenizer.json").write_text("{}")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commits[0])
    use = PluginUse(name="e5-small", freeze_layers=1)
    assert MultilingualE5Small().pinned() == {"revision": commits[0]}
    origin = origin_of(use)
    assert origin is not None
    before = base_of(origin)
    (cache / "refs" / "main").write_text(commits[1])
    assert MultilingualE5Small().pinned() == {"revision": commits[1]}
    assert base_of(origin).keys() == before.keys()
    folder = PluginUse(name="hf", model=str(pretrained("bert")))
    assert origin_of(folder) is None
    (tmp_path / "file").write_bytes(b"")
    assert origin_of(PluginUse(name="e5-small-q4", path=str(tmp_path / "file"))) is None


def test_sharded_and_pickled_weights_are_read(
    pretrained: Callable[[str], Path], tmp_path: Path
) -> None:
    from transformers import AutoModelForMaskedLM

    from xlt_encoders.weight_files import read_weights

    expected = read_weights(pretrained("bert"))
    model = AutoModelForMaskedLM.from_pretrained(pretrained("bert"))
    model.save_pretrained(tmp_path / "sharded", max_shard_size="5KB")
    assert len(list((tmp_path / "sharded").glob("*.safetensors"))) > 1
    (tmp_path / "pickled").mkdir()
    torch.save(expected, tmp_path / "pickled" / "pytorch_model.bin")
    for name in ("sharded", "pickled"):
        found = read_weights(tmp_path / name)
        assert found.keys() == expected.keys()
        assert all(found[key].equal(expected[key]) for key in expected)
    with pytest.raises(UserError, match="contains no weights"):
        read_weights(tmp_path)


def test_an_encoder_that_opens_no_packed_models_is_told(
    pretrained: Callable[[str], Path], sequences: Head, tmp_path: Path, install: Any
) -> None:
    class Half(Encoder):
        def pinned(self) -> dict[str, Any]:
            return {}

    assert "pinned() is defined without pretrained_weights()" in encoders.fault(Half)  # type: ignore[type-abstract]
    stranger = """
    from xlt_cli.api import Encoder
    class Stranger(Encoder):
        api_version = 1
        name = "stranger"
        summary = "opens what it saved itself"
        def load_tokenizer(self, checkpoint=None): ...
        def load_model(self, head, checkpoint=None, *, new_head=False): ...
        def fingerprint(self): return {"sha256": "0"}
    """
    install("dist-stranger", {"xlt.encoders": {"stranger": "stranger:Stranger"}},
            {"stranger": textwrap.dedent(stranger)})  # fmt: skip
    made, use = encoder(pretrained("bert"))
    made.load_model(sequences).save(tmp_path / "whole")
    packed = packed_copy(tmp_path / "whole", use, tmp_path / "packed")
    with pytest.raises(UserError, match="'stranger' does not open packed weights") as error:
        locate(str(packed), PluginUse(name="stranger"), None)
    assert "xlt export" in error.value.hint
    assert locate(str(tmp_path / "whole"), PluginUse(name="stranger"), None).folder is not None
