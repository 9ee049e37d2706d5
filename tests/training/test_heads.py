"""Several heads on one encoder: the same training as in plain torch, by batches of one task."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from xlt_cli.api import DataError, TokenExample
from xlt_cli.compute.runtime import Runtime
from xlt_cli.data.batches import batches_by_head, collate
from xlt_cli.data.groups import Group
from xlt_cli.data.template import Template
from xlt_cli.data.training_rows import TrainingRows
from xlt_cli.problems import Feature, SequenceClassification, TokenLabelling
from xlt_cli.spec import Stage
from xlt_cli.training import optimizer
from xlt_cli.training.heads import OtherHead, other_head, own_rows, sampling_of
from xlt_cli.training.sampling import Sampling
from xlt_cli.training.ways import updates_of
from xlt_perturbations.random_perturbation import RandomPerturbation

TOTAL = 12
TAGS = TokenLabelling(("O", "B-PER"))


def stage(**values: Any) -> Stage:
    return Stage.model_validate({"task": "t", "batch_size": 8, "learning_rate": 1e-3, **values})


@pytest.fixture
def tagged(tokenizer: Any) -> list[Feature]:
    """Sentences with tags, for the second head."""
    words = ("the", "cat", "sees", "Anna", "and", "the", "dog")
    rows = [
        TokenExample(
            f"train-{i}",
            words[: 2 + i % 6],
            tuple("B-PER" if word == "Anna" else "O" for word in words[: 2 + i % 6]),
            ("en",),
        )
        for i in range(24)
    ]
    template = Template(tokenizer)
    encoded = TAGS.encode(rows, tokenizer)
    return [replace(TAGS.feature(e, template, 32), head=1) for e in encoded]


def without_dropout(model: Any) -> Any:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def head_of(model: Any, encoder: Any, tagged: Sequence[Feature]) -> OtherHead:
    made = other_head(model, encoder, TAGS, "tags", collate(tagged[:1], TAGS, 0), "s")
    without_dropout(made.model)
    return made


def batches(pairs: Sequence[Feature], tagged: Sequence[Feature]) -> list[Sequence[Feature]]:
    """Of one task and the other, in an uneven order."""
    return [pairs[:8], tagged[:8], tagged[8:16], pairs[8:16], pairs[16:24], tagged[16:24]]


@pytest.mark.parametrize("values", [{}, {"accumulate": 3}, {"head_learning_rate": 3e-3}])
def test_updates_are_those_of_two_heads_in_plain_torch(
    model: Any,
    encoder: Any,
    problem: SequenceClassification,
    features: list[Feature],
    tagged: list[Feature],
    runtime: Runtime,
    values: dict[str, Any],
) -> None:
    spec = stage(**values)
    without_dropout(model)
    ours, theirs = copy.deepcopy(model), copy.deepcopy(model)
    other = head_of(ours, encoder, tagged)
    head = copy.deepcopy(other.model.head)
    assert not {id(p) for p in other.model.parameters()} & {id(p) for p in ours.parameters()}
    made = updates_of(ours, problem, (), spec, 0, "s", runtime, features[0], TOTAL, others=[other])
    made.loss.train()
    made.enter([*features, *tagged])
    order = batches(features, tagged)
    losses = [float(made.make(batch, step, TOTAL)[2]) for step, batch in enumerate(order)]
    made.settle()

    # One encoder and two heads, as one would write them by hand.
    of_head = {id(p) for p in [*theirs.head_parameters(), *head.parameters()]}
    peak = spec.head_learning_rate or spec.learning_rate
    groups = [
        {"params": [p], "weight_decay": 0.01 * (p.ndim > 1),
         "lr": peak if id(p) in of_head else spec.learning_rate}
        for p in [*theirs.parameters(), *head.parameters()]
    ]  # fmt: skip
    adamw = torch.optim.AdamW(groups)
    peaks = [group["lr"] for group in adamw.param_groups]
    for step, chosen in enumerate(order):
        factor = optimizer.rate_factor(spec, step, TOTAL)
        for group, own in zip(adamw.param_groups, peaks, strict=True):
            group["lr"] = own * factor
        if chosen[0].head == 0:
            batch = collate(chosen, problem, 0)
            loss = cross_entropy(theirs.logits(theirs.embed(batch), batch), batch.targets)
        else:
            batch = collate(chosen, TAGS, 0)
            states = theirs.encode(theirs.embed(batch), batch)
            logits = head(states, batch)
            loss = cross_entropy(logits.transpose(1, 2), batch.targets, ignore_index=-100)
        assert losses[step] == pytest.approx(loss.item(), rel=1e-5), step
        loss.backward()  # type: ignore[no-untyped-call]
        every = [p for group in adamw.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_([p for p in every if p.grad is not None], 1.0)
        adamw.step()
        adamw.zero_grad(set_to_none=True)
    for (name, own), due in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(own, due, rtol=1e-4, atol=1e-6), name
    for own, due in zip(other.model.parameters(), head.parameters(), strict=True):
        torch.testing.assert_close(own, due, rtol=1e-4, atol=1e-6)


def test_a_head_stays_as_it_is_in_batches_of_another_task(
    model: Any,
    encoder: Any,
    problem: SequenceClassification,
    features: list[Feature],
    tagged: list[Feature],
    runtime: Runtime,
) -> None:
    other = head_of(model, encoder, tagged)
    made = updates_of(
        model, problem, (), stage(), 0, "s", runtime, features[0], TOTAL, others=[other]
    )
    made.enter([*features, *tagged])

    def weights(parameters: Any) -> list[torch.Tensor]:
        return [p.detach().clone() for p in parameters]

    made.make(tagged[:8], 0, TOTAL)
    mine, theirs = weights(model.head_parameters()), weights(other.model.parameters())
    made.make(features[:8], 1, TOTAL)
    assert all(map(torch.equal, theirs, weights(other.model.parameters())))
    assert not all(map(torch.equal, mine, weights(model.head_parameters())))
    mine = weights(model.head_parameters())
    made.make(tagged[8:16], 2, TOTAL)
    assert all(map(torch.equal, mine, weights(model.head_parameters())))
    assert not all(map(torch.equal, theirs, weights(other.model.parameters())))


def test_perturbations_see_the_logits_and_losses_of_the_batchs_own_head(
    model: Any,
    encoder: Any,
    problem: SequenceClassification,
    features: list[Feature],
    tagged: list[Feature],
    runtime: Runtime,
) -> None:
    noise = [(RandomPerturbation(RandomPerturbation.Params(radius=0.0)), 1.0)]
    without_dropout(model)
    losses = []
    for methods in ((), noise):
        own = copy.deepcopy(model)
        made = updates_of(
            own, problem, methods, stage(), 0, "s", runtime, features[0], TOTAL,
            others=[head_of(own, encoder, tagged)],
        )  # fmt: skip
        made.enter([*features, *tagged])
        order = enumerate(batches(features, tagged))
        losses.append([float(made.make(batch, step, TOTAL)[2]) for step, batch in order])
        assert made.loss.phase(0.0) is None  # no update is recorded
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_batches_are_of_one_head_and_have_every_feature_once(
    features: list[Feature], tagged: list[Feature]
) -> None:
    every = [*features, *tagged]
    made = batches_by_head(every, 8, "s/epoch/0")
    assert sorted(place for batch in made for place in batch) == list(range(len(every)))
    heads = [{every[place].head for place in batch} for batch in made]
    assert all(len(own) == 1 for own in heads)
    assert heads != sorted(heads, key=min)  # not one task after the other
    assert made == batches_by_head(every, 8, "s/epoch/0") != batches_by_head(every, 8, "s/epoch/1")


def test_sampling_of_all_rows_is_shared_out_over_heads() -> None:
    groups = [
        Group(object(), "en", tuple(range(size)))  # type: ignore[arg-type]
        for size in (7, 3, 5)
    ]
    chosen = TrainingRows(tuple(groups))
    whole = Sampling((7, 3, 5), 2.0, "s")
    one, other = TrainingRows((groups[0], groups[2])), TrainingRows((groups[1],))
    for epoch in range(3):
        own, rest = (sampling_of(part, chosen, whole) for part in (one, other))
        assert own is not None
        assert rest is not None
        back = [index if index < 7 else index + 3 for index in own(epoch)]
        back += [7 + index for index in rest(epoch)]
        assert sorted(back) == sorted(whole(epoch))
    assert sampling_of(chosen, chosen, whole) is whole
    assert sampling_of(one, chosen, None) is None


def test_a_stage_whose_own_task_has_no_rows_left_is_refused() -> None:
    from xlt_cli.training.heads import Further

    group = Group(object(), "en", (1, 2))  # type: ignore[arg-type]
    rows = TrainingRows((group,))
    with pytest.raises(DataError, match="no rows left"):
        own_rows(rows, [Further("t", group.task, rows)])
