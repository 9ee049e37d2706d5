"""What an epoch is made of: noise in its proportions, and companions."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from xlt_cli.api import (
    Companion,
    EmbeddingPerturbation,
    Example,
    Seam,
    SegmentationPerturbation,
    SequenceExample,
    TextPerturbation,
)
from xlt_cli.data.batches import collate
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import PluginError
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.training.epochs import Epochs
from xlt_cli.training.noise import Noise

MANY = [
    SequenceExample(f"train-{i}", ("the cat sees the dog", "the bird"), "01"[i % 2], ("en", "en"))
    for i in range(400)
]


class Append(TextPerturbation):
    """Appends a word to the first text, `copies` times."""

    api_version = 1
    name = "append"
    summary = "for tests"

    def __init__(self, word: str, copies: int = 1, clean: bool = False) -> None:
        super().__init__()
        self.word, self.copies, self.clean = word, copies, clean

    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        assert isinstance(example, SequenceExample)
        noisy = replace(example, texts=(f"{example.texts[0]} {self.word}", example.texts[1]))
        return [example] * self.clean + [noisy] * self.copies


class Unknowns(SegmentationPerturbation):
    """Cuts every text into two unknown pieces."""

    api_version = 1
    name = "unknowns"
    summary = "for tests"

    def segmenter(self, tokenizer: Any) -> Callable[[str, random.Random], list[int]]:
        return lambda text, rng: [tokenizer.unk_token_id] * 2


class Beside(EmbeddingPerturbation):
    """Asks for a companion."""

    api_version = 1
    name = "beside"
    summary = "for tests"

    def __init__(self, companion: Companion, pairs: Sequence[SequenceExample] = ()) -> None:
        super().__init__()
        self.companion, self.pairs = companion, pairs  # type: ignore[misc]

    def parallel(self) -> Sequence[SequenceExample]:
        return self.pairs

    def loss(self, seam: Seam) -> torch.Tensor:
        raise NotImplementedError


@pytest.fixture(scope="module")
def featuriser(tokenizer: Any, problem: SequenceClassification) -> Featuriser:
    return Featuriser(problem, tokenizer, 32)


def words(featuriser: Featuriser, feature: Feature) -> str:
    return " ".join(featuriser.tokenizer.convert_ids_to_tokens(feature.input_ids))


def test_perturbations_of_text_act_one_after_the_other(featuriser: Featuriser) -> None:
    noise = Noise(text=((Append("dog"), 1.0), (Append("bird"), 1.0)))
    found = Epochs(MANY[:2], featuriser, "s", noise)(0)
    expected = featuriser.features(
        [replace(e, texts=(f"{e.texts[0]} dog bird", e.texts[1])) for e in MANY[:2]]
    )
    assert found == expected


@pytest.mark.parametrize("proportion", [0.2, 0.75])
def test_a_proportion_is_of_the_examples(featuriser: Featuriser, proportion: float) -> None:
    noise = Noise(text=((Append("dog", 2), proportion),))
    found = Epochs(MANY, featuriser, "s", noise)(0)
    touched = (len(found) - len(MANY)) / len(MANY)  # each of them stands twice
    assert touched == pytest.approx(proportion, abs=0.08)
    again = Epochs(MANY, featuriser, "s", noise)
    assert again(0) == found
    assert again(1) != found, "drawn afresh in each epoch"


def test_segmentation_is_noise_for_its_proportion_and_after_the_text(
    featuriser: Featuriser,
) -> None:
    noise = Noise(text=((Append("dog"), 1.0),), segmentation=(Unknowns(), 0.5))
    found = [words(featuriser, f) for f in Epochs(MANY, featuriser, "s", noise)(0)]
    cut = [text for text in found if "[UNK] [UNK] [SEP] [UNK] [UNK]" in text]
    usual = [text for text in found if "dog" in text]
    assert len(cut) + len(usual) == len(MANY)
    assert len(cut) == pytest.approx(200, abs=40)


def test_a_noisy_companion_leaves_the_example_clean(featuriser: Featuriser) -> None:
    clean = featuriser.features(MANY[:3])
    noise = Noise(
        text=((Append("bird", copies=2, clean=True), 1.0),), methods=((Beside("noisy"), 1.0),)
    )
    found = Epochs(MANY[:3], featuriser, "s", noise)(0)
    assert [replace(f, companions=()) for f in found] == [f for f in clean for _ in range(2)]
    views = featuriser.features(
        [replace(e, texts=(f"{e.texts[0]} bird", e.texts[1])) for e in MANY[:3]]
    )
    assert [f.companions for f in found] == [(view,) for view in views for _ in range(2)]


def test_an_example_that_noise_left_alone_is_its_own_view(featuriser: Featuriser) -> None:
    class Nothing(Append):
        def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
            return [example]

    noise = Noise(text=((Nothing("x"), 1.0),), methods=((Beside("noisy"), 1.0),))
    (found,) = Epochs(MANY[:1], featuriser, "s", noise)(0)
    assert found.companions == tuple(featuriser.features(MANY[:1]))


def test_partners_are_other_examples_and_change_with_the_epoch(featuriser: Featuriser) -> None:
    source = Epochs(MANY[:50], featuriser, "s", Noise(methods=((Beside("partner"), 1.0),)))
    first, second = ([f.companions[0].id for f in source(epoch)] for epoch in (0, 1))
    assert {e.id for e in MANY[:50]} >= set(first)
    assert len(set(first)) > 20
    assert first != second
    assert [f.companions[0].id for f in source(0)] == first


def test_translations_are_single_texts_with_nothing_to_predict(featuriser: Featuriser) -> None:
    pairs = [
        SequenceExample(str(i), (f"the cat {w}", f"{w} dog"), "", ("en", "de"))
        for i, w in enumerate(["sees", "likes"])
    ]
    source = Epochs(
        MANY[:20], featuriser, "s", Noise(methods=((Beside("translations", pairs), 1.0),))
    )
    found = source(0)
    texts = {tuple(words(featuriser, c) for c in f.companions) for f in found}
    assert texts == {
        ("[CLS] the cat sees [SEP]", "[CLS] sees dog [SEP]"),
        ("[CLS] the cat likes [SEP]", "[CLS] likes dog [SEP]"),
    }
    batch = collate(found[:4], featuriser.problem, 0)
    assert [len(companion) for companion in batch.companions] == [4, 4]
    assert batch.companions[1].languages == [("de",)] * 4
    assert batch.companions[0].targets.numel() == 0


def test_no_translations_are_refused(featuriser: Featuriser) -> None:
    with pytest.raises(PluginError, match="'beside' has no translations"):
        Epochs(MANY[:2], featuriser, "s", Noise(methods=((Beside("translations"), 1.0),)))


def test_companions_keep_to_their_examples_when_a_batch_is_cut(featuriser: Featuriser) -> None:
    source = Epochs(MANY[:8], featuriser, "s", Noise(methods=((Beside("partner"), 1.0),)))
    features = source(0)
    batch = collate(features, featuriser.problem, 0)
    rows = [6, 1, 3]
    part = batch.select(rows)
    again = collate([features[row] for row in rows], featuriser.problem, 0)
    assert torch.equal(part.input_ids[:, : again.input_ids.shape[1]], again.input_ids)
    assert torch.equal(part.targets, again.targets)
    assert part.languages == again.languages
    one, other = part.companions[0], again.companions[0]
    assert torch.equal(one.input_ids[:, : other.input_ids.shape[1]], other.input_ids)


class Drawing(SequenceClassification):
    """Puts a number drawn for the epoch in the place of each input's first token."""

    name = "drawing"

    def drawn(self, feature: Feature, rng: random.Random) -> Feature:
        return replace(feature, input_ids=[rng.randrange(10**9), *feature.input_ids[1:]])


@pytest.mark.parametrize("noise", [Noise(), Noise(text=((Append("and"), 0.5),))], ids=["", "text"])
def test_what_a_problem_draws_is_the_examples_own_in_each_epoch(
    tokenizer: Any, noise: Noise
) -> None:
    problem = Drawing(("0", "1"))
    featuriser = Featuriser(problem, tokenizer, 32)

    def firsts(rows: Sequence[SequenceExample], epoch: int) -> dict[str, int]:
        made = Epochs(rows, featuriser, "1/stage/0", noise)(epoch)
        return {feature.id: feature.input_ids[0] for feature in made}

    whole, again, other = firsts(MANY, 0), firsts(MANY[::-1], 0), firsts(MANY, 1)
    assert whole == again
    assert all(other[id_] != number for id_, number in whole.items())
    assert len(set(whole.values())) == len(MANY)
    alone = firsts(MANY[7:8], 0)
    assert alone["train-7"] == whole["train-7"]
    clean = featuriser.clean_features(MANY[:3])
    assert {feature.input_ids[0] for feature in clean} == {tokenizer.cls_token_id}
