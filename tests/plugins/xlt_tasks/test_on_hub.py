"""Published sets that are read from files, read from their copies on the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xlt_cli import registry
from xlt_cli.api import DataError, Task
from xlt_tasks.file_tasks import FileTask
from xlt_tasks.file_tasks.base import OWN_DATA

Made = Callable[..., Task]
SHIPPED: dict[str, Any] = {e.name: e.plugin for e in registry.entries("task") if e.plugin}
SETS = {name: plugin for name, plugin in SHIPPED.items() if issubclass(plugin, FileTask)}
COPIED = [name for name, plugin in SETS.items() if plugin.on_hub is not None]
DATA_PAGE = Path(__file__).resolve().parents[3] / "docs/reference/data.md"


@pytest.mark.parametrize("name", SETS)
def test_a_folder_beside_the_hub_is_refused(name: str, task: Made) -> None:
    with pytest.raises(ValueError, match="no effect with `source: hub`"):
        task(SETS[name], path="x", source="hub")


@pytest.mark.parametrize("name", [name for name in SETS if name not in COPIED])
def test_a_set_without_a_copy_names_the_task_that_reads_others(name: str, task: Made) -> None:
    own = OWN_DATA[SETS[name].problem.name]
    with pytest.raises(DataError, match=f"no copy of the data of '{name}'") as refused:
        task(SETS[name], source="hub").check()
    assert f"`{own}` reads any data set of the hub (`dataset: ORG/NAME`)" in str(refused.value.hint)


@pytest.mark.parametrize(("problem", "own"), OWN_DATA.items())
def test_the_tasks_for_other_data_sets_are_of_the_problem(problem: str, own: str) -> None:
    assert SHIPPED[own].problem.name == problem
    assert "dataset" in SHIPPED[own].Params.model_fields
    assert f"| `{problem}` | `{own}` | yes |" in DATA_PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", COPIED)
def test_the_reference_names_the_copy(name: str) -> None:
    assert f"hub: {SETS[name].on_hub.repository}" in SETS[name].reference


def test_a_folder_that_is_asked_for_is_not_replaced_by_the_hub(
    task: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in COPIED:
        monkeypatch.delenv("XLT_DATA_DIR", raising=False)
        with pytest.raises(DataError, match="no folder is given"):
            task(SETS[name], source="folder").check()
        monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
        with pytest.raises(DataError, match="XLT_DATA_DIR has no folder"):
            task(SETS[name], source="folder").check()
