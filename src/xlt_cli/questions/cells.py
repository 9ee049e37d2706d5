"""Which cells of which test sets arms are compared over, and what each run answered in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from xlt_cli.errors import DataError, did_you_mean
from xlt_cli.languages import among, own_codes
from xlt_cli.questions.stored import Found, TestedRun, shared_pairs
from xlt_cli.runs.cells import Pair
from xlt_cli.spec.question import IN_DISTRIBUTION, PREDICTORS, TestSet

HOMES = {IN_DISTRIBUTION: "in_distribution", PREDICTORS: "predictors"}
"""The families of sets in distribution, and the fields of a question that name them."""


@dataclass(frozen=True)
class Cells:
    """A test set over the cells that are compared.

    Attributes:
        family: the name of its family.
        pairs: its cells.
        left_out: languages that were tested and are not compared, with the reason.
        metrics: for each cell and draw (or the worst of them), the name of the metric.
        figures: for each of these, the metric of each run, [runs].
        moved: for each of these, how far each row moves it, [runs, n]; mean 0 for each run.
        places: for each of these, which item each row is of, among all items of the comparison.
    """

    family: str
    title: str
    pairs: list[Pair]
    left_out: dict[str, str]
    metrics: list[str] = field(default_factory=list)
    figures: list[np.ndarray] = field(default_factory=list)
    moved: list[np.ndarray] = field(default_factory=list)
    places: list[np.ndarray] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many there are in all cells and draws."""
        return sum(own.shape[1] for own in self.moved)

    @property
    def metric(self) -> str:
        """The name of the metric, which all cells of a task have."""
        return self.metrics[0]

    @property
    def values(self) -> np.ndarray:
        """The unweighted mean over cells and draws, [runs]."""
        values: np.ndarray = np.mean(self.figures, axis=0)
        return values

    def effects(self, items: np.ndarray) -> np.ndarray:
        """How far each item moves the value of each run, [runs, N]; mean 0 for each run.

        Args:
            items: the items that are a sample, sorted, [N]: at least all of this set.
        """
        total = np.zeros((len(self.figures[0]), len(items)))
        for moved, places in zip(self.moved, self.places, strict=True):
            scale = len(items) / (moved.shape[1] * len(self.moved))
            total[:, np.searchsorted(items, places)] += scale * moved
        return total

    def items(self) -> np.ndarray:
        """The items that it is tested on, sorted."""
        return np.unique(np.concatenate(self.places))


class Tested:
    """The sets of a question, as runs were tested on them.

    Args:
        sets: with the names of their families; those in distribution first.
        arms: the runs of each arm, and of the references.
        trained: the languages that a comparison leaves out, and the arms that were trained on them.
        notes: gets what is left out.
        metric: of all sets; None for each task's own.

    Attributes:
        runs: those that have all sets that are compared; the others are named in a note.
        cells: the sets, with what the runs answered; those in distribution first.
        homes: those in distribution.

    Raises:
        DataError: runs were tested on different rows, none on a set in distribution, or on no
            other set.
    """

    def __init__(
        self,
        sets: Sequence[tuple[str, TestSet]],
        arms: Mapping[str, Sequence[TestedRun]],
        references: Sequence[TestedRun],
        trained: Mapping[str, Sequence[str]],
        notes: list[str],
        metric: str | None = None,
    ) -> None:
        self._metric = metric
        of_arms = {id(run): run for own in arms.values() for run in own}
        every = list((of_arms | {id(run): run for run in references}).values())
        kept = [(family, one) for family, one in sets if _is_tested(one, arms, notes)]
        for family, one in sets:
            if family in HOMES and not any(one is own for _, own in kept):
                raise DataError(
                    f"no run of some arm was tested in distribution: {one.title}",
                    hint=f"the question's file says which set that is: `{HOMES[family]}`",
                )
        self.runs: list[TestedRun] = []
        for run in every:
            lacking = [one.title for _, one in kept if run.find(one) is None]
            if lacking:
                more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
                why = f" ({run.damages[0]})" if run.damages else ""
                notes.append(f"{run.run.name} is left out: it lacks {lacking[0]}{more}{why}")
            else:
                self.runs.append(run)
        self._items: dict[tuple[str, str], int] = {}
        self.cells = [
            cells
            for family, one in kept
            if (cells := self._cells(family, one, trained, notes)) is not None
        ]
        self.homes = [one for one in self.cells if one.family in HOMES]
        self._check([one.title for family, one in sets if family in HOMES], notes)

    def _check(self, homes: Sequence[str], notes: Sequence[str]) -> None:
        """Raises DataError if nothing is left that could be compared."""
        left = [one.title for one in self.homes]
        if not self.runs:
            what = "no run was tested on all sets that others were tested on"
        elif lost := [title for title in homes if title not in left]:
            what = f"nothing is left of the set in distribution: {lost[0]}"
        elif len(self.cells) == len(left):
            what = "no set of any family can be compared"
        else:
            return
        raise DataError(what, "\n".join(notes), "the question's file says what runs were tested on")

    def number(self, run: TestedRun) -> int | None:
        """Which of the runs it is; None if it was left out."""
        return next((n for n, own in enumerate(self.runs) if own is run), None)

    def _cells(
        self,
        family: str,
        one: TestSet,
        trained: Mapping[str, Sequence[str]],
        notes: list[str],
    ) -> Cells | None:
        found = [run.find(one) for run in self.runs]
        having = [own for own in found if own is not None]
        if not having:
            return None
        _check_languages(one, {x for own in having for pair in own.pairs for x in pair})
        left: dict[str, str] = {}
        pairs = _chosen(one, shared_pairs(having), trained, left)
        absent = sorted({x for own in having for p in own.pairs for x in p} - {
            x for p in shared_pairs(having) for x in p})  # fmt: skip
        left |= dict.fromkeys(absent, "not all runs were tested in it")
        if not pairs:
            why = "; ".join(f"{x}: {reason}" for x, reason in left.items())
            notes.append(f"{one.title} is left out: no language remains ({why})")
            return None
        cells = Cells(family, one.title, pairs, left)
        draws = range(len(having[0].keys))
        for pair in pairs:
            for chosen in [draws] if one.draws == "worst" else [[draw] for draw in draws]:
                self._add(cells, one, pair, chosen, having)
        return cells

    def _add(
        self, cells: Cells, one: TestSet, pair: Pair, draws: Sequence[int], having: Sequence[Found]
    ) -> None:
        """Adds a cell with the worst of some draws of each run."""
        answers = [
            min(
                (run.answered(own, pair, own.keys[draw], self._metric) for draw in draws),
                key=lambda answered: answered.value,
            )
            for run, own in zip(self.runs, having, strict=True)
        ]
        first = answers[0]
        for run, one_run in zip(self.runs, answers, strict=True):
            if one_run.rows != first.rows:
                raise DataError(
                    f"'{self.runs[0].run.name}' and '{run.run.name}' were tested on different rows "
                    f"of {cells.title} in '{'+'.join(dict.fromkeys(pair))}': ids or gold labels "
                    "differ",
                    hint="evaluate the runs again on the same data with `xlt eval`",
                )
        ids = self.runs[0].rows[first.rows]
        space = one.items or f"{one.task.name} {one.split}"
        if one.items is None and not having[0].aligned:
            space += f" {pair[0]} {pair[1]}"
        known = self._items
        places = [known.setdefault((space, i), len(known)) for i in ids]
        cells.metrics.append(first.metric)
        cells.figures.append(np.array([own.value for own in answers]))
        cells.moved.append(np.stack([own.effects for own in answers]))
        cells.places.append(np.array(places, dtype=np.intp))


def _is_tested(one: TestSet, arms: Mapping[str, Sequence[TestedRun]], notes: list[str]) -> bool:
    """Whether each arm has a run that was tested on a set; a note says which have none."""
    without = [name for name, own in arms.items() if all(run.find(one) is None for run in own)]
    if without:
        whose = "all arms" if len(without) == len(arms) else ", ".join(f"'{x}'" for x in without)
        notes.append(f"{one.title} is left out: no run of {whose} was tested on it")
    return not without


def _check_languages(one: TestSet, tested: Collection[str]) -> None:
    """Raises DataError if a set names a language in which no run was tested."""
    for field_ in ("languages", "without"):
        for asked in getattr(one, field_) or []:
            if not set(own_codes([asked], list(tested), one.task.name)) & set(tested):
                raise DataError(
                    f"no run was tested on {one.task.name} {one.split} in '{asked}'",
                    f"{field_} of {one.title}",
                    did_you_mean(asked, tested),
                )


def _chosen(
    one: TestSet, pairs: Sequence[Pair], trained: Mapping[str, Sequence[str]], left: dict[str, str]
) -> list[Pair]:
    """The cells of a set that are compared; `left` gets the languages that are not, and why."""
    known = list(dict.fromkeys(x for pair in pairs for x in pair))
    wanted = own_codes(one.languages, known, one.task.name) if one.languages else known
    without = own_codes(one.without, known, one.task.name) if one.without else []
    for language in known:
        if language not in wanted or language in without:
            left[language] = "the question leaves it out"
        elif not one.trained_on and (seen := _trained_in(language, trained)):
            left[language] = f"trained on: {seen}"
    return [pair for pair in pairs if not set(pair) & set(left)]


def _trained_in(language: str, trained: Mapping[str, Sequence[str]]) -> str:
    """The arms that were trained on a language; empty if none was."""
    arms: Iterator[str] = (
        arm for code, own in trained.items() if among(language, [code]) for arm in own
    )
    return ", ".join(dict.fromkeys(arms))
