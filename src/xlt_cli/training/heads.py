"""Further heads of a stage, for tasks with labels of their own: one encoder, a head for each.

A batch has rows of one task, and its head, its problem and its loss are those of that task. The
heads are trained beside the model, in which the head of the stage's own task is: they are in the
stage's checkpoints, and are kept in a folder of the model that it publishes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from xlt_cli.api import Batch, DataError, Encoder, EncoderModel, Head, Task
from xlt_cli.compute.seeding import derive
from xlt_cli.data.groups import Group
from xlt_cli.data.training_rows import TrainingRows
from xlt_cli.problems import Problem
from xlt_cli.problems.head_choice import head_names, heads_of
from xlt_cli.problems.heads import WithHead
from xlt_cli.registry.guard import problem_of
from xlt_cli.spec import ResolvedStage
from xlt_cli.training.sampling import Sampling

FOLDER = "heads"
"""Of a published model: the weights of further heads, and what they are."""
DROPOUT = 0.1
"""In a further head, unless the encoder has a parameter `dropout` that says otherwise."""


@dataclass(frozen=True)
class Shared:
    """The encoder of a model, under another head than the model's own."""

    model: EncoderModel
    hidden_size: int

    def embed(self, batch: Batch) -> torch.Tensor:
        return self.model.embed(batch)

    def encode(self, embeddings: torch.Tensor, batch: Batch) -> torch.Tensor:
        return self.model.encode(embeddings, batch)

    def save(self, directory: Path) -> None:
        self.model.save(directory)


@dataclass(frozen=True)
class OtherHead:
    """A further head.

    Attributes:
        name: of the first task that it answers; no other head of the stage has it.
        model: the shared encoder with this head; its own parameters are those of the head alone.
    """

    name: str
    problem: Problem
    model: WithHead


def other_head(
    model: EncoderModel, encoder: Encoder, problem: Problem, name: str, probe: Batch, seed: str
) -> OtherHead:
    """A new head on a model's encoder, its weights named by a seed.

    Args:
        probe: any batch, to see how wide hidden states are.
    """
    with torch.no_grad():
        width = model.encode(model.embed(probe), probe).shape[-1]
    head = problem.head
    pooling = encoder.head_plugin(head)
    if pooling is None and head.kind not in head_names():
        pooling = next(iter(heads_of(head.kind)), None)
    rate = getattr(encoder.params, "dropout", None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "head", name))
        made = WithHead(Shared(model, width), head, pooling, DROPOUT if rate is None else rate)
    return OtherHead(name, problem, made)


@dataclass(frozen=True)
class Further:
    """The rows that one further head is trained on.

    Attributes:
        name: of its first task, with a number where another head has that name.
    """

    name: str
    task: Task
    rows: TrainingRows


def further_rows(stage: ResolvedStage, chosen: TrainingRows) -> list[Further]:
    """The rows of each further head; tasks with the same labels share one."""
    groups: dict[Head, list[Group]] = {}
    for source in stage.sources:
        if source.own_head:
            own = [group for group in chosen.groups if group.task is source.task]
            groups.setdefault(problem_of(source.task).head, []).extend(own)
    made: list[Further] = []
    for several in groups.values():
        if several:
            name = several[0].task.name
            same = sum(one.task.name == name for one in made)
            unique = f"{name}-{same + 1}" if same else name
            made.append(Further(unique, several[0].task, TrainingRows(tuple(several))))
    return made


def own_rows(chosen: TrainingRows, further: Sequence[Further]) -> TrainingRows:
    """The rows of the head of the stage's own task.

    Raises:
        DataError: there are none.
    """
    taken = {id(group) for one in further for group in one.rows.groups}
    groups = tuple(group for group in chosen.groups if id(group) not in taken)
    if not groups:
        raise DataError(
            "there are no rows left for the head of the stage's own task",
            hint="`exclude` excludes all of them",
        )
    return TrainingRows(groups, chosen.excluded)


def sampling_of(
    own: TrainingRows, chosen: TrainingRows, sampling: Sampling | None
) -> Callable[[int], list[int]] | None:
    """The indices of an epoch into the rows of one head, out of those into all rows."""
    if sampling is None or own.groups == chosen.groups:
        return sampling
    place: dict[int, int] = {}
    first = 0
    for group in chosen.groups:
        if any(group is one for one in own.groups):
            for row in range(len(group.examples)):
                place[first + row] = len(place)
        first += len(group.examples)
    return lambda epoch: [place[index] for index in sampling(epoch) if index in place]


def write(directory: Path, heads: Sequence[OtherHead], state: Mapping[str, torch.Tensor]) -> None:
    """Writes heads into the folder of a published model.

    Args:
        state: of all modules that are trained beside the model, as a checkpoint has it; the heads
            are the last ones.
    """
    from safetensors.torch import save_file

    if not heads:
        return
    (directory / FOLDER).mkdir()
    last = 1 + max(int(name.partition(".")[0]) for name in state)
    for number, one in enumerate(heads, start=last - len(heads)):
        prefix = f"{number}.head."
        own = {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
        path = directory / FOLDER / f"{one.name}.safetensors"
        save_file({name: value.contiguous() for name, value in own.items()}, str(path))
        info = json.dumps(asdict(one.model.info), indent=2, ensure_ascii=False)
        path.with_suffix(".json").write_text(info + "\n", encoding="utf-8")
