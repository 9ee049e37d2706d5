"""Searches for the examples to answer; those of many rows go on together.

In each round the examples that all open searches ask about are answered at once. On a GPU there are
two groups of them in turn: while it answers one, the processor makes the texts of the other. The
rows that are done are kept, so that a cell that was interrupted goes on with the others.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from xlt_cli.api import Condition, Example, Prediction, Reply, Search, Searched
from xlt_cli.console.progress import Bar
from xlt_cli.evaluation.asking import Asking
from xlt_cli.evaluation.conditions import Tested
from xlt_cli.noise import changes
from xlt_cli.noise.drawing import generator
from xlt_cli.runs.cells import Cell
from xlt_cli.runs.predictions import Store
from xlt_cli.runs.searches import SearchedRow, SearchLog

OPEN = {"cuda": 512, "cpu": 64}
"""Searches of a group that go on together: enough for large batches, few enough to lose little."""

GROUPS = {"cuda": 2, "cpu": 1}


def search_cell(
    cell: Cell, tested: Tested, examples: Sequence[Example], ask: Asking, store: Store, bar: Bar
) -> tuple[Cell, Callable[[], list[Prediction]], changes.Changed]:
    """Searches in the rows of a cell.

    Returns:
        The cell, a function that stores the examples and returns their predictions, and how much
        of the rows was changed.
    """
    log, condition = store.searching(cell), tested.condition
    main = ask.runtime.is_main
    if main:
        store.write_given(cell.condition, tested.given())

    def tell(done: int) -> None:
        bar.advance(0, 0, f"{cell.languages[0]}: {done:,} of {len(examples):,} rows searched")

    rows = search_all(condition, examples, ask, log if main else log.read_only(), tell)

    def finish() -> list[Prediction]:
        if main:
            store.write_examples(cell, [row.example for row in rows])
        return [row.prediction for row in rows]

    before = {example.id: example for example in examples}
    changed = changes.total(changes.in_texts(before[r.example.id], r.example) for r in rows)
    return cell, finish, changed


def search_all(
    condition: Condition,
    examples: Sequence[Example],
    ask: Asking,
    log: SearchLog,
    tell: Callable[[int], None] = lambda done: None,
) -> list[SearchedRow]:
    """The examples found in place of others, in their order; those not begun in time are left out.

    Args:
        log: of rows done by an earlier process.
        tell: is told how many rows are done.
    """
    before = log.read(examples)
    done = {row.example.id: row for row in before.rows}
    begun = [place for place, example in enumerate(examples) if example.id in done]
    # What stands before a row that is done was begun, too: its search is finished in any case.
    due = {examples[place].id for place in range(max(begun, default=-1) + 1)}
    waiting = deque(example for example in examples if example.id not in done)
    limit = math.inf if condition.seconds is None else condition.seconds
    device = ask.runtime.device.type
    most = OPEN.get(device, OPEN["cpu"])
    started = ask.seconds - before.seconds
    groups = deque(Group() for _ in range(GROUPS.get(device, GROUPS["cpu"])))
    while groups:
        group = groups.popleft()
        finished = group.go_on()
        if finished:
            log.append(finished, ask.seconds - started)
            done |= {row.example.id: row for row in finished}
            tell(len(done))
        while waiting and len(group.going) < most:
            first = not (done or group.going or any(other.going for other in groups))
            in_time = ask.seconds - started < limit or first
            if waiting[0].id not in due and not in_time:
                waiting.clear()
                break
            example = waiting.popleft()
            steps = condition.search(example, generator(condition, "search", example))
            group.going.append(Going(example, steps))
        if group.going:
            group.ask(ask)
            groups.append(group)
    return [done[example.id] for example in examples if example.id in done]


@dataclass
class Group:
    """Searches whose questions are asked together.

    Attributes:
        replies: waits for what was asked.
    """

    going: list[Going] = field(default_factory=list)
    replies: Callable[[], list[Reply]] = list

    def ask(self, ask: Asking) -> None:
        """Asks what all of them ask about."""
        self.replies = ask.begin([each for one in self.going for each in one.asked])

    def go_on(self) -> list[SearchedRow]:
        """Takes the replies to what was asked; the rows of the searches that end with them."""
        replies = iter(self.replies())
        for one in self.going:
            if one.row is None:  # else it asked nothing
                one.go_on([next(replies) for _ in one.asked])
        finished = [one.row for one in self.going if one.row is not None]
        self.going = [one for one in self.going if one.row is None]
        return finished


@dataclass
class Going:
    """The search for one row.

    Attributes:
        asked: what it asks about next.
        row: what it ended with; None until then.
    """

    example: Example
    steps: Search
    asked: Sequence[Example] = ()
    queries: int = 0
    row: SearchedRow | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._step(lambda: next(self.steps))

    def go_on(self, replies: Sequence[Reply]) -> None:
        """Takes the replies to what was asked."""
        self._step(lambda: self.steps.send(replies))

    def _step(self, step: Callable[[], Sequence[Example]]) -> None:
        try:
            self.asked = step()
            self.queries += len(self.asked)
        except StopIteration as stop:
            self.row = self._row(stop.value)

    def _row(self, end: Searched) -> SearchedRow:
        values = {name: round(float(number), 6) for name, number in end.values.items()}
        prediction = replace(end.reply.prediction, values={"queries": self.queries, **values})
        return SearchedRow(end.example, prediction)
