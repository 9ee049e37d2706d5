"""The suite for perturbations of text."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

from xlt_cli.api import Example, Perturbation, SequenceExample, TextPerturbation, TokenExample
from xlt_cli.problems import Problem, SequenceClassification, TokenLabelling
from xlt_cli.registry.guard import make
from xlt_cli.testing import rows as samples
from xlt_cli.testing.contract import broken
from xlt_cli.testing.randomness import disturb, draws_from_the_process
from xlt_cli.testing.suite import PluginSuite

Rows = list[tuple[Problem, list[Example]]]

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class TextPerturbationSuite(PluginSuite):
    """Checks of a `TextPerturbation`.

    Attributes:
        is_random: whether its answers differ from seed to seed.
        without_noise: parameters with which it leaves every text as it is; None if there are none.
        vocabulary: texts with words that it can change, beside the suite's own; for one that works
            with a lexicon.
    """

    kind = "perturbation"
    is_random: ClassVar[bool] = True
    without_noise: ClassVar[Mapping[str, Any] | None] = None
    vocabulary: ClassVar[Sequence[str]] = ()

    @pytest.fixture
    def rows(self, plugin: TextPerturbation) -> Rows:
        """Examples to try it on, by problem; override it for problems of your own."""
        known: Rows = [
            (SequenceClassification(samples.LABELS), samples.pairs(plugin.speaks, self.vocabulary)),
            (TokenLabelling(samples.TAGS), samples.sentences(plugin.speaks)),
        ]
        kept = [(problem, e) for problem, e in known if not plugin.problem_fault(problem)]
        if not kept:
            pytest.fail("override the fixture `rows` with examples of the problems it is for")
        return kept

    def test_returns_examples_with_the_id_and_label_of_the_one_they_stand_for(
        self, checked: TextPerturbation, rows: Rows
    ) -> None:
        for _ in _answers(checked, rows, seeds=3):
            pass  # an answer that the runner refuses raises PluginError

    def test_keeps_the_languages_that_an_example_states(
        self, plugin: TextPerturbation, rows: Rows
    ) -> None:
        for example, answer in _answers(plugin, rows):
            for other in answer:
                if other.languages != example.languages:
                    broken(
                        f"{_named(example)} became one of the languages {other.languages}",
                        TextPerturbation.perturb,
                    )

    def test_answer_depends_on_the_example_and_the_generator_alone(
        self, plugin: TextPerturbation, rows: Rows
    ) -> None:
        disturb(1)
        first = [(example, list(answer)) for example, answer in _answers(plugin, rows)]
        disturb(2)
        again = [(example, list(answer)) for example, answer in _answers(plugin, rows)]
        fresh = type(plugin)(plugin.params)
        backwards = [
            (example, list(answer)) for example, answer in _answers(fresh, rows, backwards=True)
        ]
        for (example, answer), (_, second), (_, other) in zip(
            first, again, reversed(backwards), strict=True
        ):
            if answer != second:
                broken(
                    f"{_named(example)} with the same random numbers gave {_shown(answer)}, and "
                    f"then {_shown(second)}",
                    TextPerturbation.perturb,
                )
            if answer != other:
                broken(
                    f"{_named(example)} gave {_shown(answer)}; a new instance of the plugin, asked "
                    f"for the examples in another order, gave {_shown(other)}",
                    TextPerturbation.perturb,
                )

    def test_draws_from_the_given_generator_alone(
        self, plugin: TextPerturbation, rows: Rows
    ) -> None:
        drawn = draws_from_the_process(lambda: list(_answers(plugin, rows)))
        if drawn:
            broken(
                f"perturb() draws from the process's own generator ({drawn}); draw from `rng`",
                TextPerturbation.perturb,
            )

    def test_does_not_change_the_example_it_is_given(
        self, plugin: TextPerturbation, rows: Rows
    ) -> None:
        for problem, examples in rows:
            before = copy.deepcopy(examples)
            list(_answers(plugin, [(problem, examples)]))
            for example, former in zip(examples, before, strict=True):
                if example != former:
                    broken(
                        f"perturb() changed the example that it was given, from {former} to "
                        f"{example}; return a new one (dataclasses.replace)",
                        TextPerturbation.perturb,
                    )

    def test_other_seeds_give_other_noise(self, plugin: TextPerturbation, rows: Rows) -> None:
        if not self.is_random:
            pytest.skip("the suite says that it draws nothing (is_random = False)")
        for problem, examples in rows:
            answers: dict[Example, set[tuple[Example, ...]]] = {}
            for example, answer in _answers(plugin, [(problem, examples)], seeds=30):
                answers.setdefault(example, set()).add(tuple(answer))
            if all(len(different) == 1 for different in answers.values()):
                broken(
                    f"30 seeds gave the same answers for each example of {problem.head.kind}; draw "
                    "from `rng`, or say is_random = False if it draws nothing",
                    TextPerturbation.perturb,
                )

    def test_tags_stay_true_and_valid(self, plugin: TextPerturbation, rows: Rows) -> None:
        tried = False
        for example, answer in _answers(plugin, rows, seeds=10):
            if isinstance(example, TokenExample):
                tried = True
                for other in answer:
                    _check_tags(example, other)
        if not tried:
            pytest.skip("it is for problems without tags")

    def test_takes_texts_of_any_characters(self, checked: TextPerturbation, rows: Rows) -> None:
        problem, examples = rows[0]
        example = examples[0]
        if not isinstance(example, SequenceExample | TokenExample):
            pytest.skip("its examples are of another problem")
        checked.for_problem = problem

        @quick
        @given(samples.texts)
        def check(text: str) -> None:
            noisy = _with_text(example, text)
            answer = list(checked.perturb(noisy, random.Random(text)))
            again = list(checked.perturb(noisy, random.Random(text)))
            if answer != again:
                broken(f"{noisy} gave {answer} and then {again}", TextPerturbation.perturb)

        check()

    def test_takes_very_long_texts(self, checked: TextPerturbation, rows: Rows) -> None:
        for problem, examples in rows:
            if isinstance(examples[0], SequenceExample | TokenExample):
                checked.for_problem = problem
                long = _with_text(examples[0], samples.LONG)
                list(checked.perturb(long, random.Random("long")))

    def test_holds_at_the_bounds_of_its_parameters(
        self, plugin: TextPerturbation, rows: Rows
    ) -> None:
        for params in self.extremes(plugin):
            extreme = make(type(plugin), params)
            for example, answer in _answers(extreme, rows, seeds=2):
                for other in answer:
                    if isinstance(example, TokenExample):
                        _check_tags(example, other, f"with {params!r} ")

    def test_without_noise_changes_nothing(self, plugin: TextPerturbation, rows: Rows) -> None:
        if self.without_noise is None:
            pytest.skip("the suite names no parameters without noise (without_noise)")
        params = plugin.Params.model_validate({**plugin.params.model_dump(), **self.without_noise})
        for example, answer in _answers(type(plugin)(params), rows):
            if any(other != example for other in answer):
                broken(f"with {params!r}, {_named(example)} gave {_shown(answer)}", Perturbation)

    def test_fingerprint_is_text_and_stays_the_same(
        self, plugin: TextPerturbation, checked: TextPerturbation
    ) -> None:
        if checked.fingerprint() != type(plugin)(plugin.params).fingerprint():
            broken("two plugins of the same parameters differ", Perturbation.fingerprint)


def _answers(
    plugin: TextPerturbation, rows: Rows, seeds: int = 2, backwards: bool = False
) -> Iterator[tuple[Example, list[Example]]]:
    """Each example with what stands in for it, under so many seeds."""
    for problem, examples in reversed(rows) if backwards else rows:
        plugin.for_problem = problem
        for example in reversed(examples) if backwards else examples:
            generators = samples.generators(seeds)
            for rng in reversed(generators) if backwards else generators:
                yield example, list(plugin.perturb(example, rng))


def _with_text(example: Example, text: str) -> Example:
    if isinstance(example, SequenceExample):
        return replace(example, texts=(text, *example.texts[1:]))
    assert isinstance(example, TokenExample)
    words = tuple(text.split()) or ("word",)
    return replace(example, tokens=words, tags=samples.tags_for(len(words)))


def _check_tags(example: TokenExample, other: Any, where: str = "") -> None:
    """Tags of the suite's own scheme (BIO) are those of the words that they stand at."""
    what = f"{where}the words {other.tokens} got the tags {other.tags}"
    before = "O"
    for tag in other.tags:
        if tag.startswith("I-") and before[2:] != tag[2:]:
            broken(f"{what}: {tag} follows {before} and goes on in no entity", _TAGS)
        before = tag
    more = Counter(_types(other.tags)) - Counter(_types(example.tags))
    if more:
        broken(f"{what}: there are more entities than in {example.tags}", _TAGS)
    own, others = _once(example), _once(other)
    for word in own.keys() & others.keys():
        if own[word][2:] != others[word][2:]:
            broken(f"{what}: the word {word!r} had the tag {own[word]}", _TAGS)


_TAGS = TextPerturbation.perturb


def _types(tags: Sequence[str]) -> list[str]:
    return [tag[2:] for tag in tags if tag.startswith("B-")]


def _once(example: TokenExample) -> dict[str, str]:
    """The tags of the words that occur once in a sentence."""
    counts = Counter(example.tokens)
    pairs = zip(example.tokens, example.tags, strict=True)
    return {word: tag for word, tag in pairs if counts[word] == 1}


def _named(example: Example) -> str:
    return f"the example '{example.id}' {_text(example)!r}"


def _shown(answer: Sequence[Example]) -> str:
    return str([_text(example) for example in answer])


def _text(example: Any) -> Any:
    """What an example says; the whole of it if it is of an unknown class."""
    texts = getattr(example, "texts", None) or getattr(example, "tokens", None)
    return example if texts is None else texts
