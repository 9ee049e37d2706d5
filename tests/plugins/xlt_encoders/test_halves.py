"""The two halves are the model's ordinary forward pass, for every architecture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    BartConfig,
    BertConfig,
    CanineConfig,
    MT5Config,
    PreTrainedConfig,
)  # fmt: skip

from xlt_cli.api import Batch, Head, UserError
from xlt_encoders.halves import Halves, NativeModel
from xlt_encoders.huggingface import HuggingFaceEncoder

Pretrained = Callable[[str], Path]
MakeBatch = Callable[..., Batch]

TOLERANCE = {"rtol": 0.0, "atol": 1e-5}


def load(folder: Path, head: Head, **params: Any) -> Any:
    return HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder), **params)).load_model(
        head
    )


def plain(architecture: str, batch: Batch) -> dict[str, torch.Tensor]:
    """What a user of transformers would pass, written down by hand."""
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    if architecture in ("bert", "electra", "rembert"):
        inputs["token_type_ids"] = batch.token_type_ids
    if architecture == "xlm":
        inputs["langs"] = batch.text_ids  # en = 0 for the first text, de = 1 for the second
    if architecture == "xmod":
        inputs["lang_ids"] = batch.text_ids  # likewise
    return inputs


@pytest.mark.parametrize("kind", ["sequences", "tokens"])
def test_logits_equal_the_plain_forward(
    architecture: str,
    kind: str,
    pretrained: Pretrained,
    make_batch: MakeBatch,
    request: pytest.FixtureRequest,
) -> None:
    head: Head = request.getfixturevalue(kind)
    model, batch = load(pretrained(architecture), head), make_batch(architecture)
    assert isinstance(model, NativeModel)
    with torch.no_grad():
        expected = model.model(**plain(architecture, batch)).logits
        embeddings = model.embed(batch)
        hidden = model.model.base_model(**plain(architecture, batch))[0]
        real = batch.attention_mask.bool()
        logits = model.logits(embeddings, batch)
        assert expected.std() > 1e-3
        torch.testing.assert_close(model.encode(embeddings, batch), hidden, **TOLERANCE)
        if kind == "tokens":
            logits, expected = logits[real], expected[real]
        torch.testing.assert_close(logits, expected, **TOLERANCE)
        torch.testing.assert_close(model(batch), model(batch, embeddings), **TOLERANCE)
    assert embeddings.shape[:2] == batch.input_ids.shape


def test_padding_and_neighbours_do_not_change_logits(
    architecture: str, pretrained: Pretrained, make_batch: MakeBatch, sequences: Head
) -> None:
    model = load(pretrained(architecture), sequences)
    with torch.no_grad():
        alone = model(make_batch(architecture, lengths=(9, 5, 7)))
        padded = model(make_batch(architecture, lengths=(9, 5, 7), pad_to=20))
    torch.testing.assert_close(alone, padded, **TOLERANCE)


@pytest.mark.parametrize("pooling", ["native", "cls-mean"])
def test_gradient_reaches_the_embeddings(
    architecture: str, pooling: str, pretrained: Pretrained, make_batch: MakeBatch, sequences: Head
) -> None:
    model = load(pretrained(architecture), sequences, pooling=pooling)
    batch = make_batch(architecture)
    embeddings = model.embed(batch).detach().requires_grad_()
    model.logits(embeddings, batch).square().sum().backward()
    assert embeddings.grad is not None
    assert (embeddings.grad.abs().sum(dim=-1)[batch.attention_mask.bool()] > 0).all()


def test_each_text_is_in_its_language(
    pretrained: Pretrained, make_batch: MakeBatch, sequences: Head
) -> None:
    model, batch = load(pretrained("xlm"), sequences), make_batch("xlm")
    batch.languages = [("zh", "en"), ("de", "de-AT"), ("EN", "zh")]
    langs = model.inputs(batch, frozenset({"langs"}))["langs"]
    for row, (first, second) in enumerate([(2, 0), (1, 1), (0, 2)]):
        assert set(langs[row][batch.text_ids[row] == 0].tolist()) == {first}
        assert set(langs[row][batch.text_ids[row] == 1].tolist()) == {second}
    batch.languages = [("en",), ("de",), ("zh",)]  # single texts: special tokens say text 0
    assert model.inputs(batch, frozenset({"langs"}))["langs"][:, 0].tolist() == [0, 1, 2]


def test_a_language_without_embedding_is_refused(
    pretrained: Pretrained, make_batch: MakeBatch, sequences: Head
) -> None:
    model, batch = load(pretrained("xlm"), sequences), make_batch("xlm")
    batch.languages = [("en", "sw")] * 3
    with pytest.raises(UserError, match="no embedding or adapter for the language 'sw'") as caught:
        model(batch)
    assert "zh" in caught.value.hint


def test_head_parameters_are_those_outside_the_encoder(
    pretrained: Pretrained, sequences: Head
) -> None:
    model = load(pretrained("bert"), sequences)
    names = {id(p): name for name, p in model.model.named_parameters()}
    assert sorted(names[id(p)] for p in model.head_parameters()) == [
        "bert.pooler.dense.bias", "bert.pooler.dense.weight", "classifier.bias", "classifier.weight"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [
        BartConfig(
            vocab_size=60, d_model=16, encoder_layers=1, decoder_layers=1,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16,
            decoder_ffn_dim=16,
        ),
        MT5Config(vocab_size=60, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2),
        CanineConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                     intermediate_size=24, num_hash_buckets=64),
    ],
    ids=lambda config: config.model_type,
)  # fmt: skip
def test_architectures_that_do_not_fit_are_refused(
    config: PreTrainedConfig, tmp_path: Path, sequences: Head
) -> None:
    AutoModel.from_config(config).save_pretrained(str(tmp_path))
    with pytest.raises(UserError, match=r"embeddings|encoder-decoder"):
        load(tmp_path, sequences)


def test_an_architecture_without_inputs_embeds_is_refused() -> None:
    from transformers import BertModel

    class IdsOnly(BertModel):
        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
            return input_ids

    tiny = BertConfig(
        vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4
    )
    with pytest.raises(UserError, match="takes no inputs_embeds"):
        Halves(IdsOnly(tiny))


def test_a_model_that_scales_its_embeddings_is_refused(tmp_path: Path) -> None:
    from transformers import BertModel

    from xlt_encoders.fit import check_cut

    class Scaling(BertModel):
        def forward(self, input_ids=None, inputs_embeds=None, **kwargs):  # type: ignore[no-untyped-def]
            if inputs_embeds is None:
                inputs_embeds = 3.0 * self.get_input_embeddings()(input_ids)
            return super().forward(inputs_embeds=inputs_embeds, **kwargs)

    tiny = BertConfig(
        vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4
    )
    with pytest.raises(UserError, match="cannot be run from its word embeddings"):
        check_cut(Halves(Scaling(tiny)))
