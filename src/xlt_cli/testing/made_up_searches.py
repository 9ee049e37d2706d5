"""Searches that ask no model: the answers to an example are made up from its content."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlt_cli.api import Condition, Example, Prediction, Reply, Search, Searched
from xlt_cli.problems import Problem
from xlt_cli.testing import rows as samples
from xlt_cli.testing import tokenizers
from xlt_cli.testing.contract import broken

MOST = 1000
"""Steps after which a search is taken for endless."""
WRONG = 0.9
"""The share of the range of losses above which an answer is wrong."""


@dataclass(frozen=True)
class Ended:
    """How a search ended.

    Attributes:
        is_reply: whether the reply that it ended with is the one to its example.
    """

    end: Searched
    queries: int
    is_reply: bool

    @property
    def prediction(self) -> Prediction:
        """What the runner stores."""
        return replace(
            self.end.reply.prediction, values={"queries": self.queries, **self.end.values}
        )


def searched(condition: Condition, problem: Problem, examples: Sequence[Example]) -> list[Ended]:
    """The ends of searches that go on together, step by step."""
    for plugin in (condition, *condition.parts.values()):
        if hasattr(plugin, "for_problem"):
            plugin.for_problem = problem
    tokenizer: Any = tokenizers.shared()
    golds = [encoded.gold for encoded in problem.encode(examples, tokenizer)]
    going = [
        _Going(gold, condition.search(example, samples.generators(1)[0]))
        for example, gold in zip(examples, golds, strict=True)
    ]
    for _ in range(MOST):
        if all(one.ended is not None for one in going):
            break
        for one in going:
            one.step()
    ended = [one.ended for one in going if one.ended is not None]
    if len(ended) < len(going):
        broken(f"a search has not ended after {MOST:,} steps", Condition.search)
    return ended


class _Going:
    def __init__(self, gold: Any, steps: Search) -> None:
        self._gold, self._steps = gold, steps
        self._replies: list[Reply] | None = None
        self._queries = 0
        self.ended: Ended | None = None

    def step(self) -> None:
        """Asks, and replies; nothing once it has ended."""
        if self.ended is not None:
            return
        try:
            start = self._replies is None
            asked = next(self._steps) if start else self._steps.send(self._replies or [])
        except StopIteration as stop:
            end: Searched = stop.value
            self.ended = Ended(end, self._queries, end.reply == reply(end.example, self._gold))
            return
        self._queries += len(asked)
        self._replies = [reply(example, self._gold) for example in asked]


def reply(example: Example, gold: Any) -> Reply:
    """An answer that is the same for the same content, and a loss that differs for another."""
    content = json.dumps([example.id, example.content()], ensure_ascii=False)
    share = zlib.crc32(content.encode("utf-8", "surrogatepass")) / 2**32
    return Reply(Prediction(example.id, gold, None if share > WRONG else gold), share)
