"""A third party's encoder that breaks the contract ends the command, by name, before training."""

from __future__ import annotations

from typing import Any

import pytest
from acceptance_tools import Desk

SOURCE = """
from pathlib import Path
from xlt_cli.api import Encoder, PluginParams


class Theirs(Encoder):
    api_version = 1
    name = "theirs"
    summary = "an encoder of a third party"

    class Params(PluginParams):
        folder: Path

    def load_tokenizer(self, checkpoint=None):
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(str(checkpoint or self.params.folder))

    def load_model(self, head, checkpoint=None, *, new_head=False):
        import torch
        from torch import nn
        from safetensors.torch import load_file, save_file

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.words = nn.Embedding(ENTRIES, 8)
                self.places = nn.Embedding(64, 8)
                self.head = nn.Linear(8, len(head.labels))

            def embed(self, batch):
                return self.words(batch.input_ids)

            def encode(self, embeddings, batch):
                places = torch.arange(embeddings.shape[1])
                return embeddings + self.places(places)

            def logits(self, embeddings, batch):
                LOGITS

            def head_parameters(self):
                return self.head.parameters()

            def save(self, directory):
                save_file(self.state_dict(), str(directory / "model.safetensors"))

        model = Model()
        if checkpoint is not None:
            model.load_state_dict(load_file(str(checkpoint / "model.safetensors")))
        return model

    def fingerprint(self):
        return {"sha256": "0"}
"""
SOUND = (
    "mask = batch.attention_mask[..., None]; "
    "return self.head((self.encode(embeddings, batch) * mask).sum(1) / mask.sum(1))"
)
LAST = "return self.head(self.encode(embeddings, batch)[:, -1])"
IGNORES = SOUND.replace("encode(embeddings", "encode(self.embed(batch)")


@pytest.mark.parametrize(
    ("logits", "entries", "max_length", "message"),
    [
        (SOUND, 500, 48, ""),
        (LAST, 500, 48, "its answers for a row change when the row is padded"),
        (IGNORES, 500, 48, "its logits do not depend on the embeddings"),
        (SOUND, 20, 48, "the model has word embeddings for 20"),
        (SOUND, 500, 90, "max_length is 90, but the encoder supports at most 64 tokens"),
        (SOUND, 500, 8, ""),
    ],
)
def test_it_is_refused_before_training(
    desk: Desk, xlt: Any, install: Any, logits: str, entries: int, max_length: int, message: str
) -> None:
    source = SOURCE.replace("LOGITS", logits).replace("ENTRIES", str(entries))
    install("their-dist", {"xlt.encoders": {"theirs": "theirs_module:Theirs"}},
            {"theirs_module": source}, "2.1")  # fmt: skip
    desk.spec["encoder"] = {"name": "theirs", "folder": desk.spec["encoder"]["model"]}
    desk.spec["max_length"] = max_length
    desk.spec["stages"][0].update(epochs=1, checkpoint_every=None, evaluate_every=None)
    result = xlt("train", desk.write(evaluations=[]), "--runs-dir", desk.path / "runs")
    assert result.exit_code == (2 if message else 0), result.output
    assert message in " ".join(result.output.split())
    if "its " in message:
        assert "the encoder 'theirs' cannot be used" in result.output
        assert "their-dist 2.1" in result.output
    if message:
        assert not list((desk.path / "runs").rglob("metrics.jsonl"))
