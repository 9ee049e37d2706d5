"""Records that an earlier version measured are found, and not measured again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from xlt_analyses.alignment.analysis import Alignment
from xlt_analyses.alignment.radii import Probing
from xlt_cli.analyses.measuring import _store
from xlt_cli.analyses.subjects import Subject
from xlt_cli.runs import atomic

ABOUT = {
    "task": {"name": "pawsx"},
    "labels": ["0", "1"],
    "split": "test",
    "limit": 200,
    "source": "en",
    "weights": "0" * 64,
    "tokens": "1" * 64,
}
FORMER = Probing(sigma=0.25, samples=50, selection=5)


def subject(run: Path, **changes: Any) -> Subject:
    found = SimpleNamespace(run=SimpleNamespace(path=run), about={**ABOUT, **changes})
    return cast(Subject, found)


def former(run: Path, probing: Probing = FORMER) -> Path:
    """A folder as the first version wrote it: all that the search was made with, by its own key."""
    path = run / "analysis" / "alignment-0123abcd"
    atomic.write_json(path / "about.json", {**ABOUT, "probing": dataclasses.asdict(probing)})
    row = {"id": "7", "predicted": "1"}
    atomic.append_line(path / "rows.jsonl", {"language": "de", "rows": [row]})
    return path


def test_records_of_the_first_version_are_found(tmp_path: Path) -> None:
    path = former(tmp_path)
    analysis = Alignment(Alignment.Params(votes=50, sigma=0.25))
    store = _store(analysis, subject(tmp_path))
    assert store is not None
    assert store.path == path
    assert store.read("de") == {"7": {"id": "7", "predicted": "1"}}
    assert store.read("fr") == {}


@pytest.mark.parametrize(
    ("params", "changes"),
    [
        ({"votes": 51, "sigma": 0.25}, {}),
        ({"votes": 50}, {}),
        ({"votes": 50, "sigma": 0.25}, {"weights": "2" * 64}),
        ({"votes": 50, "sigma": 0.25}, {"limit": None}),
    ],
)
def test_records_of_another_search_or_model_are_not(
    tmp_path: Path, params: dict[str, Any], changes: dict[str, Any]
) -> None:
    path = former(tmp_path)
    store = _store(Alignment(Alignment.Params(**params)), subject(tmp_path, **changes))
    assert store is not None
    assert store.path != path
    assert store.read("de") == {}


def test_a_search_that_no_parameters_give_is_left_alone(tmp_path: Path) -> None:
    path = former(tmp_path, dataclasses.replace(FORMER, steps=9))
    store = _store(Alignment(Alignment.Params(votes=50, sigma=0.25)), subject(tmp_path))
    assert store is not None
    assert store.path != path


def test_a_parameter_at_its_default_is_not_part_of_the_key(tmp_path: Path) -> None:
    def path(**params: Any) -> Path:
        store = _store(Alignment(Alignment.Params(**params)), subject(tmp_path))
        assert store is not None
        return store.path

    assert path() == path(votes=100) == path(sigma=0.5)
    assert path() != path(votes=0)
