"""Folders and architectures that cannot be used as they are: the true reason, and the way out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import AutoModel, AutoModelForSequenceClassification, ByT5Tokenizer

from xlt_cli.api import Batch, Head, UserError
from xlt_cli.errors import SpecError
from xlt_cli.spec.resolution import load
from xlt_encoders.architectures import explained
from xlt_encoders.folder_contents import other_format
from xlt_encoders.hub import VOCABULARY_FILES, check_folder
from xlt_encoders.huggingface import HuggingFaceEncoder

Pretrained = Callable[[str], Path]
MakeBatch = Callable[..., Batch]


def encoder(model: Path, **params: Any) -> HuggingFaceEncoder:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(model), **params))


# --------------------------------------------------------------------------------------- folders


@pytest.mark.parametrize(
    ("files", "what", "hint"),
    [
        (["adapter_config.json", "adapter_model.safetensors"], "an adapter", "merge_and_unload()"),
        (["config.json", "tf_model.h5", "tokenizer.json"],
         "TensorFlow weights only", "from_tf=True"),
        (["config.json", "flax_model.msgpack"], "Flax weights only", "from_flax=True"),
        (["config.json", "onnx/model.onnx", "tokenizer.json"], "ONNX only", "exported from"),
        (["config.json", "model.onnx"], "ONNX only", "exported from"),
        (["model-q4_k_m.gguf"], "GGUF only", "safetensors"),
        (["config.json", "rust_model.ot"], "rust-bert weights only", "torch weights"),
        (["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"],
         "a tokenizer only", "the model"),
        (["vocab.txt", "README.md"], "a tokenizer only", "the model"),
        (["config.json", "0_Transformer/config.json", "0_Transformer/model.safetensors"],
         "no model: it has no weights", "0_Transformer"),
        (["checkpoint-500/config.json", "checkpoint-500/model.safetensors", "log.txt"],
         "no model: it has no config.json", "checkpoint-500"),
        (["model.safetensors"], "no model: it has no config.json", ""),
        (["notes.md"], "no config.json and no weights", ""),
    ],
)  # fmt: skip
def test_what_a_folder_holds_instead_of_a_model(
    files: list[str], what: str, hint: str, tmp_path: Path, sequences: Head
) -> None:
    for name in files:
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    for action in (
        encoder(tmp_path / "folder").fingerprint,
        lambda: encoder(tmp_path / "folder").load_model(sequences, tmp_path / "folder"),
    ):
        with pytest.raises(UserError) as caught:
            action()
        assert what in caught.value.what
        assert hint in caught.value.hint


def test_formats_beside_torch_weights_are_no_hindrance(
    pretrained: Pretrained, tmp_path: Path, sequences: Head
) -> None:
    folder = shutil.copytree(pretrained("bert"), tmp_path / "model")
    for name in ("tf_model.h5", "model.onnx", "flax_model.msgpack", "modules.json"):
        (folder / name).write_text("{}")
    assert encoder(folder).load_model(sequences) is not None
    assert other_format(["config.json"]) == ("", "")


def test_missing_shards_and_pointers_are_named(
    pretrained: Pretrained, tmp_path: Path, sequences: Head
) -> None:
    folder = tmp_path / "model"
    AutoModel.from_pretrained(str(pretrained("bert"))).save_pretrained(
        str(folder), max_shard_size="10KB"
    )
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 2
    content = shards[1].read_bytes()
    shards[1].write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(UserError, match="Git LFS pointer") as caught:
        encoder(folder).load_model(sequences)
    assert str(shards[1]) in caught.value.where
    shards[1].write_bytes(content)
    encoder(folder).load_model(sequences)
    shards[1].unlink()
    with pytest.raises(UserError, match=f"1 of the {len(shards)} weight files") as caught:
        encoder(folder).load_model(sequences)
    assert shards[1].name in caught.value.hint


# --------------------------------------------------------------------------------- architectures

_T5 = {"vocab_size": 60, "d_model": 16, "num_layers": 2, "num_heads": 2, "d_ff": 24, "d_kv": 8}
_BART = {
    "vocab_size": 60, "d_model": 16, "encoder_layers": 2, "decoder_layers": 2,
    "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24, "max_position_embeddings": 40,
}  # fmt: skip
_PLAIN = {
    "vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 24, "max_position_embeddings": 40,
}  # fmt: skip


def saved(folder: Path, config: str, **settings: Any) -> Path:
    if not hasattr(transformers, config):
        pytest.skip(f"this transformers has no {config}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = AutoModel.from_config(getattr(transformers, config)(**settings))
    made.save_pretrained(str(folder))
    return folder


@pytest.mark.parametrize("family", ["T5", "MT5", "UMT5"])
def test_the_encoder_half_of_t5(
    family: str, tmp_path: Path, make_batch: MakeBatch, sequences: Head
) -> None:
    folder, batch = saved(tmp_path / "t5", f"{family}Config", **_T5), make_batch()
    theirs = getattr(transformers, f"{family}EncoderModel").from_pretrained(str(folder)).eval()
    model: Any = encoder(folder, pooling="mean").load_model(sequences)
    model.save(tmp_path / "again")
    again: Any = encoder(folder).load_model(sequences, tmp_path / "again")
    real = batch.attention_mask.bool()
    with torch.no_grad():
        expected = theirs(batch.input_ids, attention_mask=batch.attention_mask)[0]
        hidden = model.encode(model.embed(batch), batch)
        torch.testing.assert_close(hidden[real], expected[real])
        torch.testing.assert_close(again(batch), model.eval()(batch))
    with pytest.raises(UserError, match="is an encoder-decoder") as caught:
        encoder(folder).load_model(sequences)
    assert "pooling: mean" in caught.value.hint
    theirs.save_pretrained(str(folder))  # the half alone, as many are published
    with pytest.raises(UserError, match="is an encoder-decoder") as caught:
        encoder(folder).load_model(sequences)
    assert "pooling: mean" in caught.value.hint


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        ("Qwen3Config", {**_PLAIN, "num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0}),
        ("Gemma3TextConfig", {**_PLAIN, "num_key_value_heads": 2, "head_dim": 8}),
        ("LongformerConfig", {**_PLAIN, "attention_window": [4, 4], "pad_token_id": 1,
                              "type_vocab_size": 1}),
        ("GteConfig", _PLAIN),
        ("EuroBertConfig", {**_PLAIN, "num_key_value_heads": 2, "head_dim": 8,
                            "pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 3}),
    ],
)  # fmt: skip
def test_mean_pooling_works_where_the_hidden_states_do(
    config: str, settings: dict[str, Any], tmp_path: Path, make_batch: MakeBatch, sequences: Head
) -> None:
    folder = saved(tmp_path / "model", config, **settings)
    model: Any = encoder(folder, pooling="mean").load_model(sequences)
    theirs = AutoModel.from_pretrained(str(folder)).eval()
    batch = make_batch("xlm-roberta" if settings.get("pad_token_id") == 1 else "bert")
    real = batch.attention_mask.bool()
    with torch.no_grad():
        hidden = model.encode(model.embed(batch), batch)
        for row in range(len(batch)):  # a row of its own, without any padding
            ids = batch.input_ids[row][real[row]][None]
            expected = theirs(ids, attention_mask=torch.ones_like(ids))[0][0]
            torch.testing.assert_close(hidden[row][real[row]], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("config", "settings", "pooling", "what", "hint"),
    [
        ("BartConfig", _BART, "native", "encoder-decoder", "only T5"),
        ("MBartConfig", _BART, "mean", "encoder-decoder", "only T5"),
        ("M2M100Config", _BART, "native", "encoder-decoder", "only T5"),
        ("CanineConfig", {**{k: v for k, v in _PLAIN.items() if k != "vocab_size"},
                          "num_hash_buckets": 16, "num_hash_functions": 2},
         "mean", "no table of word embeddings", "with a table of word embeddings"),
        ("XGLMConfig", {"vocab_size": 60, "d_model": 16, "num_layers": 2, "attention_heads": 2,
                        "ffn_dim": 24, "max_position_embeddings": 40},
         "native", "no 'xglm' model for sequence classification", "pooling: mean"),
        ("ViTConfig", {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                       "intermediate_size": 24, "image_size": 16, "patch_size": 8},
         "mean", "takes no inputs_embeds", ""),
    ],
)  # fmt: skip
def test_why_an_architecture_is_refused(
    config: str, settings: dict[str, Any], pooling: str, what: str, hint: str,
    tmp_path: Path, sequences: Head,
) -> None:  # fmt: skip
    folder = saved(tmp_path / "model", config, **settings)
    with pytest.raises(UserError) as caught:
        encoder(folder, pooling=pooling).load_model(sequences)
    assert what in caught.value.what
    assert hint in caught.value.hint


def test_a_tokenizer_of_bytes_or_characters_has_no_vocabulary(
    tmp_path: Path, sequences: Head
) -> None:
    """ByT5's encoder works as T5's does; CANINE is refused for what it lacks."""
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 1, "num_heads": 2}
    byt5 = saved(tmp_path / "byt5", "T5Config", vocab_size=384, **sizes)
    for file in (*byt5.glob("*.txt"), byt5 / "tokenizer.json", byt5 / "tokenizer_config.json"):
        file.unlink(missing_ok=True)
    with pytest.raises(UserError, match="lacks a tokenizer"):
        check_folder(byt5)
    ByT5Tokenizer().save_pretrained(str(byt5))
    assert {path.name for path in byt5.iterdir()}.isdisjoint(VOCABULARY_FILES)
    plugin = encoder(byt5, pooling="mean")
    check_folder(byt5)
    assert plugin.load_tokenizer()("é")["input_ids"] == [0xC3 + 3, 0xA9 + 3, 1]
    plugin.load_model(sequences)


def test_a_head_that_needs_token_ids(pretrained: Pretrained) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(str(pretrained("bert")))
    refused = UserError("the two ways disagree")

    def fails() -> None:
        raise refused

    way_out = explained(model, refused, check_bare=lambda: None)
    assert "the head of BertForSequenceClassification needs token ids" in way_out.what
    assert "pooling: mean" in way_out.hint
    assert explained(model, refused, check_bare=fails) is refused
    assert explained(model, refused, check_bare=None) is refused


# ----------------------------------------------------------------------------------- remote code

_CODE = {
    "configuration_own.py": "from transformers import BertConfig\n"
    "class OwnConfig(BertConfig):\n    model_type = 'own-kind'\n",
    "modeling_own.py": "from transformers import BertForSequenceClassification, BertModel\n"
    "from .configuration_own import OwnConfig\n"
    "class OwnModel(BertModel):\n    config_class = OwnConfig\n"
    "class OwnClassifier(BertForSequenceClassification):\n    config_class = OwnConfig\n",
}


@pytest.fixture
def own_kind(tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A classifier for PAWS-X of an architecture that comes as Python code."""
    monkeypatch.setattr(
        "transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules")
    )
    folder = shutil.copytree(tiny_encoder, tmp_path / "own")
    model = AutoModelForSequenceClassification.from_pretrained(str(folder))
    model.save_pretrained(str(folder))
    for name, text in _CODE.items():
        (folder / name).write_text(text)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own-kind",
        "architectures": ["OwnForSequenceClassification"],
        "id2label": {"0": "0", "1": "1"},
        "auto_map": {
            "AutoConfig": "configuration_own.OwnConfig",
            "AutoModel": "modeling_own.OwnModel",
            "AutoModelForSequenceClassification": "modeling_own.OwnClassifier",
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_remote_code_is_evaluated_if_it_is_trusted(
    own_kind: Path, xlt: Any, tiny_data: Path, tmp_path: Path, sequences: Head
) -> None:
    def evaluate(*more: str) -> Any:
        return xlt(
            "eval", "--model", own_kind, "--task", f"{{name: pawsx, path: {tiny_data}}}",
            "--languages", "de", "--limit", "4", "--device", "cpu", "--json",
            "--runs-dir", tmp_path / "runs", *more,
        )  # fmt: skip

    refused = evaluate()
    assert refused.exit_code == 2
    assert "Python code of its own" in refused.stderr
    assert "trust_remote_code: true" in refused.stderr
    assert "modeling_own.py" in refused.stderr
    done = evaluate("--encoder", "{name: hf, trust_remote_code: true}")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)[0]["languages"]["de"]["n"] == 4
    with pytest.raises(UserError, match="Python code of its own"):
        encoder(own_kind).load_model(sequences)
    assert encoder(own_kind, trust_remote_code=True).load_model(sequences) is not None
    wrong = evaluate("--encoder", "{name: hf, trust_remote: true}")
    assert wrong.exit_code == 2
    assert "trust_remote_code" in wrong.stderr
    for value in ("{pooling: mean}", "[hf]"):
        assert "an encoder is a name" in evaluate("--encoder", value).stderr


def test_remote_code_without_the_head_that_is_needed(own_kind: Path, tokens: Head) -> None:
    with pytest.raises(UserError, match="no 'own-kind' model for token classification"):
        encoder(own_kind, trust_remote_code=True).load_model(tokens)


def test_code_beside_an_architecture_that_transformers_has_is_not_run(
    pretrained: Pretrained, tmp_path: Path, sequences: Head
) -> None:
    """As EuroBERT's: published with code, in transformers since."""
    folder = shutil.copytree(pretrained("bert"), tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    names = ("AutoConfig", "AutoModel", "AutoModelForSequenceClassification")
    config["auto_map"] = dict.fromkeys(names, "modeling_own.Own")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "modeling_own.py").write_text("raise SystemExit('this code was run')")
    for pooling in ("native", "mean"):
        assert encoder(folder, pooling=pooling).load_model(sequences) is not None


def test_gte_multilingual_says_that_it_runs_code(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("encoder: gte-multilingual\nstages: [{task: xnli}]\n")
    with pytest.raises(SpecError, match="trust_remote_code"):
        load(path)
    path.write_text(
        "encoder: {name: gte-multilingual, trust_remote_code: true}\nstages: [{task: xnli}]\n"
    )
    assert load(path).encoder.params["trust_remote_code"] is True
