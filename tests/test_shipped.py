"""Where the experiments that ship are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlt_cli import shipped


def test_experiments_inside_the_package_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "a" / "b" / "xlt_cli"
    (package / "experiments").mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", str(package / "shipped.py"))
    assert shipped.experiments() == package / "experiments"
    (package / "experiments").rmdir()
    assert shipped.experiments() == tmp_path / "a" / "experiments"
