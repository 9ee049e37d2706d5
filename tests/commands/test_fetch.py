"""`xlt fetch`: each thing once, and all that any point of a sweep needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from xlt_cli import registry

Cli = Callable[..., Result]
WriteSpec = Callable[..., Path]

SPEC = """\
encoder: mbert
stages:
  - task: mini-pawsx
evaluations:
  - languages: [en, de]
  - languages: [de]
"""


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is fetched, instead of fetching it."""
    found: list[str] = []
    for name in ("mbert", "xlm-r-base"):
        plugin = registry.get("encoder", name)
        monkeypatch.setattr(plugin, "fetch", lambda self: found.append(self.name))
    monkeypatch.setattr(
        registry.get("task", "mini-pawsx"),
        "fetch",
        lambda self, split, language: found.append(f"{split} {language}"),
    )
    return found


def test_everything_is_fetched_once(xlt: Cli, write_spec: WriteSpec, fetched: list[str]) -> None:
    result = xlt("fetch", write_spec(SPEC))
    assert result.exit_code == 0
    assert fetched == ["mbert", "train en", "dev en", "test en", "test de"]
    assert "--offline" in result.stdout


def test_what_a_point_of_the_grid_needs_is_fetched_too(
    xlt: Cli, write_spec: WriteSpec, fetched: list[str]
) -> None:
    grid = "sweep:\n  grid:\n    encoder: [mbert, xlm-r-base]\n    stages.0.languages: [en, de]\n"
    assert xlt("fetch", write_spec(SPEC + grid)).exit_code == 0
    assert len(set(fetched)) == len(fetched)
    assert {"mbert", "xlm-r-base", "train de", "dev de"} <= set(fetched)
