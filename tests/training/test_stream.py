"""The stream of batches can be entered anywhere, and is the same for the same seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlt_cli.api import Example, SequenceExample, TextPerturbation
from xlt_cli.data.batches import training_batches
from xlt_cli.errors import PluginError
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.epochs import Epochs
from xlt_cli.training.noise import Noise
from xlt_cli.training.stream import Stream, updates

EXAMPLES = [
    SequenceExample(f"train-{i}", (f"{language} {i}",), "0", (language,))
    for language in ("en", "de")
    for i in range(15)
]


def featurise(examples: Sequence[Example]) -> list[Feature]:
    """Features that carry their text as id, of lengths from 1 to 7."""
    found = []
    for e in examples:
        assert isinstance(e, SequenceExample)
        ids = [0] * (1 + len(e.texts[0]) % 7)
        found.append(Feature(e.texts[0], ids, [], [], [], e.languages, 0, e.label))
    return found


class Repeats(TextPerturbation):
    """Each example 0 to `most` times, each time with a number drawn for it."""

    api_version = 1
    name = "noise"
    summary = "for tests"

    def __init__(self, most: int = 2) -> None:
        super().__init__()
        self.most = most

    def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
        assert isinstance(example, SequenceExample)
        times = rng.randint(0, self.most)
        return [
            replace(example, texts=(f"{example.texts[0]} {rng.random()}",)) for _ in range(times)
        ]


class Maker:
    """Stands where the tokenizer would."""

    problem = SequenceClassification(("a", "b"))

    def __init__(self) -> None:
        self.calls: list[int] = []

    def features(self, examples: Sequence[Example]) -> list[Feature]:
        self.calls.append(len(examples))
        return featurise(examples)

    clean_features = features


def epochs(
    examples: Sequence[Example], noise: TextPerturbation | None, seed: str, maker: Any = None
) -> Epochs:
    return Epochs(
        examples, maker or Maker(), seed, Noise(text=((noise, 1.0),)) if noise else Noise()
    )


def stream(noise: TextPerturbation | None = None, seed: str = "1/stage/0") -> Stream:
    return Stream(epochs(EXAMPLES, noise, seed), 4, seed)


def take(source: Stream, count: int, position: Position | None = None) -> list[list[str]]:
    position = position or Position()
    return [[feature.id for feature in source.next(position)] for _ in range(count)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 30), st.booleans())
def test_it_can_be_entered_at_any_position(done: int, noisy: bool) -> None:
    noise = Repeats() if noisy else None
    whole = take(stream(noise), 40)
    position = Position()
    take(stream(noise), done, position)
    entered = stream(noise)
    entered.batches_per_epoch()  # the trainer asks for it first, whatever the position
    assert take(entered, 40 - done, position) == whole[done:]


def test_each_epoch_has_every_example_once_in_another_order() -> None:
    source = stream()
    per_epoch = source.batches_per_epoch()
    assert per_epoch == math.ceil(len(EXAMPLES) / 4)
    epochs = [take(source, per_epoch, Position(epoch=number)) for number in range(3)]
    for batches in epochs:
        assert sorted(i for b in batches for i in b) == sorted(e.texts[0] for e in EXAMPLES)
    assert epochs[0] != epochs[1] != epochs[2]


def test_position_counts_epochs_and_batches() -> None:
    source, position = stream(), Position()
    per_epoch = source.batches_per_epoch()
    take(source, per_epoch, position)
    assert (position.epoch, position.batch) == (0, per_epoch)
    take(source, 1, position)
    assert (position.epoch, position.batch) == (1, 1)


def test_other_seeds_have_other_streams() -> None:
    assert take(stream(seed="1/stage/0"), 8) != take(stream(seed="1/stage/1"), 8)


def texts(source: Stream, epoch: int) -> set[str]:
    """What an epoch is made of."""
    position = Position(epoch=epoch)
    found: set[str] = set()
    while True:
        features = source.next(position)
        if position.epoch != epoch:
            return found
        found |= {feature.id for feature in features}


def test_noise_is_fresh_in_each_epoch_and_the_same_when_it_comes_again() -> None:
    first, second = (texts(stream(Repeats()), epoch) for epoch in (0, 1))
    assert first
    assert second
    assert not first & second
    assert texts(stream(Repeats()), 1) == second
    assert not texts(stream(Repeats(), seed="2/stage/0"), 1) & second


def test_one_item_in_two_languages_has_two_noises() -> None:
    class Draw(Repeats):
        def perturb(self, example: Example, rng: random.Random) -> Sequence[Example]:
            assert isinstance(example, SequenceExample)
            return [replace(example, texts=(f"{rng.random()}",))]

    assert len(texts(stream(Draw()), 0)) == len(EXAMPLES)


def test_noise_of_one_example_does_not_depend_on_the_others() -> None:
    whole = texts(stream(Repeats()), 0)
    source = Stream(epochs(EXAMPLES[7:12], Repeats(), "1/stage/0"), 4, "1/stage/0")
    beginnings = tuple(f"{e.texts[0]} " for e in EXAMPLES[7:12])
    assert texts(source, 0) == {text for text in whole if text.startswith(beginnings)}


@pytest.mark.parametrize("most", [1, 3])
def test_an_epoch_has_as_many_examples_as_the_perturbation_returns(most: int) -> None:
    source = stream(Repeats(most))
    assert 0 < len(texts(source, 0)) < most * len(EXAMPLES)
    assert {len(texts(stream(Repeats(most)), e)) for e in range(4)} != {len(EXAMPLES)}


def test_a_perturbation_that_leaves_nothing_is_named() -> None:
    with pytest.raises(PluginError, match="'noise' left no example"):
        stream(Repeats(0)).batches_per_epoch()


def test_features_are_made_once_where_there_is_no_noise() -> None:
    maker = Maker()
    take(Stream(epochs(EXAMPLES, None, "s", maker), 4, "s"), 30)
    assert maker.calls == [len(EXAMPLES)]


def test_batches_are_those_of_the_epochs_seed() -> None:
    lengths = [len(f.input_ids) for f in featurise(EXAMPLES)]
    batches = training_batches(lengths, 4, "1/stage/0/epoch/2")
    expected = [[EXAMPLES[i].texts[0] for i in batch] for batch in batches]
    assert take(stream(), len(batches), Position(epoch=2)) == expected


@pytest.mark.parametrize(
    ("epochs", "per_epoch", "most", "expected"),
    [(3, 10, None, 30), (0.5, 9, None, 5), (0.01, 9, None, 1), (3, 10, 7, 7), (1, 10, 99, 10)],
)
def test_updates(epochs: float, per_epoch: int, most: int | None, expected: int) -> None:
    stage = Stage.model_validate({"task": "t", "epochs": epochs, "max_steps": most})
    assert updates(stage, per_epoch) == expected
