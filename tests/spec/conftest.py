"""Loading specs from their text, and refusing them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from spec_tools import WriteSpec

from xlt_cli.errors import PluginError, SpecError, UserError
from xlt_cli.spec import ExperimentSpec, resolution


@pytest.fixture
def load(write_spec: WriteSpec) -> Callable[..., ExperimentSpec]:
    """Loads a spec's text, with overrides."""

    def _load(text: str | bytes, *overrides: str) -> ExperimentSpec:
        return resolution.load(write_spec(text), overrides)

    return _load


@pytest.fixture
def refused(write_spec: WriteSpec, tmp_path: Path) -> Callable[..., UserError]:
    """Loads a spec that must be refused; the error's place has no directory."""

    def _refused(text: str | bytes, *overrides: str) -> UserError:
        with pytest.raises((SpecError, PluginError)) as caught:
            resolution.load(write_spec(text), overrides)
        error = caught.value
        error.where = error.where.replace(f"{tmp_path}/", "")
        return error

    return _refused
