"""A third party's plugin, installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from registry_tools import Install

from xlt_cli import registry
from xlt_cli.registry import Entry


@pytest.fixture
def entry(install: Install) -> Callable[..., Entry]:
    """The entry of a perturbation `good` whose module has this source."""

    def _entry(source: str, target: str = "good_plugin:Good", kind: str = "perturbation") -> Entry:
        install("some-dist", {f"xlt.{kind}s": {"good": target}}, {"good_plugin": source})
        (found,) = [e for e in registry.entries(kind) if e.name == "good"]  # type: ignore[arg-type]
        return found

    return _entry
