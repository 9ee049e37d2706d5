"""Frozen parts neither learn nor drop out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AlbertConfig, AutoModel

from xlt_cli.api import Batch, Head, UserError
from xlt_encoders.huggingface import HuggingFaceEncoder

Pretrained = Callable[[str], Path]
MakeBatch = Callable[..., Batch]


def load(folder: Path, head: Head, **params: Any) -> Any:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder), **params)).load_model(
        head
    )


@pytest.mark.parametrize("pooling", ["native", "mean"])
def test_frozen_parameters_do_not_change(
    architecture: str, pooling: str, pretrained: Pretrained, make_batch: MakeBatch, sequences: Head
) -> None:
    folder = pretrained(architecture)
    model = load(folder, sequences, pooling=pooling, freeze_embeddings=True, freeze_layers=2)
    batch = make_batch(architecture)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # so that no gradient is zero by chance
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1.0)
    model(batch).square().sum().backward()
    optimizer.step()
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert frozen
    assert not changed & frozen
    # Every layer's weights are frozen in the first two layers, and learn in the third.
    layers = {i: {n for n in before if f".{i}." in n and n.endswith("weight")} for i in range(3)}
    assert layers[0] <= frozen
    assert layers[1] <= frozen
    assert layers[2]
    assert not layers[2] & frozen
    assert layers[2] & changed


def test_what_counts_as_embeddings(pretrained: Pretrained, sequences: Head) -> None:
    model = load(pretrained("xlm"), sequences, freeze_embeddings=True)
    frozen = {n.split(".")[2] for n, p in model.named_parameters() if not p.requires_grad}
    assert frozen == {"embeddings", "position_embeddings", "lang_embeddings", "layer_norm_emb"}
    model = load(pretrained("bert"), sequences, freeze_embeddings=True)
    frozen = {n for n, p in model.named_parameters() if not p.requires_grad}
    assert {n.rsplit(".", 2)[1] for n in frozen} == {
        "word_embeddings", "position_embeddings", "token_type_embeddings", "LayerNorm"
    }  # fmt: skip


@pytest.mark.parametrize("pooling", ["native", "cls"])
def test_frozen_parts_stay_in_evaluation_mode(
    pooling: str, pretrained: Pretrained, make_batch: MakeBatch, sequences: Head
) -> None:
    params = {"pooling": pooling, "freeze_embeddings": True, "freeze_layers": 3, "dropout": 0.5}
    model = load(pretrained("bert"), sequences, **params)
    batch = make_batch()
    assert not any(module.training for module in model.modules())
    model.train()
    hidden = [model.encode(model.embed(batch), batch) for _ in range(2)]
    assert torch.equal(*hidden)  # all layers frozen: the same output each time
    assert not torch.equal(model(batch), model(batch))  # the head still has its dropout
    model.eval()
    assert torch.equal(model(batch), model(batch))


def test_nothing_is_frozen_unless_asked(pretrained: Pretrained, sequences: Head) -> None:
    model = load(pretrained("bert"), sequences).train()
    assert all(p.requires_grad for p in model.parameters())
    assert all(module.training for module in model.modules())


def test_more_layers_than_there_are(pretrained: Pretrained, sequences: Head) -> None:
    with pytest.raises(UserError, match="4 layers are to be frozen, but the encoder has 3"):
        load(pretrained("bert"), sequences, freeze_layers=4)


def test_an_architecture_that_shares_its_layers(tmp_path: Path, sequences: Head) -> None:
    config = AlbertConfig(
        vocab_size=60, embedding_size=8, hidden_size=16, num_hidden_layers=3,
        num_attention_heads=2, intermediate_size=24,
    )  # fmt: skip
    AutoModel.from_config(config).save_pretrained(str(tmp_path))
    load(tmp_path, sequences, freeze_embeddings=True)
    with pytest.raises(UserError, match="AlbertModel cannot be frozen one by one"):
        load(tmp_path, sequences, freeze_layers=1)


def test_an_architecture_without_embeddings_to_freeze(tmp_path: Path, sequences: Head) -> None:
    from transformers import GPT2Config

    config = GPT2Config(vocab_size=60, n_embd=16, n_layer=2, n_head=2)
    AutoModel.from_config(config).save_pretrained(str(tmp_path))
    with pytest.raises(UserError, match="no embeddings that xlt can freeze"):
        load(tmp_path, sequences, pooling="mean", freeze_embeddings=True)
