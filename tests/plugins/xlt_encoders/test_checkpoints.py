"""What is saved opens again: with us, with transformers; and foreign checkpoints open with us."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from xlt_cli.api import Batch, Head, UserError
from xlt_encoders.huggingface import HuggingFaceEncoder

Pretrained = Callable[[str], Path]
MakeBatch = Callable[..., Batch]


def encoder(folder: Path, **params: Any) -> HuggingFaceEncoder:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder), **params))


@pytest.fixture
def foreign(pretrained: Pretrained, tmp_path: Path) -> Callable[..., Path]:
    """A fine-tuned BERT by somebody else, with these names of labels."""

    def make(*labels: str, auto: Any = AutoModelForSequenceClassification, **config: Any) -> Path:
        model = auto.from_pretrained(
            str(pretrained("bert")),
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
            **config,
        )
        model.classifier.bias.data = torch.arange(len(labels)).float()
        model.save_pretrained(str(tmp_path / "foreign"))
        return tmp_path / "foreign"

    return make


@pytest.mark.parametrize("kind", ["sequences", "tokens"])
def test_native_checkpoints_open_everywhere(
    architecture: str,
    kind: str,
    pretrained: Pretrained,
    make_batch: MakeBatch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    head: Head = request.getfixturevalue(kind)
    plugin, batch = encoder(pretrained(architecture)), make_batch(architecture)
    model: Any = plugin.load_model(head)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
        expected = model(batch)
        model.save(tmp_path)
        again: Any = plugin.load_model(head, tmp_path)
        torch.testing.assert_close(again(batch), expected)
        auto = (
            AutoModelForSequenceClassification
            if kind == "sequences"
            else AutoModelForTokenClassification
        )
        theirs, info = auto.from_pretrained(str(tmp_path), output_loading_info=True)
        assert not any(info.values())
        inputs = model.inputs(batch, model._takes)
        torch.testing.assert_close(theirs(input_ids=batch.input_ids, **inputs).logits, expected)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["id2label"] == {str(i): label for i, label in enumerate(head.labels)}
    assert config["label2id"] == {label: i for i, label in enumerate(head.labels)}
    assert config.get("problem_type") == (
        "single_label_classification" if kind == "sequences" else None
    )
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    assert str(tmp_path.parent) not in json.dumps(config)
    assert str(pretrained(architecture)) not in json.dumps(config)


@pytest.mark.parametrize(
    ("architecture", "pooling"),
    [
        *(("bert", pooling) for pooling in ("cls", "mean", "segments")),
        *((architecture, "cls-mean") for architecture in ("xlm", "xlm-roberta", "deberta-v2")),
    ],
)
def test_other_checkpoints_are_backbone_and_head(
    architecture: str,
    pooling: str,
    pretrained: Pretrained,
    make_batch: MakeBatch,
    sequences: Head,
    tmp_path: Path,
) -> None:
    plugin, batch = encoder(pretrained(architecture), pooling=pooling), make_batch(architecture)
    model: Any = plugin.load_model(sequences)
    model.save(tmp_path)
    with torch.no_grad():
        expected = model(batch)
        assert expected.shape == (3, 3)
        torch.testing.assert_close(plugin.load_model(sequences, tmp_path)(batch), expected)
        # The checkpoint says how it pools, whatever the plugin's default.
        plain: Any = encoder(pretrained(architecture)).load_model(sequences, tmp_path)
        torch.testing.assert_close(plain(batch), expected)
        swapped = Head("sequence-classification", tuple(reversed(sequences.labels)))
        turned: Any = plugin.load_model(swapped, tmp_path)
        torch.testing.assert_close(turned(batch), expected.flip(-1))
        theirs = AutoModel.from_pretrained(str(tmp_path))
        inputs = model.backbone.inputs(batch, model.backbone._takes)
        torch.testing.assert_close(
            theirs(input_ids=batch.input_ids, **inputs)[0], model.encode(model.embed(batch), batch)
        )


def test_saving_over_another_kind_of_checkpoint(
    pretrained: Pretrained, make_batch: MakeBatch, sequences: Head, tmp_path: Path
) -> None:
    folder, batch = pretrained("bert"), make_batch()
    encoder(folder, pooling="mean").load_model(sequences).save(tmp_path)
    model: Any = encoder(folder).load_model(sequences)
    model.save(tmp_path)
    again: Any = encoder(folder).load_model(sequences, tmp_path)
    torch.testing.assert_close(again(batch), model(batch))


@pytest.mark.parametrize("pooling", ["native", "mean"])
@pytest.mark.parametrize("first", ["native", "cls"])
def test_a_new_head_on_a_checkpoint(
    first: str, pooling: str, pretrained: Pretrained, tmp_path: Path, tokens: Head
) -> None:
    source = pretrained("bert")
    three = Head("sequence-classification", ("a", "b", "c"))
    model: Any = encoder(source, pooling=first).load_model(three)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 1.0
    model.save(tmp_path)
    plugin = encoder(source, pooling=pooling)
    two = Head("sequence-classification", ("same", "different"))
    heads = []
    for _ in range(2):
        torch.manual_seed(3)
        second: Any = plugin.load_model(two, tmp_path, new_head=True)
        heads.append([p.clone() for p in second.head_parameters()])
        old = (model.backbone if first == "native" else model.backbone.backbone).state_dict()
        new = (second.backbone if pooling == "native" else second.backbone.backbone).state_dict()
        assert all(torch.equal(new[name], old[name]) for name in set(new) & set(old))
        assert len(set(new) & set(old)) > 50
    assert all(torch.equal(a, b) for a, b in zip(*heads, strict=True))
    assert heads[0][-1].shape == (2,)
    assert abs(heads[0][-1]).max() < 0.5  # not the trained bias, which is 1
    labelled: Any = encoder(source).load_model(tokens, tmp_path, new_head=True)
    assert labelled.model.config.num_labels == 4


# ------------------------------------------------------------------------ foreign checkpoints


def test_foreign_labels_are_put_in_order(
    foreign: Callable[..., Path], make_batch: MakeBatch, sequences: Head, tmp_path: Path
) -> None:
    folder, batch = foreign("Contradiction", "NEUTRAL", "entailment"), make_batch()
    theirs = AutoModelForSequenceClassification.from_pretrained(str(folder))
    model: Any = encoder(folder).load_model(sequences, folder)
    with torch.no_grad():
        expected = theirs(
            batch.input_ids,
            attention_mask=batch.attention_mask,
            token_type_ids=batch.token_type_ids,
        ).logits.flip(-1)
        torch.testing.assert_close(model(batch), expected)
        model.save(tmp_path / "again")  # in the foreign order, under the foreign names
        again: Any = encoder(folder).load_model(sequences, tmp_path / "again")
        torch.testing.assert_close(again(batch), expected)


def test_unnamed_labels_are_taken_in_order_with_a_warning(
    foreign: Callable[..., Path], make_batch: MakeBatch, sequences: Head, tmp_path: Path
) -> None:
    folder = foreign("LABEL_0", "LABEL_1", "LABEL_2")
    with pytest.warns(UserWarning, match="does not name its labels"):
        model: Any = encoder(folder).load_model(sequences, folder)
    model.save(tmp_path / "named")
    config = json.loads((tmp_path / "named" / "config.json").read_text())
    assert tuple(config["id2label"].values()) == sequences.labels


@pytest.mark.parametrize("labels", [("0", "1", "2"), ("2", "0", "1")])
def test_labels_that_are_numbers_are_the_tasks_by_name(
    labels: tuple[str, ...], foreign: Callable[..., Path], make_batch: MakeBatch,
    recwarn: pytest.WarningsRecorder,
) -> None:  # fmt: skip
    folder, batch = foreign("0", "1", "2"), make_batch()
    theirs = AutoModelForSequenceClassification.from_pretrained(str(folder))
    model: Any = encoder(folder).load_model(Head("sequence-classification", labels), folder)
    with torch.no_grad():
        expected = theirs(
            batch.input_ids,
            attention_mask=batch.attention_mask,
            token_type_ids=batch.token_type_ids,
        ).logits[:, [int(label) for label in labels]]
        torch.testing.assert_close(model(batch), expected)
    assert not [w for w in recwarn if "does not name" in str(w.message)]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("entailment", "contradiction"), "has 2 labels and the task has 3"),
        (("yes", "maybe", "no"), "labels of the checkpoint are not those of the task"),
        (("entailment", "Entailment", "neutral"), "labels of the checkpoint are not those of the"),
    ],
)
def test_other_labels_are_refused(
    labels: tuple[str, ...], message: str, foreign: Callable[..., Path], sequences: Head
) -> None:
    folder = foreign(*labels)
    with pytest.raises(UserError, match=message) as caught:
        encoder(folder).load_model(sequences, folder)
    assert all(label in caught.value.hint for label in (*labels, *sequences.labels))
    assert caught.value.where == str(folder)


@pytest.mark.parametrize("layout", ["shards", "bin"])
def test_shards_and_bin_files(
    layout: str, foreign: Callable[..., Path], make_batch: MakeBatch, sequences: Head
) -> None:
    folder, batch = foreign(*sequences.labels), make_batch()
    model: Any = encoder(folder).load_model(sequences, folder)
    (folder / "model.safetensors").unlink()
    if layout == "shards":
        model.model.save_pretrained(str(folder), max_shard_size="10KB")
        assert (folder / "model.safetensors.index.json").is_file()
    else:
        torch.save(model.model.state_dict(), folder / "pytorch_model.bin")
    again: Any = encoder(folder).load_model(sequences, folder)
    torch.testing.assert_close(again(batch), model(batch))


def test_a_checkpoint_for_another_kind_of_task(
    foreign: Callable[..., Path], sequences: Head, tokens: Head
) -> None:
    folder = foreign(*tokens.labels, auto=AutoModelForTokenClassification)
    assert encoder(folder).load_model(tokens, folder) is not None
    four = Head("sequence-classification", tokens.labels)
    with pytest.raises(UserError, match="BertForTokenClassification, and this task needs one for"):
        encoder(folder).load_model(four, folder)


def test_a_checkpoint_for_several_labels_at_once(
    foreign: Callable[..., Path], sequences: Head
) -> None:
    folder = foreign(*sequences.labels, problem_type="multi_label_classification")
    with pytest.raises(UserError, match="for multi_label_classification"):
        encoder(folder).load_model(sequences, folder)


@pytest.mark.parametrize("says_so", [True, False])
def test_a_checkpoint_without_a_head(
    says_so: bool, pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    folder = shutil.copytree(pretrained("bert"), tmp_path / "model")
    if not says_so:
        config = json.loads((folder / "config.json").read_text())
        names = {str(i): label for i, label in enumerate(sequences.labels)}
        (folder / "config.json").write_text(
            json.dumps({**config, "architectures": None, "id2label": names})
        )
    message = "lacks weights of its classification head" if not says_so else "BertForMaskedLM"
    with pytest.raises(UserError, match=message) as caught:
        encoder(folder).load_model(sequences, folder)
    assert "the encoder's model" in caught.value.hint


def test_our_checkpoint_for_another_task(
    pretrained: Pretrained, sequences: Head, tokens: Head, tmp_path: Path
) -> None:
    folder = pretrained("bert")
    encoder(folder, pooling="mean").load_model(sequences).save(tmp_path / "mean")
    encoder(folder).load_model(sequences).save(tmp_path / "native")
    with pytest.raises(UserError, match="this task needs one for token-classification"):
        encoder(folder).load_model(tokens, tmp_path / "mean")
    with pytest.raises(UserError, match="with the pooling 'mean', not 'cls'"):
        encoder(folder, pooling="cls").load_model(sequences, tmp_path / "mean")
    with pytest.raises(UserError, match="with the pooling 'native', not 'cls'"):
        encoder(folder, pooling="cls").load_model(sequences, tmp_path / "native")
    other = Head("sequence-classification", ("x", "y", "z"))
    for name in ("mean", "native"):
        with pytest.raises(UserError, match="labels of the checkpoint are not those of the task"):
            encoder(folder).load_model(other, tmp_path / name)


def test_damaged_checkpoints(pretrained: Pretrained, sequences: Head, tmp_path: Path) -> None:
    folder = pretrained("bert")
    plugin = encoder(folder)
    with pytest.raises(UserError, match="no such folder"):
        plugin.load_model(sequences, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no config\.json and no weights"):
        plugin.load_model(sequences, tmp_path / "empty")
    encoder(folder, pooling="mean").load_model(sequences).save(tmp_path / "mean")
    (tmp_path / "mean" / "head.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UserError, match="head's weights cannot be read"):
        plugin.load_model(sequences, tmp_path / "mean")
    (tmp_path / "mean" / "xlt_head.json").write_text("[]")
    with pytest.raises(UserError, match="description of the head cannot be read"):
        plugin.load_model(sequences, tmp_path / "mean")
    (tmp_path / "mean" / "model.safetensors").unlink()
    with pytest.raises(UserError, match="contains no model"):
        plugin.load_model(sequences, tmp_path / "mean")


def test_freezing_and_dropout_hold_for_checkpoints(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    for pooling in ("native", "mean"):
        plugin = encoder(pretrained("bert"), pooling=pooling, freeze_layers=2, dropout=0.3)
        plugin.load_model(sequences).save(tmp_path / pooling)
        model: Any = plugin.load_model(sequences, tmp_path / pooling)
        assert any(not p.requires_grad for p in model.parameters())
        rates = {m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)}
        assert rates == {0.3}


def test_loading_a_checkpoint_leaves_the_random_state_alone(
    pretrained: Pretrained, sequences: Head, tmp_path: Path
) -> None:
    for pooling in ("native", "mean"):
        plugin = encoder(pretrained("bert"), pooling=pooling)
        plugin.load_model(sequences).save(tmp_path / pooling)
        before = torch.get_rng_state()
        plugin.load_model(sequences, tmp_path / pooling)
        assert torch.equal(torch.get_rng_state(), before)


def test_masked_language_model_of_the_tests_is_one(pretrained: Pretrained) -> None:
    """Guards the fixtures: the models under test come with a head for something else."""
    config = json.loads((pretrained("bert") / "config.json").read_text())
    assert config["architectures"] == ["BertForMaskedLM"]
    assert AutoModelForMaskedLM.from_pretrained(str(pretrained("bert"))) is not None
