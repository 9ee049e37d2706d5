"""Our own analyses keep to the contract, as the suite for plugin authors tests it."""

from __future__ import annotations

import pytest

from xlt_analyses.alignment.analysis import Alignment
from xlt_analyses.errors.analysis import Errors
from xlt_cli.api import Analysis
from xlt_cli.testing import AnalysisSuite


class TestAlignment(AnalysisSuite):
    @pytest.fixture
    def plugin(self) -> Analysis:
        return Alignment(Alignment.Params(votes=2))


class TestErrors(AnalysisSuite):
    @pytest.fixture
    def plugin(self) -> Analysis:
        return Errors(Errors.Params(shown=2))
