"""`xlt analyze` with analyses that are installed, unknown or broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Install = Callable[..., Path]
SOUND = """
from xlt_cli.api import PluginParams, PredictionAnalysis
from xlt_cli.api.reports import Report


class Sound(PredictionAnalysis):
    api_version = 1
    name = "sound"
    summary = "an analysis whose one parameter is required"

    class Params(PluginParams):
        needed: int

    def measure(self, rows):
        return []

    def report(self, measured):
        return Report([])
"""


@pytest.fixture
def installed(install: Install) -> None:
    points = {"sound": "sound:Sound", "broken": "broken:Broken", "wrong": "sound:Sound"}
    modules = {"sound": SOUND, "broken": "import dilithium"}
    install("others", {"xlt.analyses": points}, modules)


@pytest.mark.usefixtures("installed")
def test_all_are_listed_also_those_that_cannot_be_used(xlt: Any) -> None:
    listed = " ".join(xlt("analyze", "--help").stdout.split())
    for said in (
        "alignment do translations lie",
        "errors confusions of labels",
        "sound an analysis whose one parameter is required",
        "broken cannot be used",
        "wrong cannot be used",
    ):
        assert said in listed


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["broken", "RUN"], "cannot be used: import failed: ModuleNotFoundError"),
        (["wrong"], "the name of the class is 'sound', not 'wrong'"),
        (["alignmnt"], "did you mean 'alignment'"),
        (["sound", "RUN", "--needed", "x"], "--needed"),
        (["sound", "RUN"], "needed"),
        (["errors", "RUN", "--device", "cpu"], "No such option: --device"),
        (["errors", "RUN", "--votes", "3"], "No such option: --votes"),
    ],
)
def test_mistakes_are_said(xlt: Any, arguments: list[str], said: str) -> None:
    result = xlt("analyze", *arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
