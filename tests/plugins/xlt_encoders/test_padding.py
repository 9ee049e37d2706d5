"""A row is answered as it is alone, whatever it is padded to; what cannot do that is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from encoder_families import DECODERS, FAMILIES, WRONG_WITH_PADDING
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import Batch, Head, UserError
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_encoders.padding import left_places, padded_left, right_places, taken

HEAD = Head("sequence-classification", ("A", "B", "C"))
SOUND = [name for name in FAMILIES if name not in WRONG_WITH_PADDING]
LAST_TOKEN = {
    "xlnet", "gpt2-segments", "gptj-segments", "ctrl-segments", "xlnet-segments", *DECODERS,
}  # fmt: skip
"""Families whose models classify by a row's last token; they alone are padded on the left."""
POOLED = ("bert", "xlm-roberta", "deberta-v2", "modernbert", "xlm", "xlnet", "xlm-segments", "gpt2")
"""Families that are tried with a head of our own, too; `test_plain_answers` pools all of them."""


def load(folder: Path, **params: Any) -> Any:
    plugin = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(folder), **params))
    return plugin.load_model(HEAD).eval()  # type: ignore[attr-defined]


def batch(lengths: list[int], width: int, pad: int) -> Batch:
    generator = torch.Generator().manual_seed(3)
    mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(8, 30, (len(lengths), 40), generator=generator)[:, :width]
    zeros = torch.zeros_like(ids)
    return Batch(
        ids.masked_fill(mask == 0, pad), mask, zeros, mask == 0, zeros, [("en",)] * len(lengths),
        zeros[:, 0],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "pooling"), [*((name, "native") for name in SOUND), *((x, "mean") for x in POOLED)]
)
def test_the_answer_to_a_row_does_not_depend_on_its_padding(
    name: str, pooling: str, family: Callable[..., Path]
) -> None:
    model = load(family(name, head=False), pooling=pooling)
    if pooling == "native":
        assert model.pads_left == (name in LAST_TOKEN)
    pad = model.model.config.pad_token_id if pooling == "native" else 0
    together = batch([6, 13, 9], 17, pad or 0)
    with torch.no_grad():
        answers = model(together)
        states = None
        if name != "funnel":
            states = model.encode(model.embed(together), together)
        for row, length in enumerate([6, 13, 9]):
            tensors = together.select([row]).tensors()
            cut = {name: t[:, :length] if t.dim() > 1 else t for name, t in tensors.items()}
            alone = Batch(**cut, languages=[("en",)])
            torch.testing.assert_close(model(alone)[0], answers[row], rtol=1e-4, atol=1e-5)
            if states is not None:
                torch.testing.assert_close(
                    model.encode(model.embed(alone), alone)[0], states[row, :length],
                    rtol=1e-3, atol=1e-4,
                )  # fmt: skip


@pytest.mark.parametrize("name", WRONG_WITH_PADDING)
@pytest.mark.parametrize("pooling", ["native", "mean"])
def test_a_model_that_mixes_padding_in_is_refused_by_name(
    name: str, pooling: str, family: Callable[..., Path]
) -> None:
    with pytest.raises(
        UserError, match="gives different outputs for a text that is padded"
    ) as caught:
        load(family(name, head=False), pooling=pooling)
    assert caught.value.what.lower().startswith(name)
    assert "XLM-R" in caught.value.hint


def test_a_model_that_shortens_its_inputs_has_no_states(family: Callable[..., Path]) -> None:
    folder = family("funnel", head=False)
    model, rows = load(folder), batch([5, 7], 7, 0)
    with pytest.raises(UserError, match="no hidden state for each token"):
        model.encode(model.embed(rows), rows)
    with pytest.raises(UserError, match="that is padded"):
        load(folder, pooling="mean")


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_rows_are_shifted_and_shifted_back(lengths: list[int]) -> None:
    rows = batch(lengths, 9, 0)
    moved = padded_left(rows)
    for row, length in enumerate(lengths):
        assert moved.attention_mask[row].tolist() == [0] * (9 - length) + [1] * length
        own = rows.input_ids[row, :length].tolist()
        assert moved.input_ids[row].tolist() == [0] * (9 - length) + own
    values = torch.randn(len(lengths), 9, 4)
    there = taken(values, left_places(rows.attention_mask))
    assert torch.equal(taken(there, right_places(rows.attention_mask)), values)
