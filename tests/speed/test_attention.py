"""One-tile attention against torch's own, in Triton's interpreter where there is no GPU."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from xlt_cli.api import EncoderModel
from xlt_cli.data.batches import collate
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.speed import attention
from xlt_cli.speed.attention import NAME, one_tile, users_of

pytestmark = pytest.mark.gpu
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HALF = torch.bfloat16 if DEVICE == "cuda" else torch.float16  # the interpreter knows no bfloat16
LENGTHS = (13, 5, 1)
# A GPU multiplies float32 in TF32, with ten bits.
NEAR = {"rel": 0.02, "abs": 0.02} if DEVICE == "cpu" else {"rel": 0.1, "abs": 0.3}


pytest.importorskip("triton", reason="no Triton on this platform")
import xlt_cli.speed.attention_kernels  # noqa: E402, F401


def drawn(length: int = 13, heads: int = 2, size: int = 16, dtype: Any = torch.float32) -> Any:
    generator = torch.Generator().manual_seed(0)
    shape = (3, len(LENGTHS), length, heads, size)
    found = torch.randn(shape, generator=generator).to(DEVICE, dtype)
    return [each.clone().requires_grad_() for each in found]


def lengths(*values: int) -> torch.Tensor:
    return torch.tensor(values or LENGTHS, dtype=torch.int32, device=DEVICE)


def real(length: int = 13, of: tuple[int, ...] = LENGTHS) -> torch.Tensor:
    return torch.arange(length, device=DEVICE) < lengths(*of)[:, None]


def torchs(query: Any, key: Any, value: Any, inside: torch.Tensor, scale: float) -> torch.Tensor:
    given = [each.transpose(1, 2) for each in (query, key, value)]
    found = scaled_dot_product_attention(*given, attn_mask=inside[:, None, None, :], scale=scale)
    return found.transpose(1, 2)


@pytest.mark.parametrize("dtype", [torch.float32, HALF])
@pytest.mark.parametrize(("length", "size"), [(13, 16), (16, 32), (40, 64)])
def test_output_and_gradients_are_those_of_torch(length: int, size: int, dtype: Any) -> None:
    given = drawn(length, size=size, dtype=dtype)
    of = (length, max(1, length // 2), 1)
    inside = real(length, of)
    found, _ = torch.ops.xlt.one_tile_attention(*given, lengths(*of), 0.3, 0.0)
    wide = [each.detach().float().requires_grad_() for each in given]
    expected = torchs(*wide, inside, 0.3)
    exact = dtype == torch.float32 and DEVICE == "cpu"
    near = {"rtol": 1e-4, "atol": 1e-5} if exact else {"rtol": 2e-2, "atol": 2e-2}
    torch.testing.assert_close(found[inside].float(), expected[inside], **near)
    assert (found[~inside] == 0).all()
    rise = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1)).to(DEVICE)
    rise = rise * inside[..., None, None]
    slopes = torch.autograd.grad(found, given, rise.to(dtype))
    for slope, wanted in zip(slopes, torch.autograd.grad(expected, wide, rise), strict=True):
        torch.testing.assert_close(slope.float(), wanted, **near)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_the_kernels_can_be_tried_in_any_mode(mode: Any) -> None:
    """Evaluation asks for them in inference mode, before anything was trained."""
    with mode():
        attention._try(DEVICE, HALF)


def test_dropout_leaves_the_mean_and_its_gradient_is_that_of_what_was_kept() -> None:
    query, key, value = (each.detach() for each in drawn())
    torch.manual_seed(1)
    outputs = [
        torch.ops.xlt.one_tile_attention(query, key, value, lengths(), 0.3, 0.25)[0]
        for _ in range(30)
    ]
    expected = torchs(query, key, value, real(), 0.3)
    mean, inside = torch.stack(outputs).mean(dim=0), real()
    torch.testing.assert_close(mean[inside], expected[inside], rtol=0, atol=1.1)
    assert (mean - expected)[inside].mean().abs() < 0.05
    assert not torch.equal(outputs[0], outputs[1])

    def same_choice(*given: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(7)
        found: torch.Tensor = torch.ops.xlt.one_tile_attention(*given, lengths(), 0.3, 0.25)[0]
        return found

    given = drawn()
    slopes = torch.autograd.grad(same_choice(*given).sin().sum(), given)
    for index, slope in enumerate(slopes):
        ahead = torch.randn_like(slope) * real()[..., None, None]
        ends = []
        for step in (1e-2, -1e-2):
            moved = [e.detach() + step * ahead * (i == index) for i, e in enumerate(given)]
            ends.append(same_choice(*moved).sin().double().sum())
        expected_rise = float(ends[0] - ends[1]) / 2e-2
        assert float((slope * ahead).sum()) == pytest.approx(expected_rise, **NEAR)


def kept_by_dropout(dropout: float, rows: int = 8, heads: int = 4) -> torch.Tensor:
    """Which of a row's tokens each token still heeds, [rows, heads, 16, 16]."""
    alike = torch.zeros(rows, 16, heads, 16, device=DEVICE, dtype=HALF)
    values = torch.eye(16, device=DEVICE, dtype=HALF)[None, :, None].expand(rows, -1, heads, -1)
    of = lengths(*[16] * rows)
    found, _ = torch.ops.xlt.one_tile_attention(alike, alike, values, of, 1.0, dropout)
    return found.transpose(1, 2) > 0


def test_dropout_chooses_anew_for_each_token_head_row_and_call() -> None:
    torch.manual_seed(3)
    first, second = kept_by_dropout(0.3).double(), kept_by_dropout(0.3).double()
    count = first.numel()
    assert float(first.mean()) == pytest.approx(0.7, abs=4 * (0.21 / count) ** 0.5)
    pairs = {
        "call": (first, second),
        "row": (first[1:], first[:-1]),
        "head": (first[:, 1:], first[:, :-1]),
        "token": (first[..., 1:, :], first[..., :-1, :]),
        "heeded token": (first[..., 1:], first[..., :-1]),
        "second next": (first[..., 2:], first[..., :-2]),
    }
    for what, pair in pairs.items():
        both = torch.stack([each.flatten() for each in pair])
        assert abs(float(torch.corrcoef(both)[0, 1])) < 4.5 / count**0.5, what


def test_views_need_no_copy_to_be_understood() -> None:
    query, key, value = (each.detach() for each in drawn())
    plain = torch.ops.xlt.one_tile_attention(query, key, value, lengths(), 0.3, 0.0)[0]
    other = [each.transpose(1, 2).contiguous().transpose(1, 2) for each in (query, key, value)]
    assert torch.equal(torch.ops.xlt.one_tile_attention(*other, lengths(), 0.3, 0.0)[0], plain)
    turned = [each.permute(0, 1, 3, 2).contiguous().permute(0, 1, 3, 2) for each in other]
    assert torch.equal(torch.ops.xlt.one_tile_attention(*turned, lengths(), 0.3, 0.0)[0], plain)


def test_a_model_gives_the_same_logits(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature]
) -> None:
    assert isinstance(model, torch.nn.Module)
    model.eval().to(DEVICE)
    batch = collate(features[:6], problem, 0).to(torch.device(DEVICE))
    users = [model.model]  # what `users_of` finds on a GPU
    with torch.no_grad(), torch.autocast(DEVICE, HALF):
        expected = model.logits(model.embed(batch), batch)
        with one_tile(users):
            assert model.model.config._attn_implementation == NAME
            found = model.logits(model.embed(batch), batch)
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0.05)
    with torch.no_grad():  # float32: torch's attention, with the mask made of the lengths
        expected = model.logits(model.embed(batch), batch)
        with one_tile(users):
            torch.testing.assert_close(model.logits(model.embed(batch), batch), expected)
    assert model.model.config._attn_implementation == "sdpa"


def test_what_does_not_fit_takes_torchs_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any) -> None:
        raise AssertionError("the kernels were called")

    monkeypatch.setattr(torch.ops.xlt, "one_tile_attention", refuse)
    layer = torch.nn.Module()
    layer.is_causal = False  # type: ignore[assignment]
    for length, size, dtype, causal in (
        (13, 16, torch.float32, False),
        (13, 24, HALF, False),
        (attention.LONGEST + 1, 16, HALF, False),
        (13, 16, HALF, True),
    ):
        given = [each.detach().transpose(1, 2) for each in drawn(length, size=size, dtype=dtype)]
        layer.is_causal = causal  # type: ignore[assignment]
        mask = None if causal else lengths()
        found, weights = attention.attend(layer, *given, mask)
        assert weights is None
        wanted = scaled_dot_product_attention(
            *given,
            attn_mask=None if causal else real(length)[:, None, None, :],
            is_causal=causal,
            scale=1 / math.sqrt(size),
        )
        torch.testing.assert_close(found, wanted.transpose(1, 2))


@pytest.mark.skipif(DEVICE == "cuda", reason="for machines without a GPU")
def test_a_model_on_a_cpu_is_left_alone(model: EncoderModel) -> None:
    assert isinstance(model, torch.nn.Module)
    assert users_of(model) == []
