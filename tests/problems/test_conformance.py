"""Our own heads and problems keep to the contract, as the suites for plugin authors test it."""

from __future__ import annotations

import pytest

from xlt_cli import registry
from xlt_cli.api import HeadBuilder, Task
from xlt_cli.testing import HeadSuite, ProblemSuite
from xlt_cli.testing.tiny_tasks import Sequences, Tokens


@pytest.mark.parametrize("name", registry.names("head"))
class TestHeads(HeadSuite):
    @pytest.fixture
    def plugin(self, name: str) -> HeadBuilder:
        made: HeadBuilder = registry.get("head", name)()
        return made


@pytest.mark.parametrize("of", [Sequences, Tokens])
class TestProblems(ProblemSuite):
    @pytest.fixture
    def task(self, of: type[Task]) -> Task:
        return of()
