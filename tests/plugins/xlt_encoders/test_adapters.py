"""Adapters against peft itself: its forward, its gradients, its files."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from xlt_cli.api import Batch, EncoderModel, Head, NewAdapter
from xlt_cli.data.batches import collate
from xlt_cli.errors import UserError
from xlt_cli.problems import Feature, SequenceClassification
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_encoders.kept_adapter import BASE
from xlt_encoders.own_heads import LANGUAGE_MODEL

peft = pytest.importorskip("peft")

pytestmark = [  # those of peft when it is called by itself
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*was renamed from:UserWarning"),
]

KINDS = [
    NewAdapter("lora", rank=4, alpha=8),
    NewAdapter("lora", rank=2, alpha=3, targets=("dense", "key")),
    NewAdapter("dora", rank=4, alpha=8),
    NewAdapter("ia3"),
    NewAdapter("ia3", targets=("query", "intermediate.dense")),
]
ids: Callable[[NewAdapter], str] = lambda a: "-".join([a.kind, *(a.targets or ())])  # noqa: E731


@pytest.fixture
def pooled(encoder: HuggingFaceEncoder, problem: SequenceClassification) -> EncoderModel:
    params = HuggingFaceEncoder.Params(model=encoder.params.model, pooling="mean")  # type: ignore[attr-defined]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return HuggingFaceEncoder(params).load_model(problem.head)


@pytest.fixture
def batch(features: list[Feature], problem: SequenceClassification) -> Batch:
    return collate(features[:6], problem, 0)


def moved(model: Any) -> None:
    """Gives what is trained other values: a new LoRA does nothing yet."""
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter), alpha=0.1)


def logits(model: EncoderModel, batch: Batch) -> torch.Tensor:
    return model.logits(model.embed(batch), batch)


def below_head(model: Any) -> Any:
    return model.backbone if hasattr(model, "head") else model


def inputs(batch: Batch) -> dict[str, torch.Tensor]:
    names = ("input_ids", "attention_mask", "token_type_ids")
    return {name: getattr(batch, name) for name in names}


@pytest.mark.parametrize("adapter", KINDS, ids=ids)
def test_forward_and_gradients_are_those_of_peft(
    model: Any, batch: Batch, adapter: NewAdapter
) -> None:
    plain = copy.deepcopy(model.model)
    model.adapt(adapter)
    moved(model)
    options: dict[str, Any] = {}
    if adapter.kind != "ia3":
        options = {"r": adapter.rank, "lora_alpha": adapter.alpha}
    if adapter.kind == "dora":
        options["use_dora"] = True
    if adapter.targets:
        options |= {"target_modules": list(adapter.targets), "exclude_modules": ["pooler.dense"]}
        if "dense" not in adapter.targets:
            options.pop("exclude_modules")
    if adapter.kind == "ia3" and adapter.targets:
        options["feedforward_modules"] = []
    make = peft.IA3Config if adapter.kind == "ia3" else peft.LoraConfig
    theirs = peft.get_peft_model(plain, make(**options))
    mine = dict(model.model.named_parameters())
    others = dict(theirs.base_model.model.named_parameters())
    assert mine.keys() == others.keys()
    with torch.no_grad():
        for name, parameter in others.items():
            parameter.copy_(mine[name])
            parameter.requires_grad_("lora_" in name or "ia3_" in name)
    for name, parameter in others.items():
        if "classifier" in name or "pooler" in name:
            parameter.requires_grad_(True)
    assert {n for n, p in mine.items() if p.requires_grad} == {
        n for n, p in others.items() if p.requires_grad
    }
    targets = batch.targets
    model.train()
    theirs.train()
    torch.manual_seed(1)
    own = logits(model, batch)
    torch.manual_seed(1)
    other = theirs(**inputs(batch)).logits
    torch.testing.assert_close(own, other, rtol=1e-5, atol=1e-6)
    for output in (own, other):
        nn.functional.cross_entropy(output, targets).backward()  # type: ignore[no-untyped-call]
    checked = 0
    for name, parameter in mine.items():
        if parameter.requires_grad:
            torch.testing.assert_close(parameter.grad, others[name].grad, rtol=1e-4, atol=1e-7)
            checked += 1
        else:
            assert parameter.grad is None
    assert checked > 4


@pytest.mark.parametrize("adapter", KINDS, ids=ids)
@pytest.mark.parametrize("kind", ["model", "pooled"])
def test_a_merged_model_is_an_ordinary_one_with_the_same_answers(
    request: pytest.FixtureRequest, kind: str, adapter: NewAdapter, batch: Batch, tmp_path: Path
) -> None:
    model = request.getfixturevalue(kind)
    names, before = set(model.state_dict()), logits(model, batch)
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    below_head(model).adapt(adapter)
    moved(model)
    adapted = logits(model, batch)
    assert (adapted - before).abs().max() > 1e-3
    below_head(model).merge_adapter()
    torch.testing.assert_close(logits(model, batch), adapted, rtol=1e-5, atol=1e-5)
    assert set(model.state_dict()) == names
    assert {n for n, p in model.named_parameters() if p.requires_grad} == trained
    model.save(tmp_path)
    assert not (tmp_path / BASE).exists()
    if kind == "model":
        from transformers import AutoModelForSequenceClassification

        plain = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
        torch.testing.assert_close(plain(**inputs(batch)).logits, adapted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("adapter", KINDS, ids=ids)
@pytest.mark.parametrize("kind", ["model", "pooled"])
def test_a_kept_adapter_opens_again_and_goes_on(
    request: pytest.FixtureRequest,
    kind: str,
    adapter: NewAdapter,
    batch: Batch,
    tmp_path: Path,
    problem: SequenceClassification,
    encoder: HuggingFaceEncoder,
) -> None:
    model = request.getfixturevalue(kind)
    below_head(model).adapt(adapter)
    moved(model)
    model.save(tmp_path)
    again: Any = encoder.load_model(problem.head, tmp_path)
    assert torch.equal(logits(again, batch), logits(model, batch))
    assert below_head(again).adapter == below_head(model).adapter
    mine, others = dict(model.named_parameters()), dict(again.named_parameters())
    assert list(mine) == list(others), "so that an optimizer's state is found again"
    assert all(mine[n].requires_grad == others[n].requires_grad for n in mine)
    new_head: Any = encoder.load_model(
        dataclasses.replace(problem.head, labels=("a", "b", "c")), tmp_path, new_head=True
    )
    assert logits(new_head, batch).shape[-1] == 3
    torch.testing.assert_close(
        new_head.encode(new_head.embed(batch), batch), model.encode(model.embed(batch), batch)
    )


@pytest.mark.parametrize("adapter", KINDS[:4], ids=ids)
def test_peft_opens_a_kept_adapter(
    model: Any,
    adapter: NewAdapter,
    batch: Batch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from transformers import AutoModelForSequenceClassification

    model.adapt(adapter)
    moved(model)
    model.save(tmp_path)
    base = AutoModelForSequenceClassification.from_pretrained(tmp_path / BASE)
    theirs = peft.PeftModel.from_pretrained(base, tmp_path).eval()
    torch.testing.assert_close(
        theirs(**inputs(batch)).logits, logits(model, batch), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(OSError, match="base"):  # never the base alone without a word
        AutoModelForSequenceClassification.from_pretrained(tmp_path)
    monkeypatch.chdir(tmp_path)
    own = peft.AutoPeftModel.from_pretrained(".").eval()
    torch.testing.assert_close(own(**inputs(batch)).logits, theirs(**inputs(batch)).logits)


def test_the_base_stays_as_it_was_and_can_be_had_back(
    model: Any, batch: Batch, tmp_path: Path
) -> None:
    before, answers = copy.deepcopy(model.state_dict()), logits(model, batch)
    model.save(tmp_path / "before")
    model.adapt(KINDS[0])
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.add_(1)
    model.save(tmp_path / "after")
    one, other = (tmp_path / p / "model.safetensors" for p in ("before", f"after/{BASE}"))
    assert one.read_bytes() == other.read_bytes()
    model.drop_adapter()
    assert torch.equal(logits(model, batch), answers)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    model.save(tmp_path / "after")
    assert not (tmp_path / "after" / "adapter_config.json").exists()
    config = (tmp_path / "before" / "config.json").read_text()
    assert json.loads(config) == json.loads((tmp_path / "after" / "config.json").read_text())


def test_frozen_layers_have_no_trained_adapter(encoder: Any, problem: Any) -> None:
    params = type(encoder).Params(model=encoder.params.model, freeze_layers=1)
    model = type(encoder)(params).load_model(problem.head)
    model.adapt(KINDS[0])
    trained = [n for n, p in model.named_parameters() if p.requires_grad]
    assert not [n for n in trained if "layer.0" in n]
    assert [n for n in trained if "layer.1" in n and "lora_A" in n]
    model.merge_adapter()
    assert not [n for n, p in model.named_parameters() if p.requires_grad and "layer.0" in n]


def test_layers_that_are_not_there_are_named(model: Any) -> None:
    for check in (model.check_adapter, model.adapt):
        with pytest.raises(UserError, match="has no linear layer 'query_proj'") as error:
            check(NewAdapter("lora", targets=("value", "query_proj")))
        assert error.value.where == "adapter.targets"
        assert "intermediate.dense, output.dense" in error.value.hint
        with pytest.raises(UserError, match=r"no linear layer 'pooler\.dense' below its head"):
            check(NewAdapter("lora", targets=("pooler.dense",)))
    assert model.adapter is None


def test_an_architecture_without_usual_targets_asks_for_them(model: Any) -> None:
    model.model.config.model_type = "new-kind"
    for kind in ("lora", "ia3"):
        with pytest.raises(UserError, match=f"{kind} usually adapts in 'new-kind'") as error:
            model.check_adapter(NewAdapter(kind))  # type: ignore[arg-type]
        assert "targets: [NAME, ...]" in error.value.hint
        assert "attention.self.query" in error.value.hint
        assert not {"pooler.dense", "classifier"} & set(error.value.hint.split(", "))
    model.adapt(NewAdapter("lora", targets=("query",)))
    assert model.adapter["modules"] == 2


USUAL = {
    "bert": "query, value",
    "xlm-roberta": "query, value",
    "deberta-v2": "query_proj, value_proj",
    "modernbert": "Wqkv",
    "xlm": "q_lin, v_lin",
}


@pytest.mark.parametrize("architecture", USUAL)
@pytest.mark.parametrize("kind", ["sequence-classification", "language-modelling"])
def test_the_usual_layers_of_the_encoders_that_ship(
    architecture: str, kind: str, pretrained: Any, make_batch: Any, tmp_path: Path
) -> None:
    if kind == "language-modelling":
        head = Head(LANGUAGE_MODEL, (), per_token=True)
    else:
        head = Head(kind, ("a", "b", "c"))
    encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(pretrained(architecture))))
    model: Any = encoder.load_model(head)
    batch = make_batch(architecture)
    model.adapt(NewAdapter("lora", rank=2))
    assert ", ".join(model.adapter["targets"]) == USUAL[architecture]
    assert model.adapter["modules"] == 3 * len(model.adapter["targets"])
    moved(model)
    if architecture != "xlm":  # has none
        model.checkpoint_gradients()
    model.train()
    leaf = model.embed(batch).detach().requires_grad_()
    model.logits(leaf, batch).square().mean().backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    assert all(p.grad is not None for n, p in model.named_parameters() if "lora_" in n)
    assert all(p.grad is None for p in model.parameters() if not p.requires_grad)
    model.eval()
    adapted = logits(model, batch)
    model.save(tmp_path)
    torch.testing.assert_close(logits(encoder.load_model(head, tmp_path), batch), adapted)
    model.merge_adapter()
    torch.testing.assert_close(logits(model, batch), adapted, rtol=1e-4, atol=1e-5)


def test_a_kept_model_is_no_encoder_to_begin_with(
    model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    model.adapt(KINDS[0])
    model.save(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tmp_path)))
    encoder.check()  # `xlt eval --model` opens it
    with pytest.raises(UserError, match="was kept with its adapter") as error:
        encoder.fingerprint()
    assert "after: merge" in error.value.hint
