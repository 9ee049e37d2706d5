"""What is recorded of software and hardware is what is there."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from xlt_cli import __version__
from xlt_cli.runs.provenance import environment, hardware
from xlt_cli.runs.revision import git_revision


def git(directory: Path, *arguments: str) -> str:
    options = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(directory)]
    done = subprocess.run(["git", *options, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "spec.yaml").write_text("a")
    git(tmp_path, "add", "spec.yaml")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_revision_and_changes(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    assert git_revision(repository) == {"commit": commit, "modified": False}
    (repository / "untracked").write_text("runs and results are no change of the code")
    assert git_revision(repository) == {"commit": commit, "modified": False}
    (repository / "spec.yaml").write_text("b")
    assert git_revision(repository) == {"commit": commit, "modified": True}


def test_no_revision_outside_git_without_commits_and_without_git(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    assert git_revision(empty) is None
    assert git_revision(tmp_path / "nowhere") is None
    monkeypatch.setenv("PATH", "")
    assert git_revision(repository) is None


@pytest.mark.parametrize(
    ("settings", "attributes"),
    [
        ({"core.fsmonitor": "touch {mark}; true"}, ""),
        ({"core.hooksPath": "{hooks}"}, ""),
        ({"filter.evil.clean": "touch {mark}; cat"}, "* filter=evil\n"),
        ({"filter.a.b=c.clean": "touch {mark}; cat"}, "* filter=a.b=c\n"),
        ({"filter.evil.process": "touch {mark}", "filter.evil.required": "true"}, "* filter=evil"),
    ],
)
def test_programs_that_a_repository_names_are_not_run(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str],
    attributes: str,
) -> None:  # fmt: skip
    outside = tmp_path_factory.mktemp("outside")
    hooks = outside / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {outside / 'mark'}\n")
        (hooks / name).chmod(0o755)
    for key, value in settings.items():
        git(repository, "config", key, value.format(mark=outside / "mark", hooks=hooks))
    (repository / ".git/info").mkdir(exist_ok=True)
    (repository / ".git/info/attributes").write_text(attributes)
    os.utime(repository / "spec.yaml", (1, 1))  # git has to look at the content again
    commit = (repository / ".git/refs/heads").iterdir().__next__().read_text().strip()
    assert git_revision(repository) == {"commit": commit, "modified": False}
    assert not (outside / "mark").exists()
    # The same repository does run them where nothing is turned off.
    os.utime(repository / "spec.yaml", (2, 2))
    subprocess.run(["git", "-C", str(repository), "status"], check=False, capture_output=True)
    assert (outside / "mark").exists()


def test_environment_names_versions_and_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["xlt", "train", "spec.yaml"])
    found = environment("cpu")
    assert json.loads(json.dumps(found)) == found
    assert (found["xlt"], found["python"]) == (__version__, platform.python_version())
    assert found["packages"]["torch"] == version("torch")
    assert None not in found["packages"].values()
    assert found["command"] == ["xlt", "train", "spec.yaml"]
    assert (found["pid"], found["working_directory"]) == (os.getpid(), str(tmp_path))


def test_hardware_of_the_cpu_names_no_gpu() -> None:
    found = hardware("cpu")
    assert (found["device"], found["cores"]) == ("cpu", os.cpu_count())
    assert found["cpu"]
    assert "gpu" not in found
