"""The notebook of the documentation: its cells are run, with a tiny encoder and few rows."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Runs a cell; returns the value of its last expression, which a notebook would show."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), str(NOTEBOOK), "exec"), names)  # noqa: S102
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


def test_every_cell_runs(
    tiny_encoder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    content = json.loads(NOTEBOOK.read_text("utf-8"))
    names: dict[str, Any] = {}
    shown = []
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            shown.append(run_cell("".join(cell["source"]), names))
        if "parameters" in cell["metadata"].get("tags", []):
            names.update(
                ENCODER={"name": "hf", "model": str(tiny_encoder)}, LANGUAGES=["de"], ROWS=8
            )
    assert names["plain"].state == names["adversarial"].state == "done"
    assert names["plain"].name != names["adversarial"].name
    comparison = names["comparison"]
    assert list(comparison.columns) == ["adversarial", "plain"]
    assert {"en", "de", "average:zero_shot"} <= set(comparison.index)
    assert comparison.loc[["en", "de"]].notna().all().all()
    assert set(names["pairs"].frame()["cell"]) >= {"en+de", "de+en"}
    assert len(shown[-1]) >= 2
    assert "right in English, wrong in de: " in capsys.readouterr().out


def test_its_outputs_are_not_kept() -> None:
    content = json.loads(NOTEBOOK.read_text("utf-8"))
    assert all(not cell.get("outputs") for cell in content["cells"])
