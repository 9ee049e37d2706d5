"""Pretrained weights with a new head."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification

from xlt_cli.api import Batch, Head, UserError
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_encoders.quiet import quiet

Pretrained = Callable[[str], Path]
MakeBatch = Callable[..., Batch]


def load(folder: Path, head: Head, **params: Any) -> Any:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder), **params)).load_model(
        head
    )


def head_of(model: Any) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.head_parameters()]


def edited(folder: Path, to: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a model's folder with other weights."""
    shutil.copytree(folder, to)
    weights = load_file(to / "model.safetensors")
    edit(weights)
    save_file(weights, to / "model.safetensors", metadata={"format": "pt"})
    return to


@pytest.mark.parametrize("pooling", ["native", "cls-mean"])
def test_the_head_depends_on_the_seed_only(
    architecture: str, pooling: str, pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    folder = pretrained(architecture)
    # The same weights by another way: a bare base model in half precision, with a pooler or not.
    other = AutoModelForMaskedLM.from_pretrained(str(folder)).base_model
    other.save_pretrained(str(tmp_path))
    # ModernBERT's own head is partly pretrained: its base model lacks that part.
    again = folder if (architecture, pooling) == ("modernbert", "native") else tmp_path
    heads = []
    for seed, source in ((1, folder), (1, again), (2, folder)):
        torch.manual_seed(seed)
        heads.append(head_of(load(source, sequences, pooling=pooling)))
        # The generator goes on from where it was, not from where loading left it.
        heads[-1].append(torch.rand(3))
    assert all(torch.equal(a, b) for a, b in zip(heads[0], heads[1], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(heads[0], heads[2], strict=True))


def test_the_head_does_not_depend_on_what_loading_draws(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    """From a fine-tuned model transformers loads a head and draws nothing; here it is all new."""
    folder = pretrained("xlm-roberta")
    tuned = AutoModelForSequenceClassification.from_pretrained(str(folder), num_labels=3)
    tuned.save_pretrained(str(tmp_path))
    heads = []
    for source in (folder, tmp_path):
        torch.manual_seed(5)
        heads.append(head_of(load(source, sequences)))
    assert all(torch.equal(a, b) for a, b in zip(*heads, strict=True))


@pytest.mark.parametrize("pooling", ["native", "mean"])
def test_the_encoder_is_the_pretrained_one(
    architecture: str, pooling: str, pretrained: Pretrained, sequences: Head
) -> None:
    folder = pretrained(architecture)
    model = load(folder, sequences, pooling=pooling)
    model = model if pooling == "native" else model.backbone
    expected = AutoModelForMaskedLM.from_pretrained(str(folder)).base_model.state_dict()
    loaded = model.backbone.state_dict()
    assert set(expected) <= set(loaded)
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)


def test_a_fine_tuned_models_head_is_not_used(
    architecture: str, pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    for labels in (3, 2):  # a head that would fit, and one that would not
        tuned = AutoModelForSequenceClassification.from_pretrained(
            str(pretrained(architecture)), num_labels=labels
        )
        for name, parameter in tuned.named_parameters():
            if not name.startswith(f"{tuned.base_model_prefix}."):
                parameter.data.fill_(7.0)
        tuned.save_pretrained(str(tmp_path / str(labels)))
        model = load(tmp_path / str(labels), sequences)
        prefix = f"{tuned.base_model_prefix}."
        head = [p for n, p in model.model.named_parameters() if not n.startswith(prefix)]
        assert head
        assert all(not (p == 7.0).any() for p in head)


def test_modernberts_pretrained_head_layer_is_kept(pretrained: Pretrained, sequences: Head) -> None:
    folder = pretrained("modernbert")
    expected = AutoModelForMaskedLM.from_pretrained(str(folder)).head.dense.weight
    assert torch.equal(load(folder, sequences).model.head.dense.weight, expected)


def test_half_precision_weights_are_widened(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    half = AutoModelForMaskedLM.from_pretrained(str(pretrained("bert"))).half()
    half.save_pretrained(str(tmp_path))
    for pooling in ("native", "cls"):
        model = load(tmp_path, sequences, pooling=pooling)
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        model.save(tmp_path / pooling)
        config = json.loads((tmp_path / pooling / "config.json").read_text())
        assert config["dtype"] == "float32"


def test_dropout_is_set_everywhere(
    architecture: str, pretrained: Pretrained, sequences: Head, make_batch: MakeBatch
) -> None:
    batch = make_batch(architecture)
    # A head of our own is the same for all of them.
    for pooling in ("native", "segments") if architecture in ("bert", "xlm") else ("native",):
        model = load(pretrained(architecture), sequences, pooling=pooling, dropout=0.0).train()
        assert torch.equal(model(batch), model(batch))
        model = load(pretrained(architecture), sequences, pooling=pooling, dropout=0.4).train()
        rates = {m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)}
        assert rates <= {0.4}
        assert not torch.equal(model(batch), model(batch))


def test_a_missing_layer_is_an_error(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    def drop(weights: dict[str, Any]) -> None:
        del weights["bert.encoder.layer.1.output.dense.weight"]

    folder = edited(pretrained("bert"), tmp_path / "model", drop)
    for pooling in ("native", "mean"):
        with pytest.raises(UserError, match="lacks weights of its encoder") as caught:
            load(folder, sequences, pooling=pooling)
        assert "encoder.layer.1.output.dense.weight" in caught.value.hint


def test_weights_of_other_shapes_are_an_error(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    def shrink(weights: dict[str, Any]) -> None:
        name = "bert.embeddings.word_embeddings.weight"
        weights[name] = weights[name][:50].clone()

    folder = edited(pretrained("bert"), tmp_path / "model", shrink)
    with pytest.raises(UserError, match="in other shapes than its config says"):
        load(folder, sequences)


def test_layers_that_the_config_leaves_out_are_an_error(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    folder = shutil.copytree(pretrained("bert"), tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 2}))
    for pooling in ("native", "cls"):
        with pytest.raises(UserError, match="more layers than its config states") as caught:
            load(folder, sequences, pooling=pooling)
        assert "encoder.layer.2." in caught.value.hint


def test_old_names_and_leftovers_are_no_error(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    """As in checkpoints of 2018 (gamma, beta) and DeBERTa's (positions that are not used)."""

    def rename(weights: dict[str, Any]) -> None:
        for name in [name for name in weights if "LayerNorm" in name]:
            old = name.replace("LayerNorm.weight", "LayerNorm.gamma")
            weights[old.replace("LayerNorm.bias", "LayerNorm.beta")] = weights.pop(name)
        weights["bert.embeddings.extra.weight"] = torch.zeros(3)

    folder = edited(pretrained("bert"), tmp_path / "model", rename)
    for pooling in ("native", "cls"):
        model = load(folder, sequences, pooling=pooling)
        expected = load(pretrained("bert"), sequences, pooling=pooling)
        model, expected = (m if pooling == "native" else m.backbone for m in (model, expected))
        name = "embeddings.LayerNorm.weight"
        assert torch.equal(model.backbone.state_dict()[name], expected.backbone.state_dict()[name])


def test_damaged_files_are_an_error(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    folder = shutil.copytree(pretrained("bert"), tmp_path / "model")
    raw = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(UserError, match="the model cannot be opened"):
        load(folder, sequences)
    (folder / "config.json").write_text("{")
    with pytest.raises(UserError, match="config cannot be opened"):
        load(folder, sequences)


def test_an_architecture_without_such_a_head(tmp_path: Path, sequences: Head) -> None:
    from transformers import AutoModel, ViTConfig

    config = ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    AutoModel.from_config(config).save_pretrained(str(tmp_path))
    with pytest.raises(UserError, match="'vit' models cannot be run from word embeddings"):
        load(tmp_path, sequences)


def test_pooling_for_tokens_is_refused(pretrained: Pretrained, tokens: Head) -> None:
    with pytest.raises(UserError, match="this task needs one for token-classification"):
        load(pretrained("bert"), tokens, pooling="mean")


def test_loading_is_quiet_and_leaves_logging_alone(
    pretrained: Pretrained, sequences: Head, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity(logging.INFO)
    folder = pretrained("bert")
    capfd.readouterr()
    try:
        load(folder, sequences).save(tmp_path)
        assert capfd.readouterr() == ("", "")
        assert transformers_logging.get_verbosity() == logging.INFO
        assert transformers_logging.is_progress_bar_enabled()
    finally:
        transformers_logging.set_verbosity(logging.WARNING)


def test_errors_alone_are_heard_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign, assignment]
    root = logging.getLogger("transformers")
    monkeypatch.setattr(root, "level", logging.WARNING)  # whatever was set before
    logger = logging.getLogger("transformers.a_module")  # packages may silence loggers there are
    root.addHandler(handler)
    try:
        with quiet():
            logger.warning("a warning")
            logger.error("an error")
        logger.warning("another warning")
    finally:
        root.removeHandler(handler)
    assert [record.getMessage() for record in heard] == ["an error", "another warning"]
