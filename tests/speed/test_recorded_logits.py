"""Recorded passes of an evaluation are those that would have been made."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.api import Batch, EncoderModel
from xlt_cli.data.batches import collate, filled_batches
from xlt_cli.evaluation.predict import launch, recorded_logits
from xlt_cli.launch.computing import start
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.speed.graphs import shapes, watched
from xlt_cli.speed.recorded_logits import FROM

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, XLT_TEST_GPU=1")


class LooksAtLanguages:
    """A model that answers otherwise in one language."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def logits(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        factors = [2.0 if "de" in languages else 1.0 for languages in batch.languages]
        logits: torch.Tensor = self.model.logits(embeddings, batch)
        return logits * torch.tensor(factors).to(logits.device)[:, None]


@given(st.lists(st.integers(1, 200), max_size=60), st.sampled_from([1, 4, 8]))
def test_batches_with_their_padding_have_at_most_so_many_tokens(
    lengths: list[int], multiple: int
) -> None:
    batches = filled_batches(lengths, 256, multiple)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        width = -(-max(lengths[i] for i in batch) // multiple) * multiple
        assert len(batch) * width <= 256 or len(batch) == 1


def test_what_looks_at_the_languages_cannot_be_recorded(
    model: EncoderModel, problem: SequenceClassification, features: list[Feature]
) -> None:
    batch = watched(collate(features[:4], problem, 0))
    assert len(batch) == 4
    model.logits(model.embed(batch), batch)  # looks at none
    batch.repeat(2).select([0, 5])
    other: Any = LooksAtLanguages(model)
    with pytest.raises(RuntimeError, match="looks at the languages"):
        other.logits(model.embed(batch), batch)


LOOKS: list[Callable[[Any], object]] = [
    lambda languages: languages == ("de", "de"),
    lambda languages: languages != ("de", "de"),
    lambda languages: languages != ("de", "de"),
    lambda languages: [languages] != [("de", "de")],
    lambda languages: languages < ("en",),
    lambda languages: "de" in languages,
    lambda languages: languages.count("de"),
    lambda languages: languages[0],
    lambda languages: {("de", "de"): 1.0}.get(languages),
    lambda languages: f"{languages}",
    lambda languages: json.dumps(languages),
    lambda languages: "-".join(languages),
    lambda languages: "de".startswith(languages),
    lambda languages: languages * 2,
    lambda languages: ("de", *languages),
    lambda languages: sum([languages], ()),
    bool,
    copy.deepcopy,
    set,
    str,
    hash,
]


@pytest.mark.parametrize("look", LOOKS)
def test_there_is_no_way_to_look_at_the_languages_unnoticed(
    look: Callable[[Any], object], problem: SequenceClassification, features: list[Feature]
) -> None:
    batch = watched(collate(features[:4], problem, 0))
    with pytest.raises((RuntimeError, TypeError)):
        look(batch.languages[0])


def test_nothing_is_recorded_on_a_processor(model: EncoderModel) -> None:
    assert recorded_logits(model, start("cpu", "fp32", plain=False)) is None


@pytest.mark.gpu
@on_gpu
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_replayed_logits_are_those_of_an_ordinary_pass(
    model: Any, problem: SequenceClassification, features: list[Feature], precision: str
) -> None:
    runtime = start("cuda", precision, plain=False)
    model.to("cuda").eval()
    recorded: Any = recorded_logits(model, runtime)
    for turn in range(FROM + 2):
        for first in (0, 8, 16):
            chosen = features[first : first + 8]
            batch = collate(chosen, problem, 0, recorded.multiple).to(runtime.device)
            with torch.inference_mode(), runtime.accelerator.autocast():
                replayed = recorded(batch)
                expected = model.logits(model.embed(batch), batch)
            came = turn * 3 + first // 8
            if replayed is not None:
                torch.testing.assert_close(replayed, expected, atol=2e-3, rtol=2e-3)
            elif came >= 3 * FROM:
                pytest.fail(f"not recorded: {recorded.refusal}")
    assert recorded._recorded
    assert not recorded.refusal


@pytest.mark.gpu
@on_gpu
def test_predictions_are_those_without_recordings(
    model: Any, problem: SequenceClassification, features: list[Feature]
) -> None:
    fast, plain = (start("cuda", "fp32", plain=way) for way in (False, True))
    model.to("cuda").eval()
    recorded: Any = recorded_logits(model, fast)
    assert recorded_logits(model, plain) is None
    for _ in range(FROM + 2):
        made = launch(model, features, problem, 0, fast, with_losses=True, recorded=recorded)
        ordinary = launch(model, features, problem, 0, plain, with_losses=True)
        assert made.summed_losses() == pytest.approx(ordinary.summed_losses(), abs=1e-4)
        for one, other in zip(made.answers(), ordinary.answers(), strict=True):
            assert one.id == other.id
            assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)
    assert recorded._recorded


@pytest.mark.gpu
@on_gpu
def test_a_model_that_looks_at_languages_is_run_as_ever(
    model: Any, problem: SequenceClassification, features: list[Feature]
) -> None:
    runtime = start("cuda", "fp32", plain=False)
    model.to("cuda").eval()
    recorded: Any = recorded_logits(model, runtime)
    recorded._model = LooksAtLanguages(model)
    batch = collate(features[:8], problem, 0, 8).to(runtime.device)
    with torch.inference_mode():
        assert [recorded(batch) for _ in range(FROM + 1)] == [None] * (FROM + 1)
    assert "languages" in recorded.refusal
    torch.rand(3, device="cuda")  # the generator is not left in recording


def test_shapes_tell_batches_apart(
    problem: SequenceClassification, features: list[Feature]
) -> None:
    one = collate(features[:4], problem, 0, 64)
    assert shapes(one) == shapes(collate(features[4:8], problem, 0, 64))
    assert shapes(one) != shapes(collate(features[:3], problem, 0, 64))
    assert shapes(one) != shapes(collate(features[:4], problem, 0, 128))
