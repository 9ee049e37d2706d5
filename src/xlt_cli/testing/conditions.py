"""The suite for conditions."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, get_args

import pytest

from xlt_cli.api import Condition, Example, Place, SpecError
from xlt_cli.problems import Prediction, Problem
from xlt_cli.testing import rows as samples
from xlt_cli.testing.contract import broken
from xlt_cli.testing.made_up_searches import searched
from xlt_cli.testing.randomness import disturb, draws_from_the_process
from xlt_cli.testing.suite import PluginSuite, fresh
from xlt_cli.testing.tiny_tasks import Sequences, Tokens

if TYPE_CHECKING:
    import torch

    from xlt_cli.api import Answer, Seam
    from xlt_cli.testing.bench import Bench

ROWS = (1, 7, 4, 8, 2)
"""The rows of a batch: of several lengths, the next to last without words."""
TOLERANCE = 2e-4
"""Of the larger of 1 and the number: what rounding may change."""


class ConditionSuite(PluginSuite):
    """Checks of a `Condition`, in the places that it acts in."""

    kind = "condition"

    @pytest.fixture
    def problems(self, checked: Condition) -> list[Problem]:
        """Those of the suite's own problems that it accepts; override it for others."""
        accepted = []
        for task in (Sequences(), Tokens()):
            problem = task.problem.of(task)
            if checked.problem_fault(problem):
                continue
            try:
                checked.accept(task)
            except SpecError:
                continue
            accepted.append(problem)
        return accepted

    @pytest.fixture
    def rows(
        self, checked: Condition, problems: list[Problem]
    ) -> list[tuple[Problem, list[Example]]]:
        """Examples to edit, by problem; override it for problems of your own."""
        if "text" not in checked.acts:
            pytest.skip("it does not act on texts")
        return self._rows(checked, problems)

    @pytest.fixture
    def sought(
        self, checked: Condition, problems: list[Problem]
    ) -> list[tuple[Problem, list[Example]]]:
        """Examples to begin searches with, by problem; override it for problems of your own."""
        if "search" not in checked.acts:
            pytest.skip("it does not search")
        return self._rows(checked, problems)

    @staticmethod
    def _rows(checked: Condition, problems: list[Problem]) -> list[tuple[Problem, list[Example]]]:
        made = {samples.LABELS: samples.pairs, samples.TAGS: samples.sentences}
        known = [(p, made[p.labels](checked.speaks)) for p in problems if p.labels in made]
        if not known:
            pytest.fail("override `rows` or `sought` with examples of the problems it is for")
        return known

    @pytest.fixture
    def tokenizers(self, checked: Condition) -> list[Any]:
        """Those whose pieces it chooses; override it to try it on others."""
        if "segmentation" not in checked.acts:
            pytest.skip("it does not act on segmentation")
        from xlt_cli.testing import tokenizers

        return [build() for build in tokenizers.ALL]

    @pytest.fixture
    def benches(self, checked: Condition, problems: list[Problem]) -> list[Bench]:
        """Models and batches to answer; override it for problems of your own."""
        if "answer" not in checked.acts:
            pytest.skip("it does not act on answers")
        return self._benches(checked, problems)

    @staticmethod
    def _benches(condition: Condition, problems: list[Problem]) -> list[Bench]:
        from xlt_cli.testing.bench import benches

        names = [problem.name for problem in problems]
        made = [bench for bench in benches(condition) if bench.problem.name in names]
        if not made:
            pytest.fail("override the fixture `benches` with those of the problems it is for")
        return made

    def test_acts_in_known_places(self, checked: Condition) -> None:
        strange = [place for place in checked.acts if place not in get_args(Place)]
        if strange:
            broken(f"acts names '{strange[0]}', which is no place", Condition)

    def test_fingerprint_and_notes_stay_the_same(
        self, plugin: Condition, checked: Condition
    ) -> None:
        other = fresh(plugin)
        if checked.fingerprint() != other.fingerprint():
            broken("two conditions of the same parameters differ", Condition.fingerprint)
        if list(checked.notes()) != list(other.notes()):
            broken("two conditions of the same parameters say different notes", Condition.notes)

    def test_edited_examples_keep_their_id_label_and_languages(
        self, checked: Condition, rows: list[tuple[Problem, list[Example]]]
    ) -> None:
        for example, edited in _edited(checked, rows):  # what the runner refuses is raised
            same = edited.languages == example.languages and edited.id == example.id
            if not same or edited.shared_label() != example.shared_label():
                broken(f"edit() made {edited} of {example}", Condition.edit)

    def test_edit_depends_on_the_example_and_the_generator_alone(
        self, plugin: Condition, checked: Condition, rows: list[tuple[Problem, list[Example]]]
    ) -> None:
        disturb(1)
        first = list(_edited(checked, rows))
        disturb(2)
        again = list(_edited(checked, rows))
        backwards = list(_edited(fresh(plugin), rows, backwards=True))[::-1]
        for (example, one), (_, second), (_, other) in zip(first, again, backwards, strict=True):
            if one != second:
                broken(
                    f"with the same random numbers, edit() made {one} of '{example.id}', and then "
                    f"{second}",
                    Condition.edit,
                )
            if one != other:
                broken(
                    f"edit() made {one} of '{example.id}'; a new instance, asked for the examples "
                    f"in another order, made {other}",
                    Condition.edit,
                )

    def test_edit_draws_from_the_given_generator_alone(
        self, checked: Condition, rows: list[tuple[Problem, list[Example]]]
    ) -> None:
        drawn = draws_from_the_process(lambda: list(_edited(checked, rows)))
        if drawn:
            broken(
                f"edit() draws from the process's own generator ({drawn}); draw from `rng`",
                Condition.edit,
            )

    def test_segmentation_depends_on_the_text_and_the_generator_alone(
        self, plugin: Condition, checked: Condition, tokenizers: list[Any]
    ) -> None:
        for tokenizer in tokenizers:
            segment = checked.segmenter(tokenizer)
            disturb(1)
            drawn = draws_from_the_process(lambda cut=segment: _cut(cut))  # type: ignore[misc]
            first = _cut(segment)
            disturb(2)
            again = _cut(fresh(plugin).segmenter(tokenizer), backwards=True)
            if drawn:
                broken(
                    f"the segmenter draws from the process's own generator ({drawn}); draw from "
                    "`rng`",
                    Condition.segmenter,
                )
            for text, ids in first.items():
                if ids != again[text]:
                    broken(f"{text!r} was cut into {ids} and {again[text]}", Condition.segmenter)

    def test_answers_are_numbers_that_the_problem_decodes(
        self, checked: Condition, benches: list[Bench]
    ) -> None:
        for bench in benches:
            answer = _answer(checked, bench, bench.seam(ROWS))  # what the runner refuses is raised
            if answer.logits.isnan().any():
                broken(f"the logits of {bench.name} are not numbers", Condition.answer)
            for name, numbers in answer.values.items():
                if not numbers.isfinite().all():
                    broken(f"the values '{name}' of {bench.name} are not finite", Condition.answer)
            _predictions(bench, answer)

    def test_answer_to_an_example_depends_on_no_other_and_on_no_order(
        self, checked: Condition, benches: list[Bench]
    ) -> None:
        for bench in benches:
            together = _by_row(_answer(checked, bench, bench.seam(ROWS)), bench, ROWS)
            turned = _by_row(_answer(checked, bench, bench.seam(ROWS[::-1])), bench, ROWS[::-1])[
                ::-1
            ]
            for place, row in enumerate(ROWS):
                (alone,) = _by_row(_answer(checked, bench, bench.seam([row])), bench, [row])
                _must_agree(together[place], alone, bench, "beside other examples and alone")
                _must_agree(together[place], turned[place], bench, "in batches of two orders")

    def test_answer_does_not_depend_on_padding(
        self, checked: Condition, benches: list[Bench]
    ) -> None:
        from xlt_cli.testing.bench import WIDE

        for bench in benches:
            narrow = _by_row(_answer(checked, bench, bench.seam(ROWS)), bench, ROWS)
            wide = _by_row(_answer(checked, bench, bench.seam(ROWS, multiple=WIDE)), bench, ROWS)
            for one, other in zip(narrow, wide, strict=True):
                _must_agree(one, other, bench, "with less padding and with more")

    def test_answer_is_the_same_for_the_same_draws(
        self, plugin: Condition, checked: Condition, benches: list[Bench]
    ) -> None:
        for bench in benches:
            disturb(1)
            first = _by_row(_answer(checked, bench, bench.seam(ROWS)), bench, ROWS)
            disturb(2)
            second = _by_row(_answer(fresh(plugin), bench, bench.seam(ROWS)), bench, ROWS)
            for one, other in zip(first, second, strict=True):
                _must_agree(one, other, bench, "with the same draws, at first and then")
            here = bench.seam(ROWS)
            drawn = draws_from_the_process(lambda b=bench, here=here: _answer(checked, b, here))  # type: ignore[misc]
            if drawn:
                broken(
                    f"answer() draws from the process's own generator ({drawn}); draw from "
                    "`seam.draws`",
                    Condition.answer,
                )

    def test_answer_leaves_the_model_as_it_is(
        self, checked: Condition, benches: list[Bench]
    ) -> None:
        for bench in benches:
            model: Any = bench.model
            before = {name: value.clone() for name, value in model.state_dict().items()}
            _answer(checked, bench, bench.seam(ROWS))
            changed = [n for n, value in model.state_dict().items() if not value.equal(before[n])]
            graded = [n for n, p in model.named_parameters() if p.grad is not None]
            if changed or graded or model.training:
                what = "its mode" if model.training else "gradients in " + "".join(graded[:1])
                what = f"another {changed[0]}" if changed else what
                broken(
                    f"answer() leaves {what} in the model, which answers other batches, too; an "
                    "attack takes its gradients with torch.autograd.grad",
                    Condition.answer,
                )

    def test_searches_end_with_a_reply_to_their_example(
        self, checked: Condition, sought: list[tuple[Problem, list[Example]]]
    ) -> None:
        for problem, examples in sought:
            for example in examples:
                (ended,) = searched(checked, problem, [example])
                if not ended.is_reply:
                    broken(
                        f"the search for '{example.id}' ends with {ended.end.example}, and a reply "
                        "that it was not sent for it",
                        Condition.search,
                    )
                if ended.end.example.languages != example.languages:
                    broken(f"the search found {ended.end.example} for {example}", Condition.search)

    def test_a_search_depends_on_its_example_and_the_generator_alone(
        self, plugin: Condition, checked: Condition, sought: list[tuple[Problem, list[Example]]]
    ) -> None:
        for problem, examples in sought:
            disturb(1)
            alone = [searched(checked, problem, [example])[0] for example in examples]
            disturb(2)
            together = searched(fresh(plugin), problem, examples[::-1])[::-1]
            for one, other in zip(alone, together, strict=True):
                if one != other:
                    broken(
                        f"the search for '{one.end.example.id}' ends with {one.end} after "
                        f"{one.queries} queries, and beside others with {other.end} after "
                        f"{other.queries}",
                        Condition.search,
                    )

    def test_a_search_draws_from_the_given_generator_alone(
        self, checked: Condition, sought: list[tuple[Problem, list[Example]]]
    ) -> None:
        for problem, examples in sought:
            drawn = draws_from_the_process(
                lambda problem=problem, examples=examples: searched(checked, problem, examples)  # type: ignore[misc]
            )
            if drawn:
                broken(
                    f"search() draws from the process's own generator ({drawn}); draw from `rng`",
                    Condition.search,
                )

    def test_figures_of_a_search_can_be_shown(
        self, checked: Condition, sought: list[tuple[Problem, list[Example]]]
    ) -> None:
        if checked.measured is None:
            pytest.skip("it measures nothing beyond the metrics")
        for problem, examples in sought:
            ended = searched(checked, problem, examples)
            checked.figures([one.prediction for one in ended])  # what the runner refuses is raised

    def test_figures_depend_on_the_predictions_alone(
        self, plugin: Condition, checked: Condition, problems: list[Problem]
    ) -> None:
        if checked.measured is None or "search" in checked.acts:
            pytest.skip("it measures nothing beyond the metrics of what is answered here")
        for bench in self._benches(checked, problems):
            here = bench.seam(ROWS)
            answer = _answer(checked if "answer" in checked.acts else None, bench, here)
            predictions = _predictions(bench, answer)
            disturb(1)
            first = checked.figures(predictions)  # what the runner refuses is raised
            disturb(2)
            again = fresh(plugin).figures(predictions)
            if first != again:
                broken(
                    f"of the same predictions, the figures are {first} and {again}",
                    Condition.figures,
                )


def _edited(
    condition: Condition, rows: list[tuple[Problem, list[Example]]], backwards: bool = False
) -> Iterator[tuple[Example, Example]]:
    """Each example with what stands in for it, under two seeds."""
    for problem, examples in reversed(rows) if backwards else rows:
        for plugin in (condition, *condition.parts.values()):
            if hasattr(plugin, "for_problem"):
                plugin.for_problem = problem
        for example in reversed(examples) if backwards else examples:
            generators = samples.generators(2)
            for rng in reversed(generators) if backwards else generators:
                yield example, condition.edit(example, rng)


def _cut(
    segment: Callable[[str, random.Random], list[int]], backwards: bool = False
) -> dict[str, list[int]]:
    """The pieces of each text."""
    texts = [*samples.SENTENCES.values(), *samples.STRANGE]
    order = reversed(texts) if backwards else texts
    return {text: segment(text, samples.generators(1)[0]) for text in order}


def _answer(condition: Condition | None, bench: Bench, here: Seam) -> Answer:
    """How a batch is answered; by the model itself where no condition acts on answers."""
    import torch

    from xlt_cli.noise.drawing import prepared

    if condition is not None:
        prepared(condition, bench.problem)
    with torch.no_grad():
        return (condition or Condition()).answer(here)


def _predictions(bench: Bench, answer: Answer) -> list[Prediction]:
    """The predictions of the batch's examples, as the runner makes them."""
    from xlt_cli.evaluation.answering import predictions

    return predictions(bench.problem, [bench.features[row] for row in ROWS], answer)


def _by_row(answer: Answer, bench: Bench, rows: Sequence[int]) -> list[dict[str, torch.Tensor]]:
    """What is said of each row: its logits without padding, whether it is silent, its values."""
    said = []
    for place, row in enumerate(rows):
        length = len(bench.features[row].input_ids)
        logits = answer.logits[place]
        own = {"logits": logits[:length] if bench.problem.head.per_token else logits}
        if answer.abstained is not None:
            own["abstained"] = answer.abstained[place]
        said.append({**own, **{name: v[place] for name, v in answer.values.items()}})
    return said


def _must_agree(
    one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], bench: Bench, when: str
) -> None:
    for name, value in one.items():
        # Logarithms of votes may be infinite.
        if not value.double().isclose(other[name].double(), rtol=TOLERANCE, atol=TOLERANCE).all():
            broken(
                f"{when}, the {name} of an example of {bench.name} are "
                f"{value.flatten()[:4].tolist()} and {other[name].flatten()[:4].tolist()}",
                Condition.answer,
            )
