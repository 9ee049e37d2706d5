"""An encoder that is cut to its lowest layers computes what the whole one has there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel

from xlt_cli.api import Batch, Head, UserError
from xlt_encoders.huggingface import HuggingFaceEncoder


def opened(source: HuggingFaceEncoder, head: Head, checkpoint: Path | None = None) -> Any:
    model: Any = source.load_model(head, checkpoint)
    return model.eval()


FINAL_NORM = {"modernbert": "final_norm"}
"""Architectures that normalise after the last layer, which is another one then."""


def encoder(folder: Path, **params: Any) -> HuggingFaceEncoder:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder), **params))


def test_its_states_are_those_of_the_whole_encoder_at_that_layer(
    architecture: str,
    pretrained: Callable[[str], Path],
    make_batch: Callable[..., Batch],
    sequences: Head,
) -> None:
    folder = pretrained(architecture)
    batch = make_batch(architecture)
    cut = opened(encoder(folder, layers=1, pooling="mean"), sequences)
    whole = opened(encoder(folder, pooling="mean"), sequences)
    with torch.no_grad():
        own = cut.backbone.run(cut.backbone.backbone, batch)
        there = whole.backbone.states_of(1, whole.embed(batch), batch)
        if architecture in FINAL_NORM:
            there = getattr(whole.backbone.backbone, FINAL_NORM[architecture])(there)
    words = batch.attention_mask.bool()
    torch.testing.assert_close(own[words], there[words])


def test_a_checkpoint_of_it_opens_with_plain_transformers(
    architecture: str,
    pretrained: Callable[[str], Path],
    make_batch: Callable[..., Batch],
    sequences: Head,
    tmp_path: Path,
) -> None:
    source = encoder(pretrained(architecture), layers=2, pooling="mean")
    model = opened(source, sequences)
    model.save(tmp_path)
    config = AutoModel.from_pretrained(str(tmp_path)).config
    assert config.num_hidden_layers == 2
    assert all(len(v) == 2 for v in [getattr(config, "layer_types", None)] if v is not None)
    again = opened(source, sequences, tmp_path)
    batch = make_batch(architecture)
    with torch.no_grad():
        assert torch.equal(model(batch), again(batch))


def test_layers_that_are_not_there(
    pretrained: Callable[[str], Path], family: Callable[..., Path], sequences: Head
) -> None:
    with pytest.raises(UserError, match="lowest 4 layers are asked for, but the encoder has 3"):
        encoder(pretrained("bert"), layers=4).load_model(sequences)
    with pytest.raises(UserError, match="layers of 'funnel' models cannot be left out"):
        encoder(family("funnel"), layers=1, pooling="mean").load_model(sequences)
    with pytest.raises(UserError, match="3 layers are to be frozen, but the encoder has 2"):
        encoder(pretrained("bert"), layers=2, freeze_layers=3).load_model(sequences)


def test_a_config_that_lacks_layers_is_still_refused(
    pretrained: Callable[[str], Path], sequences: Head, tmp_path: Path
) -> None:
    for file in pretrained("bert").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_hidden_layers": 2}))
    with pytest.raises(UserError, match="more layers than its config states"):
        encoder(tmp_path).load_model(sequences)
    with pytest.raises(UserError, match="more layers than its config states"):
        encoder(tmp_path, layers=2).load_model(sequences)
    encoder(tmp_path, layers=1).load_model(sequences)
