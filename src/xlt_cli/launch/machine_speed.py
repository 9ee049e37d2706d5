"""How fast this machine trains and evaluates: xlt's own updates and predictions, timed."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xlt_cli.api import Encoder, EncoderModel, Task
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import training_batches
from xlt_cli.data.features import Featuriser
from xlt_cli.errors import DataError
from xlt_cli.evaluation.predict import predict
from xlt_cli.problems import Feature, Problem
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec import PluginUse, Stage
from xlt_cli.training.ways import updates_of

ROWS = 2048
"""Rows that are read at most: more are not got through in the time, except by a GPU, which goes
through them again."""
SEED = "bench"
LENGTH = 10**6
"""Updates that the schedule is made for: a stage long enough for all that pays off later."""


@dataclass(frozen=True)
class Speed:
    """Examples per second, and what they were: how many, and their mean length in tokens."""

    per_second: float
    examples: int
    mean_length: float


def measure(
    encoder: Encoder, task: Task, batch_size: int, max_length: int, seconds: float, runtime: Runtime
) -> tuple[Speed, Speed]:
    """Speeds of training (plain, on the source language) and evaluation (on all languages).

    Args:
        seconds: what each of the two is timed for, after as much as a third of that to warm up.

    Raises:
        UserError: encoder or task cannot be loaded.
    """
    problem, tokenizer = problem_of(task), encoder.load_tokenizer()
    featuriser = Featuriser(problem, tokenizer, max_length)
    trained = _features(task, "train", [task.source_language], featuriser)
    tested = _features(task, "test", task.languages("test"), featuriser)
    torch.manual_seed(0)
    model = encoder.load_model(problem.head)
    assert isinstance(model, torch.nn.Module)
    model.to(runtime.device)
    pad_id = featuriser.template.pad_id
    evaluation = _evaluation(model, problem, tested, pad_id, seconds, runtime)
    stage = Stage(task=PluginUse(name=task.name), batch_size=batch_size)
    return _training(model, problem, trained, pad_id, stage, seconds, runtime), evaluation


def _features(
    task: Task, split: str, languages: Sequence[str], featuriser: Featuriser
) -> list[Feature]:
    """The first rows of each language."""
    if not languages:
        raise DataError(f"the task '{task.name}' has no {split} split", task.name)
    each = -(-ROWS // len(languages))
    rows = [row for name in languages for row in task.load(split, name).examples[:each]]  # type: ignore[arg-type]
    return featuriser.features(rows)


def _training(
    model: EncoderModel,
    problem: Problem,
    features: list[Feature],
    pad_id: int,
    stage: Stage,
    seconds: float,
    runtime: Runtime,
) -> Speed:
    updates = updates_of(model, problem, (), stage, pad_id, SEED, runtime, features[0], LENGTH)
    updates.loss.train()
    updates.enter(features)
    lengths = [len(feature.input_ids) for feature in features]
    steps = enumerate(itertools.cycle(training_batches(lengths, stage.batch_size, SEED)))

    def train(limit: float) -> tuple[float, list[int]]:
        """Seconds taken by updates until `limit` has passed, and the lengths of their examples."""
        began, done = time.perf_counter(), list[int]()
        while not done or time.perf_counter() - began < limit:
            step, rows = next(steps)
            updates.make([features[i] for i in rows], step, LENGTH)
            done += [lengths[i] for i in rows]
        _wait(runtime)
        return time.perf_counter() - began, done

    train(seconds / 3)
    took, done = train(seconds)
    return _speed(took, done)


def _evaluation(
    model: EncoderModel,
    problem: Problem,
    features: list[Feature],
    pad_id: int,
    seconds: float,
    runtime: Runtime,
) -> Speed:
    # A few rows of every length and language, as many as say how many there is time for.
    few = features[:: max(1, len(features) // 64)]
    predict(model, few[:8], problem, pad_id, runtime)
    began = time.perf_counter()
    predict(model, few, problem, pad_id, runtime)
    _wait(runtime)
    rate = len(few) / (time.perf_counter() - began)
    chosen = features[:: max(1, round(len(features) / (rate * seconds)))]
    began, done = time.perf_counter(), list[int]()
    while not done or time.perf_counter() - began < seconds / 2:
        predict(model, chosen, problem, pad_id, runtime)
        _wait(runtime)
        done += [len(feature.input_ids) for feature in chosen]
    return _speed(time.perf_counter() - began, done)


def _speed(took: float, lengths: list[int]) -> Speed:
    return Speed(round(len(lengths) / took, 1), len(lengths), round(statistics.mean(lengths), 1))


def _wait(runtime: Runtime) -> None:
    """Until the device has done what it was given."""
    if runtime.device.type == "cuda":
        torch.cuda.synchronize(runtime.device)
