"""The files beside the code: what they name exists, and they agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import xlt_cli

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_the_version_comes_from_the_tags() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    assert PROJECT["tool"]["hatch"]["version"]["source"] == "vcs"
    assert Version(PROJECT["tool"]["hatch"]["version"]["fallback-version"])
    assert Version(xlt_cli.__version__)


def test_authors_are_the_same_everywhere() -> None:
    citation = read_yaml("CITATION.cff")
    assert PROJECT["project"]["authors"] == citation["authors"] == [{"name": "xlt contributors"}]
    assert {"cff-version", "message", "title", "type"} <= set(citation)
    assert citation["license"] == PROJECT["project"]["license"]


def test_the_workflow_calls_what_contributors_call() -> None:
    jobs = read_yaml(".github/workflows/ci.yml")["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert ".ci/run" in commands
    made = [command.split()[1] for command in commands if command.startswith("make ")]
    assert "test-min" in made
    assert set(made) <= TARGETS
    pythons = jobs["checks"]["strategy"]["matrix"]["python"]
    classifiers = PROJECT["project"]["classifiers"]
    for python in pythons:
        assert f"Programming Language :: Python :: {python}" in classifiers


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md", ".pre-commit-config.yaml"])
def test_every_make_target_that_is_named_exists(name: str) -> None:
    named = re.findall(r"(?:^|`|entry: )make ([a-z-]+)", (ROOT / name).read_text("utf-8"), re.M)
    assert named
    assert set(named) <= TARGETS


def test_issue_templates_are_forms() -> None:
    templates = set((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    for path in templates - {ROOT / ".github/ISSUE_TEMPLATE/config.yml"}:
        form = read_yaml(str(path.relative_to(ROOT)))
        assert {"name", "description", "body"} <= set(form), path


def test_locked_versions_satisfy_every_dependency() -> None:
    text = (ROOT / "constraints.txt").read_text("utf-8")
    assert "://" not in text
    locked = {}
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            name, version = line.split(";")[0].split("==")
            locked[canonicalize_name(name.strip())] = Version(version.strip())
    extras = PROJECT["project"]["optional-dependencies"]
    for line in [*PROJECT["project"]["dependencies"], *extras["dev"]]:
        required = Requirement(line)
        if required.name == PROJECT["project"]["name"]:
            continue
        if required.marker is None or required.marker.evaluate():
            version = locked[canonicalize_name(required.name)]
            assert required.specifier.contains(version, prereleases=True), line
