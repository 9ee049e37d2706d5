"""The suite for heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from xlt_cli.api import Head, HeadBuilder
from xlt_cli.problems import (
    IntentAndSlots,
    SentenceRetrieval,
    SequenceClassification,
    SpanExtraction,
    TokenLabelling,
)
from xlt_cli.testing import rows as samples
from xlt_cli.testing.contract import broken
from xlt_cli.testing.randomness import disturb
from xlt_cli.testing.suite import PluginSuite

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from xlt_cli.api import Batch

RULE = HeadBuilder.build
SIZE, OUTPUTS = 16, 3
TOLERANCE = 1e-5
"""Of the larger of 1 and a logit: what rounding may change."""


class HeadSuite(PluginSuite):
    """Checks of a `HeadBuilder`, over hidden states drawn at random."""

    kind = "head"

    @pytest.fixture
    def asked(self, plugin: HeadBuilder) -> Head:
        """What the problem asks for; override it for a shape of your own."""
        made = (
            SequenceClassification(samples.LABELS),
            TokenLabelling(samples.TAGS),
            SpanExtraction(),
            IntentAndSlots((*samples.TAGS, *samples.INTENTS), samples.INTENTS),
            SentenceRetrieval(),
        )
        known = [problem.head for problem in made]
        for head in known:
            if head.kind == plugin.shape:
                return head
        pytest.fail(f"override the fixture `asked` with the Head of the shape '{plugin.shape}'")

    @pytest.fixture
    def module(self, checked: HeadBuilder) -> Any:
        """The head, in evaluation mode."""
        disturb(0)
        return _larger(checked.build(SIZE, OUTPUTS, 0.1)).eval()

    @pytest.fixture
    def given(self) -> tuple[torch.Tensor, Batch]:
        """Hidden states and their batch: rows of several lengths, the last without words."""
        from xlt_cli.testing.hidden import hidden_states

        return hidden_states(SIZE)

    def test_logits_have_the_shape_that_the_problem_asks_for(
        self, checked: HeadBuilder, asked: Head, given: tuple[torch.Tensor, Batch]
    ) -> None:
        hidden, batch = given
        over_states = asked.over == "states"
        for outputs in (0,) if over_states else (1, OUTPUTS):
            logits = checked.build(SIZE, outputs, 0.1)(hidden, batch)
            width = SIZE if over_states else outputs
            due = (*hidden.shape[: 2 if asked.per_token else 1], width)
            if tuple(logits.shape) != due:
                broken(f"the logits are {list(logits.shape)}, and {list(due)} is due", RULE)

    def test_logits_are_finite_also_for_a_row_without_words(
        self, module: Any, given: tuple[torch.Tensor, Batch]
    ) -> None:
        if not module(*given).isfinite().all():
            broken("the logits are not finite", RULE)

    def test_logits_of_a_row_depend_on_no_other_row(
        self, module: Any, given: tuple[torch.Tensor, Batch]
    ) -> None:
        hidden, batch = given
        together = module(hidden, batch)
        for row in range(len(batch)):
            alone = module(hidden[[row]], batch.select([row]))[0]
            if _differ(alone, together[row]):
                broken("the logits of a row are others beside other rows", RULE)

    def test_logits_do_not_depend_on_padding(
        self, module: Any, given: tuple[torch.Tensor, Batch]
    ) -> None:
        import torch

        hidden, batch = given
        tokens = batch.attention_mask.bool()
        padded = torch.where(tokens[..., None], hidden, 100.0)
        one, other = module(hidden, batch), module(padded, batch)
        if one.dim() == 3:
            one, other = one[tokens], other[tokens]
        if _differ(one, other):
            broken("the logits depend on the hidden states of padding", RULE)

    def test_gradient_reaches_the_hidden_states_and_all_weights(
        self, module: Any, given: tuple[torch.Tensor, Batch]
    ) -> None:
        hidden, batch = given
        leaf = hidden.clone().requires_grad_()
        logits = module(leaf, batch)
        if not logits.requires_grad:
            broken("the logits have no gradient", RULE)
        logits.square().sum().backward()
        if leaf.grad is None or not leaf.grad.any() or not leaf.grad.isfinite().all():
            broken("no finite gradient reaches the hidden states", RULE)
        idle = [n for n, p in module.named_parameters() if p.grad is None]
        if idle:
            broken(f"no gradient reaches {idle[0]}, which could not be trained", RULE)

    def test_new_weights_depend_on_the_seed_alone(self, checked: HeadBuilder) -> None:
        def built(seed: int) -> dict[str, torch.Tensor]:
            disturb(seed)
            weights: dict[str, torch.Tensor] = checked.build(SIZE, OUTPUTS, 0.1).state_dict()
            return weights

        first, again, other = built(1), built(1), built(2)
        if any(not value.equal(again[name]) for name, value in first.items()):
            broken("with the same seed, two new heads have other weights", RULE)
        if first and all(value.equal(other[name]) for name, value in first.items()):
            broken("with another seed, a new head has the same weights", RULE)

    def test_answers_the_same_each_time_in_evaluation(
        self, module: Any, given: tuple[torch.Tensor, Batch]
    ) -> None:
        disturb(1)
        first = module(*given)
        disturb(2)
        if not first.equal(module(*given)):
            broken("in evaluation mode, the same rows have other logits each time", RULE)

    def test_saved_weights_give_the_same_logits_to_the_bit(
        self,
        checked: HeadBuilder,
        module: Any,
        given: tuple[torch.Tensor, Batch],
        tmp_path: Path,
    ) -> None:
        from safetensors.torch import load_file, save_file

        path = tmp_path / "head.safetensors"
        weights = {name: value.contiguous() for name, value in module.state_dict().items()}
        save_file(weights, str(path))
        disturb(5)
        loaded = checked.build(SIZE, OUTPUTS, 0.1)
        loaded.load_state_dict(load_file(str(path)))
        if not module(*given).equal(loaded.eval()(*given)):
            broken("a head with the saved weights gives other logits", RULE)


def _larger(module: Any) -> Any:
    """The module with larger weights, so that what it says of two rows differs."""
    import torch

    for parameter in module.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return module


def _differ(one: torch.Tensor, other: torch.Tensor) -> bool:
    scale = other.detach().abs().clamp(min=1)
    return bool(((one - other).detach().abs() > TOLERANCE * scale).any())
