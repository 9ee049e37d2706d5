"""Masked language modelling against transformers' own models, on the same masked inputs."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    BertConfig,
    DistilBertConfig,
    ModernBertConfig,
    XLMRobertaConfig,
)

from xlt_cli.api import IGNORED, Feature, TextExample
from xlt_cli.data.batches import collate
from xlt_cli.data.template import Template
from xlt_cli.problems import MaskedLanguageModelling, Masking, SequenceClassification
from xlt_cli.problems.masking import LONGEST, Vocabulary, chosen, masked, words
from xlt_cli.training.loss import StageLoss
from xlt_encoders.huggingface import HuggingFaceEncoder

SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
WORDS = ["the", "cat", "sees", "a", "dog", "Katze", "Möwe", "bird", "follows", "Stute"]


@pytest.fixture(scope="module")
def texts() -> list[TextExample]:
    rng = random.Random(1)
    rows = [[rng.choice(WORDS) for _ in range(rng.randint(1, 24))] for _ in range(24)]
    one = [TextExample(f"{i}", (" ".join(row),), ("en",)) for i, row in enumerate(rows)]
    pairs = zip(rows, rows[::-1], strict=True)
    two = [
        TextExample(f"p{i}", (" ".join(a), " ".join(b)), ("en", "de"))
        for i, (a, b) in enumerate(pairs)
    ]
    return one + two


def features_of(
    problem: MaskedLanguageModelling, rows: list[TextExample], tokenizer: Any, length: int = 48
) -> list[Feature]:
    template = Template(tokenizer)
    made = [problem.features(e, template, length) for e in problem.encode(rows, tokenizer)]
    return [feature for inputs in made for feature in inputs]


def config_of(name: str, vocabulary: int) -> Any:
    sizes: dict[str, Any] = {"vocab_size": vocabulary, **SIZE, "intermediate_size": 32}
    if name == "bert":
        return BertConfig(**sizes, max_position_embeddings=64)
    if name == "xlm-r":
        return XLMRobertaConfig(
            **sizes, max_position_embeddings=64, pad_token_id=0, type_vocab_size=1
        )
    if name == "modernbert":
        special = dict.fromkeys(("pad", "bos", "eos", "cls", "sep"), 0)
        return ModernBertConfig(**sizes, **{f"{k}_token_id": v for k, v in special.items()})
    return DistilBertConfig(vocab_size=vocabulary, dim=16, n_layers=2, n_heads=2, hidden_dim=32)


@pytest.mark.parametrize("name", ["bert", "xlm-r", "modernbert", "distilbert"])
def test_the_loss_is_transformers(
    name: str, tmp_path: Path, tokenizer: Any, texts: list[TextExample]
) -> None:
    problem = MaskedLanguageModelling()
    torch.manual_seed(3)
    reference = AutoModelForMaskedLM.from_config(config_of(name, len(tokenizer))).eval()
    reference.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model: Any = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tmp_path))).load_model(
        problem.head
    )
    assert model.about_head == "the encoder's own language-modelling head"
    model.eval()
    features = features_of(problem, texts, tokenizer)
    batch = collate(features, problem, tokenizer.pad_token_id)
    assert batch.asked is not None
    labels = torch.full_like(batch.input_ids, IGNORED)
    for row, feature in enumerate(features):
        for place, piece in zip(feature.data.asked, feature.target, strict=True):
            labels[row, place] = piece
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    if name == "bert":
        inputs["token_type_ids"] = batch.token_type_ids
    with torch.no_grad():
        expected = reference(**inputs, labels=labels)
        losses = StageLoss(model, problem)(batch)
        logits = model.logits(model.embed(batch), batch)
    size = sum(problem.size(feature) for feature in features)
    assert float(losses.sum() / size) == pytest.approx(float(expected.loss), abs=1e-5)
    kept = problem.predict(logits, features)
    predictions = problem.decode(kept, features, tokenizer)
    scores = problem.score(problem.statistics(predictions).sum(0))
    assert float(scores["perplexity"]) == pytest.approx(float(expected.loss.exp()), rel=1e-4)
    right = (expected.logits.argmax(-1) == labels)[labels != IGNORED]
    assert float(scores["accuracy"]) == pytest.approx(float(right.float().mean()))


@pytest.mark.parametrize("name", ["bert", "xlm-r", "modernbert"])
def test_gradients_are_transformers_too(
    name: str, tmp_path: Path, tokenizer: Any, texts: list[TextExample]
) -> None:
    problem = MaskedLanguageModelling()
    torch.manual_seed(3)
    reference = AutoModelForMaskedLM.from_config(config_of(name, len(tokenizer))).eval()
    reference.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    params = HuggingFaceEncoder.Params(model=str(tmp_path))
    model: Any = HuggingFaceEncoder(params).load_model(problem.head)
    model.eval()
    features = features_of(problem, texts[:6], tokenizer)
    batch = collate(features, problem, tokenizer.pad_token_id)
    labels = torch.full_like(batch.input_ids, IGNORED)
    for row, feature in enumerate(features):
        labels[row, list(feature.data.asked)] = torch.tensor(feature.target)
    inputs = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    if name == "bert":
        inputs["token_type_ids"] = batch.token_type_ids
    reference(**inputs, labels=labels).loss.backward()
    size = sum(problem.size(feature) for feature in features)
    (StageLoss(model, problem)(batch).sum() / size).backward()  # type: ignore[no-untyped-call]
    others = dict(reference.named_parameters())
    for parameter_name, parameter in model.model.named_parameters():
        grad = others[parameter_name].grad
        if grad is not None:
            torch.testing.assert_close(parameter.grad, grad, rtol=1e-3, atol=1e-6)


def known(tokenizer: Any) -> Vocabulary:
    return Vocabulary.of(tokenizer)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60),
    st.floats(0.05, 0.9),
    st.booleans(),
    st.integers(0, 10_000),
)
def test_what_is_chosen(length: int, probability: float, whole: bool, seed: int) -> None:
    vocabulary = Vocabulary(4, tuple(range(5, 50)), (False,) * 30 + (True,) * 20)
    rng = random.Random(seed)
    ids = [2, *(rng.randrange(5, 50) for _ in range(length)), 3]
    special = [True, *[False] * length, True]
    masking = Masking(probability, whole)
    places = chosen(ids, special, masking, vocabulary, random.Random(seed))
    assert places == sorted(set(places))
    assert places
    assert all(not special[place] for place in places)
    runs = words(ids, special, vocabulary.inside)
    assert sorted(place for run in runs for place in run) == list(range(1, length + 1))
    if whole:
        taken = [run for run in runs if set(run) & set(places)]
        assert sorted(place for run in taken for place in run) == places
        shortest = min(map(len, runs))
        assert len(places) <= max(masking.count(length), shortest)
    else:
        assert len(places) == max(1, round(probability * length))
    again = chosen(ids, special, masking, vocabulary, random.Random(seed))
    assert again == places


def test_eighty_ten_ten() -> None:
    vocabulary = Vocabulary(4, tuple(range(5, 1000)), (False,) * 1000)
    ids = [999] * 20_000
    shown = masked(ids, range(len(ids)), vocabulary, random.Random(1))
    counts = Counter("mask" if i == 4 else "same" if i == 999 else "other" for i in shown)
    assert counts["mask"] / len(ids) == pytest.approx(0.8, abs=0.01)
    assert counts["other"] / len(ids) == pytest.approx(0.1, abs=0.01)
    assert counts["same"] / len(ids) == pytest.approx(0.1, abs=0.01)
    assert min(i for i in shown if i != 4) >= 5  # no special token is drawn


@pytest.mark.parametrize(
    ("tokens", "inside"),
    [
        (["[CLS]", "run", "##ning", "dog"], [False, False, True, False]),
        (["<s>", "▁run", "ning", "▁dog"], [True, False, True, False]),
        (["<s>", "Ġrun", "ning", "Ġdog"], [True, False, True, False]),
        (["a", "b"], [False, False]),
    ],
)
def test_pieces_of_words_are_known_by_their_marks(tokens: list[str], inside: list[bool]) -> None:
    class Tokenizer:
        mask_token_id = 0
        all_special_ids = (0,)

        def get_vocab(self) -> dict[str, int]:
            return {token: number for number, token in enumerate(tokens)}

    found = Vocabulary.of(Tokenizer())
    assert list(found.inside) == inside
    assert found.named([1, 999]) == (tokens[1], "999")
    assert found.ordinary == tuple(range(1, len(tokens)))


def test_text_without_spaces_is_masked_piece_by_piece() -> None:
    inside = (True,) * 50
    ids = list(range(LONGEST + 1))
    assert words(ids, [False] * len(ids), inside) == [[place] for place in ids]
    assert words(ids[:-1], [False] * LONGEST, inside) == [list(range(LONGEST))]


def test_masks_change_from_epoch_to_epoch_and_are_fixed_elsewhere(
    tokenizer: Any, texts: list[TextExample]
) -> None:
    problem = MaskedLanguageModelling()
    features = features_of(problem, texts, tokenizer)
    assert features == features_of(MaskedLanguageModelling(), texts, tokenizer)
    drawn = [problem.drawn(f, random.Random(f.id)) for f in features]
    assert sum(a.input_ids != b.input_ids for a, b in zip(features, drawn, strict=True)) > 20
    for feature in (*features, *drawn):
        whole = list(feature.input_ids)
        for place, piece in zip(feature.data.asked, feature.target, strict=True):
            whole[place] = piece
        assert whole == feature.data.input_ids


def test_long_texts_go_on_and_both_texts_of_a_pair_are_masked(
    tokenizer: Any, texts: list[TextExample]
) -> None:
    problem = MaskedLanguageModelling()
    long = TextExample("long", (" ".join(WORDS * 6),), ("en",))
    inputs = features_of(problem, [long], tokenizer, 20)
    assert len(inputs) > 2
    assert [f.goes_on for f in inputs] == [False, *[True] * (len(inputs) - 1)]
    pieces = tokenizer(long.texts[0], add_special_tokens=False)["input_ids"]
    kept = [
        piece
        for f in inputs
        for piece, special in zip(f.data.input_ids, f.special_mask, strict=True)
        if not special
    ]
    assert kept == pieces
    pairs = features_of(problem, [row for row in texts if len(row.texts) == 2], tokenizer)
    sides = {f.text_ids[place] for f in pairs for place in f.data.asked}
    assert sides == {0, 1}


def test_answers_are_pieces_and_their_loss(tokenizer: Any, texts: list[TextExample]) -> None:
    problem = MaskedLanguageModelling()
    features = features_of(problem, texts, tokenizer, 16)
    batch = collate(features, problem, 0)
    assert batch.asked is not None
    logits = torch.randn(*batch.asked.shape, len(tokenizer))
    kept = problem.predict(logits, features)
    made = problem.decode(kept, features, tokenizer)
    assert [p.id for p in made] == [row.id for row in texts]
    perfect = [replace(p, predicted=p.gold) for p in made]
    scores = problem.score(problem.statistics(perfect).sum(0))
    assert (float(scores["perplexity"]), float(scores["accuracy"])) == (1.0, 1.0)
    sums = np.stack([problem.statistics(made).sum(0)] * 2)
    assert problem.score(sums)["perplexity"].shape == (2,)


def test_a_head_that_is_missing_is_tied_and_drawn_from_the_seed(
    tmp_path: Path, tokenizer: Any
) -> None:
    config = config_of("bert", len(tokenizer))
    AutoModel.from_config(config).save_pretrained(tmp_path / "bare")
    tokenizer.save_pretrained(tmp_path / "bare")
    encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tmp_path / "bare")))
    head = MaskedLanguageModelling().head
    models: list[Any] = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        models.append(encoder.load_model(head))
    assert models[0].about_head == (
        "a new language-modelling head, whose output layer is that of the word embeddings"
    )
    dense = [m.model.cls.predictions.transform.dense.weight for m in models]
    assert torch.equal(dense[0], dense[1])
    assert not torch.equal(dense[0], dense[2])
    table = models[0].model.get_input_embeddings().weight
    assert models[0].model.get_output_embeddings().weight is table
    assert all(p is not table for p in models[0].head_parameters())


@pytest.mark.parametrize("name", ["bert", "xlm-r"])
def test_the_head_goes_and_comes_back_over_stages(
    name: str, tmp_path: Path, tokenizer: Any
) -> None:
    AutoModelForMaskedLM.from_config(config_of(name, len(tokenizer))).save_pretrained(
        tmp_path / "lm"
    )
    tokenizer.save_pretrained(tmp_path / "lm")
    encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(model=str(tmp_path / "lm")))
    language, classes = MaskedLanguageModelling().head, SequenceClassification(("a", "b")).head
    first: Any = encoder.load_model(language)
    with torch.no_grad():
        for parameter in first.model.parameters():
            parameter.add_(0.01)  # as after training
    first.save(tmp_path / "1")
    same: Any = encoder.load_model(language, tmp_path / "1")
    for one, other in zip(first.parameters(), same.parameters(), strict=True):
        assert torch.equal(one, other)
    second: Any = encoder.load_model(classes, tmp_path / "1", new_head=True)
    second.save(tmp_path / "2")
    assert "cls.predictions.bias" not in second.model.state_dict()
    third: Any = encoder.load_model(language, tmp_path / "2", new_head=True)
    assert third.about_head == "the encoder's own language-modelling head"
    pretrained: Any = encoder.load_model(language)
    own = {id(p) for p in third.head_parameters()}
    for (named, one), other, begun in zip(
        third.model.named_parameters(), pretrained.model.parameters(), first.model.parameters(),
        strict=True,
    ):  # fmt: skip
        assert torch.equal(one, other if id(one) in own else begun), named


def test_a_tokenizer_without_a_mask_is_refused() -> None:
    from xlt_cli.errors import UserError

    class Tokenizer:
        mask_token_id = None

    with pytest.raises(UserError, match="no mask token"):
        Vocabulary.of(Tokenizer())
