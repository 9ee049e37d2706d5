"""A model in shards over two processes is trained as a whole one is: see `sharding`."""

from __future__ import annotations

import functools
import multiprocessing
import os
import socket
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from learned_noise import Scales
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

from xlt_cli.api import EmbeddingPerturbation, NewAdapter, SequenceExample, TextExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import collate
from xlt_cli.data.template import Template
from xlt_cli.errors import UserError
from xlt_cli.evaluation.predict import predict
from xlt_cli.launch.computing import start
from xlt_cli.models.trained_parts import prepare
from xlt_cli.problems import Feature, MaskedLanguageModelling, SequenceClassification
from xlt_cli.spec import Stage
from xlt_cli.training import checkpoints
from xlt_cli.training.checkpoints import Position
from xlt_cli.training.heads import other_head
from xlt_cli.training.ways import updates_of
from xlt_encoders.huggingface import HuggingFaceEncoder
from xlt_perturbations.adversarial import Adversarial
from xlt_perturbations.freelb import FreeLB
from xlt_perturbations.random_perturbation import RandomPerturbation

STEPS = 3


@dataclass(frozen=True)
class Case:
    """What a stage is trained with."""

    stage: dict[str, Any] = field(default_factory=dict)
    methods: Sequence[tuple[EmbeddingPerturbation, float]] = ()
    adapter: NewAdapter | None = None
    pooling: str = "native"
    other_head: bool = False
    masked: bool = False
    architecture: str = ""


ATTACK = Adversarial(Adversarial.Params(steps=2))
NOISE = RandomPerturbation(RandomPerturbation.Params())
CASES = {
    "plain": Case({"layer_decay": 0.9, "head_learning_rate": 3e-3}),
    "accumulated": Case({"accumulate": 2}),
    "attack": Case(methods=[(ATTACK, 1.0)]),
    "checkpointed attack": Case({"gradient_checkpointing": True}, [(ATTACK, 1.0)]),
    "frozen": Case({"freeze": {"embeddings": True, "layers": 1}}),
    "freelb": Case(methods=[(FreeLB(FreeLB.Params()), 1.0)]),
    # Most often a process has no example of the first kind, and a batch of two has none at all.
    "shared": Case(methods=[(ATTACK, 0.15), (NOISE, 0.5)]),
    "pooled": Case(pooling="mean"),
    "two heads": Case(other_head=True),
    "own module": Case(methods=[(Scales(), 0.5)]),
    "masked, tied to the word table, attacked": Case(methods=[(ATTACK, 1.0)], masked=True),
    "four lists of layers": Case(architecture="xlm"),
    "one layer again and again": Case(methods=[(ATTACK, 1.0)], architecture="albert"),
    "deberta": Case({"gradient_checkpointing": True}, architecture="deberta-v2"),
    "lora": Case(adapter=NewAdapter("lora", rank=4, alpha=8)),
}


RESUMED = ["plain", "lora"]


@dataclass(frozen=True)
class Desk:
    """What the cases share."""

    encoder: HuggingFaceEncoder
    tokenizer: Any
    examples: Sequence[SequenceExample]
    folder: Path

    def problem(self, case: Case) -> Any:
        return MaskedLanguageModelling() if case.masked else SequenceClassification(("0", "1"))

    def features(self, case: Case) -> list[Feature]:
        problem, template = self.problem(case), Template(self.tokenizer)
        rows: Any = self.examples
        if case.masked:
            rows = [TextExample(row.id, row.texts, row.languages) for row in rows]
        return [problem.feature(e, template, 32) for e in problem.encode(rows, self.tokenizer)]

    def model(self, case: Case, checkpoint: Path | None = None) -> Any:
        """The tiny encoder, without dropout: it depends on where a row is in its cut."""
        values = {**self.encoder.params.model_dump(), "pooling": case.pooling, "dropout": 0.0}
        if case.architecture:
            values["model"] = str(self.folder / case.architecture)
        encoder = HuggingFaceEncoder(HuggingFaceEncoder.Params(**values))
        torch.manual_seed(0)
        folder = None if checkpoint is None else checkpoint / "model"
        return encoder.load_model(self.problem(case).head, folder)

    def make(self, architecture: str) -> None:
        """A folder with a random model."""
        words = len(self.tokenizer)
        sizes: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 32}
        sizes |= {"num_hidden_layers": 2, "num_attention_heads": 2, "pad_token_id": 0}
        if architecture == "xlm":
            sizes = {"emb_dim": 16, "n_layers": 2, "n_heads": 2, "pad_index": 0}
        if architecture == "albert":
            sizes["embedding_size"] = 8
        config = AutoConfig.for_model(architecture, vocab_size=words, **sizes)
        torch.manual_seed(3)
        AutoModel.from_config(config).save_pretrained(self.folder / architecture)  # type: ignore[no-untyped-call]
        self.tokenizer.save_pretrained(self.folder / architecture)


def trained(
    desk: Desk, case: Case, runtime: Runtime, folder: Path, checkpoint: Path | None = None
) -> dict[str, Any]:
    """Some updates, with a checkpoint after the second and the model at the end.

    Args:
        checkpoint: of the second update, to go on from.
    """
    made, features = begun(desk, case, runtime, checkpoint), desk.features(case)
    found: dict[str, Any] = {"losses": [], "norms": [], "path": made.path}
    for step in range(2 if checkpoint else 0, STEPS):
        size = 1 if step == 1 else 7  # one process has no example, and parts are not as large
        head = step % 2 if case.other_head else 0
        rows = [replace(row, head=head) for row in features[step * 7 : step * 7 + size]]
        loss = made.make(rows, step, 20)
        found["losses"].append(float(loss[2]))
        found["norms"].append(float(loss[1]))
        if step == 1:
            model, state = made.whole_model(), made.optimizer_state()
            if runtime.is_main:
                checkpoints.save(folder, model, state, Position(step=2), own=made.loss.own)
            with made.answering() as alone:
                answers = predict(made.model, features[:9], made.problem, 0, alone)
                found["answers"] = [(one.id, one.predicted) for one in answers]
    model = made.whole_model()
    if runtime.is_main:
        (folder / "model").mkdir(parents=True)
        model.save(folder / "model")
        modules = torch.nn.ModuleList([model, made.loss.own])
        found["weights"] = {n: p.detach().clone() for n, p in modules.named_parameters()}
    made.release()
    return found


def begun(desk: Desk, case: Case, runtime: Runtime, checkpoint: Path | None = None) -> Any:
    cuts = case.stage.get("accumulate", 1) * (1 if runtime.world > 1 else 2)
    values = {"task": "t", "batch_size": 7, "learning_rate": 1e-3, **case.stage, "accumulate": cuts}
    stage = Stage.model_validate(values)
    model = desk.model(case, checkpoint)
    torch.manual_seed(1)
    if case.adapter is not None and checkpoint is None:
        model.adapt(case.adapter)
    prepare(model, stage, "tiny")
    probe, problem = desk.features(case)[0], desk.problem(case)
    others = []
    if case.other_head:
        batch = collate([probe], problem, 0)
        others.append(other_head(model, desk.encoder, problem, "other", batch, "s"))
    made: Any = updates_of(
        model, problem, case.methods, stage, 0, "s", runtime, probe, 20, others=others
    )
    if checkpoint is not None:
        checkpoints.restore_own(checkpoint, made.loss.own)
        made.restore(checkpoint)
    made.loss.train()
    return made


def processes(work: Any, count: int = 2) -> None:
    """Does work in so many processes, with a runtime that shards."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def one(rank: int) -> None:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        os.environ |= {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}
        AcceleratorState._reset_state(reset_partial_state=True)  # this test's process is alone
        try:
            work(start("cpu", "fp32"))
        except BaseException:
            answers.put(traceback.format_exc())
            os._exit(1)
        os._exit(0)

    started = [context.Process(target=one, args=(rank,)) for rank in range(count)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
        if process.exitcode != 0:
            for other in started:
                other.join(5)
                other.kill()
            said = []
            while not answers.empty():
                said.append(answers.get())
            pytest.fail("\n".join(said) or "a process hangs")


@pytest.fixture(scope="module")
def desk(
    encoder: HuggingFaceEncoder,
    tokenizer: Any,
    examples: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Desk:
    made = Desk(encoder, tokenizer, examples, tmp_path_factory.mktemp("sharded"))
    with torch.random.fork_rng(devices=[]):
        for architecture in {case.architecture for case in CASES.values()} - {""}:
            made.make(architecture)
    return made


@pytest.fixture(scope="module")
def alone(desk: Desk, runtime: Runtime) -> Callable[[str], dict[str, Any]]:
    """What one process finds in a case."""

    @functools.cache
    def found(name: str) -> dict[str, Any]:
        with torch.random.fork_rng(devices=[]):
            return trained(
                desk, CASES[name], replace(runtime, plain=True), desk.folder / "a" / name
            )

    return found


@pytest.fixture(scope="module")
def sharded(desk: Desk, alone: Any) -> dict[str, dict[str, Any]]:
    """What the main process of two finds in each case; `NAME again` goes on from one process."""
    for name in RESUMED:
        alone(name)

    def work(runtime: Runtime) -> None:
        assert runtime.sharded
        # XLM adds what its lists of modules return to something else, and writes into none of it.
        warnings.filterwarnings("ignore", message=r"FSDP2-wrapped module .* a view")
        found = {}
        for name, case in CASES.items():
            found[name] = trained(desk, case, runtime, desk.folder / name)
        for name in RESUMED:
            again, case = f"{name} again", CASES[name]
            checkpoint = checkpoints.path_of(desk.folder / "a" / name, 2)
            found[again] = trained(desk, case, runtime, desk.folder / again, checkpoint)
        with pytest.raises(UserError, match="not averaged"):
            begun(desk, Case({"select": "average"}), runtime)
        if runtime.is_main:
            torch.save(found, desk.folder / "found.pt")

    processes(work)
    found: dict[str, dict[str, Any]] = torch.load(desk.folder / "found.pt", weights_only=False)
    return found


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_training_of_one_process_with_two_cuts(
    sharded: Any, alone: Any, name: str
) -> None:
    assert sharded[name]["path"] == "sharded"
    assert_equal(sharded[name], alone(name))


@pytest.mark.parametrize("name", RESUMED)
def test_it_goes_on_from_a_checkpoint_of_one_process(sharded: Any, alone: Any, name: str) -> None:
    assert_equal(sharded[f"{name} again"], alone(name))


@pytest.mark.parametrize("name", RESUMED)
def test_one_process_goes_on_from_its_checkpoint(
    desk: Desk, sharded: Any, alone: Any, runtime: Runtime, name: str, tmp_path: Path
) -> None:
    checkpoint = checkpoints.path_of(desk.folder / name, 2)
    with torch.random.fork_rng(devices=[]):
        found = trained(desk, CASES[name], replace(runtime, plain=True), tmp_path, checkpoint)
    assert_equal(found, alone(name))


def test_transformers_opens_the_model(desk: Desk, sharded: Any) -> None:
    opened = AutoModelForSequenceClassification.from_pretrained(desk.folder / "plain" / "model")
    weights = sharded["plain"]["weights"]
    assert len(weights) == len(list(opened.parameters()))
    for name, value in opened.named_parameters():
        torch.testing.assert_close(weights[f"0.model.{name}"], value, rtol=0, atol=0)


def assert_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """The same to rounding; the earlier of the updates may be left out."""
    count = len(found["losses"])
    assert found["losses"] == pytest.approx(expected["losses"][-count:], rel=1e-5)
    assert found["norms"] == pytest.approx(expected["norms"][-count:], rel=1e-4)
    assert found.get("answers") in (None, expected["answers"])
    assert found["weights"].keys() == expected["weights"].keys()
    for name, value in expected["weights"].items():
        torch.testing.assert_close(found["weights"][name], value, rtol=1e-4, atol=1e-5)
