"""Checkpoints that a thread writes while training goes on."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from xlt_cli.api import EncoderModel, NewAdapter
from xlt_cli.compute import memory
from xlt_cli.compute.runtime import Runtime
from xlt_cli.launch.computing import start
from xlt_cli.models import word_table
from xlt_cli.problems import Feature, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.training import checkpoints, snapshot, updates, ways
from xlt_cli.training.averaging import Average
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.writer import Writer
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_encoders.own_heads import LANGUAGE_MODEL

UNORDERED = ("adapter_config.json", "COMPLETE.json")
"""peft writes a set into the one, whose hash is in the other."""


class Held:
    """In the place of `checkpoints.save`: writes once it is let go."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.steps: list[int] = []
        self.at_work = self.most = 0
        self.threads: list[str] = []
        self._save = checkpoints.save

    def __call__(self, stage: Path, model: Any, optimizer: Any, position: Any, *more: Any) -> None:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        self.threads.append(threading.current_thread().name)
        self.begun.set()
        assert self.go.wait(60)
        self._save(stage, model, optimizer, position, *more)
        self.steps.append(position.step)
        self.at_work -= 1


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    made = Held()
    monkeypatch.setattr(checkpoints, "save", made)
    yield made
    made.go.set()


@pytest.fixture
def plainly() -> Runtime:
    return start("cpu", "fp32", plain=True)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setattr(word_table, "WORTH", 1)
    return start("cpu", "fp32")


def ordinary(encoder: Any, problem: SequenceClassification) -> Any:
    return encoder.load_model(problem.head)


def with_head(encoder: Any, problem: SequenceClassification) -> Any:
    params = HuggingFaceEncoder.Params(model=encoder.params.model, pooling="mean")
    return HuggingFaceEncoder(params).load_model(problem.head)


def partly_frozen(encoder: Any, problem: SequenceClassification) -> Any:
    params = HuggingFaceEncoder.Params(model=encoder.params.model, freeze_layers=1)
    return HuggingFaceEncoder(params).load_model(problem.head)


def adapted(encoder: Any, problem: SequenceClassification) -> Any:
    pytest.importorskip("peft")
    model = encoder.load_model(problem.head)
    model.adapt(NewAdapter("lora", rank=4, alpha=8))
    return model


def checkpointing(encoder: Any, problem: SequenceClassification) -> Any:
    model = encoder.load_model(problem.head)
    model.checkpoint_gradients()
    return model


def tied(encoder: Any, problem: SequenceClassification) -> Any:
    """A language model, whose output layer has the weights of the word embeddings."""
    labels = tuple(encoder.load_tokenizer().get_vocab())
    head = copy.copy(problem.head)
    object.__setattr__(head, "kind", LANGUAGE_MODEL)
    object.__setattr__(head, "labels", labels)
    return encoder.load_model(head)


modelS = [ordinary, with_head, partly_frozen, adapted, checkpointing]


def trained(
    model: Any, problem: SequenceClassification, features: list[Feature], runtime: Runtime
) -> updates.Updates:
    """The updates of a stage after the first of them."""
    stage = Stage.model_validate({"task": "xnli", "batch_size": 4, "epochs": 2})
    adapted = getattr(model, "adapter", None) is not None
    made = ways.updates_of(model, problem, (), stage, 0, "seed", runtime, features[0], 20)
    made.enter(features)
    model.train()
    assert made.path.startswith("used rows") == (not runtime.plain and not adapted), made.path
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in UNORDERED
    }


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
@pytest.mark.parametrize("make", modelS)
@pytest.mark.parametrize("way", ["plainly", "fast"])
def test_a_checkpoint_has_the_state_of_its_step_although_training_went_on(
    make: Callable[..., Any],
    way: str,
    encoder: HuggingFaceEncoder,
    problem: SequenceClassification,
    features: list[Feature],
    held: Held,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Twice: the second snapshot uses the memory of the first, and rows have come to the table."""
    model, average = make(encoder, problem), Average()
    made = trained(model, problem, features[:8], request.getfixturevalue(way))
    own, position = nn.ModuleDict({"own": nn.Linear(3, 3)}), Position(best_step=2, best_score=0.5)
    with Writer(tmp_path / "held", model, pytest.fail) as writer:
        for _ in range(2):
            made.make(features[:4], position.step, 20)
            made.enter(features)
            made.settle()
            average.add(model)
            position.step += 1
            expected = tmp_path / f"whole-{position.step}"
            held._save(
                expected, model, made.optimizer_state(), position, made.trained_rows, average, own
            )
            held.go.clear()
            held.begun.clear()
            writer.save(model, made.optimizer_state(), position, made.trained_rows, average, own)
            assert held.begun.wait(60)
            position.batch, step = 7, position.step
            made.make(features[4:12], step, 20)
            made.settle()
            average.add(model)
            with torch.no_grad():
                own["own"].weight.add_(1)
            held.go.set()
            writer.wait()
            position.batch = 0
            path = checkpoints.path_of(tmp_path / "held", step)
            assert files(path) == files(checkpoints.path_of(expected, step))
    assert held.threads == ["checkpoint_0"] * 2


def test_what_is_not_trained_is_not_copied_and_what_is_tied_stays_so(
    encoder: HuggingFaceEncoder,
    problem: SequenceClassification,
    features: list[Feature],
    fast: Runtime,
) -> None:
    model = partly_frozen(encoder, problem)
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    made = trained(model, problem, features, fast)
    table = model.model.get_input_embeddings()
    assert not table.weight.requires_grad, "its used rows are trained apart"
    snapshots = snapshot.Snapshots(model)
    made.make(features[:4], 0, 20)
    made.settle()
    taken = snapshots.take(model, made.optimizer_state(), None, made.loss.own)
    assert taken is not None
    theirs = dict(taken.model.named_parameters())  # type: ignore[attr-defined]
    same = [n for n, p in model.named_parameters() if p.data_ptr() == theirs[n].data_ptr()]
    assert frozen
    assert same == frozen
    language_model = tied(encoder, problem)
    taken = snapshot.Snapshots(language_model).take(
        language_model, made.optimizer_state(), None, made.loss.own
    )
    assert taken is not None
    copied: Any = taken.model
    assert copied.model.get_output_embeddings().weight is copied.model.get_input_embeddings().weight


def test_the_next_checkpoint_waits_for_the_one_before(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    plainly: Runtime,
    held: Held,
    tmp_path: Path,
) -> None:
    made = trained(model, problem, features, plainly)
    with Writer(tmp_path, model, pytest.fail) as writer:
        for step in range(1, 5):
            timer = threading.Timer(0.05, held.go.set)
            timer.start()
            writer.save(model, made.optimizer_state(), Position(step=step), [], None, made.loss.own)
            assert held.steps == list(range(1, step))
            timer.join()
            held.go.clear()
            threading.Timer(0.05, held.go.set).start()
    assert held.steps == [1, 2, 3, 4], "the last one is waited for at the end"
    assert held.most == 1


class Uncopied(nn.Module):
    """A model that holds what has no copy."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.lock = model, threading.Lock()

    def save(self, directory: Path) -> None:
        self.model.save(directory)


class OwnTensor(torch.Tensor):
    """A tensor that says itself how it is copied."""


@pytest.mark.parametrize("why", ["memory", "model", "tensor", "graph"])
def test_what_cannot_be_copied_is_written_while_training_waits(
    why: str,
    model: Any,
    problem: SequenceClassification,
    features: list[Feature],
    plainly: Runtime,
    held: Held,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = trained(model, problem, features, plainly)
    saved = Uncopied(model) if why == "model" else model
    if why == "memory":
        monkeypatch.setattr(memory, "available", lambda: snapshot.RESERVE)
    if why == "tensor":
        model.register_buffer("odd", torch.zeros(3).as_subclass(OwnTensor), persistent=False)
    if why == "graph":
        model.kept = next(model.parameters()) * 2
    held.go.set()
    with Writer(tmp_path, saved, pytest.fail) as writer:
        for step in (1, 2):
            writer.save(saved, made.optimizer_state(), Position(step=step), [], None, made.loss.own)
            assert held.steps[-1] == step
    assert set(held.threads) == {threading.main_thread().name}
    assert checkpoints.latest(tmp_path) is not None


def test_an_error_of_the_thread_is_raised_at_the_next_checkpoint_or_at_the_end(
    model: EncoderModel,
    problem: SequenceClassification,
    features: list[Feature],
    plainly: Runtime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = trained(model, problem, features, plainly)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save", full)

    def saved(*steps: int) -> None:
        with Writer(tmp_path, model, pytest.fail) as writer:
            for step in steps:
                writer.save(
                    model, made.optimizer_state(), Position(step=step), [], None, made.loss.own
                )
            writer.wait()

    for steps in ((1, 2), (1,)):
        with pytest.raises(OSError, match="No space"):
            saved(*steps)

    said: list[str] = []

    def ended() -> None:
        with Writer(tmp_path, model, said.append) as writer:
            writer.save(model, made.optimizer_state(), Position(step=1), [], None, made.loss.own)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ended()
    (text,) = said
    assert "not written" in text
    assert "No space" in text
