"""Folders of synthetic data, and the real data where XLT_DATA_DIR names them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from xlt_cli.api import DataError, Task

DATA_DIR = os.environ.get("XLT_DATA_DIR")

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees the data that it names, whatever the shell's environment says."""
    monkeypatch.delenv("XLT_DATA_DIR", raising=False)


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real data."""
    if not DATA_DIR:
        pytest.skip("XLT_DATA_DIR is not set: no real data to test with")
    monkeypatch.setenv("XLT_DATA_DIR", DATA_DIR)
    return Path(DATA_DIR)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file below tmp_path: `write("dev-en.tsv", "a", "b")` writes two lines."""

    def _write(name: str, *lines: str, data: bytes | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{line}\n" for line in lines)
        path.write_bytes(text.encode("utf-8") if data is None else data)
        return path

    return _write


@pytest.fixture
def task() -> Callable[..., Task]:
    """Makes a task with parameters validated as the runner validates them."""

    def _task(cls: type[Task], **params: object) -> Task:
        model: type[BaseModel] = cls.Params
        return cls(model.model_validate(params))

    return _task


@pytest.fixture
def failure() -> Callable[..., DataError]:
    """Runs something that must fail, and returns its DataError."""

    def _failure(run: Callable[..., object], *args: object) -> DataError:
        with pytest.raises(DataError) as caught:
            run(*args)
        return caught.value

    return _failure
