"""An archive of the analysis gives its figures again; what is odd about runs is noted."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from xlt_analyses.alignment.analysis import Alignment
from xlt_analyses.alignment.measures import results
from xlt_analyses.alignment.records import SourceRow, TranslatedRow
from xlt_cli.analyses import archive
from xlt_cli.api import Measured, MeasuredRun
from xlt_cli.errors import DataError
from xlt_cli.runs import atomic

ROWS = ("a", "b", "ç")


def write(folder: Path, measured: Measured) -> None:
    archive.write(folder, Alignment(), measured)


def read(folder: Path) -> Measured:
    measured, params = archive.read(folder, "alignment")
    assert params in ({"votes": 100, "sigma": 0.5}, {})
    return measured


def run(name: str, seed: int, radius: float) -> MeasuredRun:
    answers = "010"
    source = [
        SourceRow(i, "0", answers[n], radius * n, n > 1, 0.5, None) for n, i in enumerate(ROWS)
    ]
    found = [TranslatedRow(i, "0", "1", 0.1, 0.2 * n, 0.3) for n, i in enumerate(ROWS)]
    rows = {"en": [asdict(row) for row in source], "de": [asdict(row) for row in found]}
    return MeasuredRun(name, f"x-s{seed}-12345678", seed, f"{seed:064}", rows)


@pytest.fixture
def analysis() -> Measured:
    about = {
        "task": "xnli",
        "split": "test",
        "limit": None,
        "source": "en",
        "demonstration": False,
        "radii": {"steps": 4, "explained": ["how"]},
        "notes": ["a caveat"],
    }
    # Two directories of one name: runs of two machines, say.
    runs = [run("ERM", 1, 0.1), run("ERM", 2, 0.2), run("robust", 1, 0.3), run("robust", 2, 0.1)]
    return Measured(about, runs)


def test_what_is_read_is_what_was_written(analysis: Measured, tmp_path: Path) -> None:
    write(tmp_path / "kept", analysis)
    again = read(tmp_path / "kept")
    assert again == analysis
    assert json.dumps(results(again)) == json.dumps(results(analysis))
    write(tmp_path / "kept", analysis)  # an archive is replaced


def test_results_say_what_they_are_of(analysis: Measured) -> None:
    found = results(analysis)
    assert found["baseline"] == "ERM"
    assert [one["seed"] for one in found["runs"]["robust"]["of"]] == [1, 2]
    assert found["notes"] == [
        "a caveat",
        "a correlation over 1 languages means little",
        "means over 2 seeds; 95% intervals have seeds and rows as samples, those of correlations "
        "rows alone",
    ]


def test_half_an_archive_is_refused(analysis: Measured, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with pytest.raises(DataError, match="no complete archive"):
        read(folder)
    write(folder, analysis)
    next((folder / "rows").iterdir()).unlink()
    with pytest.raises(DataError, match="no complete archive"):
        read(folder)


def without_checksums(folder: Path) -> None:
    """Makes an archive one of version 1, whose list of files has sizes alone."""
    contents = folder / "alignment.json"
    values = json.loads(contents.read_text("utf-8"))
    values.pop("checksum", None)
    contents.write_text(json.dumps(values), "utf-8")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != atomic.MANIFEST]
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    (folder / atomic.MANIFEST).write_text(json.dumps({"files": sizes}), "utf-8")


def test_another_format_is_refused(analysis: Measured, tmp_path: Path) -> None:
    write(tmp_path, analysis)
    path = tmp_path / "alignment.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    without_checksums(tmp_path)
    with pytest.raises(DataError, match="in format 2, not in 1"):
        read(tmp_path)


def test_it_replaces_nothing_else(analysis: Measured, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(DataError, match="is not an archive"):
        write(tmp_path, analysis)
    assert (tmp_path / "thesis.tex").exists()


def test_an_archive_of_other_runs_stays(analysis: Measured, tmp_path: Path) -> None:
    write(tmp_path / "kept", analysis)
    fewer = Measured(analysis.about, analysis.runs[:2])
    other = Measured({**analysis.about, "limit": 9}, analysis.runs)
    for changed in (fewer, other):
        with pytest.raises(DataError, match="other runs or rows"):
            write(tmp_path / "kept", changed)
    (tmp_path / "kept" / "NOTES.txt").write_text("mine")
    with pytest.raises(DataError, match=r"'NOTES\.txt', which is not a file of an archive"):
        write(tmp_path / "kept", analysis)
    assert read(tmp_path / "kept") == analysis


def test_a_damaged_file_is_named(analysis: Measured, tmp_path: Path) -> None:
    write(tmp_path, analysis)
    path = next((tmp_path / "rows").iterdir())
    content = path.read_bytes()
    path.write_bytes(content[:20] + bytes([content[20] ^ 255]) + content[21:])
    said = f"incomplete: the content of rows/{path.name} is not what was written"
    with pytest.raises(DataError, match=said):
        read(tmp_path)
    without_checksums(tmp_path)  # as archives of version 1 are
    with pytest.raises(DataError, match="archive is damaged") as caught:
        read(tmp_path)
    assert caught.value.where == str(path)
    path.write_bytes(content)
    contents = tmp_path / "alignment.json"
    contents.write_text(contents.read_text().replace('"weights"', '"weighty"'))
    with pytest.raises(DataError, match="archive is damaged") as caught:
        read(tmp_path)
    assert caught.value.where == str(contents)


def test_seeds_that_are_none_are_noted(analysis: Measured) -> None:
    one, two, *_ = analysis.runs
    copied = Measured(analysis.about, [one, one])
    assert "runs of 'ERM' have the same weights" in "".join(results(copied)["notes"])
    swapped = Measured(analysis.about, [one, two, *reversed(analysis.runs[2:])])
    assert "in another order: paired as given" in "".join(results(swapped)["notes"])
