"""The specs of XTREME-R for larger encoders are valid with the folders that they name, whatever
else `$XLT_DATA_DIR` holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xlt_cli.shipped import experiments

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted(p for p in (experiments() / "xtreme-r").glob("*") if not p.stem.startswith("e5"))
CHOICE = '{"premise": "a", "choice1": "b", "choice2": "c", "question": "cause", "label": 0}\n'
NAMED = {
    "lareqa/de.json": "{}",
    "xcopa/train-en.jsonl": CHOICE,
    "xcopa/dev-en.jsonl": CHOICE,
}
"""The files that the specs say are read from there."""
IN_PART = {
    "xnli/dev-de.tsv": "a\tb\tneutral\n",
    "panx/train-en.tsv": "word\tO\n",
    "mlqa/dev-context-de-question-de.json": "{}",
    "tydiqa/tydiqa.goldp.sw.train.json": "{}",
    "udpos/dev-en.tsv": "word\tNOUN\n",
    "tatoeba/de-en.tsv": "Satz\tsentence\n",
    "squad_en/dev-v1.1.json": "{}",
}
"""Folders that have some of the splits of a task that is on the hub."""


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, "utf-8")


@pytest.mark.parametrize("also", [{}, IN_PART], ids=["named", "in-part"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_is_valid_with_the_folders_that_it_names(
    xlt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: Path, also: dict[str, str]
) -> None:
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    write(tmp_path, NAMED | also)
    result = xlt("validate", path)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("folder", sorted({name.partition("/")[0] for name in NAMED}))
def test_a_spec_names_each_folder_that_it_needs(
    xlt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv("XLT_DATA_DIR", str(tmp_path))
    files = {name: text for name, text in NAMED.items() if not name.startswith(f"{folder}/")}
    write(tmp_path, files)
    path = SPECS[0]
    result = xlt("validate", path)
    assert result.exit_code == 2
    assert f"no folder '{folder}'" in result.output
    assert f"`{folder}`" in path.read_text("utf-8").partition("encoder:")[0]
    assert f"`{folder}`" in (ROOT / "docs/how-to/xtreme-r.md").read_text("utf-8")
