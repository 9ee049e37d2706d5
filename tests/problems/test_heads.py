"""Pooling heads, over a backbone that has nothing to do with Hugging Face."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from xlt_cli.api import Batch, EncoderModel, Head, UserError
from xlt_cli.problems.heads import (
    POOLINGS,
    WithHead,
    masked_mean,
    pool,
    read_head_info,
)
from xlt_cli.problems.label_names import label_order

SEQUENCES = Head("sequence-classification", ("a", "b", "c"))
TOKENS = Head("token-classification", ("O", "B-X"))


class Toy(nn.Module):
    """As a third party would write it: a table of words and one layer."""

    hidden_size = 6

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(20, 4)
        self.layer = nn.Linear(4, 6)

    def embed(self, batch: Batch) -> torch.Tensor:
        embeddings: torch.Tensor = self.table(batch.input_ids)
        return embeddings

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        hidden: torch.Tensor = self.layer(embeddings)
        return hidden

    def save(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        torch.save(self.state_dict(), directory / "toy.pt")


def pairs(lengths: list[tuple[int, int]], width: int = 0) -> Batch:
    """`<s> u </s> v </s>` with texts of these lengths; padding holds ordinary ids, out of spite."""
    width = max(width, max(sum(pair) + 3 for pair in lengths))
    size = (len(lengths), width)
    mask, texts = torch.zeros(size, dtype=torch.long), torch.zeros(size, dtype=torch.long)
    special = torch.ones(size, dtype=torch.bool)
    for row, (u, v) in enumerate(lengths):
        mask[row, : u + v + 3] = 1
        special[row, 1 : 1 + u] = special[row, 2 + u : 2 + u + v] = False
        texts[row, 2 + u :] = 1
    ids = torch.randint(20, (len(lengths), 64), generator=torch.Generator().manual_seed(1))
    return Batch(
        ids[:, :width], mask, torch.zeros(size, dtype=torch.long), special, texts,
        [("en", "de")] * len(lengths), torch.zeros(len(lengths), dtype=torch.long),
    )  # fmt: skip


LENGTHS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None)
@given(LENGTHS)
def test_pooling_by_hand(lengths: list[tuple[int, int]]) -> None:
    batch = pairs(lengths)
    hidden = torch.randn(*batch.input_ids.shape, 6)
    got = {pooling: pool(hidden, batch, pooling) for pooling in POOLINGS}
    for row, (u, v) in enumerate(lengths):
        cls, mean = hidden[row, 0], hidden[row, : u + v + 3].mean(dim=0)
        first = hidden[row, 1 : 1 + u].sum(dim=0) / max(u, 1)
        second = hidden[row, 2 + u : 2 + u + v].sum(dim=0) / max(v, 1)
        segments = torch.cat([first, second, (first - second).abs(), first * second])
        torch.testing.assert_close(got["cls"][row], cls)
        torch.testing.assert_close(got["mean"][row], mean)
        torch.testing.assert_close(got["cls-mean"][row], torch.cat([cls, mean]))
        torch.testing.assert_close(got["segments"][row], segments)


@settings(max_examples=20, deadline=None)
@given(LENGTHS, st.sampled_from(POOLINGS), st.integers(0, 10))
def test_padding_does_not_matter(lengths: list[tuple[int, int]], pooling: Any, extra: int) -> None:
    model = WithHead(Toy(), SEQUENCES, pooling).eval()
    short = pairs(lengths)
    wide = pairs(lengths, width=short.input_ids.shape[1] + extra)
    torch.testing.assert_close(model(short), model(wide))


def test_an_empty_mask_gives_zeros() -> None:
    hidden = torch.randn(2, 3, 4)
    assert torch.equal(masked_mean(hidden, torch.zeros(2, 3)), torch.zeros(2, 4))


def test_single_texts_cannot_be_compared() -> None:
    batch = pairs([(2, 2)])
    batch.languages = [("en",)]
    with pytest.raises(UserError, match="compares two texts"):
        WithHead(Toy(), SEQUENCES, "segments")(batch)


@pytest.mark.parametrize("head", [SEQUENCES, TOKENS], ids=lambda head: head.kind)
def test_any_backbone_becomes_an_encoder_model(head: Head) -> None:
    pooling: Any = "mean" if head.kind == "sequence-classification" else None
    model, batch = WithHead(Toy(), head, pooling), pairs([(2, 3), (1, 1)])
    assert isinstance(model, EncoderModel)
    logits = model.eval().logits(model.embed(batch), batch)
    shape = (2, 3) if head.kind == "sequence-classification" else (2, 8, 2)
    assert logits.shape == shape
    torch.testing.assert_close(model(batch), logits)
    torch.testing.assert_close(model(batch, model.embed(batch)), logits)
    logits.sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    inside = {id(p) for p in model.backbone.parameters()}  # type: ignore[attr-defined]
    own = {id(p) for p in model.head_parameters()}
    assert own
    assert not own & inside
    assert own | inside == {id(p) for p in model.parameters()}


def test_pooling_and_kind_of_head_go_together() -> None:
    with pytest.raises(UserError, match="needs one for token-classification"):
        WithHead(Toy(), TOKENS, "mean")
    with pytest.raises(UserError, match="needs a pooling"):
        WithHead(Toy(), SEQUENCES, None)


def test_the_global_generator_decides() -> None:
    heads = []
    for seed in (1, 1, 2):
        backbone = Toy()
        torch.manual_seed(seed)
        heads.append(WithHead(backbone, SEQUENCES, "cls").head.state_dict())
    assert all(torch.equal(heads[0][name], heads[1][name]) for name in heads[0])
    assert not torch.equal(heads[0]["out.weight"], heads[2]["out.weight"])
    assert torch.equal(heads[0]["out.bias"], torch.zeros(3))


def test_dropout_is_the_heads() -> None:
    batch = pairs([(3, 3)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = WithHead(Toy(), SEQUENCES, "mean", dropout=0.5).train()
        assert not torch.equal(model(batch), model(batch))
        model = WithHead(Toy(), SEQUENCES, "mean", dropout=0.0).train()
        assert torch.equal(model(batch), model(batch))


# ---------------------------------------------------------------------------- saving, labels


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
def test_a_saved_head_comes_back(pooling: Any, tmp_path: Path) -> None:
    head = TOKENS if pooling is None else SEQUENCES
    model, batch = WithHead(Toy(), head, pooling, dropout=0.3), pairs([(2, 3)])
    model.save(tmp_path)
    assert (tmp_path / "toy.pt").exists()
    info = read_head_info(tmp_path)
    assert (info.kind, info.labels, info.pooling, info.dropout) == (
        head.kind, head.labels, pooling, 0.3
    )  # fmt: skip
    again = WithHead(model.backbone, head, pooling).eval()  # type: ignore[arg-type]
    again.load_head(tmp_path)
    torch.testing.assert_close(again(batch), model.eval()(batch))
    turned = WithHead(
        model.backbone,  # type: ignore[arg-type]
        Head(head.kind, tuple(reversed(head.labels))),
        pooling,
    ).eval()
    turned.load_head(tmp_path)
    torch.testing.assert_close(turned(batch), model(batch).flip(-1))


def test_files_that_are_not_a_heads(tmp_path: Path) -> None:
    model = WithHead(Toy(), SEQUENCES, "mean")
    with pytest.raises(UserError, match="description of the head cannot be read"):
        model.load_head(tmp_path)
    model.save(tmp_path)
    with pytest.raises(UserError, match="labels of the checkpoint are not those of the task"):
        WithHead(Toy(), Head("sequence-classification", ("x", "y", "z")), "mean").load_head(
            tmp_path
        )
    with pytest.raises(UserError, match="weights cannot be read"):
        WithHead(Toy(), SEQUENCES, "segments").load_head(tmp_path)
    good = json.loads((tmp_path / "xlt_head.json").read_text())
    for wrong in ({"format": 2}, {"pooling": "max"}, {"labels": None}, {"dropout": "much"}):
        (tmp_path / "xlt_head.json").write_text(json.dumps(good | wrong))
        with pytest.raises(UserError, match="description of the head cannot be read"):
            read_head_info(tmp_path)
    (tmp_path / "xlt_head.json").write_text(json.dumps(good))
    (tmp_path / "head.safetensors").unlink()
    with pytest.raises(UserError, match="weights cannot be read"):
        model.load_head(tmp_path)


@given(st.lists(st.text("abcDEF-", min_size=1, max_size=4), unique_by=str.lower, max_size=6),
       st.randoms())  # fmt: skip
def test_labels_are_found_in_any_order_and_case(labels: list[str], rng: Any) -> None:
    names = [rng.choice([str, str.lower, str.upper])(label) for label in labels]
    rng.shuffle(names)
    order = label_order(names, labels, "here")
    assert [names[i].lower() for i in order] == [label.lower() for label in labels]


def test_labels_that_differ_in_case_only() -> None:
    assert label_order(["b", "B", "a"], ["a", "B", "b"], "here") == [2, 1, 0]
    with pytest.raises(UserError, match="labels of the checkpoint are not those of the task"):
        label_order(["b", "B", "a"], ["a", "b", "c"], "here")


def test_labels_that_are_numbers_are_names_where_the_task_has_them() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert label_order(["0", "1"], ["0", "1"], "here") == [0, 1]
        assert label_order(["0", "1"], ["1", "0"], "here") == [1, 0]


def test_labels_that_do_not_fit() -> None:
    with pytest.raises(UserError, match="has 2 labels and the task has 3"):
        label_order(["a", "b"], ["a", "b", "c"], "here")
    with pytest.warns(UserWarning, match="here does not name its labels"):
        assert label_order(["LABEL_0", "LABEL_1"], ["a", "b"], "here") == [0, 1]
    with pytest.warns(UserWarning, match="here does not name its labels"):
        assert label_order(["0", "1"], ["a", "b"], "here") == [0, 1]
    with pytest.raises(UserError, match="labels of the checkpoint are not those of the task"):
        label_order(["LABEL_1", "LABEL_0"], ["a", "b"], "here")
